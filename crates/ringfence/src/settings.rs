//! `ringfence config`: the settings file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::{Config, Environment, sample};
use crate::failure::Done;
use crate::shell::Shell;

/// The settings file.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print every key with its meaning, its variable and its default
    #[command(after_help = "ringfence config sample > ringfence.toml")]
    Sample,
    /// Read a settings file, with the RINGFENCE_* variables over it, and say what is wrong
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The file
    file: PathBuf,
}

/// Runs the command.
pub(crate) fn run(shell: &Shell, command: &ConfigCommand) -> anyhow::Result<Done> {
    match command {
        ConfigCommand::Sample if shell.json => shell.print_json(&json!({ "sample": sample() })),
        ConfigCommand::Sample => shell.say(sample().trim_end()),
        ConfigCommand::Check(args) => {
            let environment = Environment::read();
            let checked = Config::load(Some(&args.file), &environment);
            let fault = checked
                .err()
                .map(|fault| format!("{:#}", anyhow::Error::from(fault)));
            let unknown = environment.unknown();
            if shell.json {
                shell.print_json(&json!({ "valid": fault.is_none(), "fault": fault, "unknown_variables": unknown }));
            }
            for variable in unknown {
                shell.say(format!("{variable} names no setting"));
            }
            match fault {
                None => shell.say(format!("{} is good", args.file.display())),
                Some(fault) => {
                    shell.say(fault);
                    return Ok(Done::Findings);
                }
            }
        }
    }
    Ok(Done::Clean)
}
