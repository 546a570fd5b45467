//! `ringfence connection`: remote accounts to collect from.

use crate::failure::{Done, Usage};
use crate::shell::{Shell, secret_from_stdin};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use ringfence_collect::check::{CheckLine, CheckResult, connection_check};
use ringfence_collect::connection::{
    Connection, ConnectionName, NewConnection, Place, connection_add, connection_list,
    connection_remove, connection_show,
};
use ringfence_collect::context::{CollectCtx, TimerWait};
use ringfence_core::context::{SystemClock, SystemRandom};
use ringfence_core::seal::Purpose;
use ringfence_core::secret::Secret;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

const LONGEST_SECRET: u64 = 4096;

/// Remote accounts to collect from.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Add a connection; its secret is sealed at rest
    #[command(after_help = ADD_HELP)]
    Add(AddArgs),
    /// Try everything that the customer's handoff checklist asks for, line by line
    #[command(after_help = "Exit codes: 0 nothing fails, 1 a line fails.")]
    Check(NameArgs),
    /// List connections
    List,
    /// Show one connection, without its secret
    Show(NameArgs),
    /// Remove a connection and what is known of its account; the corpus stays
    Remove(NameArgs),
}

const ADD_HELP: &str = "\
  printf %s \"$SECRET\" | ringfence connection add acme --url http://127.0.0.1:8080 --client-id ID --client-secret-stdin
  ringfence connection add acme --region emea --client-id ID --client-secret-file F --owner sam.lee@acme.example";

#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The connection
    #[arg(value_parser = name)]
    name: ConnectionName,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Its name, also the name of its folder in the corpus
    #[arg(value_parser = name)]
    name: ConnectionName,
    #[command(flatten)]
    client: ClientArgs,
    /// User name of the credential's owner: lets the owner's permissions be read and named
    #[arg(long, value_name = "USERNAME")]
    owner: Option<String>,
}

/// Where a platform is, and as whom to talk to it.
#[derive(Debug, Args)]
pub(crate) struct ClientArgs {
    /// Address of the platform: tokens and APIs below one root
    #[arg(long, value_name = "URL", required_unless_present = "region")]
    url: Option<Url>,
    /// Region of the vendor's own hosts: emea, nam or apac
    #[arg(long, conflicts_with = "url", value_parser = ["emea", "nam", "apac"])]
    region: Option<String>,
    /// The client id
    #[arg(long)]
    client_id: String,
    /// Read the client secret from standard input
    #[arg(long, required_unless_present = "client_secret_file")]
    client_secret_stdin: bool,
    /// Read the client secret from a file
    #[arg(long, value_name = "FILE", conflicts_with = "client_secret_stdin")]
    client_secret_file: Option<PathBuf>,
}

impl ClientArgs {
    /// Where, as whom, and with what secret.
    pub(crate) fn read(self) -> anyhow::Result<(Place, String, Secret<String>)> {
        let place = match (self.url, self.region) {
            (Some(url), _) => Place::Url(url),
            (None, Some(region)) => Place::Region(region),
            (None, None) => return Err(Usage("give --url or --region".to_owned()).into()),
        };
        let secret = match &self.client_secret_file {
            Some(file) => secret_from_file(file)?,
            None => secret_from_stdin("client secret")?,
        };
        Ok((place, self.client_id, Secret::new(secret)))
    }
}

/// Reads a connection's name.
pub(crate) fn name(text: &str) -> Result<ConnectionName, String> {
    ConnectionName::parse(text).map_err(|e| e.to_string())
}

/// Reads a secret from a file, without the line's end.
pub(crate) fn secret_from_file(file: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(file)
        .and_then(|f| f.take(LONGEST_SECRET + 1).read_to_string(&mut text))
        .with_context(|| format!("cannot read {}", file.display()))?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() || text.len() as u64 > LONGEST_SECRET {
        return Err(Usage(format!("{} holds no client secret", file.display())).into());
    }
    Ok(text)
}

/// Opens what the collector works with.
pub(crate) async fn open(shell: &Shell) -> anyhow::Result<CollectCtx> {
    let (db, master) = shell.open_db().await?;
    Ok(CollectCtx {
        db,
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        wait: Arc::new(TimerWait),
        sealer: Arc::new(master.sealer(Purpose::ConnectionSecrets)?),
        corpus_root: shell.config.data_dir.join("corpus"),
        pace: None,
        retry: None,
        max_attempts: Some(shell.config.collect.max_attempts),
    })
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: ConnectionCommand) -> anyhow::Result<Done> {
    let ctx = open(shell).await?;
    match command {
        ConnectionCommand::Add(args) => {
            let (place, client_id, client_secret) = args.client.read()?;
            let new = NewConnection {
                name: args.name,
                place,
                client_id,
                client_secret,
                owner: args.owner,
            };
            let added = connection_add(&ctx, &new).await?;
            print(shell, &added);
            shell.say(format_args!(
                "Next: ringfence connection check {}",
                added.name.as_str()
            ));
        }
        ConnectionCommand::Check(args) => {
            let lines = connection_check(&ctx, &args.name).await?;
            return Ok(print_check(shell, &lines));
        }
        ConnectionCommand::List => {
            let all = connection_list(&ctx).await?;
            if shell.json {
                shell.print_json(&all.iter().map(view).collect());
            }
            let rows: Vec<Vec<String>> = all.iter().map(row).collect();
            shell.table(&["name", "address", "client id", "listed up to"], &rows);
        }
        ConnectionCommand::Show(args) => print(shell, &connection_show(&ctx, &args.name).await?),
        ConnectionCommand::Remove(args) => {
            connection_remove(&ctx, &args.name).await?;
            if shell.json {
                shell.print_json(&json!({"removed": args.name.as_str()}));
            }
            shell.say(format_args!(
                "{} is removed; its corpus stays at {}",
                args.name.as_str(),
                ctx.corpus_root.join(args.name.as_str()).display()
            ));
        }
    }
    Ok(Done::Clean)
}

fn print_check(shell: &Shell, lines: &[CheckLine]) -> Done {
    let fails = lines.iter().any(|l| l.result == CheckResult::Fail);
    if shell.json {
        let checks: Vec<Value> = lines
            .iter()
            .map(|line| {
                json!({
                    "id": line.id,
                    "title": line.title,
                    "result": line.result.as_str(),
                    "advice": line.advice,
                })
            })
            .collect();
        shell.print_json(&json!({ "checks": checks }));
    }
    for line in lines {
        shell.say(format_args!("{:8} {}", line.result.as_str(), line.title));
        shell.say(format_args!("         {}", line.advice));
    }
    if fails { Done::Findings } else { Done::Clean }
}

fn print(shell: &Shell, connection: &Connection) {
    if shell.json {
        shell.print_json(&view(connection));
    }
    shell.table(
        &["name", "address", "client id", "listed up to"],
        &[row(connection)],
    );
}

fn row(connection: &Connection) -> Vec<String> {
    vec![
        connection.name.as_str().to_owned(),
        connection.hosts.api.to_string(),
        connection.client_id.clone(),
        connection
            .cursor_at
            .map_or_else(|| "never".to_owned(), |at| at.to_iso_secs()),
    ]
}

/// A connection as JSON.
pub(crate) fn view(connection: &Connection) -> Value {
    json!({
        "name": connection.name.as_str(),
        "id": connection.id.to_string(),
        "login_url": connection.hosts.login.as_str(),
        "api_url": connection.hosts.api.as_str(),
        "client_id": connection.client_id,
        "owner": connection.owner,
        "listed_from": connection.origin_at.map(|at| at.to_iso_millis()),
        "listed_up_to": connection.cursor_at.map(|at| at.to_iso_millis()),
        "created_at": connection.created_at.to_iso_millis(),
    })
}
