//! What a run did: its counts, its gaps and their causes.

use crate::commit::{Scope, Tally};
use crate::context::CollectCtx;
use crate::coverage::pass::Balance;
use crate::error::Error;
use ringfence_core::gap::GapReason;
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::gaps::{self, Gap};
use ringfence_store::collect::runs::{self, StoredRun};
use serde_json::{Value, json};

// A report names single calls up to here; the tables of the corpus have them all.
const MAX_GAPS: usize = 10_000;
const PAGE: i64 = 1_000;

/// A run's report.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// The connection's name.
    pub connection: String,
    /// The time it covered: from.
    pub since: Timestamp,
    /// The time it covered: to.
    pub until: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Content items.
    pub tally: Tally,
    /// The double entry of calls; `None` without statistics.
    pub balance: Option<Balance>,
    /// Open gaps of the time it covered.
    pub gaps: Vec<Gap>,
    /// How many there are, also where they are too many to be named.
    pub n_gaps: u64,
    /// How many for each reason and cause.
    pub causes: Vec<(String, String, i64)>,
    /// Everything else somebody should know.
    pub notes: Vec<String>,
    /// Requests sent, of every kind.
    pub requests: u64,
    /// Requests refused for pace.
    pub refused_for_pace: u64,
    /// Whether everything adds up.
    pub balanced: bool,
}

impl RunReport {
    /// Whether somebody should look at it.
    #[must_use]
    pub fn has_findings(&self) -> bool {
        let by_gap = |(reason, _, _): &(String, String, i64)| {
            GapReason::parse(reason).is_none_or(GapReason::is_finding)
        };
        !self.balanced
            || self.tally.failed > 0
            || self.tally.refused > 0
            || self.causes.iter().any(by_gap)
            || self.balance.is_none()
    }

    /// The report as JSON (design §11).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = self.to_json_without_gaps();
        json["gaps"] = self.gaps.iter().map(gap_json).collect();
        json
    }

    /// The same without single gaps, which the ledger has anyway.
    #[must_use]
    pub fn to_json_without_gaps(&self) -> Value {
        let causes: Vec<Value> = self
            .causes
            .iter()
            .map(|(reason, detail, n)| json!({"reason": reason, "detail": detail, "calls": n}))
            .collect();
        let calls = self
            .balance
            .as_ref()
            .map(|b| json!({"calls": b.calls, "recorded": b.recorded, "gaps": b.gaps}));
        json!({
            "run": self.run.to_string(),
            "connection": self.connection,
            "since": self.since.to_iso_millis(),
            "until": self.until.to_iso_millis(),
            "started_at": self.started_at.to_iso_millis(),
            "ended_at": self.ended_at.to_iso_millis(),
            "listed": self.tally.listed,
            "fetched": self.tally.fetched,
            "already_had": self.tally.already_had,
            "refused": self.tally.refused,
            "failed": self.tally.failed,
            "bytes": self.tally.bytes,
            "coverage": calls,
            "n_gaps": self.n_gaps,
            "causes": causes,
            "notes": self.notes,
            "requests": self.requests,
            "refused_for_pace": self.refused_for_pace,
            "balanced": self.balanced,
        })
    }
}

/// A gap as JSON.
#[must_use]
pub fn gap_json(gap: &Gap) -> Value {
    json!({
        "guid": gap.guid,
        "reason": gap.reason,
        "detail": gap.detail,
        "start": gap.started_at.to_iso_millis(),
        "direction": gap.direction,
        "line": gap.line,
        "agent": gap.agent,
        "first_seen": gap.first_seen_at.to_iso_millis(),
    })
}

/// The open gaps of a stretch of time: those named, and how many there are for each cause.
#[derive(Clone, Debug, Default)]
pub struct OpenGaps {
    /// Up to ten thousand of them, oldest first.
    pub named: Vec<Gap>,
    /// All of them.
    pub n_gaps: u64,
    /// By reason and cause, most first.
    pub causes: Vec<(String, String, i64)>,
}

/// Reads the open gaps of calls that began in `[from, to]`.
///
/// # Errors
/// The store fails.
pub async fn open_gaps(
    ctx: &CollectCtx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
) -> Result<OpenGaps, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let causes = gaps::gaps_count(&mut tx, connection, from, to).await?;
    let n_gaps = causes
        .iter()
        .map(|(_, _, n)| u64::try_from(*n).unwrap_or_default())
        .sum();
    let mut named: Vec<Gap> = Vec::new();
    let mut after = Place::before(from);
    while named.len() < MAX_GAPS {
        let page = gaps::gaps_page(&mut tx, connection, &after, to, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Place {
            started_at: last.started_at,
            guid: last.guid.clone(),
            content_key: String::new(),
        };
        named.extend(page);
    }
    Ok(OpenGaps {
        named,
        n_gaps,
        causes,
    })
}

/// How far a run has come, as its report until it ends.
#[must_use]
pub fn progress_json(tally: &Tally, (done, windows): (usize, usize), now: Timestamp) -> Value {
    json!({
        "listed": tally.listed,
        "fetched": tally.fetched,
        "already_had": tally.already_had,
        "refused": tally.refused,
        "failed": tally.failed,
        "bytes": tally.bytes,
        "windows_done": done,
        "windows": windows,
        "told_at_ms": now.ms(),
    })
}

/// Notes that a run begins.
///
/// # Errors
/// The store fails.
pub async fn run_begun(
    ctx: &CollectCtx,
    scope: Scope,
    started_at: Timestamp,
    range: (Timestamp, Timestamp),
) -> Result<StoredRun, Error> {
    let stored = StoredRun {
        id: scope.run,
        started_at,
        ended_at: None,
        since_at: range.0,
        until_at: range.1,
        state: "running".to_owned(),
        report: "{}".to_owned(),
    };
    let mut tx = ctx.db.begin_write().await?;
    runs::run_put(&mut tx, scope.connection, &stored).await?;
    tx.commit().await?;
    Ok(stored)
}

/// Notes how a run ended.
///
/// # Errors
/// The store fails.
pub async fn run_ended(
    ctx: &CollectCtx,
    scope: Scope,
    stored: &mut StoredRun,
    error: Option<&Error>,
    report: Option<&RunReport>,
) -> Result<(), Error> {
    stored.ended_at = Some(ctx.clock.now());
    stored.state = if error.is_some() { "failed" } else { "done" }.to_owned();
    let mut json = report.map_or_else(|| json!({}), RunReport::to_json_without_gaps);
    if let (Some(error), Some(object)) = (error, json.as_object_mut()) {
        object.insert("error".to_owned(), error.to_string().into());
    }
    stored.report = json.to_string();
    let mut tx = ctx.db.begin_write().await?;
    runs::run_put(&mut tx, scope.connection, stored).await?;
    tx.commit().await?;
    Ok(())
}
