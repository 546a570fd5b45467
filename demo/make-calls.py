#!/usr/bin/env python3
"""Remakes the demo calls: two-channel telephone audio (agent left, customer right) and
the manifest that `ringfence import recordings` reads.

Needs espeak-ng and sox:   sudo apt-get install espeak-ng sox
Run from anywhere:         demo/make-calls.py
"""

import csv
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import uuid

OUT = pathlib.Path(__file__).resolve().parent / "calls"

# voice, pitch, words a minute
AGENTS = {"2041": ("en-us+f3", 62, 205), "2042": ("en-gb+m3", 45, 205)}
CUSTOMERS = [("en-gb-scotland+m1", 38, 200), ("en-us+f2", 70, 210), ("en-gb-x-rp+m7", 52, 205), ("en-us+m4", 30, 205)]

BILLING, SALES = "+441632960900", "+441632960910"

# start, direction, customer, agent, line, queue, turns of (who, words); no turns: no recording.
CALLS = [
    ("2026-03-02T09:15:30.250Z", "inbound", "+441632960101", "2041", BILLING, "Billing", [
        ("agent", "Billing, this is Sam. How can I help?"),
        ("customer", "My invoice is wrong. I was charged twice."),
        ("agent", "I see it. I have refunded one."),
    ]),
    ("2026-03-02T14:02:11.900Z", "inbound", "+441632960102", "2042", SALES, "Sales", [
        ("agent", "Sales, Robin speaking."),
        ("customer", "Do you have the blue desk lamp in stock?"),
        ("agent", "Yes, twelve of them. Shall I send one?"),
    ]),
    ("2026-03-03T08:47:05.000Z", "outbound", "+441632960103", "2041", BILLING, "Billing", [
        ("customer", "Hello?"),
        ("agent", "Hello, Sam from Acme. Your refund has arrived."),
        ("customer", "Oh, lovely. Thank you."),
    ]),
    ("2026-03-03T11:20:40.125Z", "inbound", "+441632960104", "", SALES, "Sales", []),
    ("2026-03-04T10:05:00.500Z", "outbound", "+441632960102", "2042", SALES, "Sales", [
        ("customer", "Yes?"),
        ("agent", "Your lamp leaves our store today."),
        ("customer", "Great, I will be at home."),
    ]),
    ("2026-03-04T16:33:59.999Z", "inbound", "+441632960105", "2042", BILLING, "Billing", [
        ("agent", "Billing, Robin here."),
        ("customer", "I want to change my address, please."),
        ("agent", "Of course. What is the new one?"),
    ]),
    ("2026-03-05T09:00:00.000Z", "outbound", "+441632960106", "2041", BILLING, "Billing", []),
    ("2026-03-05T13:12:26.750Z", "inbound", "+441632960103", "2041", SALES, "Sales", [
        ("agent", "Sales, Sam speaking."),
        ("customer", "The lamp is broken. Can I return it?"),
        ("agent", "I am sorry. A new one is on its way."),
    ]),
    ("2026-03-06T15:45:18.333Z", "inbound", "+441632960107", "2042", SALES, "Sales", [
        ("agent", "Sales, Robin speaking."),
        ("customer", "Sorry, wrong number."),
    ]),
]


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def speak(words, voice, path):
    name, pitch, pace = voice
    raw = path.with_suffix(".raw.wav")
    run("espeak-ng", "-v", name, "-p", str(pitch), "-s", str(pace), "-w", str(raw), words)
    # Telephone band at 8 kHz, silence at both ends cut off.
    run("sox", "-R", "-D", str(raw), "-r", "8000", "-b", "16", "-c", "1", str(path), "sinc", "300-3400",
        "norm", "-6", "silence", "1", "0.02", "0.5%", "reverse", "silence", "1", "0.02", "0.5%", "reverse")


def seconds(path):
    return float(subprocess.check_output(["soxi", "-D", str(path)]))


def make_call(turns, voices, path, folder):
    """Lays the turns one after the other, each on its side, with a short pause between."""
    sides = {"agent": [], "customer": []}
    for number, (who, words) in enumerate(turns):
        said = folder / f"{path.stem}-{number}.wav"
        speak(words, voices[who], said)
        pause = folder / f"{path.stem}-{number}-pause.wav"
        run("sox", "-D", "-n", "-r", "8000", "-b", "16", "-c", "1", str(pause), "trim", "0", f"{seconds(said) + 0.15:.3f}")
        for side in sides:
            sides[side].append(said if side == who else pause)
            if side == who:
                gap = folder / f"{path.stem}-{number}-gap.wav"
                run("sox", "-D", "-n", "-r", "8000", "-b", "16", "-c", "1", str(gap), "trim", "0", "0.15")
                sides[side].append(gap)
    joined = []
    for side, parts in sides.items():
        target = folder / f"{path.stem}-{side}.wav"
        run("sox", "-D", *map(str, parts), str(target))
        joined.append(str(target))
    run("sox", "-D", "-M", *joined, "-e", "mu-law", "-b", "8", str(path))
    return round(seconds(path) * 1000)


def main():
    for tool in ("espeak-ng", "sox", "soxi"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing; install both with: sudo apt-get install espeak-ng sox")
    OUT.mkdir(parents=True, exist_ok=True)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for number, (start, direction, customer, agent, line, queue, turns) in enumerate(CALLS, 1):
            guid = uuid.UUID(f"0190a1b2-3333-4d5e-8f60-7a8b9c0d{number:04x}")
            inbound = direction == "inbound"
            file, digest, duration = "", "", 41_000 if direction == "outbound" else 21_500
            if turns:
                path = OUT / f"{number:04}.wav"
                voices = {"agent": AGENTS[agent], "customer": CUSTOMERS[int(customer[-1]) % len(CUSTOMERS)]}
                duration = make_call(turns, voices, path, pathlib.Path(scratch))
                file, digest = path.name, hashlib.sha256(path.read_bytes()).hexdigest()
            rows.append([guid, start, duration, direction, customer if inbound else line, line if inbound else customer,
                         agent, line, queue, "callRecording", file, digest])
    with open(OUT / "manifest.csv", "w", newline="", encoding="utf-8") as manifest:
        writer = csv.writer(manifest, lineterminator="\n")
        writer.writerow("guid start duration_ms direction connect_from connect_to agent_id line queue type file sha256".split())
        writer.writerows(rows)


if __name__ == "__main__":
    main()
