//! `ringfence openapi`: the description of an API (OpenAPI 3.1).

use crate::failure::Done;
use crate::shell::Shell;
use clap::{Args, ValueEnum};
use ringfence_server::openapi::{admin_document, vcc_document};

#[derive(Debug, Args)]
pub(crate) struct OpenapiArgs {
    /// Which API
    #[arg(value_enum, default_value_t = Which::Admin)]
    api: Which,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Which {
    /// Interaction Content, Insights Stats and User Admin
    Vcc,
    /// The Management API
    Admin,
}

/// Prints it.
pub(crate) fn run(shell: &Shell, args: &OpenapiArgs) -> Done {
    shell.print_json(match args.api {
        Which::Vcc => vcc_document(),
        Which::Admin => admin_document(),
    });
    Done::Clean
}
