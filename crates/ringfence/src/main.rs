//! The one binary: settings, logging, wiring and the subcommands.

mod config;
mod logging;
mod master_key;

fn main() {}
