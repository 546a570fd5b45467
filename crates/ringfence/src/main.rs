//! The one binary: settings, logging, wiring and the subcommands.
//!
//! `cli.rs` lists the commands, one file each; `shell.rs` opens what they work on.

mod account;
mod application;
mod audit;
mod cli;
mod collect;
mod completions;
mod config;
mod connection;
mod credential;
mod demo;
mod developer;
mod doctor;
mod failure;
mod grant;
mod import;
mod keys;
mod logging;
mod master_key;
mod openapi;
mod provider;
mod serve;
mod settings;
mod shell;
mod subscription;
mod token_client;
mod user;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&error.into()),
    };
    match runtime.block_on(cli.run()) {
        Ok(done) => done.into(),
        Err(error) => failure::report(&error),
    }
}
