"""Grants of people: code exchanges, refreshes and passwords a second on SQLite and PostgreSQL, what each writes, p99 at 70 %
load, and the same with millions of refresh tokens in the store."""

import argparse
import contextlib
import json
import os
import sqlite3
import subprocess
import time

import lib

options = argparse.ArgumentParser()
options.add_argument("--secs", type=float, default=6)
options.add_argument("--tokens", type=int, default=10_000_000, help="refresh tokens put in for the second half; 0 leaves it out")
options.add_argument("--connections", type=int, default=16)
options.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
options = options.parse_args()

PASSWORD = "Correct-Horse-7-Battery"
USERS = 8
TABLES = ["authorization_codes", "grants", "refresh_tokens", "revoked_tokens", "feed", "feed_head", "password_lockouts", "audit"]

# A grant and its refresh token as they are after an exchange, with ids and digests drawn at random: {id}, {digest}.
FILL = {
    "grants": """INSERT INTO grants (id, kind, application_id, user_id, account_id, scope, auth_time, method, epoch, outlives_stay,
                     generation, token_id, token_scope, token_iat, token_exp, created_at, rotated_at, idle_end, absolute_end,
                     kept_until)
                 SELECT {id}, 'code', {id}, {id}, {id}, 'openid', {now}, 'password', 0, FALSE, 1, {id}, 'openid', {now},
                     {now} + 86400000, {now}, {now}, {now} + 604800000, {now} + 7776000000, {now} + 691200000 + {n}
                 FROM {source}""",
    "refresh_tokens": """INSERT INTO refresh_tokens (digest, grant_id, generation, expires_at)
                         SELECT {digest}, {id}, 1, {now} + 604800000 + {n} FROM {source} ORDER BY 1""",
}


class GrantStore(lib.Store):
    """A store with a VBC account, people with passwords, and an application with keys."""

    def __init__(self, database_url=None):
        self.folder = lib.folder()
        self.flags = ["--data-dir", self.folder]
        self.database = database_url or "sqlite:" + os.path.join(self.folder, "ringfence.db")
        if database_url:
            self.flags += ["--database-url", database_url]
        self.cli("account", "create", "northwind", "--region", "nam", "--kind", "vbc")
        for n in range(USERS):
            self.cli("user", "create", f"bench{n}", "--account", "northwind", "--role", "Admin", "--password-stdin",
                     input=PASSWORD)
        self.cli("developer", "create", "dana.api", "--name", "Dana Dev", "--email", "dana@example.com")
        app = self.cli("app", "create", "Bench", "--developer", "dana.api", "--quota", "Unlimited", json_answer=True)
        grants = [word for grant in ("authorization_code", "refresh_token", "password") for word in ("--grant", grant)]
        made = self.cli("app", "keys", "generate", app["id"], *grants, "--callback", "http://localhost", "--pkce-optional",
                        json_answer=True)
        self.key, self.secret = made["consumer_key"], made["consumer_secret"]

    def is_sqlite(self):
        return self.database.startswith("sqlite:")

    def psql(self, sql):
        run = subprocess.run(["psql", self.database, "-qAtc", sql], stdout=subprocess.PIPE, text=True, check=True)
        return run.stdout.strip()

    def rows_written(self):
        """Rows inserted, changed and deleted so far in the tables that grants touch."""
        if self.is_sqlite():
            return None
        names = ", ".join(f"'{name}'" for name in TABLES)
        time.sleep(1.5)
        return int(self.psql("SELECT pg_stat_clear_snapshot(); SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) "
                             f"FROM pg_stat_user_tables WHERE relname IN ({names})").splitlines()[-1])

    def fill_tokens(self, count):
        now = int(time.time() * 1000)
        if self.is_sqlite():
            with contextlib.closing(sqlite3.connect(self.database.removeprefix("sqlite:"))) as db:
                db.execute("PRAGMA synchronous = OFF")
                db.execute("PRAGMA cache_size = -1000000")
                source = f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count}) SELECT n FROM c)"
                for table in TABLES[1:3]:
                    # A page of the tree is written once when rows come in its order.
                    db.execute(FILL[table].format(id="randomblob(16)", digest="randomblob(32)", now=now, n="n", source=source)
                               + (" ORDER BY 1" if table == "grants" else ""))
                    db.commit()
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in TABLES[1:3]:
            self.psql(FILL[table].format(id="decode(md5(random()::text || g), 'hex')",
                                         digest="sha256((random()::text || g)::bytea)", now=now, n="g",
                                         source=f"generate_series(1, {count}) g"))
        self.psql("ANALYZE grants")
        self.psql("ANALYZE refresh_tokens")


def run(store, server, mode, secs, connections, rate):
    address = f"127.0.0.1:{server.port}"
    return json.loads(lib.output([lib.example("bench_grants"), mode, store.folder, store.database, address, store.key, store.secret,
                                  str(secs), str(connections), f"{rate:.2f}"], lib.OTHERS))


def io_bytes(pid):
    with open(f"/proc/{pid}/io") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("write_bytes"))


def measure(store, server):
    for mode in ("code", "refresh", "password"):
        rows, written = store.rows_written(), io_bytes(server.process.pid)
        fast = run(store, server, mode, options.secs, options.connections, 0)
        if fast["failed"]:
            raise SystemExit(f"{mode}: {fast['failed']} requests were refused")
        lib.figure(f"{mode}: grants/s", f"{fast['per_s']:,.0f}")
        # What a refresh begins with are codes that were exchanged, which write as well.
        begun = options.connections * 16 if mode == "refresh" else 0
        n = fast["granted"]
        if store.is_sqlite():
            kib = (io_bytes(server.process.pid) - written) / 1024 / (n + begun)
            lib.figure(f"{mode}: written by the server, KiB a grant", f"{kib:,.1f}")
        else:
            made = fast["granted"] if mode == "code" else begun
            # The codes themselves are one row each, made before the exchange by what stands in for the consent.
            of_begun = 3 * begun
            per_grant = (store.rows_written() - rows - made - of_begun) / n
            lib.figure(f"{mode}: rows written a grant", f"{per_grant:,.1f}")
        load = 0.7 * fast["per_s"]
        spread = run(store, server, mode, options.secs, max(32, options.connections), load)
        lib.figure(f"{mode}: latency p50 at 70 % load ({load:,.0f}/s)", f"{spread['p50_ms']:.1f} ms")
        lib.figure(f"{mode}: latency p99", f"{spread['p99_ms']:.1f} ms")
        if spread["failed"]:
            raise SystemExit(f"{mode}: {spread['failed']} requests were refused")


def bench(name, database_url=None):
    store = GrantStore(database_url)
    server = lib.Server(store)
    lib.title(f"grants on {name}, an empty store")
    measure(store, server)
    if options.tokens:
        began = time.monotonic()
        server.stop()
        store.fill_tokens(options.tokens)
        took = time.monotonic() - began
        server = lib.Server(store)
        lib.title(f"grants on {name}, {options.tokens:,} refresh tokens in the store (put in within {took:,.0f} s)")
        measure(store, server)
    server.stop()


if options.database in ("sqlite", "both"):
    bench("SQLite")
if options.database in ("postgres", "both"):
    bench("PostgreSQL", os.environ["RINGFENCE_BENCH_PG"])
