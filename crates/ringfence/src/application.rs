//! `ringfence app`: applications of developers, and their keys.
//!
//! A little longer than other files: the commands of one thing, with what they take and what they print.

use crate::failure::{Done, Usage};
use crate::shell::Shell;
use clap::{Args, Subcommand};
use ringfence_app::applications::keys::{
    KeysEdit, NewKeys, keys_clean_up, keys_generate, keys_update, secret_regenerate,
};
use ringfence_app::applications::operate::{
    OwnedApplication, Verdict, application_all, application_judge, application_look,
    application_owner_set, application_remove, developer_stand_in, owner_stand_in,
};
use ringfence_app::applications::{
    ApplicationEdit, NewApplication, application_create, application_edit,
};
use ringfence_app::context::{Actor, Ctx};
use ringfence_core::application::{
    AppQuota, Application, ApplicationKeys, ApplicationName, ApplicationStatus, GrantType,
};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::developer::DeveloperName;
use ringfence_core::id::ApplicationId;
use ringfence_core::secret::Secret;
use ringfence_store::applications::ApplicationSearch;
use serde_json::{Value, json};

const PAGE: u32 = 500;

const HELP: &str = "An application is registered for a developer, subscribed to an API suite, and given keys:
  ringfence developer create dana.api --name 'Dana Reed' --email dana@example.com
  ringfence app create 'Call board' --developer dana.api
  ringfence subscription add APPLICATION Provisioning
  ringfence app keys generate APPLICATION --grant authorization_code --grant refresh_token --callback http://localhost
Changes hold on every running server within one second, also for tokens that are out already.";

const GRANTS_HELP: &str = "Grants:
  authorization_code  a person signs in and allows it; needs --callback
  refresh_token       the next token without the person
  client_credentials  for the application itself; the VBC APIs refuse such tokens
  password            legacy: the application sees the person's password; prefer authorization_code";

/// Applications of developers.
#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Register an application for a developer
    #[command(after_help = HELP)]
    Create(CreateArgs),
    /// List applications, everybody's or one developer's
    List(ListArgs),
    /// Show one application with its keys and subscriptions
    Show(IdArgs),
    /// Change name, quota, description or developer
    Edit(EditArgs),
    /// Key and secret, grants and callback URLs: generate, update, regenerate, clean-up
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Refuse every token of it, within one second and for good for tokens issued so far
    Suspend(IdArgs),
    /// Let a suspended application get tokens again
    Resume(IdArgs),
    /// Say on consent pages that you have looked at it; another name or other callback URLs undo it
    Verify(VerifyArgs),
    /// Delete it with its keys, subscriptions and tokens
    Delete(IdArgs),
}

/// Keys of an application.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make key and secret; the secret is shown this once
    #[command(after_help = GRANTS_HELP)]
    Generate(GenerateArgs),
    /// Change grants and callback URLs; key and secret stay
    #[command(after_help = GRANTS_HELP)]
    Update(UpdateArgs),
    /// Make another secret, shown this once; the old one is refused at once
    Regenerate(IdArgs),
    /// End key and secret with every token they made
    CleanUp(IdArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// What people call it: 1 to 70 characters
    #[arg(value_parser = ApplicationName::parse)]
    name: ApplicationName,
    /// Whose it is, such as dana.api
    #[arg(long, value_parser = DeveloperName::parse)]
    developer: DeveloperName,
    /// Calls a minute of each of its tokens: 10PerMin, 20PerMin, 50PerMin or Unlimited
    #[arg(long, value_parser = AppQuota::parse, default_value = "10PerMin")]
    quota: AppQuota,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only this developer's
    #[arg(long, value_parser = DeveloperName::parse)]
    developer: Option<DeveloperName>,
    /// Only those whose name holds this text
    #[arg(long, default_value = "")]
    search: String,
}

#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The application's id, as `app list` shows it
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
}

#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The application's id
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
    /// What people call it
    #[arg(long, value_parser = ApplicationName::parse)]
    name: Option<ApplicationName>,
    /// Calls a minute of each of its tokens: 10PerMin, 20PerMin, 50PerMin or Unlimited
    #[arg(long, value_parser = AppQuota::parse)]
    quota: Option<AppQuota>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// Give it to another developer; keys, subscriptions and tokens stay, so regenerate the secret if the former one must not use it
    #[arg(long, value_parser = DeveloperName::parse)]
    developer: Option<DeveloperName>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The application's id
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
    /// Take it back
    #[arg(long)]
    undo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The application's id
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
    /// A grant it may use; may be repeated [default: authorization_code, refresh_token]
    #[arg(long = "grant", value_parser = GrantType::parse)]
    grants: Vec<GrantType>,
    /// Where people may be sent back to; may be repeated
    #[arg(long = "callback", value_parser = CallbackUrl::parse)]
    callbacks: Vec<CallbackUrl>,
    /// Where people may be sent after signing out; may be repeated
    #[arg(long = "post-logout", value_parser = CallbackUrl::parse)]
    post_logout: Vec<CallbackUrl>,
    /// It cannot keep a secret: it runs on people's own devices or in their browsers
    #[arg(long)]
    public: bool,
    /// Legacy: take codes without PKCE
    #[arg(long, conflicts_with = "public")]
    pkce_optional: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The application's id
    #[arg(value_parser = ApplicationId::parse)]
    application: ApplicationId,
    /// A grant it may use; may be repeated, and replaces the grants it had
    #[arg(long = "grant", value_parser = GrantType::parse)]
    grants: Vec<GrantType>,
    /// Where people may be sent back to; may be repeated, and replaces what was there
    #[arg(long = "callback", value_parser = CallbackUrl::parse)]
    callbacks: Vec<CallbackUrl>,
    /// Where people may be sent after signing out; may be repeated, and replaces what was there
    #[arg(long = "post-logout", value_parser = CallbackUrl::parse)]
    post_logout: Vec<CallbackUrl>,
    /// Legacy: whether codes without PKCE are taken
    #[arg(long, value_name = "YES|NO", value_parser = yes_no)]
    pkce_optional: Option<bool>,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: AppCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    let id = match command {
        AppCommand::List(args) => return list(shell, &ctx, args).await,
        AppCommand::Keys(command) => return keys(shell, &ctx, command).await,
        AppCommand::Delete(args) => {
            let gone = application_remove(&ctx, &actor, args.application).await?;
            shell.say(format!("Deleted {} ({}).", gone.id, gone.name));
            if shell.json {
                shell.print_json(&json!({"id": gone.id.to_string(), "deleted": true}));
            }
            return Ok(Done::Clean);
        }
        AppCommand::Create(args) => {
            let caller = developer_stand_in(&ctx, &actor, &args.developer).await?;
            let new = NewApplication {
                name: args.name,
                quota: args.quota,
                description: args.description,
            };
            application_create(&ctx, &caller, new).await?.id
        }
        AppCommand::Show(args) => args.application,
        AppCommand::Edit(args) => edit(&ctx, &actor, args).await?,
        AppCommand::Suspend(args) => {
            status_set(&ctx, &actor, args.application, ApplicationStatus::Suspended).await?
        }
        AppCommand::Resume(args) => {
            status_set(&ctx, &actor, args.application, ApplicationStatus::Approved).await?
        }
        AppCommand::Verify(args) => {
            let verdict = Verdict {
                status: None,
                verified: Some(!args.undo),
            };
            application_judge(&ctx, &actor, args.application, None, verdict).await?;
            args.application
        }
    };
    print(shell, &application_look(&ctx, id).await?, None);
    Ok(Done::Clean)
}

async fn list(shell: &Shell, ctx: &Ctx, args: ListArgs) -> anyhow::Result<Done> {
    let developer_id = match &args.developer {
        Some(name) => {
            let caller = developer_stand_in(ctx, &Actor::command_line(), name).await?;
            Some(caller.developer.id)
        }
        None => None,
    };
    let mut search = ApplicationSearch {
        developer_id,
        text: args.search,
        limit: PAGE,
        ..ApplicationSearch::default()
    };
    let mut all = Vec::new();
    loop {
        let (page, total) = application_all(ctx, &search).await?;
        search.offset = search.offset.saturating_add(PAGE);
        all.extend(page);
        if u64::from(search.offset) >= total {
            break;
        }
    }
    let rows = all.iter().map(row).collect::<Vec<_>>();
    shell.table(&HEADINGS, &rows);
    if shell.json {
        let views = all.iter().map(|owned| view(owned, None));
        shell.print_json(&views.collect());
    }
    Ok(Done::Clean)
}

async fn edit(ctx: &Ctx, actor: &Actor, args: EditArgs) -> anyhow::Result<ApplicationId> {
    let id = args.application;
    let change = ApplicationEdit {
        name: args.name,
        quota: args.quota,
        description: args.description,
    };
    let changes = change.name.is_some() || change.quota.is_some() || change.description.is_some();
    if !changes && args.developer.is_none() {
        return Err(nothing().into());
    }
    if changes {
        let caller = owner_stand_in(ctx, actor, id).await?;
        application_edit(ctx, &caller, id, None, change).await?;
    }
    if let Some(developer) = &args.developer {
        application_owner_set(ctx, actor, id, developer).await?;
    }
    Ok(id)
}

async fn status_set(
    ctx: &Ctx,
    actor: &Actor,
    id: ApplicationId,
    status: ApplicationStatus,
) -> anyhow::Result<ApplicationId> {
    let verdict = Verdict {
        status: Some(status),
        verified: None,
    };
    application_judge(ctx, actor, id, None, verdict).await?;
    Ok(id)
}

async fn keys(shell: &Shell, ctx: &Ctx, command: KeysCommand) -> anyhow::Result<Done> {
    let id = match &command {
        KeysCommand::Generate(args) => args.application,
        KeysCommand::Update(args) => args.application,
        KeysCommand::Regenerate(args) | KeysCommand::CleanUp(args) => args.application,
    };
    let caller = owner_stand_in(ctx, &Actor::command_line(), id).await?;
    let secret = match command {
        KeysCommand::Generate(args) => keys_generate(ctx, &caller, id, new_keys(args)).await?.1,
        KeysCommand::Update(args) => {
            keys_update(ctx, &caller, id, None, keys_edit(args)?).await?;
            None
        }
        KeysCommand::Regenerate(_) => Some(secret_regenerate(ctx, &caller, id).await?.1),
        KeysCommand::CleanUp(_) => {
            keys_clean_up(ctx, &caller, id).await?;
            None
        }
    };
    print(shell, &application_look(ctx, id).await?, secret.as_ref());
    Ok(Done::Clean)
}

fn new_keys(args: GenerateArgs) -> NewKeys {
    let standard = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    NewKeys {
        grant_types: if args.grants.is_empty() {
            standard.into_iter().collect()
        } else {
            args.grants.into_iter().collect()
        },
        callbacks: args.callbacks,
        post_logout: args.post_logout,
        public: args.public,
        pkce_optional: args.pkce_optional,
    }
}

fn keys_edit(args: UpdateArgs) -> Result<KeysEdit, Usage> {
    let some = |urls: Vec<CallbackUrl>| (!urls.is_empty()).then_some(urls);
    let edit = KeysEdit {
        grant_types: (!args.grants.is_empty()).then(|| args.grants.into_iter().collect()),
        callbacks: some(args.callbacks),
        post_logout: some(args.post_logout),
        pkce_optional: args.pkce_optional,
    };
    let changes = edit.grant_types.is_some()
        || edit.callbacks.is_some()
        || edit.post_logout.is_some()
        || edit.pkce_optional.is_some();
    if changes { Ok(edit) } else { Err(nothing()) }
}

fn nothing() -> Usage {
    Usage("name at least one thing to change; see --help".to_owned())
}

fn yes_no(text: &str) -> Result<bool, &'static str> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("say yes or no"),
    }
}

const HEADINGS: [&str; 7] = [
    "APPLICATION",
    "NAME",
    "DEVELOPER",
    "QUOTA",
    "STATUS",
    "CONSUMER KEY",
    "SUITES",
];

fn print(shell: &Shell, owned: &OwnedApplication, secret: Option<&Secret<String>>) {
    if shell.json {
        shell.print_json(&view(owned, secret));
        return;
    }
    shell.table(&HEADINGS, &[row(owned)]);
    let application = &owned.application;
    let Some(keys) = &application.keys else {
        shell.say("It has no keys yet: ringfence app keys generate");
        return;
    };
    let mut rows = vec![
        vec!["consumer_key".to_owned(), keys.consumer_key.to_string()],
        vec!["grant_types".to_owned(), keys.grant_types.to_string()],
        vec!["callbacks".to_owned(), texts(&keys.callbacks).join(" ")],
        vec!["post_logout".to_owned(), texts(&keys.post_logout).join(" ")],
    ];
    if let Some(secret) = secret {
        let line = vec!["consumer_secret".to_owned(), secret.expose().clone()];
        rows.insert(1, line);
    }
    shell.table(&["", ""], &rows);
    if secret.is_some() {
        shell.say("Copy the secret now: it is kept nowhere and cannot be shown again.");
    }
}

fn row(owned: &OwnedApplication) -> Vec<String> {
    let application = &owned.application;
    let key = application.keys.as_ref().map(|keys| keys.consumer_key);
    let suites = application.subscriptions.iter().map(|s| s.suite.name());
    vec![
        application.id.to_string(),
        application.name.to_string(),
        owned.developer.username.to_string(),
        application.quota.as_str().to_owned(),
        application.status.as_str().to_owned(),
        key.map_or_else(|| "none".to_owned(), |key| key.to_string()),
        suites.collect::<Vec<_>>().join(" "),
    ]
}

fn view(owned: &OwnedApplication, secret: Option<&Secret<String>>) -> Value {
    let application: &Application = &owned.application;
    let keys = application.keys.as_ref();
    let subscriptions = application.subscriptions.iter().map(|one| {
        json!({
            "id": one.id.to_string(),
            "suite": one.suite.name(),
            "plan": one.plan.as_str(),
            "status": one.status.as_str(),
        })
    });
    let mut view = json!({
        "id": application.id.to_string(),
        "name": application.name.as_str(),
        "developer": owned.developer.username.as_str(),
        "description": application.description,
        "quota": application.quota.as_str(),
        "status": application.status.as_str(),
        "verified": application.verified,
        "created_at": application.created_at.to_iso_millis(),
        "consumer_key": keys.map(|keys| keys.consumer_key.to_string()),
        "keys": keys.map(keys_json),
        "subscriptions": subscriptions.collect::<Vec<_>>(),
    });
    if let Some(secret) = secret {
        view["consumer_secret"] = json!(secret.expose());
    }
    view
}

fn keys_json(keys: &ApplicationKeys) -> Value {
    let grants = keys.grant_types.iter().map(GrantType::as_str);
    json!({
        "grant_types": grants.collect::<Vec<_>>(),
        "callbacks": texts(&keys.callbacks),
        "post_logout": texts(&keys.post_logout),
        "public": keys.is_public(),
        "pkce_optional": keys.pkce_optional,
        "made_at": keys.made_at.to_iso_millis(),
        "secret_made_at": keys.secret_made_at.to_iso_millis(),
    })
}

fn texts(urls: &[CallbackUrl]) -> Vec<&str> {
    urls.iter().map(CallbackUrl::as_str).collect()
}
