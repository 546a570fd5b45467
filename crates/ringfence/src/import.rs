//! `ringfence import`: calls and recordings from elsewhere.

use crate::failure::Done;
use crate::shell::Shell;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use ringfence_app::accounts::account_show;
use ringfence_app::context::Actor;
use ringfence_app::import::provisioning::{PutCounts, provisioning_import};
use ringfence_app::import::{ImportProgress, ImportReport, Refusal, recordings_import};
use ringfence_core::account::AccountName;
use serde_json::json;
use std::path::PathBuf;

// More refusals than this are counted on the screen; --json lists them.
const REFUSALS_SHOWN: usize = 20;

/// Calls and recordings from elsewhere.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Load recordings with their call data from a folder
    #[command(after_long_help = RECORDINGS_HELP)]
    Recordings(RecordingsArgs),
    /// Load the locations, people and extensions of a VBC account from a file
    #[command(after_long_help = PROVISIONING_HELP)]
    Provisioning(ProvisioningArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RecordingsArgs {
    /// The account they belong to
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
    /// The folder that holds the list and, below it, the files
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ProvisioningArgs {
    /// The account, of kind vbc, they belong to
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

const PROVISIONING_HELP: &str = "\
The file holds the objects that the Account, Extension and User APIs give, one on each line or all in one
JSON document:

  {\"account\": {\"id\": 4711, \"name\": \"Example Widgets\", \"address\": {\"address_1\": \"1 Sample Way\", …}}}
  {\"location\": {\"id\": 9001, \"name\": \"Headquarters\", \"address\": {…, \"time_zone\": \"America/New_York\"}}}
  {\"user\": {\"id\": 815, \"login_name\": \"pat.example\", \"email\": …, \"first_name\": …, \"role\": \"Admin\"}}
  {\"extension\": {\"extension_number\": \"2001\", \"location_id\": 9001, \"user\": {\"login_name\": …}, \"dids\": […]}}

A document may hold the lists locations, users and extensions, and an answer of one of the APIs is taken as it
is. Locations and people stand before the extensions that name them. A user's role (Admin, Supervisor, Agent;
Agent if not given) is an addition of ours; their passwords are set apart.

The whole file is checked before anything is stored. To load it again changes nothing; what is loaded takes the
place of what has the same id, login name or extension number.

  ringfence account create widgets --region nam --kind vbc
  ringfence import provisioning --account widgets demo/widgets.jsonl";

const RECORDINGS_HELP: &str = "\
The folder holds one of these lists:

  manifest.csv    one row for each file, with this header:
                  guid,start,duration_ms,direction,connect_from,connect_to,agent_id,line,queue,type,file,sha256
                  0190a1b2-3333-4d5e-8f60-7a8b9c0d0001,2026-03-02T09:15:30.250Z,184200,inbound,\
+441632960101,+441632960900,2041,+441632960900,Billing,callRecording,calls/0001.wav,
                  An empty file is a call without a recording; line is the address whose permission
                  gates the recording; agent_id, queue and sha256 may be empty.
  manifest.jsonl  the same fields, one JSON object on each line
  Master.csv      Asterisk's call detail records, also as cdr-csv/Master.csv; the recordings lie
                  anywhere below the folder and carry the call's uniqueid in their names

Each row is added, known already or refused with a reason; one refused row never stops the others.
Stopped for whatever reason, the same command goes on where it was: nothing is stored twice.

  ringfence account create acme
  ringfence import recordings --account acme demo/calls";

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: ImportCommand) -> anyhow::Result<Done> {
    match command {
        ImportCommand::Recordings(args) => recordings(shell, args).await,
        ImportCommand::Provisioning(args) => provisioning(shell, args).await,
    }
}

async fn provisioning(shell: &Shell, args: ProvisioningArgs) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let account = account_show(&ctx, &args.account).await?;
    let actor = Actor::command_line();
    let report = provisioning_import(&ctx, &actor, account.id, &args.file).await?;
    if shell.json {
        shell.print_json(&report.to_json());
    }
    let counts = |counts: PutCounts| {
        format!(
            "{} new, {} changed, {} as they were",
            counts.created, counts.replaced, counts.same
        )
    };
    shell.say(format_args!(
        "Locations: {}. People: {}. Extensions: {}.",
        counts(report.locations),
        counts(report.users),
        counts(report.extensions)
    ));
    Ok(Done::Clean)
}

async fn recordings(shell: &Shell, args: RecordingsArgs) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let account = account_show(&ctx, &args.account).await?;
    let bar = progress_bar(shell)?;
    let actor = Actor::command_line();
    let mut show = |progress: ImportProgress| {
        bar.set_length(progress.manifest_total);
        bar.set_position(progress.manifest_bytes);
        bar.set_message(words(progress));
    };
    let report = recordings_import(&ctx, &actor, account.id, &args.folder, &mut show).await;
    bar.finish_and_clear();
    let report = report?;
    if shell.json {
        shell.print_json(&view(&report));
    }
    say(shell, &report);
    if report.n_refused > 0 {
        return Ok(Done::Findings);
    }
    Ok(Done::Clean)
}

// Hidden by itself where standard error is no terminal.
fn progress_bar(shell: &Shell) -> anyhow::Result<ProgressBar> {
    if shell.louder < 0 {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % · {msg} · {elapsed}")?;
    Ok(ProgressBar::no_length().with_style(style))
}

fn words(progress: ImportProgress) -> String {
    format!(
        "{} rows, {} of content, {} refused",
        progress.rows,
        indicatif::HumanBytes(progress.content_bytes),
        progress.refused
    )
}

fn say(shell: &Shell, report: &ImportReport) {
    shell.say(format_args!(
        "Interactions: {} new, {} known. Recordings and other content: {} new, {} known. Refused: {}.",
        report.interactions_new,
        report.interactions_known,
        report.items_new,
        report.items_known,
        report.n_refused
    ));
    for refusal in report.refused.iter().take(REFUSALS_SHOWN) {
        shell.say(line(refusal));
    }
    let shown = report.refused.len().min(REFUSALS_SHOWN) as u64;
    if report.n_refused > shown {
        let more = report.n_refused - shown;
        shell.say(format_args!("  … and {more} more; --json lists them"));
    }
}

fn line(refusal: &Refusal) -> String {
    let Refusal { line, file, reason } = refusal;
    match (line, file.as_str()) {
        (0, file) => format!("  {file}: {reason}"),
        (line, "") => format!("  line {line}: {reason}"),
        (line, file) => format!("  line {line}, {file}: {reason}"),
    }
}

fn view(report: &ImportReport) -> serde_json::Value {
    let refusals = report.refused.iter().map(|refusal| {
        json!({
            "line": refusal.line,
            "file": refusal.file,
            "reason": refusal.reason,
        })
    });
    json!({
        "interactions_new": report.interactions_new,
        "interactions_known": report.interactions_known,
        "items_new": report.items_new,
        "items_known": report.items_known,
        "refused": report.n_refused,
        "refusals": refusals.collect::<Vec<_>>(),
    })
}
