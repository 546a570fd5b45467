"""The gateway: what the check costs a forwarded call, against our own forwarder without it and against HAProxy."""

import argparse
import base64
import json
import os
import statistics
import subprocess

import lib

options = argparse.ArgumentParser()
options.add_argument("--secs", type=int, default=4)
options.add_argument("--rounds", type=int, default=3)
options = options.parse_args()

PATH = "/orders/42"


def nginx(folder):
    port = lib.free_port()
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w") as f:
        f.write(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
            events {{ worker_connections 1024; }}
            http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 300s;
                client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
                uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
                server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json;
                    return 200 '{{"order":42,"lines":["{"x" * 200}"]}}'; }} }} }}""")
    lib.spawn(["nginx", "-c", path, "-e", f"{folder}/nginx.log"], lib.OTHERS)
    return port


def public_key_pem(client, folder):
    """The RSA key of the key set, as the PEM file that HAProxy reads."""
    status, body = client.request("GET", "/Auth/.well-known/openid-configuration/jwks")
    assert status == 200, body
    key = next(k for k in json.loads(body)["keys"] if k["kty"] == "RSA")

    def integer(text):
        value = base64.urlsafe_b64decode(text + "==").lstrip(b"\0")
        return der(2, (b"\0" if value[0] & 0x80 else b"") + value)

    def der(tag, content):
        length = len(content)
        if length < 128:
            return bytes([tag, length]) + content
        digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
        return bytes([tag, 0x80 | len(digits)]) + digits + content

    rsa = der(0x30, integer(key["n"]) + integer(key["e"]))
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d010101") + b"\x05\x00")
    spki = der(0x30, algorithm + der(3, b"\0" + rsa))
    path = os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-out", path], input=spki, check=True)
    return path


def haproxy(folder, upstream, pem):
    """Signature, algorithm and expiry, as HAProxy's own documentation checks them; no scopes, no live rights."""
    port = lib.free_port()
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w") as f:
        f.write(f"""global
    nbthread 1
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
    http-reuse always
frontend in
    bind 127.0.0.1:{port}
    http-request set-var(txn.token) http_auth_bearer
    http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
    http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
    http-request set-var(txn.now) date()
    http-request deny deny_status 401 unless {{ var(txn.alg) -m str RS256 }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(txn.alg,"{pem}") -m int 1 }}
    http-request deny deny_status 401 if {{ var(txn.exp),sub(txn.now) -m int lt 0 }}
    default_backend up
backend up
    server up 127.0.0.1:{upstream}
""")
    return lib.spawn(["haproxy", "-db", "-f", path], lib.MEASURED), port


store = lib.Store()
folder = lib.folder()
upstream = nginx(folder)
config = os.path.join(folder, "ringfence.toml")
with open(config, "w") as f:
    f.write(f"""[[gateway.route]]
name = "orders"
methods = ["GET"]
path = "/orders/{{id}}"
scopes = ["stats"]
upstream = "http://127.0.0.1:{upstream}"
""")
made = store.credential()
server = lib.Server(store, lib.MEASURED, threads=1, config=config)
client = lib.Client(server.port)
token = client.token(made)
bearer = f"Authorization: Bearer {token}"

proxy_port = lib.free_port()
proxy = lib.spawn([lib.example("bench_proxy"), f"127.0.0.1:{proxy_port}", f"http://127.0.0.1:{upstream}"], lib.MEASURED)
rival, rival_port = haproxy(folder, upstream, public_key_pem(client, folder))

runners = {
    "ours": (server.process.pid, server.port),
    "no check": (proxy.pid, proxy_port),
    "haproxy": (rival.pid, rival_port),
}
rates, costs = {name: [] for name in runners}, {name: [] for name in runners}
for name, (pid, port) in runners.items():
    lib.wrk(f"http://127.0.0.1:{port}{PATH}", secs=1, header=bearer)
for wrong in ("Authorization: Bearer x.y.z", f"Authorization: Bearer {token[:-4]}AAAA"):
    for name in ("ours", "haproxy"):
        _, bad = lib.wrk(f"http://127.0.0.1:{runners[name][1]}{PATH}", secs=1, connections=1, header=wrong)
        assert bad > 0, f"{name} lets a wrong token through"
for _ in range(options.rounds):
    for name, (pid, port) in runners.items():
        url = f"http://127.0.0.1:{port}{PATH}"
        (rate, bad), cpu = lib.loaded(pid, lambda: lib.wrk(url, secs=options.secs, header=bearer))
        assert bad == 0, f"{name}: {bad} calls refused"
        rates[name].append(rate)
        costs[name].append(cpu / (rate * options.secs) * 1e6)
rate = {name: statistics.median(r) for name, r in rates.items()}
cost = {name: statistics.median(c) for name, c in costs.items()}

lib.title("gateway to an HTTP upstream, a token seen before, one core")
for name in runners:
    lib.figure(f"{name}: calls/s; processor time a call", f"{rate[name]:,.0f}; {cost[name]:.1f} us")
lib.at_least("ours / the same forwarder without the check, calls/s", rate["ours"] / rate["no check"], 0.8, 0.95)
lib.at_least("the same by processor time a call", cost["no check"] / cost["ours"], 0.8, 0.95)
lib.at_least("ours / HAProxy jwt_verify RS256, calls/s", rate["ours"] / rate["haproxy"], 1.0, 1.5)
lib.at_least("the same by processor time a call", cost["haproxy"] / cost["ours"], 1.0, 1.5)

ids = os.path.join(folder, "ids")
with open(ids, "w") as f:
    f.write("\n".join(store.fill(made, 5_000)) + "\n")
acts = json.loads(lib.output([lib.example("bench_acts"), store.folder, ids, made["client_secret"], "RS256"], lib.MEASURED))
lib.title("admission of a call to a built-in API (1,000 tokens in turn)")
lib.at_most("app::gateway_admit, processor time a call", acts["admit_us"], 10, 4, " us")
lib.at_most("noting an answered call for the record, processor time a call", acts["note_us"], 0.3, 0.2, " us")
