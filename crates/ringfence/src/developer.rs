//! `ringfence developer`: who may build applications in the Developer Portal, and their personal tokens.

use crate::failure::Done;
use crate::shell::{Shell, secret_from_stdin};
use clap::{Args, Subcommand};
use ringfence_app::context::{Actor, Ctx};
use ringfence_app::developer_tokens::{LONGEST_DAYS, NewDeveloperToken, developer_token_make};
use ringfence_app::developers as app;
use ringfence_core::developer::{Developer, DeveloperName, DeveloperScope};
use ringfence_core::secret::Secret;
use serde_json::{Value, json};

const PAGE: u32 = 500;

/// Developers.
#[derive(Debug, Subcommand)]
pub(crate) enum DeveloperCommand {
    /// Make a developer; they belong to no account and open the Developer Portal only
    Create(CreateArgs),
    /// List every developer
    List,
    /// Show one developer
    Show(WhoArgs),
    /// Change name, address, company or password; a new password ends their sessions and personal tokens
    Set(SetArgs),
    /// Shut a developer out: their sessions and personal tokens end at once, their applications go on
    Disable(WhoArgs),
    /// Let a developer in again; personal tokens of the time before stay refused
    Enable(WhoArgs),
    /// Make a personal token for the Portal REST API and print it, this once
    Token(TokenArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    /// The developer's name, which ends in .api
    #[arg(value_parser = DeveloperName::parse)]
    username: DeveloperName,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// E-mail address
    #[arg(long)]
    email: String,
    /// How people call them [default: the user name]
    #[arg(long)]
    name: Option<String>,
    /// For whom they build
    #[arg(long, default_value = "")]
    company: String,
    /// Read their password from standard input; without one they cannot sign in
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// E-mail address
    #[arg(long)]
    email: Option<String>,
    /// How people call them
    #[arg(long)]
    name: Option<String>,
    /// For whom they build
    #[arg(long)]
    company: Option<String>,
    /// Read a new password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// What it is for
    #[arg(long)]
    name: String,
    /// What it may do: apim:subscribe (everything), apim:app_manage, apim:sub_manage; may be repeated
    #[arg(long = "scope", required = true, value_parser = scope)]
    scopes: Vec<DeveloperScope>,
    /// How long it lives, in days
    #[arg(long = "expires", value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_DAYS)))]
    days: u32,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: DeveloperCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    let switch = |active| app::DeveloperEdit {
        active: Some(active),
        ..app::DeveloperEdit::default()
    };
    let developer = match command {
        DeveloperCommand::List => return list(shell, &ctx).await,
        DeveloperCommand::Token(args) => return token(shell, &ctx, &actor, args).await,
        DeveloperCommand::Create(args) => {
            let fallback = args.who.username.as_str().to_owned();
            let new = app::NewDeveloper {
                username: args.who.username,
                name: args.name.unwrap_or(fallback),
                email: args.email,
                company: args.company,
                password: password(args.password_stdin)?,
            };
            app::developer_create(&ctx, &actor, new).await?
        }
        DeveloperCommand::Show(who) => app::developer_show(&ctx, &who.username).await?,
        DeveloperCommand::Set(args) => {
            let edit = app::DeveloperEdit {
                name: args.name,
                email: args.email,
                company: args.company,
                active: None,
                password: password(args.password_stdin)?,
            };
            app::developer_edit(&ctx, &actor, &args.who.username, edit).await?
        }
        DeveloperCommand::Disable(who) => {
            app::developer_edit(&ctx, &actor, &who.username, switch(false)).await?
        }
        DeveloperCommand::Enable(who) => {
            app::developer_edit(&ctx, &actor, &who.username, switch(true)).await?
        }
    };
    shell.table(&HEADINGS, &[row(&developer)]);
    if shell.json {
        shell.print_json(&view(&developer));
    }
    Ok(Done::Clean)
}

const HEADINGS: [&str; 6] = [
    "DEVELOPER",
    "STATE",
    "NAME",
    "E-MAIL",
    "COMPANY",
    "LAST SIGN-IN",
];

async fn list(shell: &Shell, ctx: &Ctx) -> anyhow::Result<Done> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = app::developer_list(ctx, "", &after, PAGE).await?;
        all.extend(page.items);
        let Some(next) = page.next else { break };
        after = next;
    }
    shell.table(&HEADINGS, &all.iter().map(row).collect::<Vec<_>>());
    if shell.json {
        shell.print_json(&all.iter().map(view).collect());
    }
    Ok(Done::Clean)
}

async fn token(shell: &Shell, ctx: &Ctx, actor: &Actor, args: TokenArgs) -> anyhow::Result<Done> {
    let developer = app::developer_show(ctx, &args.who.username).await?;
    let new = NewDeveloperToken {
        name: args.name,
        scopes: args.scopes.into_iter().collect(),
        days: args.days,
    };
    let made = developer_token_make(ctx, actor, &developer, new).await?;
    if shell.json {
        shell.print_json(&json!({
            "id": made.token.id.to_string(),
            "developer": developer.username.as_str(),
            "name": made.token.name,
            "scopes": made.token.scopes.to_string(),
            "expires_at": made.token.expires_at.to_iso_millis(),
            "token": made.text.expose(),
        }));
    }
    shell.say(made.text.expose());
    Ok(Done::Clean)
}

fn row(developer: &Developer) -> Vec<String> {
    vec![
        developer.username.to_string(),
        state(developer).to_owned(),
        developer.name.clone(),
        developer.email.clone(),
        developer.company.clone(),
        developer
            .last_login_at
            .map_or_else(|| "never".to_owned(), |at| at.to_iso_secs()),
    ]
}

fn view(developer: &Developer) -> Value {
    json!({
        "id": developer.id.to_string(),
        "username": developer.username.as_str(),
        "name": developer.name,
        "email": developer.email,
        "company": developer.company,
        "active": developer.active,
        "created_at": developer.created_at.to_iso_millis(),
        "last_login_at": developer.last_login_at.map(|at| at.to_iso_millis()),
    })
}

fn state(developer: &Developer) -> &'static str {
    if developer.active {
        "active"
    } else {
        "disabled"
    }
}

fn scope(text: &str) -> Result<DeveloperScope, &'static str> {
    DeveloperScope::parse(text)
        .ok_or("the scope is not one of apim:subscribe, apim:app_manage, apim:sub_manage")
}

fn password(from_stdin: bool) -> anyhow::Result<Option<Secret<String>>> {
    if !from_stdin {
        return Ok(None);
    }
    Ok(Some(Secret::new(secret_from_stdin("password")?)))
}
