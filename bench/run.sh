#!/usr/bin/env bash
# One figure a command: bench/run.sh issue | grants | gateway | refused | start | collector | pages [OPTIONS]; `all` runs them
# in turn.
# Installs and builds what it needs; every server it starts listens on loopback and is stopped at the end.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

name=${1:-}
[ -n "$name" ] || { sed -n '2,4s/^# //p' "$ROOT/bench/run.sh"; exit 2; }
shift
if [ "$name" = all ]; then
    for each in issue grants gateway refused start collector pages; do "$ROOT/bench/run.sh" "$each" "$@"; done
    exit
fi
[ -f "$ROOT/bench/$name.py" ] || { echo "there is no bench of that name: $name" >&2; exit 2; }
install_missing python3=python3 wrk=wrk
case $name in
    gateway) install_missing haproxy=haproxy nginx-light=nginx openssl=openssl ;;
    refused | grants) install_missing 'postgresql=/usr/lib/postgresql/*/bin/initdb' ;;
    collector) install_missing rclone=rclone curl=curl ;;
esac
require_cargo
cargo build --quiet --locked --release --package ringfence --bins
cargo build --quiet --locked --release --package ringfence-testkit --examples
if [ "$name" = refused ] || [ "$name" = grants ]; then
    start_postgres
    export RINGFENCE_BENCH_PG=$PG_URL
fi
python3 "$ROOT/bench/$name.py" "$@"
