#!/usr/bin/env bash
# All tests, on SQLite and on PostgreSQL, then formatting and lints. Arguments go to `cargo test`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_missing build-essential=cc ca-certificates=/etc/ssl/certs/ca-certificates.crt curl=curl python3=python3 \
    python3-venv='/usr/lib/python3*/ensurepip/__init__.py' postgresql='/usr/lib/postgresql/*/bin/initdb' \
    asterisk-core-sounds-en-wav='/usr/share/asterisk/sounds/en*/hello.wav' nodejs=node npm=npm chromium=/usr/bin/chromium \
    fonts-liberation=/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf
require_cargo
python_venv duckdb 'moto[server]' authlib==1.9.9 joserfc==1.8.0 requests
node_packages tests/browser
node_packages tests/clients
start_postgres
start_s3

export RINGFENCE_TEST_PG=$PG_URL
export RINGFENCE_TEST_S3=$S3_URL
export RINGFENCE_TEST_PYTHON=$PYTHON
# A test that lacks one of these fails instead of skipping.
export RINGFENCE_REQUIRE_PG=1
export RINGFENCE_REQUIRE_ALL=1

say "cargo test"
if [ $# -gt 0 ]; then
    cargo test --locked "$@"
else
    cargo test --workspace --locked --no-fail-fast
fi

# A minimal toolchain comes without these two; rustup can add them.
for tool in fmt clippy; do
    component=$([ $tool = fmt ] && echo rustfmt || echo clippy)
    cargo $tool --version >/dev/null 2>&1 || rustup component add $component >/dev/null 2>&1 || true
    if ! cargo $tool --version >/dev/null 2>&1; then
        say "NOT CHECKED: cargo $tool is not installed"
    elif [ $tool = fmt ]; then
        say "cargo fmt --check"
        cargo fmt --all --check
    else
        say "cargo clippy"
        cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
    fi
done
say "all tests passed"
