//! The lane from listing to ledger: pages are planned, items fetched side by side, outcomes
//! committed in batches. Bounded channels in between keep memory flat.

mod intake;
mod vanished;

pub use intake::{collected, users};

use crate::commit::{self, Scope, Tally};
use crate::error::Error;
use crate::fetch::{self, Outcome, Site};
use crate::list::{ContentPages, Window, refusal};
use crate::plan::{MAX_ATTEMPTS, Work};
use crate::upstream::client::UpstreamError;
use crate::upstream::line::{Api, Request};
use crate::upstream::wire;
use futures_util::stream::{self, TryStreamExt as _};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::items;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

const BATCH: usize = 64;
const PAGE: i64 = 500;
// A full disk is waited for, without claiming anything new meanwhile.
const DISK_TRIES: u32 = 24;
const DISK_PAUSE_MS: u64 = 5_000;
// When this many items in a row fail, the platform is away and the rest would fail too.
const FAILED_IN_A_ROW: u32 = 24;
/// What the steps of a run share.
#[derive(Debug)]
pub struct Lane {
    site: Site,
    scope: Scope,
    workers: usize,
    has_stats: AtomicBool,
    failed_in_a_row: AtomicU32,
    notes: Mutex<Vec<String>>,
}

impl Lane {
    /// Prepares a lane.
    #[must_use]
    pub fn new(site: Site, scope: Scope, workers: usize, has_stats: bool) -> Self {
        Self {
            site,
            scope,
            workers: workers.clamp(1, 256),
            has_stats: AtomicBool::new(has_stats),
            failed_in_a_row: AtomicU32::new(0),
            notes: Mutex::default(),
        }
    }

    /// Whether the statistics can be read.
    #[must_use]
    pub fn has_stats(&self) -> bool {
        self.has_stats.load(Ordering::Relaxed)
    }

    /// What somebody should know, each once.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, note: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < 100 && notes.iter().all(|n| n != note) {
            notes.push(note.to_owned());
        }
    }
}

/// Takes one window from listing to ledger.
///
/// # Errors
/// Going on makes no sense.
pub async fn window(
    lane: &Lane,
    window: Window,
    days: &mut BTreeSet<String>,
) -> Result<Tally, Error> {
    if lane.has_stats() {
        intake::count(lane, window, days).await?;
    }
    pipe(lane, async |works| {
        let mut tally = Tally::default();
        let mut pages = ContentPages::new(&lane.site.upstream, window);
        while let Some(batch) = pages.next().await? {
            if batch.n_damaged > 0 {
                lane.note("some entries of the content listing could not be read");
                tally.listed += batch.n_damaged;
                tally.refused += batch.n_damaged;
            }
            vanished::vanished(lane, &batch).await?;
            let planned = intake::plan_and_send(lane, &batch.interactions, &works, days).await?;
            tally.add(&planned);
        }
        Ok(tally)
    })
    .await
}

/// Tries again what earlier runs could not bring home, outside a stretch of time that is listed anyway.
///
/// # Errors
/// Going on makes no sense.
pub async fn retry(
    lane: &Lane,
    listed: (Timestamp, Timestamp),
    days: &mut BTreeSet<String>,
) -> Result<Tally, Error> {
    pipe(lane, async |works| {
        let mut tally = Tally::default();
        let mut after = Place::before(Timestamp::from_ms(i64::MIN));
        loop {
            let mut tx = lane.site.ctx.db.begin_read().await?;
            let connection = lane.scope.connection;
            let page =
                items::items_to_retry(&mut tx, connection, &after, MAX_ATTEMPTS, PAGE).await?;
            drop(tx);
            let Some(last) = page.last() else { break };
            after = Place {
                started_at: last.started_at,
                guid: last.guid.clone(),
                content_key: last.content_key.clone(),
            };
            for item in page {
                let at = item.started_at;
                if at.plus_ms(1_000) >= listed.0 && at <= listed.1 {
                    continue;
                }
                days.insert(at.to_iso_date());
                let work = Work {
                    item,
                    length_hint: None,
                    talk_ms: None,
                };
                tally.listed += 1;
                send(&works, work).await?;
            }
        }
        Ok(tally)
    })
    .await
}

/// Asks for single calls that the listing lacks, and takes what is there.
///
/// # Errors
/// Going on makes no sense.
pub async fn probe(
    lane: &Lane,
    guids: &[String],
    days: &mut BTreeSet<String>,
) -> Result<Tally, Error> {
    pipe(lane, async |works| {
        let mut tally = Tally::default();
        for guid in guids {
            let request =
                Request::new(Api::Content, &["interaction-content", "interactions", guid]);
            match lane
                .site
                .upstream
                .get_json(&request, wire::listed_one)
                .await
            {
                Ok(found) => {
                    let planned = intake::plan_and_send(lane, &[found], &works, days).await?;
                    tally.add(&planned);
                }
                Err(UpstreamError::Status { .. }) => {}
                Err(error) => return Err(refusal(error, "the content")),
            }
        }
        Ok(tally)
    })
    .await
}

// Runs the three stages side by side until the first has no more work.
async fn pipe(
    lane: &Lane,
    planning: impl AsyncFnOnce(mpsc::Sender<Work>) -> Result<Tally, Error>,
) -> Result<Tally, Error> {
    let (work_in, work_out) = mpsc::channel::<Work>(lane.workers * 2);
    let (done_in, done_out) = mpsc::channel::<(Work, Outcome)>(BATCH);
    let (planned, fetched, committed) = tokio::join!(
        planning(work_in),
        fetch_all(lane, work_out, done_in),
        commit_all(lane, done_out)
    );
    // A later stage that ends closes the earlier ones, so its error is the cause.
    let mut tally = committed?;
    fetched?;
    tally.add(&planned?);
    Ok(tally)
}

async fn send(works: &mpsc::Sender<Work>, work: Work) -> Result<(), Error> {
    let closed = |_| Error::Internal("the lane is closed".into());
    works.send(work).await.map_err(closed)
}

async fn fetch_all(
    lane: &Lane,
    works: mpsc::Receiver<Work>,
    done: mpsc::Sender<(Work, Outcome)>,
) -> Result<(), Error> {
    stream::unfold(works, async |mut works| {
        works.recv().await.map(|work| (Ok(work), works))
    })
    .try_for_each_concurrent(lane.workers, async |work| {
        let outcome = fetch_one(lane, &work).await?;
        let closed = |_| Error::Internal("the lane is closed".into());
        done.send((work, outcome)).await.map_err(closed)
    })
    .await
}

async fn fetch_one(lane: &Lane, work: &Work) -> Result<Outcome, Error> {
    let mut disk_tries = 0;
    loop {
        match fetch::fetch_item(&lane.site, work).await {
            Ok(outcome) => {
                if matches!(outcome, Outcome::Failed { .. }) {
                    let n_failed = lane.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
                    if n_failed >= FAILED_IN_A_ROW {
                        return Err(Error::Unreachable(format!(
                            "{n_failed} downloads in a row failed"
                        )));
                    }
                } else {
                    lane.failed_in_a_row.store(0, Ordering::Relaxed);
                }
                return Ok(outcome);
            }
            Err(Error::Disk { what, source }) if disk_tries < DISK_TRIES => {
                disk_tries += 1;
                let full = matches!(
                    source.kind(),
                    ErrorKind::StorageFull
                        | ErrorKind::QuotaExceeded
                        | ErrorKind::ReadOnlyFilesystem
                );
                // Any other fault of the disk: once more from the start, with a new file.
                if !full && disk_tries > 2 {
                    return Err(Error::Disk { what, source });
                }
                tracing::error!(error = %source, what, "the disk refuses; the item is tried again");
                if full {
                    lane.site.ctx.wait.wait(DISK_PAUSE_MS).await;
                }
            }
            Err(error) => return Err(error),
        }
    }
}

async fn commit_all(
    lane: &Lane,
    mut done: mpsc::Receiver<(Work, Outcome)>,
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut batch = Vec::with_capacity(BATCH);
    while done.recv_many(&mut batch, BATCH).await > 0 {
        tally.add(&commit::commit(&lane.site.ctx, lane.scope, &batch).await?);
        batch.clear();
    }
    Ok(tally)
}
