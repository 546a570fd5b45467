//! `ringfence grant`: what applications may do for a person, for those who support people.

use crate::failure::Done;
use crate::shell::Shell;
use clap::{Args, Subcommand};
use ringfence_app::context::Actor;
use ringfence_app::user_grants::{GrantShown, user_grants, user_grants_revoke};
use ringfence_core::account::AccountName;
use ringfence_core::id::ApplicationId;
use ringfence_core::user::Username;
use serde_json::{Value, json};

/// What applications may do for a person.
#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// List what a person has allowed applications, as far as it has not ended
    List(WhoArgs),
    /// End it within one second, with every token; the person is asked anew the next time
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    /// The person's account
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
    /// Their user name
    #[arg(long, value_parser = Username::parse)]
    user: Username,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Only what this application may do [default: all of them]
    #[arg(long, value_name = "ID", value_parser = ApplicationId::parse)]
    application: Option<ApplicationId>,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: GrantCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    match command {
        GrantCommand::List(who) => {
            let all = user_grants(&ctx, &who.account, &who.user).await?;
            if shell.json {
                shell.print_json(&all.iter().map(view).collect());
            }
            let rows: Vec<Vec<String>> = all.iter().map(row).collect();
            shell.table(
                &["APPLICATION", "ID", "BY", "SCOPE", "SINCE", "LAST TOKEN"],
                &rows,
            );
        }
        GrantCommand::Revoke(args) => {
            let whose = (&args.who.account, &args.who.user);
            let actor = Actor::command_line();
            let n = user_grants_revoke(&ctx, &actor, whose, args.application).await?;
            if shell.json {
                shell.print_json(&json!({ "ended": n }));
            }
            shell.say(format_args!("{n} ended."));
        }
    }
    Ok(Done::Clean)
}

fn row(shown: &GrantShown) -> Vec<String> {
    let grant = &shown.grant;
    vec![
        shown.application.clone().unwrap_or_default(),
        grant.authorization.application_id.to_string(),
        grant.kind.as_str().to_owned(),
        grant.authorization.scope.to_string(),
        grant.created_at.to_iso_secs(),
        grant.rotated_at.to_iso_secs(),
    ]
}

fn view(shown: &GrantShown) -> Value {
    let grant = &shown.grant;
    json!({
        "id": grant.id.to_string(),
        "application": shown.application,
        "application_id": grant.authorization.application_id.to_string(),
        "kind": grant.kind.as_str(),
        "scope": grant.authorization.scope.to_string(),
        "created_at": grant.created_at.to_iso_millis(),
        "last_token_at": grant.rotated_at.to_iso_millis(),
        "ends_at": grant.absolute_end.to_iso_millis(),
    })
}
