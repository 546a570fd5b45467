//! The whole run on one screen: list, plan, fetch, commit, account, report.
//!
//! A run takes the time it is to cover window by window. It can be killed at any moment:
//! bytes are durable before their row is written, and the next run takes up what has no row.

use crate::commit::{Scope, Tally};
use crate::connection::{Connection, ConnectionName, connection_open};
use crate::context::CollectCtx;
use crate::corpus;
use crate::coverage::pass::{self, Balance};
use crate::coverage::{OwnerView, Rules};
use crate::error::Error;
use crate::fetch::Site;
use crate::lane::{self, Lane};
use crate::list::{self, Window};
use crate::report::{self, RunReport};
use crate::sink::Sink as _;
use crate::sink::local::LocalSink;
use crate::upstream::access::{self, Access};
use crate::upstream::line::Line;
use ringfence_core::id::RunId;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::connections;
use ringfence_store::collect::gaps;
use ringfence_store::collect::runs;
use std::collections::BTreeSet;
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;
// Content appears late, so the last days are listed again in every run (vcc-api §17).
const RESCAN_MS: i64 = 3 * DAY_MS;
// Older windows with open gaps that are looked at again in a run.
const OLD_WINDOWS: usize = 2;

/// Told how far a run has come.
pub type Progress = Arc<dyn Fn(&ProgressReport) + Send + Sync>;

/// How far a run has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProgressReport {
    /// Windows of time done.
    pub windows_done: usize,
    /// Windows of time in all.
    pub windows: usize,
    /// Content items so far.
    pub tally: Tally,
}

/// What a run is to cover, and how.
#[derive(Clone)]
pub struct RunOptions {
    /// From here on; otherwise from where the last run ended.
    pub since: Option<Timestamp>,
    /// Up to here; otherwise up to the platform's present.
    pub until: Option<Timestamp>,
    /// Downloads at the same time.
    pub workers: usize,
    /// Talk shorter than this needs no recording.
    pub min_talk_ms: i64,
    /// A recording may take this long to appear.
    pub delay_ms: i64,
    /// Told how far the run has come.
    pub progress: Option<Progress>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            since: None,
            until: None,
            workers: 8,
            min_talk_ms: 1_000,
            delay_ms: 1_800_000,
            progress: None,
        }
    }
}

impl std::fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunOptions")
            .field("since", &self.since)
            .field("until", &self.until)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

struct Run<'a> {
    ctx: &'a CollectCtx,
    options: &'a RunOptions,
    connection: Connection,
    access: Access,
    owner: OwnerView,
    rules: Rules,
    scope: Scope,
    lane: Lane,
    folder: &'a corpus::Folder,
    tally: Tally,
    balance: Balance,
    notes: Vec<String>,
    // Days whose tables are to be made anew: of the window, and of the whole run.
    days: BTreeSet<String>,
    all_days: BTreeSet<String>,
}

/// Collects what a connection's platform has and the corpus has not.
///
/// # Errors
/// The platform refuses or does not answer, the disk or the store fails, another run is
/// under way, or the counts do not add up. What was brought home until then stays.
pub async fn collect_run(
    ctx: &CollectCtx,
    name: &ConnectionName,
    options: &RunOptions,
) -> Result<RunReport, Error> {
    let (connection, secret) = connection_open(ctx, name).await?;
    let folder = corpus::Folder::open(ctx, name)?;
    let lock = folder.lock()?;
    let sink = LocalSink::open_at(folder.path(), Arc::clone(&ctx.random))
        .map_err(|e| Error::disk("opening the corpus", e))?;
    // The lock is ours, so these are a dead run's.
    sink.clear_parts()
        .map_err(|e| Error::disk("removing the parts of a dead run", e))?;
    let client_id = connection.client_id.clone();
    let line = Line::new(ctx, connection.hosts.clone(), client_id, secret)
        .map_err(|e| list::refusal(e, "the platform"))?;
    let access = access::open(ctx, &line).await?;
    let (since, until, now) = bounds(&connection, &access, options).await?;
    let started_at = ctx.clock.now();
    let scope = Scope {
        connection: connection.id,
        run: RunId::new(started_at, ctx.random.as_ref()),
    };
    let mut stored = report::run_begun(ctx, scope, started_at, (since, until)).await?;
    let owner = match &connection.owner {
        Some(owner) if access.has_users => access::owner_view(&access.upstream, owner).await,
        Some(_) | None => OwnerView::default(),
    };
    let site = Site {
        ctx: ctx.clone(),
        upstream: Arc::clone(&access.upstream),
        sink: Arc::new(sink),
    };
    let rules = Rules {
        min_talk_ms: options.min_talk_ms,
        delay_ms: options.delay_ms,
        now,
    };
    let lane = Lane::new(site, scope, options.workers, access.has_stats);
    let mut run = Run {
        ctx,
        options,
        connection,
        access,
        owner,
        rules,
        scope,
        lane,
        folder: &folder,
        tally: Tally::default(),
        balance: Balance::default(),
        notes: Vec::new(),
        days: BTreeSet::new(),
        all_days: BTreeSet::new(),
    };
    let ended = run.collect(since, until).await;
    let report = run.report(&line, (since, until), started_at).await;
    report::run_ended(
        ctx,
        scope,
        &mut stored,
        ended.as_ref().err(),
        report.as_ref().ok(),
    )
    .await?;
    drop(lock);
    ended?;
    let report = report?;
    if !report.balanced {
        let t = report.tally;
        return Err(Error::Unbalanced(format!(
            "{} listed, but {} fetched, {} already had, {} refused and {} failed",
            t.listed, t.fetched, t.already_had, t.refused, t.failed
        )));
    }
    corpus::write::write_run(ctx, &folder, &run.connection, &report).await?;
    Ok(report)
}

impl Run<'_> {
    async fn collect(&mut self, since: Timestamp, until: Timestamp) -> Result<(), Error> {
        self.users().await;
        let windows = list::windows(since, until);
        let again = self.old_windows(since).await?;
        let n_windows = windows.len() + again.len();
        self.tally = lane::retry(&self.lane, (since, until), &mut self.days).await?;
        for (done, window) in windows.iter().chain(&again).enumerate() {
            self.told(done, n_windows);
            self.window(*window, (done + 1, n_windows)).await?;
        }
        // The fresh window comes first in work and last in time.
        let mut in_time = windows;
        in_time.rotate_left(1);
        for window in in_time {
            self.advance(window).await?;
        }
        self.told(n_windows, n_windows);
        // Now that all of it is known, causes are named once more.
        self.balance = self.account(since, until).await?;
        corpus::write::write_all_gaps(self.ctx, self.folder, &self.connection, &self.all_days)
            .await?;
        let at = self.ctx.clock.now();
        corpus::write::write_users(self.ctx, self.folder, &self.connection, at).await
    }

    async fn window(&mut self, window: Window, progress: (usize, usize)) -> Result<(), Error> {
        let tally = lane::window(&self.lane, window, &mut self.days).await?;
        self.tally.add(&tally);
        let balance = self.account(window.from, window.to).await?;
        if !balance.to_probe.is_empty() {
            let found = lane::probe(&self.lane, &balance.to_probe, &mut self.days).await?;
            self.tally.add(&found);
            if found.fetched > 0 {
                self.account(window.from, window.to).await?;
            }
        }
        corpus::write::tables(self.ctx, self.folder, &self.connection, &self.days).await?;
        self.all_days.append(&mut self.days);
        let mut tx = self.ctx.db.begin_write().await?;
        let listed = i64::try_from(tally.listed).unwrap_or(i64::MAX);
        let span = (window.from, window.to);
        let (connection, run) = (self.scope.connection, self.scope.run);
        let now = self.ctx.clock.now();
        runs::window_put(&mut tx, connection, run, span, listed, now).await?;
        let so_far = report::progress_json(&self.tally, progress, now).to_string();
        runs::run_progress_set(&mut tx, connection, run, &so_far).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn account(&self, from: Timestamp, to: Timestamp) -> Result<Balance, Error> {
        let connection = self.scope.connection;
        pass::account(self.ctx, connection, &self.owner, self.rules, (from, to)).await
    }

    async fn advance(&mut self, window: Window) -> Result<(), Error> {
        let (origin, cursor) = match (self.connection.origin_at, self.connection.cursor_at) {
            (Some(origin), Some(cursor)) if window.from <= cursor && window.to >= origin => {
                (origin.min(window.from), cursor.max(window.to))
            }
            (Some(_), Some(_)) => return Ok(()),
            (None, _) | (_, None) => (window.from, window.to),
        };
        self.connection.origin_at = Some(origin);
        self.connection.cursor_at = Some(cursor);
        let mut tx = self.ctx.db.begin_write().await?;
        connections::connection_cursor_set(&mut tx, self.connection.id, origin, cursor).await?;
        tx.commit().await?;
        Ok(())
    }

    // Users only name people in tables and reports, so a platform that keeps them back stops nothing.
    async fn users(&mut self) {
        if !self.access.has_users {
            self.notes.push(
                "the credential does not hold users:read: calls carry agent ids without names"
                    .into(),
            );
        } else if let Err(error) = lane::users(&self.lane).await {
            self.notes
                .push(format!("the users could not be read: {error}"));
        }
        if !self.access.has_stats {
            self.notes.push(
                "the credential does not hold stats: whether calls are missing cannot be known"
                    .into(),
            );
        }
    }

    async fn old_windows(&self, since: Timestamp) -> Result<Vec<Window>, Error> {
        if self.options.since.is_some() || self.options.until.is_some() {
            return Ok(Vec::new());
        }
        let mut tx = self.ctx.db.begin_read().await?;
        let starts = gaps::gaps_to_look_at(&mut tx, self.scope.connection, 1_000).await?;
        let mut again: Vec<Window> = Vec::new();
        let since = Timestamp::from_secs(since.secs());
        for start in starts.into_iter().filter(|start| *start < since) {
            let from = Timestamp::from_secs(start.secs());
            let to = from.plus_ms(6 * DAY_MS).min(since);
            let overlaps = again.iter().any(|w| from < w.to && w.from < to);
            if again.len() < OLD_WINDOWS && !overlaps {
                again.push(Window {
                    from,
                    to,
                    is_last: false,
                });
            }
        }
        Ok(again)
    }

    fn told(&self, windows_done: usize, windows: usize) {
        if let Some(progress) = &self.options.progress {
            progress(&ProgressReport {
                windows_done,
                windows,
                tally: self.tally,
            });
        }
    }

    async fn report(
        &self,
        line: &Line,
        range: (Timestamp, Timestamp),
        started_at: Timestamp,
    ) -> Result<RunReport, Error> {
        let open = report::open_gaps(self.ctx, self.scope.connection, range.0, range.1).await?;
        let has_stats = self.lane.has_stats();
        let mut notes = self.notes.clone();
        notes.extend(self.lane.notes());
        Ok(RunReport {
            run: self.scope.run,
            connection: self.connection.name.as_str().to_owned(),
            since: range.0,
            until: range.1,
            started_at,
            ended_at: self.ctx.clock.now(),
            tally: self.tally,
            balance: has_stats.then(|| self.balance.clone()),
            gaps: open.named,
            n_gaps: open.n_gaps,
            causes: open.causes,
            notes,
            requests: line.requests(),
            refused_for_pace: self.access.upstream.refusals(),
            balanced: self.tally.is_balanced()
                && self.balance.calls <= self.balance.recorded + self.balance.gaps,
        })
    }
}

async fn bounds(
    connection: &Connection,
    access: &Access,
    options: &RunOptions,
) -> Result<(Timestamp, Timestamp, Timestamp), Error> {
    let now = list::server_time(&access.upstream, access.has_stats).await?;
    let until = options.until.unwrap_or(now);
    let since = match (options.since, connection.cursor_at) {
        (Some(since), _) => since,
        (None, Some(cursor)) => cursor
            .min(until)
            .plus_ms(-RESCAN_MS)
            .max(connection.origin_at.unwrap_or(cursor)),
        (None, None) => list::activity(&access.upstream, access.has_stats, now)
            .await?
            .map_or(until, |(first, _)| first),
    };
    if since > until {
        return Err(Error::Invalid(
            "the time to collect ends before it begins".into(),
        ));
    }
    Ok((since, until, now))
}
