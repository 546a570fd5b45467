"""From the start of the process to the first token, and resident memory: with an empty directory and with a million credentials."""

import argparse
import time

import lib

options = argparse.ArgumentParser()
options.add_argument("--credentials", type=int, default=1_000_000)
options.add_argument("--runs", type=int, default=5)
options = options.parse_args()


def first_token(store, made):
    """Seconds to the first token, and megabytes resident a moment later."""
    server = lib.Server(store)
    lib.Client(server.port).token(made)
    took = time.monotonic() - server.started
    time.sleep(1.5)
    resident = lib.resident_mb(server.process.pid)
    server.stop()
    return took, resident


def measure(name, store, made, most_secs, most_mb):
    # The first start makes the keys; it is not a start anybody waits for twice.
    fresh, _ = first_token(store, made)
    runs = [first_token(store, made) for _ in range(options.runs)]
    lib.title(f"start with {name}")
    lib.figure("start to first token, very first start (makes keys)", f"{fresh:.2f} s")
    lib.at_most("start to first token, median", lib.quantile([t for t, _ in runs], 0.5), most_secs, None, " s")
    lib.at_most("resident memory, median", lib.quantile([m for _, m in runs], 0.5), most_mb, None, " MB")


store = lib.Store()
made = store.credential()
measure("an empty directory", store, made, 0.2, 40)
store.fill(made, options.credentials)
measure(f"{options.credentials:,} credentials", store, made, 2, 600)
