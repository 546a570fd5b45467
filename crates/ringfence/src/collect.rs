//! `ringfence collect`: runs, and what they left behind.

use crate::connection::{name, open, view};
use crate::failure::{Done, Usage};
use crate::shell::{Shell, span_secs};
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use ringfence_collect::connection::ConnectionName;
use ringfence_collect::context::CollectCtx;
use ringfence_collect::error::Error;
use ringfence_collect::report::{OpenGaps, RunReport, gap_json};
use ringfence_collect::run::{ProgressReport, RunOptions, collect_run};
use ringfence_collect::status::{collect_coverage, collect_status};
use ringfence_collect::verify::{VerifyReport, corpus_verify};
use ringfence_core::gap::GapReason;
use ringfence_core::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

// More causes than this are counted on the screen; --json lists them.
const CAUSES_SHOWN: usize = 20;

pub(crate) const HELP: &str = "\
Without --since a run goes on where the last one ended, looks again at the last three days, and at
older calls whose recording may yet appear. The first run begins at the account's first call. A run
may be stopped at any moment and started again: nothing is lost and nothing is stored twice.

The corpus lies in the data folder, under corpus/CONNECTION: audio by the digest of its bytes, and
Parquet tables that DuckDB, Polars and pandas read with no server.

  ringfence collect acme
  ringfence collect acme --since 2026-03-01T00:00:00Z --until 2026-03-08T00:00:00Z
  ringfence collect report acme

Exit codes: 0 everything is at home, 1 there are gaps, 3 cannot reach or not allowed.";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct CollectArgs {
    #[command(subcommand)]
    command: Option<CollectCommand>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// The connection
    #[arg(value_parser = name, required = true, value_name = "CONNECTION")]
    name: Option<ConnectionName>,
    /// Take calls begun at or after this instant
    #[arg(long, value_parser = Timestamp::parse)]
    since: Option<Timestamp>,
    /// Take calls begun at or before this instant
    #[arg(long, value_parser = Timestamp::parse)]
    until: Option<Timestamp>,
    /// Go on for ever, with a pause between runs
    #[arg(long, conflicts_with = "until")]
    follow: bool,
    /// The pause between runs of --follow
    #[arg(long, value_parser = span_secs, default_value = "5m", requires = "follow")]
    every: u32,
}

#[derive(Debug, Subcommand)]
enum CollectCommand {
    /// How the collection stands: no request is sent
    Status(NameArgs),
    /// Read everything back: bytes, balance, manifest; what is damaged is fetched again by the next run
    #[command(after_help = "Exit codes: 0 all is well, 1 something is damaged.")]
    Verify(NameArgs),
    /// What is missing and why: no request is sent
    #[command(after_help = "Exit codes: 0 no gaps, 1 there are gaps.")]
    Report(ReportArgs),
}

#[derive(Debug, Args)]
struct NameArgs {
    /// The connection
    #[arg(value_parser = name, value_name = "CONNECTION")]
    name: ConnectionName,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// The connection
    #[arg(value_parser = name, value_name = "CONNECTION")]
    name: ConnectionName,
    /// Calls begun at or after this instant
    #[arg(long, value_parser = Timestamp::parse)]
    since: Option<Timestamp>,
    /// Calls begun at or before this instant
    #[arg(long, value_parser = Timestamp::parse)]
    until: Option<Timestamp>,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, args: CollectArgs) -> anyhow::Result<Done> {
    let ctx = open(shell).await?;
    match args.command {
        Some(CollectCommand::Status(args)) => status(shell, &ctx, &args.name).await,
        Some(CollectCommand::Verify(args)) => verify(shell, &ctx, &args.name).await,
        Some(CollectCommand::Report(args)) => report(shell, &ctx, &args).await,
        None => match &args.run.name {
            Some(name) if args.run.follow => follow(shell, &ctx, name, &args.run).await,
            Some(name) => once(shell, &ctx, name, &args.run).await,
            None => Err(Usage("name a connection".to_owned()).into()),
        },
    }
}

async fn once(
    shell: &Shell,
    ctx: &CollectCtx,
    name: &ConnectionName,
    args: &RunArgs,
) -> anyhow::Result<Done> {
    let bar = progress_bar(shell)?;
    let shown = bar.clone();
    let options = RunOptions {
        since: args.since,
        until: args.until,
        workers: usize::try_from(shell.config.collect.parallel).unwrap_or(1),
        progress: Some(Arc::new(move |report: &ProgressReport| {
            show(&shown, report);
        })),
        ..RunOptions::default()
    };
    let ended = collect_run(ctx, name, &options).await;
    bar.finish_and_clear();
    let report = ended?;
    if shell.json {
        shell.print_json(&report.to_json());
    }
    say_run(shell, &report);
    if report.has_findings() {
        return Ok(Done::Findings);
    }
    Ok(Done::Clean)
}

async fn follow(
    shell: &Shell,
    ctx: &CollectCtx,
    name: &ConnectionName,
    args: &RunArgs,
) -> anyhow::Result<Done> {
    let mut since = args.since;
    loop {
        let this = RunArgs {
            name: args.name.clone(),
            since: since.take(),
            until: None,
            follow: true,
            every: args.every,
        };
        match once(shell, ctx, name, &this).await {
            Ok(_) => {}
            // The network and the platform come back; a wrong credential does not.
            Err(error)
                if matches!(
                    error.downcast_ref(),
                    Some(Error::Unreachable(_) | Error::Disk { .. } | Error::Store(_))
                ) =>
            {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the run failed and is tried again"
                );
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(Duration::from_secs(u64::from(args.every).max(1))).await;
    }
}

// Hidden by itself where standard error is no terminal.
fn progress_bar(shell: &Shell) -> anyhow::Result<ProgressBar> {
    if shell.louder < 0 {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} windows · {msg} · {elapsed}")?;
    let bar = ProgressBar::no_length().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(500));
    Ok(bar)
}

fn show(bar: &ProgressBar, report: &ProgressReport) {
    bar.set_length(report.windows as u64);
    bar.set_position(report.windows_done as u64);
    bar.set_message(format!(
        "{} listed, {} fetched ({}), {} failed",
        report.tally.listed,
        report.tally.fetched,
        HumanBytes(report.tally.bytes),
        report.tally.failed
    ));
}

fn say_run(shell: &Shell, report: &RunReport) {
    let tally = report.tally;
    shell.say(format_args!(
        "Recordings: {} listed = {} fetched ({}) + {} already had + {} refused + {} failed.",
        tally.listed,
        tally.fetched,
        HumanBytes(tally.bytes),
        tally.already_had,
        tally.refused,
        tally.failed
    ));
    match &report.balance {
        Some(balance) => shell.say(format_args!(
            "Calls: {} by the statistics, {} with a verified recording.",
            balance.calls, balance.recorded
        )),
        None => shell.say("Calls: unknown, the statistics cannot be read."),
    }
    say_causes(shell, report.n_gaps, &report.causes);
    for note in &report.notes {
        shell.say(format_args!("Note: {note}"));
    }
    shell.say(format_args!(
        "{} requests, {} of them refused for pace.",
        report.requests, report.refused_for_pace
    ));
}

fn say_causes(shell: &Shell, n_gaps: u64, causes: &[(String, String, i64)]) {
    shell.say(format_args!("Gaps: {n_gaps}."));
    for (reason, detail, n) in causes.iter().take(CAUSES_SHOWN) {
        shell.say(format_args!("  {n:>7} {reason}: {detail}"));
    }
    if causes.len() > CAUSES_SHOWN {
        let more = causes.len() - CAUSES_SHOWN;
        shell.say(format_args!(
            "  … and {more} more causes; --json lists them"
        ));
    }
}

async fn status(shell: &Shell, ctx: &CollectCtx, name: &ConnectionName) -> anyhow::Result<Done> {
    let status = collect_status(ctx, name).await?;
    if shell.json {
        let items: Value = status
            .items
            .iter()
            .map(|(state, n)| (state.clone(), json!(n)))
            .collect::<serde_json::Map<String, Value>>()
            .into();
        let runs: Vec<Value> = status
            .runs
            .iter()
            .map(|run| {
                json!({
                    "run": run.id.to_string(),
                    "started_at": run.started_at.to_iso_millis(),
                    "ended_at": run.ended_at.map(Timestamp::to_iso_millis),
                    "state": run.state,
                    "report": serde_json::from_str::<Value>(&run.report).map(|mut report| {
                        // Single gaps are the report command's.
                        if let Some(object) = report.as_object_mut() {
                            object.remove("gaps");
                        }
                        report
                    }).unwrap_or_default(),
                })
            })
            .collect();
        shell.print_json(&json!({
            "connection": view(&status.connection),
            "recordings": status.recordings,
            "bytes": status.bytes,
            "items": items,
            "n_gaps": status.gaps.n_gaps,
            "causes": causes(&status.gaps),
            "runs": runs,
        }));
    }
    let bytes = u64::try_from(status.bytes).unwrap_or_default();
    shell.say(format_args!(
        "{} recordings at home, {}. Listed from {} up to {}.",
        status.recordings,
        HumanBytes(bytes),
        instant(status.connection.origin_at),
        instant(status.connection.cursor_at)
    ));
    for (state, n) in &status.items {
        shell.say(format_args!("  {n:>7} items {state}"));
    }
    for run in &status.runs {
        shell.say(format_args!(
            "Run {}: {}, ended {}",
            run.started_at.to_iso_secs(),
            run.state,
            instant(run.ended_at)
        ));
    }
    say_causes(shell, status.gaps.n_gaps, &status.gaps.causes);
    Ok(Done::Clean)
}

async fn verify(shell: &Shell, ctx: &CollectCtx, name: &ConnectionName) -> anyhow::Result<Done> {
    let bar = progress_bar(shell)?;
    bar.set_style(ProgressStyle::with_template(
        "{pos} recordings read back · {elapsed}",
    )?);
    let ended = corpus_verify(ctx, name, |n| bar.set_position(n)).await;
    bar.finish_and_clear();
    let report = ended?;
    if shell.json {
        shell.print_json(&verify_view(&report));
    }
    shell.say(format_args!(
        "{} recordings read back, {}. Damaged: {}. Manifest: {} lines. Tombstones: {}, with {} copies kept. \
         Files without a row: {}.",
        report.recordings,
        HumanBytes(report.bytes),
        report.n_damaged,
        report.manifest_lines,
        report.tombstones,
        report.kept_copies,
        report.n_orphans
    ));
    for damage in &report.damaged {
        let next = if damage.is_fetched_again {
            "; the next run fetches it again"
        } else {
            "; an older version, which cannot be fetched again"
        };
        shell.say(format_args!("  {}: {}{next}", damage.path, damage.what));
    }
    for fault in &report.faults {
        shell.say(format_args!("  {fault}"));
    }
    if report.is_clean() {
        Ok(Done::Clean)
    } else {
        Ok(Done::Findings)
    }
}

fn verify_view(report: &VerifyReport) -> Value {
    let damaged: Vec<Value> = report
        .damaged
        .iter()
        .map(|d| {
            json!({
                "guid": d.guid,
                "content_key": d.content_key,
                "path": d.path,
                "what": d.what,
                "fetched_again": d.is_fetched_again,
            })
        })
        .collect();
    json!({
        "ok": report.is_clean(),
        "recordings": report.recordings,
        "bytes": report.bytes,
        "n_damaged": report.n_damaged,
        "damaged": damaged,
        "manifest_lines": report.manifest_lines,
        "faults": report.faults,
        "tombstones": report.tombstones,
        "kept_copies": report.kept_copies,
        "n_orphans": report.n_orphans,
        "orphans": report.orphans,
    })
}

async fn report(shell: &Shell, ctx: &CollectCtx, args: &ReportArgs) -> anyhow::Result<Done> {
    let coverage = collect_coverage(ctx, &args.name, args.since, args.until).await?;
    if shell.json {
        let strata: Vec<Value> = coverage
            .strata
            .iter()
            .map(|s| {
                json!({
                    "direction": s.direction,
                    "line": s.line,
                    "agent": s.agent,
                    "eligible": s.n_eligible,
                    "visible": s.n_visible,
                })
            })
            .collect();
        shell.print_json(&json!({
            "connection": coverage.connection.name.as_str(),
            "since": args.since.map(Timestamp::to_iso_millis),
            "until": args.until.map(Timestamp::to_iso_millis),
            "strata": strata,
            "n_gaps": coverage.gaps.n_gaps,
            "gaps": coverage.gaps.named.iter().map(gap_json).collect::<Vec<_>>(),
            "causes": causes(&coverage.gaps),
        }));
    }
    let rows: Vec<Vec<String>> = coverage
        .strata
        .iter()
        .map(|s| {
            vec![
                s.direction.clone(),
                s.line.clone(),
                s.agent.clone().unwrap_or_default(),
                s.n_eligible.to_string(),
                s.n_visible.to_string(),
            ]
        })
        .collect();
    shell.table(
        &["direction", "line", "agent", "calls", "with content"],
        &rows,
    );
    say_causes(shell, coverage.gaps.n_gaps, &coverage.gaps.causes);
    let is_finding = |(reason, _, _): &(String, String, i64)| {
        GapReason::parse(reason).is_none_or(GapReason::is_finding)
    };
    if coverage.gaps.causes.iter().any(is_finding) {
        return Ok(Done::Findings);
    }
    Ok(Done::Clean)
}

fn causes(gaps: &OpenGaps) -> Vec<Value> {
    gaps.causes
        .iter()
        .map(|(reason, detail, n)| json!({"reason": reason, "detail": detail, "calls": n}))
        .collect()
}

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), Timestamp::to_iso_secs)
}
