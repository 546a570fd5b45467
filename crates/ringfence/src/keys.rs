//! `ringfence keys`: signing keys.

use crate::failure::Done;
use crate::shell::Shell;
use clap::{Args, Subcommand};
use ringfence_app::context::Actor;
use ringfence_app::directory::follow;
use ringfence_app::keys::{self as app, KeyView};
use ringfence_core::account::TokenAlg;
use ringfence_core::id::KeyId;
use ringfence_core::time::Timestamp;
use serde_json::json;

/// Signing keys. They are made, announced, used and retired by schedule; these commands are for the rest.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List every key and where it is in its life
    List,
    /// Announce a successor now; it signs once every reader of the key set has had time to see it
    Rotate(RotateArgs),
    /// Take a key away in an emergency: every token it signed is refused within one second
    Withdraw(WithdrawArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// RS256 or ES256 [default: both]
    #[arg(long, value_parser = TokenAlg::parse)]
    alg: Option<TokenAlg>,
}

#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// The key's id, as `keys list` shows it
    #[arg(value_parser = KeyId::parse)]
    kid: KeyId,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: KeysCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    match command {
        KeysCommand::List => {}
        KeysCommand::Rotate(args) => {
            follow::load(&ctx).await?;
            app::keys_rotate(&ctx, &actor, args.alg).await?;
        }
        KeysCommand::Withdraw(args) => app::keys_withdraw(&ctx, &actor, args.kid).await?,
    }
    let views = app::keys_list(&ctx).await?;
    let rows = views.iter().map(row).collect::<Vec<_>>();
    shell.table(
        &[
            "KEY",
            "ALG",
            "STATE",
            "ANNOUNCED",
            "SIGNS FROM",
            "SIGNS UNTIL",
            "VERIFIES UNTIL",
        ],
        &rows,
    );
    if shell.json {
        shell.print_json(&views.iter().map(view).collect());
    }
    Ok(Done::Clean)
}

fn row(key: &KeyView) -> Vec<String> {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_iso_secs).unwrap_or_default();
    vec![
        key.times.id.to_string(),
        key.times.alg.as_str().to_owned(),
        key.state.as_str().to_owned(),
        key.times.announced_at.to_iso_secs(),
        key.times.active_from.to_iso_secs(),
        time(key.times.retire_at),
        time(key.times.withdrawn_at.or(key.times.remove_at)),
    ]
}

fn view(key: &KeyView) -> serde_json::Value {
    json!({
        "kid": key.times.id.to_string(),
        "alg": key.times.alg.as_str(),
        "state": key.state.as_str(),
        "announced_at": key.times.announced_at.to_iso_millis(),
        "active_from": key.times.active_from.to_iso_millis(),
        "retire_at": key.times.retire_at.map(Timestamp::to_iso_millis),
        "remove_at": key.times.remove_at.map(Timestamp::to_iso_millis),
        "withdrawn_at": key.times.withdrawn_at.map(Timestamp::to_iso_millis),
    })
}
