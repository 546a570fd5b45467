//! `ringfence provider`: OpenID Connect providers that an account keeps.

use crate::connection::secret_from_file;
use crate::failure::{Done, Usage};
use crate::shell::{Shell, secret_from_stdin};
use clap::{Args, Subcommand};
use ringfence_app::context::{Actor, Ctx};
use ringfence_app::providers::{
    self as app, NewProvider, ProviderEdit, address_name, redirect_uri,
};
use ringfence_core::account::AccountName;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::account_provider::{
    AccountProvider, IssuerUrl, LetsIn, MailDomain, ProviderName, claim_parse, client_id_parse,
    scopes_parse, title_parse,
};
use ringfence_server::web::provider::{CheckLine, provider_check};
use serde_json::{Value, json};
use std::path::PathBuf;

/// OpenID Connect providers that people of an account sign in through.
#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Add a provider; our secret there is sealed at rest
    #[command(after_help = ADD_HELP)]
    Add(Box<AddArgs>),
    /// List an account's providers
    List(AccountArgs),
    /// Read a provider's description and keys, and see whether it takes our id and secret
    #[command(after_help = "Exit codes: 0 nothing fails, 1 something fails.")]
    Check(NameArgs),
    /// Let people sign in through a provider again
    On(NameArgs),
    /// Let nobody sign in through a provider; who is signed in stays so
    Off(NameArgs),
    /// Remove a provider; who is signed in stays so
    Remove(NameArgs),
}

const ADD_HELP: &str = "\
  printf %s \"$SECRET\" | ringfence provider add corp --account acme --issuer https://id.example.com \\
      --client-id ringfence --client-secret-stdin --title \"Example Corp\"";

#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    /// The account
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
}

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The provider's name
    #[arg(value_parser = ProviderName::parse)]
    name: ProviderName,
    #[command(flatten)]
    of: AccountArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    whose: NameArgs,
    /// What the button says [default: the name]
    #[arg(long, value_parser = title_parse)]
    title: Option<String>,
    /// Who issues its tokens, letter by letter
    #[arg(long, value_name = "URL", value_parser = IssuerUrl::parse)]
    issuer: IssuerUrl,
    /// Our id there
    #[arg(long, value_parser = client_id_parse)]
    client_id: String,
    /// Read our secret there from standard input
    #[arg(long, required_unless_present = "client_secret_file")]
    client_secret_stdin: bool,
    /// Read our secret there from a file
    #[arg(long, value_name = "FILE", conflicts_with = "client_secret_stdin")]
    client_secret_file: Option<PathBuf>,
    /// What is asked for besides openid, separated by spaces
    #[arg(long, default_value = "profile email")]
    scopes: String,
    /// The claim that holds the user name
    #[arg(long, value_name = "CLAIM", default_value = "preferred_username", value_parser = claim_parse)]
    username_claim: String,
    #[command(flatten)]
    lets_in: LetsInArgs,
    /// Ask those who have an authenticator app for a code afterwards
    #[arg(long)]
    ask_code: bool,
    /// Offer it to addresses of this domain; can be given again
    #[arg(long = "domain", value_name = "DOMAIN", value_parser = MailDomain::parse)]
    domains: Vec<MailDomain>,
}

/// Whom a provider lets in.
#[derive(Debug, Args)]
pub(crate) struct LetsInArgs {
    /// Do not find people by user name
    #[arg(long)]
    no_usernames: bool,
    /// Find people by an e-mail address that the provider has verified
    #[arg(long)]
    by_email: bool,
    /// Make an Agent of whoever is unknown
    #[arg(long)]
    make_agents: bool,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: ProviderCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    match command {
        ProviderCommand::Add(args) => {
            let account = args.whose.of.account.clone();
            let new = new_of(*args)?;
            let made = app::provider_create(&ctx, &actor, &account, new).await?;
            print(shell, &ctx, &account, &made);
            let redirect = redirect_uri(&ctx, &address_name(&account, &made.name));
            shell.say(format_args!(
                "Register with it: {redirect}\nNext: ringfence provider check {} --account {account}",
                made.name
            ));
        }
        ProviderCommand::List(args) => {
            let all = app::provider_list(&ctx, &args.account).await?;
            if shell.json {
                let views = all.iter().map(|p| view(&ctx, &args.account, p));
                shell.print_json(&views.collect());
            }
            let rows: Vec<Vec<String>> = all.iter().map(row).collect();
            shell.table(&HEADINGS, &rows);
        }
        ProviderCommand::Check(args) => {
            let opened = app::provider_open(&ctx, &args.of.account, &args.name).await?;
            let lines = provider_check(&ctx.settings.sso, &opened).await;
            return Ok(print_check(shell, &lines));
        }
        ProviderCommand::On(args) => switch(shell, &ctx, &args, true).await?,
        ProviderCommand::Off(args) => switch(shell, &ctx, &args, false).await?,
        ProviderCommand::Remove(args) => {
            let whose = (&args.of.account, &args.name);
            app::provider_delete(&ctx, &actor, whose).await?;
            if shell.json {
                shell.print_json(&json!({"removed": args.name.as_str()}));
            }
            shell.say(format_args!(
                "{} is removed. Who is signed in stays so until their session ends.",
                args.name
            ));
        }
    }
    Ok(Done::Clean)
}

async fn switch(shell: &Shell, ctx: &Ctx, args: &NameArgs, on: bool) -> anyhow::Result<()> {
    let edit = ProviderEdit {
        active: Some(on),
        ..ProviderEdit::default()
    };
    let whose = (&args.of.account, &args.name);
    let changed = app::provider_edit(ctx, &Actor::command_line(), whose, edit).await?;
    print(shell, ctx, &args.of.account, &changed);
    Ok(())
}

fn new_of(args: AddArgs) -> anyhow::Result<NewProvider> {
    let secret = match &args.client_secret_file {
        Some(file) => secret_from_file(file)?,
        None => secret_from_stdin("client secret")?,
    };
    let name = args.whose.name;
    Ok(NewProvider {
        title: args.title.unwrap_or_else(|| name.as_str().to_owned()),
        name,
        issuer: args.issuer,
        client_id: args.client_id,
        client_secret: Secret::new(secret),
        scopes: scopes_parse(&args.scopes).map_err(|error| Usage(error.to_string()))?,
        username_claim: args.username_claim,
        lets_in: LetsIn {
            by_username: !args.lets_in.no_usernames,
            by_email: args.lets_in.by_email,
            as_new_agents: args.lets_in.make_agents,
        },
        ask_code: args.ask_code,
        active: true,
        domains: args.domains,
    })
}

const HEADINGS: [&str; 5] = ["NAME", "BUTTON", "ISSUER", "CLIENT ID", "STATE"];

fn print(shell: &Shell, ctx: &Ctx, account: &AccountName, provider: &AccountProvider) {
    if shell.json {
        shell.print_json(&view(ctx, account, provider));
    }
    shell.table(&HEADINGS, &[row(provider)]);
}

fn row(provider: &AccountProvider) -> Vec<String> {
    vec![
        provider.name.to_string(),
        provider.title.clone(),
        provider.issuer.as_str().to_owned(),
        provider.client_id.clone(),
        if provider.active { "on" } else { "off" }.to_owned(),
    ]
}

fn view(ctx: &Ctx, account: &AccountName, provider: &AccountProvider) -> Value {
    let domains: Vec<&str> = provider.domains.iter().map(MailDomain::as_str).collect();
    json!({
        "name": provider.name.as_str(),
        "account": account.as_str(),
        "title": provider.title,
        "issuer": provider.issuer.as_str(),
        "client_id": provider.client_id,
        "scopes": provider.scopes,
        "username_claim": provider.username_claim,
        "find_by_username": provider.lets_in.by_username,
        "find_by_email": provider.lets_in.by_email,
        "makes_agents": provider.lets_in.as_new_agents,
        "ask_code": provider.ask_code,
        "active": provider.active,
        "domains": domains,
        "redirect_uri": redirect_uri(ctx, &address_name(account, &provider.name)),
        "created_at": provider.created_at.to_iso_millis(),
    })
}

fn print_check(shell: &Shell, lines: &[CheckLine]) -> Done {
    let result = |line: &CheckLine| match line.good {
        Some(true) => "pass",
        Some(false) => "fail",
        None => "unknown",
    };
    if shell.json {
        let checks: Vec<Value> = lines
            .iter()
            .map(|line| json!({"title": line.title, "result": result(line), "text": line.text}))
            .collect();
        shell.print_json(&json!({ "checks": checks }));
    }
    for line in lines {
        shell.say(format_args!("{:8} {}", result(line), line.title));
        shell.say(format_args!("         {}", line.text));
    }
    if lines.iter().any(|line| line.good == Some(false)) {
        Done::Findings
    } else {
        Done::Clean
    }
}
