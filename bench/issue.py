"""Token issue: RS256 and ES256 with 100,000 credentials, against the raw signing rate of the same library and key."""

import argparse
import contextlib
import json
import os
import sqlite3
import threading
import time

import lib

options = argparse.ArgumentParser()
options.add_argument("--credentials", type=int, default=100_000)
options.add_argument("--secs", type=int, default=6)
options = options.parse_args()


def commits_seen(path, done):
    """How often the database changed under us, looking every 5 ms."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        versions = set()
        while not done.is_set():
            versions.add(db.execute("PRAGMA data_version").fetchone()[0])
            time.sleep(0.005)
        return len(versions) - 1


def requests_file(store, ids, secret, port):
    path = os.path.join(store.folder, "requests")
    with open(path, "wb") as f:
        for client_id in ids[:20_000]:
            body = (f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
                    "&scope=interaction-content%3Aread")
            f.write((f"POST /Auth/connect/token HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
                     "content-type: application/x-www-form-urlencoded\r\n"
                     f"content-length: {len(body)}\r\n\r\n{body}").encode() + b"\0")
    return path


store = lib.Store()
made = {alg: store.credential("--token-alg", alg) for alg in ("RS256", "ES256")}
ids = {alg: store.fill(made[alg], options.credentials // 2) for alg in made}
with contextlib.closing(sqlite3.connect(os.path.join(store.folder, "ringfence.db"))) as db:
    lib.title(f"token issue, {db.execute('SELECT count(*) FROM credentials').fetchone()[0]:,} credentials in the directory")

server = lib.Server(store, lib.MEASURED, threads=1)
files = {}
for alg in made:
    files[alg] = os.path.join(store.folder, f"ids-{alg}")
    with open(files[alg], "w") as f:
        f.write("\n".join(ids[alg]) + "\n")
lib.Client(server.port).token(made["RS256"])

for alg in made:
    secret = made[alg]["client_secret"]
    raw = json.loads(lib.output([lib.example("bench_acts"), store.folder, files[alg], secret, alg], lib.MEASURED))
    lib.figure(f"{alg} raw signatures/s, one core, same key", f"{raw['raw_per_s']:,.0f}")
    lib.figure(f"{alg} app::token_issue alone, calls/s, one core", f"{raw['issue_per_s']:,.0f}")
    lib.figure(f"{alg} bytes the act adds to the database file", f"{raw['store_bytes']}", raw["store_bytes"] == 0, "= 0")

    pid = server.process.pid
    lib.wrk(server.url, "token_requests.lua", 1, args=[files[alg], secret])
    done, seen = threading.Event(), []
    watcher = threading.Thread(target=lambda: seen.append(commits_seen(os.path.join(store.folder, "ringfence.db"), done)))
    watcher.start()
    (rate, bad), cpu = lib.loaded(pid, lambda: lib.wrk(server.url, "token_requests.lua", options.secs, args=[files[alg], secret]))
    done.set()
    watcher.join()
    if bad:
        raise SystemExit(f"{bad} requests were refused")
    per_core = rate * options.secs / cpu
    lib.figure(f"{alg} tokens/s over HTTP on one core", f"{rate:,.0f}")
    if alg == "RS256":
        lib.at_least(f"{alg} tokens per second of processor time / raw", per_core / raw["raw_per_s"], 0.75, 0.9)
    else:
        lib.at_least(f"{alg} tokens per second of processor time", per_core, 6000, 12000, "/s")
    lib.figure(f"{alg} database commits in {options.secs} s (usage, batched)", f"{seen[0]} / {rate * options.secs:,.0f}",
               seen[0] <= rate * options.secs / 100, "none per token")

    # Requests go to a second server that may use every processor, so that what is measured is the wait for one worker
    # and not for whatever else the machine does.
    load = 0.7 * rate
    other = lib.Server(store, threads=1)
    lib.realtime(other.process.pid)
    requests = requests_file(store, ids[alg], secret, other.port)
    spread = json.loads(lib.output(lib.REALTIME + [lib.example("bench_load"), f"127.0.0.1:{other.port}", requests, f"{load:.0f}",
                                                   str(options.secs), "32"]))
    other.stop()
    if spread["failed"]:
        raise SystemExit(f"{spread['failed']} requests failed")
    lib.figure(f"{alg} latency p50 at 70 % load ({load:,.0f}/s, arrivals at random)", f"{spread['p50_ms']:.2f} ms")
    lib.at_most(f"{alg} latency p99", spread["p99_ms"], 5, 2, " ms")
