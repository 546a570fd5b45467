"""How long a right that was taken away still opens the gate: one node on SQLite, three nodes on PostgreSQL."""

import argparse
import os
import threading
import time

import lib

options = argparse.ArgumentParser()
options.add_argument("--changes", type=int, default=200)
options = options.parse_args()

PATH = "/useradmin/groups"


def headers(token):
    return {"authorization": f"Bearer {token}", "accept": "application/vnd.newvoicemedia.v4+json"}


class Watcher(threading.Thread):
    """Calls one node over and over with a token, and notes when it was last admitted and first refused."""

    def __init__(self, server, token, neighbour):
        super().__init__(daemon=True)
        self.client = lib.Client(server.port)
        self.token, self.neighbour = token, neighbour
        self.done = threading.Event()
        self.refused_at, self.neighbour_failed, self.admitted_after = None, 0, 0
        self.start()

    def call(self, token):
        return self.client.request("GET", PATH, headers=headers(token))[0]

    def run(self):
        while not self.done.is_set():
            status = self.call(self.token)
            now = time.monotonic()
            if status == 200:
                if self.refused_at:
                    self.admitted_after += 1
            elif status in (401, 403):
                self.refused_at = self.refused_at or now
            else:
                raise SystemExit(f"a call was answered {status}")
            if self.call(self.neighbour) != 200:
                self.neighbour_failed += 1
            time.sleep(0.002)


def rights(store, servers, made):
    """The kinds of change: how to take a right away and how to give it back."""
    first = lib.Client(servers[0].port)
    user, client_id = store.user, made["client_id"]
    scopes = [word for scope in lib.SCOPES for word in ("--scope", scope)]

    def revoke(token):
        status, _ = first.form("/Auth/connect/revocation", token=token, client_id=client_id, client_secret=made["client_secret"])
        assert status == 200, status

    return [
        ("owner disabled", lambda _: store.cli("user", "disable", user, "--account", "acme"),
         lambda: store.cli("user", "enable", user, "--account", "acme")),
        ("scope taken off", lambda _: store.cli("credential", "edit", client_id, "--scope", "stats"),
         lambda: store.cli("credential", "edit", client_id, *scopes)),
        ("licence changed", lambda _: store.cli("user", "set", user, "--account", "acme", "--role", "Wallboard"),
         lambda: store.cli("user", "set", user, "--account", "acme", "--role", "Admin")),
        ("token revoked", revoke, lambda: None),
    ]


def measure(name, store, servers):
    made = store.credential()
    store.cli("user", "create", "neighbour@acme.example", "--account", "acme", "--role", "Admin", "--name", "N")
    owner, store.user = store.user, "neighbour@acme.example"
    other = store.credential()
    store.user = owner
    time.sleep(1)
    tokens = [lib.Client(s.port) for s in servers]
    neighbour = tokens[0].token(other)
    spread, failed, again = [], 0, 0
    kinds = rights(store, servers, made)
    for n in range(options.changes):
        _, take, give = kinds[n % len(kinds)]
        deadline = time.monotonic() + 5
        while True:
            token = tokens[0].token(made)
            good = [c.request("GET", PATH, headers=headers(token))[0] for c in tokens]
            if set(good) == {200}:
                break
            assert time.monotonic() < deadline, good
        watchers = [Watcher(s, token, neighbour) for s in servers]
        time.sleep(0.01)
        began = time.monotonic()
        take(token)
        ended = time.monotonic()
        while not all(w.refused_at for w in watchers) and time.monotonic() < began + 10:
            time.sleep(0.002)
        time.sleep(0.05)
        for w in watchers:
            w.done.set()
            w.join()
            assert w.refused_at, f"{kinds[n % len(kinds)][0]}: not refused within 10 s"
            # The change is committed before its command ends, so this is from at most the commit.
            spread.append((w.refused_at - ended) * 1000)
            failed += w.neighbour_failed
            again += w.admitted_after
        give()
        retry = time.monotonic() + 5
        while n % len(kinds) != 3 and time.monotonic() < retry:
            status, _ = tokens[0].form("/Auth/connect/token", grant_type="client_credentials", client_id=made["client_id"],
                                       client_secret=made["client_secret"], scope=" ".join(lib.SCOPES))
            if status == 200:
                break
            time.sleep(0.02)
    lib.title(f"change -> refused, {name}: {options.changes} changes, {len(spread)} observations")
    low, p50 = max(0, min(spread)), max(0, lib.quantile(spread, 0.5))
    lib.figure("min / p50 after the change's command or request ended", f"{low:.0f} / {p50:.0f} ms")
    lib.at_most("p99", lib.quantile(spread, 0.99), 1000, 250, " ms")
    lib.at_most("max", max(spread), 1000, None, " ms")
    lib.figure("calls of a neighbour that failed meanwhile", str(failed), failed == 0, "= 0")
    lib.figure("admitted again after a refusal", str(again), again == 0, "= 0")


# Failed token requests between a right given back and its arrival are not an attack here.
store = lib.Store()
servers = [lib.Server(store)]
measure("one node, SQLite", store, servers)
servers[0].stop()

store = lib.Store(os.environ["RINGFENCE_BENCH_PG"])
one_name = {"RINGFENCE_SERVER_PUBLIC_URL": "http://ringfence.example"}
servers = [lib.Server(store, env=one_name) for _ in range(3)]
measure("three nodes, PostgreSQL", store, servers)
