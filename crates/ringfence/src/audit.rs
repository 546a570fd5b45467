//! `ringfence audit`: who did what, and the proof that nothing was changed since.

use crate::failure::{Done, Usage};
use crate::shell::Shell;
use anyhow::Context as _;
use clap::{Args, Subcommand};
use ringfence_app::accounts::account_show;
use ringfence_app::audit::{
    Proven, TrailExport, TrailFault, TrailProof, TrailScope, trail_check, trail_list,
};
use ringfence_app::context::Ctx;
use ringfence_core::account::AccountName;
use ringfence_core::audit::{AuditDigest, AuditLine};
use serde_json::json;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

const LONGEST_LINE: u64 = 1 << 20;

/// The audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List the newest lines
    List(ListArgs),
    /// Write the trail as JSON Lines that prove themselves
    Export(ExportArgs),
    /// Prove a trail from an export alone, or the one in the store; the first broken line is named, with exit code 1
    Verify(VerifyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only lines of this account
    #[arg(long, value_parser = AccountName::parse)]
    account: Option<AccountName>,
    /// How many lines
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Tell only lines of this account; the others are reduced to digests
    #[arg(long, value_parser = AccountName::parse)]
    account: Option<AccountName>,
    /// Write here [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The export; - for standard input [default: the trail in the store]
    file: Option<PathBuf>,
    /// A digest that the audit page showed earlier: proves that no line up to that moment is missing
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    head: Option<AuditDigest>,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: AuditCommand) -> anyhow::Result<Done> {
    match command {
        AuditCommand::List(args) => list(shell, args).await,
        AuditCommand::Export(args) => export(shell, args).await,
        AuditCommand::Verify(args) => match &args.file {
            Some(file) => verify_file(shell, file, args.head),
            None => verify_store(shell, args.head).await,
        },
    }
}

async fn list(shell: &Shell, args: ListArgs) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let lines = trail_list(&ctx, scope(&ctx, args.account).await?, args.limit).await?;
    let rows: Vec<_> = lines.iter().map(row).collect();
    shell.table(
        &["LINE", "TIME", "ACTOR", "ACT", "SUBJECT", "DETAIL"],
        &rows,
    );
    if shell.json {
        shell.print_json(&lines.iter().map(view).collect());
    }
    Ok(Done::Clean)
}

async fn export(shell: &Shell, args: ExportArgs) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let mut export = TrailExport::begin(&ctx, scope(&ctx, args.account).await?).await?;
    let mut out: Box<dyn std::io::Write> = match &args.out {
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => Box::new(std::io::stdout().lock()),
    };
    while let Some(text) = export.next(&ctx).await? {
        out.write_all(text.as_bytes())
            .context("the export could not be written")?;
    }
    out.flush().context("the export could not be written")?;
    Ok(Done::Clean)
}

async fn verify_store(shell: &Shell, head: Option<AuditDigest>) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let broken = |line, reason: String| TrailFault { line, reason };
    let outcome = match trail_check(&ctx, head).await? {
        Ok((at, false)) => Err(broken(
            at.seq.unsigned_abs(),
            "no line carries the digest you gave: the trail was cut, or it is another one"
                .to_owned(),
        )),
        Ok((at, true)) => Ok(Proven {
            scope: TrailScope::Installation,
            head: at,
            n_shown: at.seq.unsigned_abs(),
        }),
        Err(fault) => Err(broken(fault.line().unsigned_abs(), fault.to_string())),
    };
    Ok(say(shell, &outcome))
}

fn verify_file(shell: &Shell, path: &Path, head: Option<AuditDigest>) -> anyhow::Result<Done> {
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let unreadable = |e| Usage(format!("cannot read {}: {e}", path.display()));
        Box::new(File::open(path).map_err(unreadable)?)
    };
    let outcome = proved(BufReader::new(input), head)?;
    Ok(say(shell, &outcome))
}

fn proved(
    mut input: BufReader<Box<dyn Read>>,
    head: Option<AuditDigest>,
) -> anyhow::Result<Result<Proven, TrailFault>> {
    let mut proof = TrailProof::begin(head);
    let mut line = Vec::new();
    loop {
        line.clear();
        let n_read = (&mut input)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .context("the export cannot be read")?;
        if n_read == 0 {
            return Ok(proof.end());
        }
        let text = String::from_utf8_lossy(&line);
        if let Err(fault) = proof.line(text.trim_end_matches(['\n', '\r'])) {
            return Ok(Err(fault));
        }
    }
}

fn say(shell: &Shell, outcome: &Result<Proven, TrailFault>) -> Done {
    match outcome {
        Ok(proven) => {
            let whose = match proven.scope {
                TrailScope::Installation => "the whole installation".to_owned(),
                TrailScope::Account(id) => format!("account {id}"),
            };
            shell.say(format!(
                "The trail of {whose} is what was written: {} lines told, {} in the chain.",
                proven.n_shown, proven.head.seq
            ));
            shell.say(format!("It ends with digest {}", proven.head.digest));
            if shell.json {
                shell.print_json(&json!({
                    "proven": true,
                    "lines": proven.head.seq,
                    "shown": proven.n_shown,
                    "head": proven.head.digest.to_string(),
                }));
            }
            Done::Clean
        }
        Err(fault) => {
            shell.say(format!("The trail is not what was written: {fault}"));
            if shell.json {
                shell.print_json(
                    &json!({"proven": false, "line": fault.line, "reason": fault.reason}),
                );
            }
            Done::Findings
        }
    }
}

async fn scope(ctx: &Ctx, account: Option<AccountName>) -> anyhow::Result<TrailScope> {
    Ok(match account {
        Some(name) => TrailScope::Account(account_show(ctx, &name).await?.id),
        None => TrailScope::Installation,
    })
}

fn row(line: &AuditLine) -> Vec<String> {
    vec![
        line.place.seq.to_string(),
        line.entry.at.to_iso_secs(),
        line.entry.actor.clone(),
        line.entry.act.to_string(),
        line.entry.subject.clone(),
        line.entry.detail.clone(),
    ]
}

fn view(line: &AuditLine) -> serde_json::Value {
    let detail: serde_json::Value = serde_json::from_str(&line.entry.detail).unwrap_or_default();
    json!({
        "seq": line.place.seq,
        "id": line.entry.id.to_string(),
        "at": line.entry.at.to_iso_millis(),
        "account_id": line.entry.account_id.map(|id| id.to_string()),
        "actor": line.entry.actor,
        "act": line.entry.act,
        "subject": line.entry.subject,
        "detail": detail,
        "digest": line.place.digest.to_string(),
    })
}

fn digest(text: &str) -> Result<AuditDigest, &'static str> {
    AuditDigest::parse(text).ok_or("a digest has 64 lower-case hex digits")
}
