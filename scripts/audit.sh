#!/usr/bin/env bash
# What a release needs beyond the tests: dependency policy and advisories, unused dependencies, spelling, documentation.
# Builds the three checkers where they are lacking, which takes some minutes once.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

install_missing build-essential=cc
require_cargo
for tool in cargo-deny cargo-machete typos; do
    command -v $tool >/dev/null && continue
    crate=$([ $tool = typos ] && echo typos-cli || echo $tool)
    say "building $crate"
    cargo install --locked --quiet $crate
done
say "cargo deny"
cargo deny --locked check
say "cargo machete"
cargo machete
say "typos"
typos
say "cargo doc"
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked --quiet
