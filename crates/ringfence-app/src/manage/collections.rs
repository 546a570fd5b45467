//! Collections: remote accounts that recordings are collected from, their runs, coverage and gaps.
//!
//! Connections belong to the installation and not to an account, so only operators see them. Nothing is changed here:
//! the command line adds connections and starts runs.

use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::gap::{GapClass, GapReason};
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::connections::{StoredConnection, connection_find, connection_list};
use ringfence_store::collect::days::days_coverage;
use ringfence_store::collect::gaps::gaps_count;
use ringfence_store::collect::items::items_count;
use ringfence_store::collect::recordings::recordings_total;
use ringfence_store::collect::runs::{StoredRun, run_find, run_page};
use ringfence_store::db::Tx;
use serde_json::Value;

/// Most days of coverage at once.
pub const DAYS_MAX: i64 = 92;

const DAY_MS: i64 = 86_400_000;
// A run tells of itself with each window; a window takes minutes at the platform's pace, not hours.
const SILENT_MS: i64 = 6 * 3_600_000;

/// A connection, without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Root of the APIs.
    pub api_url: String,
    /// The client id.
    pub client_id: String,
    /// The user name of the credential's owner, where it is known.
    pub owner: Option<String>,
    /// From when on everything has been listed.
    pub origin_at: Option<Timestamp>,
    /// Up to when everything has been listed.
    pub cursor_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// How a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RunState {
    /// It is at work.
    Running,
    /// It is said to be at work, but has told nothing for hours or a later run has begun: it was killed.
    Interrupted,
    /// It has ended well.
    Done,
    /// It has ended with an error.
    Failed,
}

/// Counts of content items.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Shown by the platform.
    pub listed: u64,
    /// Brought home.
    pub fetched: u64,
    /// At home before.
    pub already_had: u64,
    /// Not accepted.
    pub refused: u64,
    /// Not fetched because something went wrong.
    pub failed: u64,
    /// Bytes brought home.
    pub bytes: u64,
}

/// A run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// How it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The time it covers: from.
    pub since_at: Timestamp,
    /// The time it covers: to.
    pub until_at: Timestamp,
    /// Its counts; none before the first window is done.
    pub counts: Option<Counts>,
    /// Windows done and to do, while it runs.
    pub windows: Option<(u64, u64)>,
    /// Calls by the statistics, those recorded, and those with a gap.
    pub calls: Option<(u64, u64, u64)>,
    /// Open gaps by reason and cause.
    pub causes: Vec<(String, String, u64)>,
    /// Whether the calls add up too; none while it runs.
    pub balanced: Option<bool>,
    /// Everything else somebody should know.
    pub notes: Vec<String>,
    /// Requests sent.
    pub requests: Option<u64>,
    /// What it failed with.
    pub error: Option<String>,
    /// When it last told of itself.
    pub told_at: Timestamp,
}

/// A connection with what is known of its collection.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The connection.
    pub connection: Connection,
    /// The latest run.
    pub last_run: Option<Run>,
    /// Open gaps that somebody should look at.
    pub n_findings: u64,
    /// All open gaps.
    pub n_gaps: u64,
}

/// A connection with everything its page shows.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The connection.
    pub connection: Connection,
    /// Recordings at home.
    pub recordings: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Content items in each state.
    pub items: Vec<(String, u64)>,
    /// Open gaps by reason, most first.
    pub reasons: Vec<(String, u64)>,
}

/// Coverage of a day in UTC.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Day {
    /// Its beginning.
    pub start: Timestamp,
    /// Calls by the platform's statistics.
    pub calls: u64,
    /// Calls with content at home.
    pub recorded: u64,
    /// Open gaps by reason.
    pub gaps: Vec<(String, u64)>,
}

impl Counts {
    /// Whether everything that was listed is accounted for.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        [self.fetched, self.already_had, self.refused, self.failed]
            .iter()
            .try_fold(0_u64, |sum, n| sum.checked_add(*n))
            == Some(self.listed)
    }
}

impl RunState {
    /// `running`, `interrupted`, `done` or `failed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Day {
    /// How many of its open gaps are of a class.
    #[must_use]
    pub fn n_of(&self, class: GapClass) -> u64 {
        let of =
            |reason: &str| GapReason::parse(reason).map_or(GapClass::Missing, GapReason::class);
        let all = self.gaps.iter();
        all.filter(|(reason, _)| of(reason) == class)
            .map(|(_, n)| n)
            .sum()
    }

    /// Recordings and gaps together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.recorded + self.gaps.iter().map(|(_, n)| n).sum::<u64>()
    }
}

/// Every connection, by name, each with its latest run.
///
/// # Errors
/// [`Error::NotFound`] for everybody but operators.
pub async fn connections_list(ctx: &Ctx, caller: &Caller) -> Result<Vec<Overview>, Error> {
    caller.require_operator()?;
    let mut tx = ctx.db.begin_read().await?;
    let mut found = Vec::new();
    for stored in connection_list(&mut tx).await? {
        let reasons = reasons(&mut tx, stored.id).await?;
        let is_finding = |reason: &str| GapReason::parse(reason).is_none_or(GapReason::is_finding);
        let runs = run_page(&mut tx, stored.id, 0, 1).await?;
        found.push(Overview {
            last_run: runs.first().map(|run| read_run(run, true, ctx.now())),
            n_findings: reasons
                .iter()
                .filter(|(reason, _)| is_finding(reason))
                .map(|(_, n)| n)
                .sum(),
            n_gaps: reasons.iter().map(|(_, n)| n).sum(),
            connection: Connection::from(stored),
        });
    }
    Ok(found)
}

/// A connection with what its page shows.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that name, and for everybody but operators.
pub async fn connection_show(ctx: &Ctx, caller: &Caller, name: &str) -> Result<Detail, Error> {
    caller.require_operator()?;
    let mut tx = ctx.db.begin_read().await?;
    let connection = find(&mut tx, name).await?;
    let (recordings, bytes) = recordings_total(&mut tx, connection.id).await?;
    let items = items_count(&mut tx, connection.id).await?;
    let reasons = reasons(&mut tx, connection.id).await?;
    Ok(Detail {
        connection,
        recordings: count(recordings),
        bytes: count(bytes),
        items: items.into_iter().map(|(s, n)| (s, count(n))).collect(),
        reasons,
    })
}

/// A page of a connection's runs, newest first, with one more than asked for when there are more.
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection, and for everybody but operators.
pub async fn runs_list(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    offset: u32,
    limit: u32,
) -> Result<Vec<Run>, Error> {
    caller.require_operator()?;
    let mut tx = ctx.db.begin_read().await?;
    let connection = find(&mut tx, name).await?;
    let found = run_page(&mut tx, connection.id, offset.into(), i64::from(limit) + 1).await?;
    let now = ctx.now();
    let is_latest = |n: usize| offset == 0 && n == 0;
    let runs = found.iter().enumerate();
    Ok(runs
        .map(|(n, run)| read_run(run, is_latest(n), now))
        .collect())
}

/// One run.
///
/// # Errors
/// [`Error::NotFound`] when there is none, and for everybody but operators.
pub async fn run_show(ctx: &Ctx, caller: &Caller, name: &str, id: RunId) -> Result<Run, Error> {
    caller.require_operator()?;
    let mut tx = ctx.db.begin_read().await?;
    let connection = find(&mut tx, name).await?;
    let run = run_find(&mut tx, connection.id, id).await?;
    let run = run.ok_or_else(|| Error::NotFound("run".to_owned()))?;
    let latest = run_page(&mut tx, connection.id, 0, 1).await?;
    let is_latest = latest.first().is_some_and(|latest| latest.id == id);
    Ok(read_run(&run, is_latest, ctx.now()))
}

/// Coverage of each of some days up to and including the one of `until`, which defaults to the last day listed.
///
/// # Errors
/// [`Error::NotFound`] when there is no such connection, and for everybody but operators; [`Error::Invalid`] for more
/// than [`DAYS_MAX`] days.
pub async fn coverage_show(
    ctx: &Ctx,
    caller: &Caller,
    name: &str,
    until: Option<Timestamp>,
    n_days: i64,
) -> Result<Vec<Day>, Error> {
    caller.require_operator()?;
    if !(1..=DAYS_MAX).contains(&n_days) {
        return Err(Error::Invalid(format!("days must be from 1 to {DAYS_MAX}")));
    }
    let mut tx = ctx.db.begin_read().await?;
    let connection = find(&mut tx, name).await?;
    let last = until.or(connection.cursor_at).unwrap_or_else(|| ctx.now());
    let last = last.ms().div_euclid(DAY_MS);
    let start = |day: i64| Timestamp::from_ms(day.saturating_mul(DAY_MS));
    let first = last.saturating_sub(n_days - 1);
    let mut known = days_coverage(&mut tx, connection.id, start(first), start(last + 1)).await?;
    let day = |day: i64| {
        let found = known.remove(&day).unwrap_or_default();
        Day {
            start: start(day),
            calls: count(found.calls),
            recorded: count(found.recorded),
            gaps: found.gaps.into_iter().map(|(r, n)| (r, count(n))).collect(),
        }
    };
    Ok((first..=last).map(day).collect())
}

pub(super) async fn find(tx: &mut Tx, name: &str) -> Result<Connection, Error> {
    let found = connection_find(tx, name).await?;
    let found = found.ok_or_else(|| Error::NotFound("connection".to_owned()))?;
    Ok(Connection::from(found))
}

async fn reasons(tx: &mut Tx, id: ConnectionId) -> Result<Vec<(String, u64)>, Error> {
    let all = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));
    let mut reasons: Vec<(String, u64)> = Vec::new();
    for (reason, _, n) in gaps_count(tx, id, all.0, all.1).await? {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, sum)) => *sum += count(n),
            None => reasons.push((reason, count(n))),
        }
    }
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(reasons)
}

pub(super) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

// Reports are read leniently: an older version's lacks some members.
fn read_run(stored: &StoredRun, is_latest: bool, now: Timestamp) -> Run {
    let report: Value = serde_json::from_str(&stored.report).unwrap_or_default();
    let number = |name: &str| report.get(name).and_then(Value::as_u64);
    let told_at = number("told_at_ms")
        .and_then(|ms| i64::try_from(ms).ok())
        .map_or(stored.started_at, Timestamp::from_ms);
    let state = match stored.state.as_str() {
        "done" => RunState::Done,
        "failed" => RunState::Failed,
        _ if is_latest && now.ms_since(told_at) < SILENT_MS => RunState::Running,
        _ => RunState::Interrupted,
    };
    let counts = number("listed").map(|listed| Counts {
        listed,
        fetched: number("fetched").unwrap_or_default(),
        already_had: number("already_had").unwrap_or_default(),
        refused: number("refused").unwrap_or_default(),
        failed: number("failed").unwrap_or_default(),
        bytes: number("bytes").unwrap_or_default(),
    });
    let calls = report.get("coverage").and_then(|calls| {
        let number = |name: &str| calls.get(name).and_then(Value::as_u64);
        Some((number("calls")?, number("recorded")?, number("gaps")?))
    });
    let text = |value: &Value, name: &str| {
        let text = value.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let list = |name: &str| {
        let list = report.get(name).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let cause = |cause: &Value| {
        let n = cause.get("calls").and_then(Value::as_u64);
        (text(cause, "reason"), text(cause, "detail"), n.unwrap_or(0))
    };
    Run {
        id: stored.id,
        state,
        started_at: stored.started_at,
        ended_at: stored.ended_at,
        since_at: stored.since_at,
        until_at: stored.until_at,
        counts,
        windows: number("windows_done").zip(number("windows")),
        calls,
        causes: list("causes").iter().map(cause).collect(),
        balanced: report.get("balanced").and_then(Value::as_bool),
        notes: list("notes")
            .iter()
            .filter_map(|note| note.as_str().map(str::to_owned))
            .collect(),
        requests: number("requests"),
        error: report
            .get("error")
            .and_then(Value::as_str)
            .map(str::to_owned),
        told_at: stored.ended_at.unwrap_or(told_at),
    }
}

impl From<StoredConnection> for Connection {
    fn from(stored: StoredConnection) -> Self {
        Self {
            id: stored.id,
            name: stored.name,
            api_url: stored.api_url,
            client_id: stored.client_id,
            owner: stored.owner,
            origin_at: stored.origin_at,
            cursor_at: stored.cursor_at,
            created_at: stored.created_at,
        }
    }
}
