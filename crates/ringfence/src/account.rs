//! `ringfence account`: tenants.

use crate::failure::Done;
use crate::shell::Shell;
use clap::{Args, Subcommand};
use ringfence_app::accounts as app;
use ringfence_app::context::Actor;
use ringfence_core::account::{Account, AccountKind, AccountName, Region, TokenAlg};
use serde_json::json;

/// Tenants.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account
    Create(CreateArgs),
    /// List every account
    List,
    /// Show one account
    Show(NameArgs),
    /// Refuse every token and credential of an account, within one second and for good for tokens issued so far
    Suspend(NameArgs),
    /// Let a suspended account get tokens again
    Resume(NameArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Unique name: a-z, 0-9 and hyphens
    #[arg(value_parser = AccountName::parse)]
    name: AccountName,
    /// Where it lives: emea, nam or apac
    #[arg(long, value_parser = Region::parse, default_value = "emea")]
    region: Region,
    /// Which platform it follows: vcc (contact centre) or vbc (business communications)
    #[arg(long, value_parser = AccountKind::parse, default_value = "vcc")]
    kind: AccountKind,
    /// Signature of its tokens: RS256 or ES256 [default: as in the settings]
    #[arg(long, value_parser = TokenAlg::parse, value_name = "ALG")]
    token_alg: Option<TokenAlg>,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The account's name
    #[arg(value_parser = AccountName::parse)]
    name: AccountName,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: AccountCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    let account = match command {
        AccountCommand::List => {
            let accounts = app::account_list(&ctx).await?;
            let rows = accounts.iter().map(row).collect::<Vec<_>>();
            shell.table(
                &["NAME", "REGION", "KIND", "STATUS", "TOKENS", "CREATED"],
                &rows,
            );
            if shell.json {
                shell.print_json(&accounts.iter().map(view).collect());
            }
            return Ok(Done::Clean);
        }
        AccountCommand::Create(args) => {
            let default = shell.default_token_alg();
            let CreateArgs {
                name,
                region,
                kind,
                token_alg,
            } = args;
            let new = app::NewAccount {
                name,
                region,
                kind,
                token_alg: token_alg.unwrap_or(default),
            };
            app::account_create(&ctx, &actor, new).await?
        }
        AccountCommand::Show(args) => app::account_show(&ctx, &args.name).await?,
        AccountCommand::Suspend(args) => app::account_suspend(&ctx, &actor, &args.name).await?,
        AccountCommand::Resume(args) => app::account_resume(&ctx, &actor, &args.name).await?,
    };
    shell.table(
        &["NAME", "REGION", "KIND", "STATUS", "TOKENS", "CREATED"],
        &[row(&account)],
    );
    if shell.json {
        shell.print_json(&view(&account));
    }
    Ok(Done::Clean)
}

fn row(account: &Account) -> Vec<String> {
    vec![
        account.name.to_string(),
        account.region.as_str().to_owned(),
        account.kind.as_str().to_owned(),
        account.status.as_str().to_owned(),
        account.token_alg.as_str().to_owned(),
        account.created_at.to_iso_secs(),
    ]
}

fn view(account: &Account) -> serde_json::Value {
    json!({
        "id": account.id.to_string(),
        "name": account.name.as_str(),
        "region": account.region.as_str(),
        "kind": account.kind.as_str(),
        "status": account.status.as_str(),
        "token_alg": account.token_alg.as_str(),
        "created_at": account.created_at.to_iso_millis(),
    })
}
