"""What every bench shares: a store, servers, load, the processor time of a process, and how a figure is printed."""

import atexit
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RELEASE = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release")
RINGFENCE = os.path.join(RELEASE, "ringfence")
SCOPES = ["interaction-content:read", "users:read", "stats"]

# Servers and load generators run above whatever else the machine does, when the caller may ask for that.
PRIORITY = -15 if os.geteuid() == 0 else 0
# The program that is measured has a processor of its own; what loads it has the others.
CPUS = sorted(os.sched_getaffinity(0))
MEASURED, OTHERS = {CPUS[0]}, set(CPUS[1:]) or {CPUS[0]}

_processes, _folders = [], []


def example(name):
    return os.path.join(RELEASE, "examples", name)


def folder():
    path = tempfile.mkdtemp(prefix="ringfence-bench-")
    _folders.append(path)
    return path


@atexit.register
def _clean():
    for process in _processes:
        stop(process)
    for path in _folders:
        shutil.rmtree(path, ignore_errors=True)


signal.signal(signal.SIGTERM, lambda *_: exit(1))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def spawn(command, cpus=None, env=None, **kwargs):
    """Starts a process that is stopped at the end whatever happens."""
    def before():
        if cpus:
            os.sched_setaffinity(0, cpus)
        if PRIORITY:
            os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
            # Where the kernel groups processes by session, the session's own figure counts.
            with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as f:
                f.write(str(PRIORITY))
    process = subprocess.Popen(command, preexec_fn=before, start_new_session=True, env={**os.environ, **(env or {})}, **kwargs)
    _processes.append(process)
    return process


REALTIME = ["chrt", "-r", "1"] if os.geteuid() == 0 else []


def realtime(pid):
    """Has a process run before all others, where the caller may ask for that."""
    if REALTIME:
        for task in os.listdir(f"/proc/{pid}/task"):
            os.sched_setscheduler(int(task), os.SCHED_RR, os.sched_param(1))


def stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def output(command, cpus=None, env=None):
    process = spawn(command, cpus, env, stdout=subprocess.PIPE, text=True)
    text, _ = process.communicate(timeout=600)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {text}")
    return text


class Store:
    """A data folder with one account, one user and credentials."""

    def __init__(self, database_url=None):
        self.folder = folder()
        self.flags = ["--data-dir", self.folder]
        if database_url:
            self.flags += ["--database-url", database_url]
        self.user = "bench@acme.example"
        self.cli("account", "create", "acme", "--region", "emea", "--kind", "vcc")
        self.cli("user", "create", self.user, "--account", "acme", "--role", "Admin", "--name", "Bench",
                 "--agent-id", "2041")

    def cli(self, *args, json_answer=False, **kwargs):
        flags = ["--json"] if json_answer else []
        run = subprocess.run([RINGFENCE, *self.flags, *flags, *args], stdout=subprocess.PIPE, text=True, check=True, **kwargs)
        return json.loads(run.stdout) if json_answer else run.stdout

    def credential(self, *more):
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        return self.cli("credential", "create", "--account", "acme", "--owner", self.user, "--name", "bench",
                        *scopes, *more, json_answer=True)

    def fill(self, made, count):
        """Adds `count` credentials like the given one, with its secret, straight into the SQLite file; gives their ids."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.folder, "ringfence.db"))) as db:
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA cache_size = -400000")
            db.execute(
                """CREATE TEMP TABLE fresh AS
                   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                   SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-7' || substr(hex(randomblob(2)), 2)
                       || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))) AS id FROM n ORDER BY 1""",
                (count,))
            for table, key in (("credentials", "id"), ("credential_secrets", "credential_id")):
                columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                values = ", ".join("fresh.id" if c == key else f"t.{c}" for c in columns)
                db.execute(f"INSERT INTO {table} SELECT {values} FROM fresh, {table} t WHERE t.{key} = ?1", (made["client_id"],))
            ids = [row[0] for row in db.execute("SELECT id FROM fresh ORDER BY random() LIMIT 50000")]
            db.commit()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return ids


class Server:
    """A running `ringfence serve`."""

    def __init__(self, store, cpus=None, threads=None, env=None, config=None):
        self.started = time.monotonic()
        self.port = free_port()
        env = {"RINGFENCE_GATEWAY_REQUESTS_PER_MINUTE": "4000000000", **(env or {})}
        if threads:
            env["TOKIO_WORKER_THREADS"] = str(threads)
        flags = ["--config", config] if config else []
        self.process = spawn([RINGFENCE, *store.flags, *flags, "--json", "-q", "serve", "--listen", f"127.0.0.1:{self.port}"],
                             cpus, env, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise SystemExit("the server did not start")
        self.ready = time.monotonic()
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        stop(self.process)


class Client:
    """One kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def request(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def form(self, path, **fields):
        return self.request("POST", path, urllib.parse.urlencode(fields),
                            {"content-type": "application/x-www-form-urlencoded"})

    def token(self, made, scope=None):
        status, body = self.form("/Auth/connect/token", grant_type="client_credentials", client_id=made["client_id"],
                                 client_secret=made["client_secret"], scope=scope or " ".join(SCOPES))
        if status != 200:
            raise SystemExit(f"no token: {status} {body}")
        return json.loads(body)["access_token"]


def cpu_secs(pid):
    """Processor time of all threads of a process; a thread that has ended is not in it."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def wrk(url, script=None, secs=5, connections=32, args=(), header=None):
    """Requests a second, and how many were not answered 2xx."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{secs}s", "--timeout", "10s"]
    if header:
        command += ["-H", header]
    if script:
        command += ["-s", os.path.join(ROOT, "bench", script)]
    text = output([*command, url, *(["--", *args] if args else [])], OTHERS)
    rate = next(float(line.split()[1]) for line in text.splitlines() if line.startswith("Requests/sec"))
    bad = sum(int(line.split()[-1]) for line in text.splitlines() if "Non-2xx" in line)
    return rate, bad


def loaded(pid, action):
    """What an action gives, and the processor time a process spends meanwhile."""
    before = cpu_secs(pid)
    outcome = action()
    return outcome, cpu_secs(pid) - before


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, int(q * len(values)))]


def title(text):
    print(f"\n{text}")


def figure(name, text, met=None, bar=""):
    """One line: what was measured, the figure, and whether it meets its bar."""
    mark = {None: "", True: "met", False: "MISSED"}[met]
    print(f"  {name:<58} {text:>18}   {bar:<24} {mark}".rstrip(), flush=True)


def at_least(name, value, hold, aim=None, unit="x"):
    bar = f">= {hold:g}{unit}" + (f" (aim {aim:g}{unit})" if aim else "")
    figure(name, f"{value:,.4g}{unit}", value >= hold, bar)


def at_most(name, value, hold, aim=None, unit=""):
    bar = f"<= {hold:g}{unit}" + (f" (aim {aim:g}{unit})" if aim else "")
    figure(name, f"{value:,.4g}{unit}", value <= hold, bar)
