//! `ringfence credential`: API credentials and their secrets.

use crate::failure::{Done, Usage};
use crate::shell::{Shell, span_secs};
use clap::{Args, Subcommand};
use ringfence_app::context::Actor;
use ringfence_app::credentials as app;
use ringfence_core::account::{AccountName, TokenAlg};
use ringfence_core::credential::{Credential, CredentialName, Network, Owner};
use ringfence_core::id::CredentialId;
use ringfence_core::scope::{CATALOGUE, Scope, ScopeSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::Username;
use serde_json::json;

/// API credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Make a credential; its id and secret are shown this once
    #[command(after_help = scopes_help())]
    Create(CreateArgs),
    /// List an account's credentials
    List(ListArgs),
    /// Show one credential with its secrets and when each was last used
    Show(IdArgs),
    /// Change name, scopes, networks or life; a scope taken off ends for live tokens within one second
    #[command(after_help = scopes_help())]
    Edit(EditArgs),
    /// Add a secret, and let the others run out after an overlap; the new secret is shown this once
    Rotate(RotateArgs),
    /// Retire one secret at once, with every token it made
    Retire(RetireArgs),
    /// Delete a credential, with every secret and token
    Delete(IdArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// The account
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
    /// The user it acts for: calls see what this user may see
    #[arg(long, value_parser = Username::parse, required_unless_present = "legacy_account_level")]
    owner: Option<Username>,
    /// Import a deprecated account-level credential, which acts for the account itself
    #[arg(long, conflicts_with = "owner")]
    legacy_account_level: bool,
    /// What it is for
    #[arg(long, value_parser = CredentialName::parse)]
    name: CredentialName,
    /// A scope it may ask for; may be repeated
    #[arg(long = "scope", value_parser = Scope::parse, required = true)]
    scopes: Vec<Scope>,
    /// A network it may be used from, such as 203.0.113.0/24; may be repeated [default: any]
    #[arg(long = "network", value_parser = Network::parse)]
    networks: Vec<Network>,
    /// Refuse it from this instant on, such as 2027-01-01T00:00:00Z
    #[arg(long, value_parser = Timestamp::parse)]
    expires_at: Option<Timestamp>,
    /// Refuse its first secret from this instant on
    #[arg(long, value_parser = Timestamp::parse)]
    secret_expires_at: Option<Timestamp>,
    /// Life of its tokens, such as 15m [default: the server's]
    #[arg(long, value_parser = span_secs)]
    token_ttl: Option<u32>,
    /// Signature of its tokens: RS256 or ES256 [default: the account's]
    #[arg(long, value_parser = TokenAlg::parse, value_name = "ALG")]
    token_alg: Option<TokenAlg>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The account
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The client id
    #[arg(value_parser = CredentialId::parse)]
    client_id: CredentialId,
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The client id
    #[arg(value_parser = CredentialId::parse)]
    client_id: CredentialId,
    /// What it is for
    #[arg(long, value_parser = CredentialName::parse)]
    name: Option<CredentialName>,
    /// A scope it may ask for; may be repeated, and replaces the scopes it had
    #[arg(long = "scope", value_parser = Scope::parse)]
    scopes: Vec<Scope>,
    /// A network it may be used from; may be repeated, and replaces the networks it had
    #[arg(long = "network", value_parser = Network::parse)]
    networks: Vec<Network>,
    /// Let it be used from anywhere
    #[arg(long, conflicts_with = "networks")]
    any_network: bool,
    /// Refuse it from this instant on
    #[arg(long, value_parser = Timestamp::parse)]
    expires_at: Option<Timestamp>,
    /// Let it live for ever
    #[arg(long, conflicts_with = "expires_at")]
    no_expiry: bool,
    /// Life of its tokens, such as 15m
    #[arg(long, value_parser = span_secs)]
    token_ttl: Option<u32>,
    /// End every token issued so far
    #[arg(long)]
    end_tokens: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// The client id
    #[arg(value_parser = CredentialId::parse)]
    client_id: CredentialId,
    /// How long the other secrets still work, such as 24h; 0s ends them at once
    #[arg(long, value_parser = span_secs, default_value = "24h")]
    overlap: u32,
    /// Refuse the new secret from this instant on
    #[arg(long, value_parser = Timestamp::parse)]
    secret_expires_at: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct RetireArgs {
    /// The client id
    #[arg(value_parser = CredentialId::parse)]
    client_id: CredentialId,
    /// The secret's number, as `credential show` lists it
    #[arg(long)]
    secret: u32,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: CredentialCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    match command {
        CredentialCommand::Create(args) => {
            let account = args.account.clone();
            let owner = args.owner.clone();
            let made = app::credential_create(&ctx, &actor, &account, new(args)).await?;
            print_secret(shell, &made, owner.as_ref());
        }
        CredentialCommand::List(args) => {
            let views = app::credential_list(&ctx, &args.account).await?;
            let rows = views.iter().map(row).collect::<Vec<_>>();
            shell.table(
                &[
                    "CLIENT ID",
                    "NAME",
                    "OWNER",
                    "SCOPES",
                    "SECRETS",
                    "LAST USE",
                ],
                &rows,
            );
            if shell.json {
                shell.print_json(&views.iter().map(view).collect());
            }
        }
        CredentialCommand::Show(args) => {
            print(shell, &app::credential_show(&ctx, args.client_id).await?);
        }
        CredentialCommand::Edit(args) => {
            let id = args.client_id;
            app::credential_edit(&ctx, &actor, id, edit(args)?).await?;
            print(shell, &app::credential_show(&ctx, id).await?);
        }
        CredentialCommand::Rotate(args) => {
            let made = app::credential_rotate(
                &ctx,
                &actor,
                args.client_id,
                args.overlap,
                args.secret_expires_at,
            )
            .await?;
            let owner = app::credential_show(&ctx, args.client_id).await?.owner;
            print_secret(shell, &made, owner.as_ref());
        }
        CredentialCommand::Retire(args) => {
            app::credential_retire(&ctx, &actor, args.client_id, args.secret).await?;
            print(shell, &app::credential_show(&ctx, args.client_id).await?);
        }
        CredentialCommand::Delete(args) => {
            let gone = app::credential_delete(&ctx, &actor, args.client_id).await?;
            shell.say(format!("Deleted {} ({}).", gone.id, gone.name.as_str()));
            if shell.json {
                shell.print_json(&json!({"client_id": gone.id.to_string(), "deleted": true}));
            }
        }
    }
    Ok(Done::Clean)
}

fn new(args: CreateArgs) -> app::NewCredential {
    app::NewCredential {
        owner: args.owner,
        name: args.name,
        scopes: args.scopes.into_iter().collect(),
        token_alg: args.token_alg,
        token_ttl_secs: args.token_ttl,
        networks: args.networks,
        expires_at: args.expires_at,
        secret_expires_at: args.secret_expires_at,
    }
}

fn edit(args: EditArgs) -> Result<app::CredentialEdit, Usage> {
    let edit = app::CredentialEdit {
        name: args.name,
        scopes: (!args.scopes.is_empty()).then(|| args.scopes.into_iter().collect::<ScopeSet>()),
        networks: (args.any_network || !args.networks.is_empty()).then_some(args.networks),
        expires_at: if args.no_expiry {
            Some(None)
        } else {
            args.expires_at.map(Some)
        },
        token_ttl_secs: args.token_ttl.map(Some),
        end_tokens: args.end_tokens,
        version: None,
    };
    let changes = edit.name.is_some()
        || edit.scopes.is_some()
        || edit.networks.is_some()
        || edit.expires_at.is_some()
        || edit.token_ttl_secs.is_some()
        || edit.end_tokens;
    if changes {
        Ok(edit)
    } else {
        Err(Usage(
            "name at least one thing to change; see --help".to_owned(),
        ))
    }
}

fn print_secret(shell: &Shell, made: &app::NewSecret, owner: Option<&Username>) {
    let credential = &made.credential;
    if shell.json {
        shell.print_json(&json!({
            "client_id": credential.id.to_string(),
            "client_secret": made.secret.expose(),
            "secret_number": made.number,
            "name": credential.name.as_str(),
            "scopes": scopes(credential),
            "owner": owner.map(Username::as_str),
            "region": made.region.as_str(),
        }));
        return;
    }
    let rows = [
        vec!["client_id".to_owned(), credential.id.to_string()],
        vec!["client_secret".to_owned(), made.secret.expose().to_owned()],
        vec!["name".to_owned(), credential.name.as_str().to_owned()],
        vec!["scopes".to_owned(), credential.scopes.to_string()],
        vec![
            "owner".to_owned(),
            owner
                .map_or("the account (legacy)", Username::as_str)
                .to_owned(),
        ],
        vec!["region".to_owned(), made.region.as_str().to_owned()],
    ];
    shell.table(&["", ""], &rows);
    shell.say("Copy the secret now: it is kept nowhere and cannot be shown again.");
}

fn print(shell: &Shell, shown: &app::CredentialView) {
    if shell.json {
        shell.print_json(&view(shown));
        return;
    }
    shell.table(
        &[
            "CLIENT ID",
            "NAME",
            "OWNER",
            "SCOPES",
            "SECRETS",
            "LAST USE",
        ],
        &[row(shown)],
    );
    let time =
        |at: Option<Timestamp>| at.map_or_else(|| "never".to_owned(), Timestamp::to_iso_secs);
    let rows = shown.credential.secrets.iter().map(|secret| {
        let used = shown.uses.iter().find(|u| u.number == secret.number);
        vec![
            secret.number.to_string(),
            secret.created_at.to_iso_secs(),
            time(secret.expires_at),
            time(used.and_then(|u| u.last_used_at)),
            used.and_then(|u| u.last_used_from.clone())
                .unwrap_or_default(),
            used.map_or(0, |u| u.uses).to_string(),
        ]
    });
    shell.table(
        &["SECRET", "CREATED", "EXPIRES", "LAST USE", "FROM", "USES"],
        &rows.collect::<Vec<_>>(),
    );
}

fn row(shown: &app::CredentialView) -> Vec<String> {
    let last = shown.uses.iter().filter_map(|u| u.last_used_at).max();
    vec![
        shown.credential.id.to_string(),
        shown.credential.name.as_str().to_owned(),
        owner_text(shown),
        shown.credential.scopes.to_string(),
        shown.credential.secrets.len().to_string(),
        last.map_or_else(|| "never".to_owned(), Timestamp::to_iso_secs),
    ]
}

fn owner_text(shown: &app::CredentialView) -> String {
    match (&shown.owner, shown.credential.owner) {
        (Some(owner), _) => owner.as_str().to_owned(),
        (None, Owner::User(id)) => id.to_string(),
        (None, Owner::Account) => "account (legacy)".to_owned(),
    }
}

fn view(shown: &app::CredentialView) -> serde_json::Value {
    let credential = &shown.credential;
    let secrets = credential.secrets.iter().map(|secret| {
        let used = shown.uses.iter().find(|u| u.number == secret.number);
        json!({
            "number": secret.number,
            "created_at": secret.created_at.to_iso_millis(),
            "expires_at": secret.expires_at.map(Timestamp::to_iso_millis),
            "last_used_at": used.and_then(|u| u.last_used_at).map(Timestamp::to_iso_millis),
            "last_used_from": used.and_then(|u| u.last_used_from.clone()),
            "last_used_route": used.and_then(|u| u.last_used_route.clone()),
            "uses": used.map_or(0, |u| u.uses),
        })
    });
    json!({
        "client_id": credential.id.to_string(),
        "name": credential.name.as_str(),
        "scopes": scopes(credential),
        "owner": shown.owner.as_ref().map(Username::as_str),
        "account_level": credential.owner == Owner::Account,
        "networks": credential.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "expires_at": credential.expires_at.map(Timestamp::to_iso_millis),
        "token_ttl_secs": credential.token_ttl_secs,
        "created_at": credential.created_at.to_iso_millis(),
        "secrets": secrets.collect::<Vec<_>>(),
    })
}

fn scopes(credential: &Credential) -> Vec<&'static str> {
    credential.scopes.iter().map(Scope::as_str).collect()
}

fn scopes_help() -> String {
    let mut text = String::from(
        "Scopes (a supervisor's credential may hold only users:read and interaction-content:read):",
    );
    for info in &CATALOGUE {
        text.push_str(&format!(
            "\n  {:<26} {} ({})",
            info.value, info.title, info.apis
        ));
    }
    text
}
