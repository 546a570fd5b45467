//! `ringfence completions`: what a shell needs to complete commands and options.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell as Kind;

use crate::cli::Cli;
use crate::failure::Done;

#[derive(Debug, Args)]
#[command(
    after_help = "bash: ringfence completions bash > ~/.local/share/bash-completion/completions/ringfence"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Kind,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs) -> Done {
    clap_complete::generate(
        args.shell,
        &mut Cli::command(),
        "ringfence",
        &mut std::io::stdout(),
    );
    Done::Clean
}
