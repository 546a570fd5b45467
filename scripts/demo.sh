#!/usr/bin/env bash
# Builds Ringfence and runs the main job on sample calls. Arguments go to `ringfence demo`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_missing build-essential=cc ca-certificates=/etc/ssl/certs/ca-certificates.crt
require_cargo
say "building (a few minutes the first time)"
cargo build --locked --quiet --package ringfence
exec "$TARGET/debug/ringfence" demo "$@"
