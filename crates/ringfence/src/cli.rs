//! The command line: what there is, and what each command is for.

use crate::config::{Config, Environment};
use crate::failure::Done;
use crate::shell::Shell;
use crate::{
    account, application, audit, collect, completions, connection, credential, demo, developer,
    doctor, grant, import, keys, logging, openapi, provider, serve, settings, subscription,
    token_client, user,
};
use clap::{ArgAction, Args, Parser, Subcommand};
use std::path::PathBuf;

/// Issues API credentials and tokens, guards APIs with rights that can be taken away at once, and collects recordings
/// without losing one.
///
/// With no settings it is complete: one SQLite file and recordings on the local disk, under one data folder.
#[derive(Debug, Parser)]
#[command(name = "ringfence", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 done with findings, 2 usage, 3 cannot reach or not allowed, 4 internal."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Settings file (TOML); `ringfence config sample` prints every key
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of everything: database, recordings, keys, corpus [default: ./ringfence-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Database other than the SQLite file: postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Print one JSON value on standard output and nothing else there
    #[arg(long, global = true)]
    json: bool,
    /// Log less; twice for nothing
    #[arg(short, long, global = true, action = ArgAction::Count)]
    quiet: u8,
    /// Log more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See the main job on sample calls: credential, token, guarded call, collection
    Demo(demo::DemoArgs),
    /// Run the server
    Serve(serve::ServeArgs),
    /// Tenants: create, list, show, suspend, resume
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// People: create, list, show, set, disable, enable
    #[command(subcommand)]
    User(user::UserCommand),
    /// Who builds applications in the Developer Portal: create, list, show, set, disable, enable, token
    #[command(subcommand)]
    Developer(developer::DeveloperCommand),
    /// API credentials: create, list, show, edit, rotate, retire, delete
    #[command(subcommand)]
    Credential(credential::CredentialCommand),
    /// Applications of developers: create, list, show, edit, keys, suspend, resume, verify, delete
    #[command(subcommand)]
    App(application::AppCommand),
    /// Subscriptions of applications to API suites: add, list, remove, block, unblock
    #[command(subcommand)]
    Subscription(subscription::SubscriptionCommand),
    /// What a person has allowed applications: list, revoke
    #[command(subcommand)]
    Grant(grant::GrantCommand),
    /// OpenID Connect providers that people of an account sign in through: add, list, check, on, off, remove
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Signing keys: list, rotate, withdraw
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// The audit trail: list, export, verify
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Calls and recordings from elsewhere: recordings
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Get a token as a client program does, and print it
    #[command(after_help = token_client::HELP)]
    Token(token_client::TokenArgs),
    /// Remote accounts to collect from: add, check, list, show, remove
    #[command(subcommand)]
    Connection(connection::ConnectionCommand),
    /// Bring every recording of a connection home, and account for what is missing
    #[command(after_long_help = collect::HELP)]
    Collect(collect::CollectArgs),
    /// Print the description of an API (OpenAPI 3.1): vcc, admin
    Openapi(openapi::OpenapiArgs),
    /// The settings file: sample, check
    #[command(subcommand)]
    Config(settings::ConfigCommand),
    /// Look at this installation and say what to mend; changes nothing
    #[command(after_help = "Exit codes: 0 all is well, 1 something is to be mended.")]
    Doctor,
    /// Print what a shell needs to complete commands and options
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<Done> {
        let environment = Environment::read();
        let mut config = Config::load(self.global.config.as_deref(), &environment)?;
        let data_dir_given = self.global.data_dir.is_some();
        if let Some(folder) = self.global.data_dir {
            config.data_dir = folder;
        }
        if let Some(url) = self.global.database_url {
            config.database.url = Some(crate::config::Hidden::new(url));
        }
        let louder = i32::from(self.global.verbose) - i32::from(self.global.quiet);
        let shell = Shell {
            config,
            data_dir_given,
            json: self.global.json,
            louder,
        };
        // A server's log is for operators; a command's is for the person at the keyboard.
        let quieter = if matches!(self.command, Command::Serve(_)) {
            0
        } else {
            -1
        };
        logging::start(&shell.config.log, shell.louder + quieter)?;
        for variable in environment.unknown() {
            tracing::warn!(
                variable,
                "no setting has this name; see `ringfence config sample`"
            );
        }
        match self.command {
            Command::Demo(args) => Box::pin(demo::run(shell, args)).await,
            Command::Serve(args) => serve::run(shell, args).await,
            Command::Account(command) => account::run(&shell, command).await,
            Command::User(command) => user::run(&shell, command).await,
            Command::Developer(command) => developer::run(&shell, command).await,
            Command::Credential(command) => credential::run(&shell, command).await,
            Command::App(command) => application::run(&shell, command).await,
            Command::Subscription(command) => subscription::run(&shell, command).await,
            Command::Grant(command) => grant::run(&shell, command).await,
            Command::Provider(command) => provider::run(&shell, command).await,
            Command::Keys(command) => keys::run(&shell, command).await,
            Command::Audit(command) => audit::run(&shell, command).await,
            Command::Import(command) => import::run(&shell, command).await,
            Command::Token(args) => token_client::run(&shell, args).await,
            Command::Connection(command) => connection::run(&shell, command).await,
            Command::Collect(args) => collect::run(&shell, args).await,
            Command::Openapi(args) => Ok(openapi::run(&shell, &args)),
            Command::Config(command) => settings::run(&shell, &command),
            Command::Doctor => doctor::run(&shell).await,
            Command::Completions(args) => Ok(completions::run(&args)),
        }
    }
}
