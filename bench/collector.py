"""The collector against `rclone copy` and `curl --parallel`: the same recordings from the same running server.

Ours ends with every file verified, durable and in the catalogue; theirs is what they do by default.
"""

import argparse
import glob
import http.client
import json
import os
import random
import shutil
import struct
import subprocess
import time
import urllib.parse
import uuid

import lib

options = argparse.ArgumentParser()
options.add_argument("--small", type=int, default=2_000, help="recordings of 64 KB")
options.add_argument("--large", type=int, default=60, help="recordings of 4.8 MB")
options.add_argument("--rounds", type=int, default=3)
options = options.parse_args()

LINE = "+441632960900"
RATE = 8000
ACCEPT = "application/vnd.newvoicemedia.v3+json"


def wav(size, number):
    """Two channels of 16 bits with nothing alike between files."""
    samples = random.Random(number).randbytes(size - 44)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size - 8, b"WAVE", b"fmt ", 16, 1, 2, RATE, RATE * 4, 4, 16, b"data", size - 44)
    return head + samples


def platform(count, size):
    """A server with that many recordings of that size, and the credential that reads them."""
    store = lib.Store()
    store.cli("user", "set", store.user, "--account", "acme", "--permission", "view-inbound-content=yes",
              "--permission", "view-outbound-content=yes", "--permission", "access-groups-content=yes",
              "--permission", "bulk-download=yes", "--line", LINE, "--group", "Sales")
    made = store.credential()
    calls = os.path.join(store.folder, "calls")
    os.mkdir(calls)
    talk_ms = (size - 44) * 1000 // (RATE * 4)
    with open(os.path.join(calls, "manifest.csv"), "w") as f:
        f.write("guid,start,duration_ms,direction,connect_from,connect_to,agent_id,line,type,file\n")
        for n in range(count):
            start = 1_772_442_000 + n * 5
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))
            with open(os.path.join(calls, f"{n}.wav"), "wb") as audio:
                audio.write(wav(size, n))
            f.write(f"{uuid.UUID(int=random.Random(n).getrandbits(128), version=4)},{stamp},{talk_ms},inbound,+441632960101,{LINE},2041,"
                    f"{LINE},callRecording,{n}.wav\n")
    report = store.cli("import", "recordings", "--account", "acme", calls, json_answer=True)
    assert report["items_new"] == count, report
    shutil.rmtree(calls)
    return store, made, lib.Server(store)


def content_paths(server, token):
    """The path of every recording, as the listing names them."""
    client, paths, page = lib.Client(server.port), [], ""
    while page is not None:
        query = f"/interaction-content/interactions?start=2026-03-02T00:00:00Z&end=2026-03-09T00:00:00Z&limit=1000{page}"
        status, body = client.request("GET", query, headers={"authorization": f"Bearer {token}", "accept": ACCEPT})
        assert status == 200, (status, body)
        answer = json.loads(body)
        for item in answer["items"]:
            for content in item["content"]:
                paths.append(f"/interaction-content/interactions/{item['guid']}/content/{content['contentKey']}")
        following = answer["meta"]["nextContinuationToken"]
        page = f"&continuationToken={urllib.parse.quote(following)}" if following else None
    return paths


def requests_seen(server):
    """Requests the server has answered, by its own count."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return sum(float(line.split()[-1]) for line in text.splitlines()
               if line.startswith("ringfence_requests_total"))


def timed(command, **kwargs):
    began = time.monotonic()
    process = lib.spawn(command, **kwargs)
    text, _ = process.communicate(timeout=600) if kwargs.get("stdout") else (process.wait(600), None)
    took = time.monotonic() - began
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return took, text


def by_curl(server, token, paths):
    out = lib.folder()
    config = os.path.join(out, "config")
    with open(config, "w") as f:
        for n, path in enumerate(paths):
            f.write(f'url = "{server.url}{path}"\noutput = "{out}/{n}.wav"\n')
    took, _ = timed(["curl", "--silent", "--no-progress-meter", "--fail", "--parallel", "--parallel-max", "8", "-H", f"Authorization: Bearer {token}",
                     "-H", f"Accept: {ACCEPT}", "--config", config], stderr=subprocess.DEVNULL)
    assert len(glob.glob(f"{out}/*.wav")) == len(paths)
    shutil.rmtree(out)
    return took


def by_rclone(server, token, paths):
    out = lib.folder()
    listing = os.path.join(out, "list")
    with open(listing, "w") as f:
        f.writelines(path.lstrip("/") + "\n" for path in paths)
    took, _ = timed(["rclone", "copy", ":http:", f"{out}/files", "--http-url", server.url, "--files-from-raw", listing,
                     "--no-traverse", "--transfers", "8", "--checkers", "8", "--header", f"Authorization: Bearer {token}",
                     "--header", f"Accept: {ACCEPT}", "--config", "/dev/null", "--quiet"])
    found = sum(len(files) for _, _, files in os.walk(f"{out}/files"))
    assert found == len(paths), f"rclone brought {found} of {len(paths)}"
    shutil.rmtree(out)
    return took


def by_us(server, made):
    """Seconds, requests at the server and the collector's largest resident memory in megabytes."""
    home = lib.folder()
    flags = [lib.RINGFENCE, "--data-dir", home, "-q"]
    subprocess.run([*flags, "connection", "add", "acme", "--url", server.url, "--client-id", made["client_id"], "--client-secret-stdin"],
                   input=made["client_secret"], text=True, check=True, stdout=subprocess.DEVNULL)
    before = requests_seen(server)
    report = os.path.join(home, "time")
    took, text = timed(["/usr/bin/env", "python3", os.path.join(lib.ROOT, "bench", "peak.py"), report, *flags, "--json", "collect", "acme",
                        "--since", "2026-03-02T00:00:00Z", "--until", "2026-03-09T00:00:00Z"], stdout=subprocess.PIPE, text=True)
    run = json.loads(text)
    assert run["balanced"] and run["failed"] == 0, run
    with open(report) as f:
        peak_mb = float(f.read())
    n_requests = requests_seen(server) - before - 1
    again, text = timed([*flags, "--json", "collect", "acme", "--since", "2026-03-02T00:00:00Z", "--until", "2026-03-09T00:00:00Z"],
                        stdout=subprocess.PIPE, text=True)
    assert json.loads(text)["fetched"] == 0, text
    shutil.rmtree(home)
    return took, n_requests, peak_mb, run["fetched"], again


def measure(name, count, size, curl_bar, rclone_bar):
    store, made, server = platform(count, size)
    token = lib.Client(server.port).token(made)
    paths = content_paths(server, token)
    assert len(paths) == count, (len(paths), count)
    took = {"curl": [], "rclone": [], "ours": []}
    for _ in range(options.rounds):
        took["curl"].append(by_curl(server, token, paths))
        took["rclone"].append(by_rclone(server, token, paths))
        ours, n_requests, peak_mb, fetched, again = by_us(server, made)
        assert fetched == count, (fetched, count)
        took["ours"].append(ours)
    took = {who: lib.quantile(t, 0.5) for who, t in took.items()}
    lib.title(f"collecting {count:,} recordings of {name}, client and server on one machine")
    for who, secs in took.items():
        lib.figure(f"{who}: files/s", f"{count / secs:,.0f}")
    lib.at_least("ours / curl --parallel, files per second", took["curl"] / took["ours"], *curl_bar)
    lib.at_least("ours / rclone copy, files per second", took["rclone"] / took["ours"], *rclone_bar)
    lib.figure("requests per recording, counted at the server", f"{n_requests / count:.4f}")
    lib.at_most("largest resident memory of the collector", peak_mb, 96, 64, " MB")
    lib.figure("a run with nothing new", f"{again:.2f} s")
    server.stop()
    shutil.rmtree(store.folder, ignore_errors=True)


measure("64 KB", options.small, 65_536 + 44, (1.1, 1.5), (1.5, 2.5))
measure("4.8 MB", options.large, 4_800_044, (0.85, 1.2), (0.6, 0.9))
