"""Pages of the Admin Portal over a large account: time at the server and size, without images and styles."""

import argparse
import contextlib
import http.client
import os
import sqlite3
import time
import urllib.parse

import lib

options = argparse.ArgumentParser()
options.add_argument("--credentials", type=int, default=10_000)
options.add_argument("--users", type=int, default=10_000)
options.add_argument("--audit", type=int, default=100_000)
options.add_argument("--runs", type=int, default=30)
options = options.parse_args()

PASSWORD = "a long pass phrase"
PAGES = [
    "/admin", "/admin/credentials", "/admin/credentials?q=bench&sort=-created", "/admin/credentials?page=200",
    "/admin/credentials/new", "/admin/credentials/{credential}", "/admin/users", "/admin/users?q=person+77", "/admin/users/{user}",
    "/admin/groups", "/admin/audit", "/admin/audit?actor=cli", "/admin/audit?actor=nobody%40acme.example", "/admin/gateway", "/admin/gateway/requests",
    "/admin/recordings", "/admin/keys", "/admin/accounts", "/admin/collections", "/admin/explorer", "/admin/me",
]


def repeat(db, table, count, changed):
    """Copies the newest row of a table `count` times with some columns changed; `n` counts the copies."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(c, f"t.{c}") for c in columns)
    db.execute(f"""WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count})
        INSERT INTO {table} ({", ".join(columns)}) SELECT {values} FROM c,
        (SELECT * FROM {table} ORDER BY rowid DESC LIMIT 1) t""")


UUID = ("lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-7' || substr(hex(randomblob(2)), 2) || '-8' || "
        "substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))")

store = lib.Store()
lib.subprocess.run([lib.RINGFENCE, *store.flags, "user", "set", store.user, "--account", "acme", "--operator", "yes",
                    "--password-stdin"], input=PASSWORD, text=True, check=True, stdout=lib.subprocess.PIPE)
made = store.credential()
store.fill(made, options.credentials)
with contextlib.closing(sqlite3.connect(os.path.join(store.folder, "ringfence.db"))) as db:
    db.execute("PRAGMA foreign_keys = OFF")
    user = db.execute("SELECT id FROM users").fetchone()[0]
    repeat(db, "users", options.users, {"id": UUID, "username": "'person' || n || '@acme.example'", "agent": "NULL",
                                        "name": "'Person ' || n", "operator": "0"})
    top = db.execute("SELECT max(seq) FROM audit").fetchone()[0]
    repeat(db, "audit", options.audit, {"id": UUID, "seq": f"{top} + n", "digest": "randomblob(32)"})
    db.commit()

server = lib.Server(store, lib.MEASURED, threads=1)
connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
connection.request("POST", "/login", urllib.parse.urlencode({"username": store.user, "password": PASSWORD}), headers)
answer = connection.getresponse()
answer.read()
set_cookies = answer.headers.get_all("set-cookie") or []
cookie = next((c.split(";")[0] for c in set_cookies if c.startswith("__Host-ringfence=")), None)
if answer.status != 303 or not cookie:
    raise SystemExit(f"signing in was answered {answer.status}")

lib.title(f"pages with {options.credentials:,} credentials, {options.users:,} users, {options.audit:,} audit lines")
for path in PAGES:
    path = path.format(credential=made["client_id"], user=user)
    times, size = [], 0
    for _ in range(options.runs):
        began = time.monotonic()
        connection.request("GET", path, headers={"cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.monotonic() - began) * 1000)
        size = len(body) / 1000
        if answer.status != 200:
            raise SystemExit(f"{path} was answered {answer.status}")
    lib.at_most(f"{path}: p95, {size:.0f} KB", lib.quantile(times, 0.95), 100, None, " ms")
    if size > 100:
        print(f"  {path} is longer than 100 KB")
server.stop()
