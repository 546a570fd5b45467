#!/bin/sh
# One figure a command: bench/run.sh token | gateway | refused | start | collector [OPTIONS]; `all` runs them in turn.
# Builds what it needs in release mode; every server it starts listens on loopback and is stopped at the end.
set -eu
cd "$(dirname "$0")/.."
name=${1:-}
[ -n "$name" ] || { sed -n '2,3s/^# //p' "$0"; exit 2; }
shift
if [ "$name" = all ]; then
    for each in token gateway refused start collector; do "$0" "$each" "$@"; done
    exit
fi
[ -f "bench/$name.py" ] || { echo "there is no bench of that name: $name" >&2; exit 2; }
cargo build --quiet --locked --release --package ringfence
cargo build --quiet --locked --release --package ringfence-testkit --examples
exec python3 "bench/$name.py" "$@"
