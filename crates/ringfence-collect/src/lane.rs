//! The lane from listing to ledger: pages are planned, items fetched side by side, outcomes
//! committed in batches. Bounded channels in between keep memory flat.

use crate::commit::{self, Scope, Tally};
use crate::error::Error;
use crate::fetch::{self, Outcome, Site};
use crate::list::{ContentPages, ListedBatch, StatsPages, Window, refusal};
use crate::plan::{self, MAX_ATTEMPTS, Step, Work};
use crate::upstream::access;
use crate::upstream::client::{Api, Request, UpstreamError};
use crate::upstream::wire::{self, CountedInteraction, ListedInteraction};
use futures_util::stream::{self, TryStreamExt as _};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::interactions::{self, CollectedInteraction};
use ringfence_store::collect::items::{self, ItemState};
use ringfence_store::collect::users::{self, CollectedUser};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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
// Vanishing items beyond this share look like a lost permission, not like deletion.
const VANISHED_SHARE: usize = 2;
const VANISHED_FEW: usize = 4;

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
        count(lane, window, days).await?;
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
            vanished(lane, &batch).await?;
            let planned = plan_and_send(lane, &batch.interactions, &works, days).await?;
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
                send(&works, work).await?;
            }
        }
        Ok(Tally::default())
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
                    let planned = plan_and_send(lane, &[found], &works, days).await?;
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

/// Reads the users into the ledger.
///
/// # Errors
/// The platform or the store fails.
pub async fn users(lane: &Lane) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for page in 1.. {
        let listed = access::users_page(&lane.site.upstream, page).await?;
        let n_listed = listed.len();
        let new: BTreeMap<String, CollectedUser> = listed
            .into_iter()
            .filter(|user| seen.insert(user.user_id.clone()))
            .map(|user| {
                let collected = CollectedUser {
                    user_id: user.user_id.clone(),
                    username: user.username,
                    name: user.name,
                    email: user.email,
                    role: user.role,
                    active: user.active,
                    agent: user.agent_id,
                };
                (user.user_id, collected)
            })
            .collect();
        if new.is_empty() {
            break;
        }
        let new: Vec<CollectedUser> = new.into_values().collect();
        let ctx = &lane.site.ctx;
        let mut tx = ctx.db.begin_write().await?;
        users::users_put(&mut tx, lane.scope.connection, &new, ctx.clock.now()).await?;
        tx.commit().await?;
        if access::is_last_page(n_listed) {
            break;
        }
    }
    Ok(())
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

async fn plan_and_send(
    lane: &Lane,
    listed: &[ListedInteraction],
    works: &mpsc::Sender<Work>,
    days: &mut BTreeSet<String>,
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let from = listed.iter().map(|i| i.start).min().unwrap_or_default();
    let to = listed.iter().map(|i| i.start).max().unwrap_or_default();
    let guids: Vec<String> = listed.iter().map(|i| i.guid.to_string()).collect();
    let connection = lane.scope.connection;
    let mut tx = lane.site.ctx.db.begin_read().await?;
    let range = (from.plus_ms(-1_000), to.plus_ms(1_000));
    let known = items::items_of(&mut tx, connection, range.0, range.1, &guids).await?;
    let talk: HashMap<String, i64> =
        interactions::interactions_talk(&mut tx, connection, from, to, &guids)
            .await?
            .into_iter()
            .collect();
    drop(tx);
    let mut by_guid: HashMap<String, Vec<items::CollectedItem>> = HashMap::new();
    for item in known {
        by_guid.entry(item.guid.clone()).or_default().push(item);
    }
    for interaction in listed {
        let guid = interaction.guid.to_string();
        let known = by_guid.get(&guid).map_or(&[][..], Vec::as_slice);
        days.insert(interaction.start.to_iso_date());
        for step in plan::plan(interaction, known, talk.get(&guid).copied()) {
            match step {
                Step::Fetch(work) => send(works, work).await?,
                Step::AlreadyHad => {
                    tally.listed += 1;
                    tally.already_had += 1;
                }
                Step::StillRefused => {
                    tally.listed += 1;
                    tally.refused += 1;
                }
            }
        }
    }
    Ok(tally)
}

async fn count(lane: &Lane, window: Window, days: &mut BTreeSet<String>) -> Result<(), Error> {
    let mut pages = StatsPages::new(&lane.site.upstream, window);
    loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(()),
            Err(Error::NotAllowed(said)) => {
                lane.has_stats.store(false, Ordering::Relaxed);
                lane.note(&format!(
                    "the statistics are refused, so whether calls are missing cannot be known: {said}"
                ));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let calls: BTreeMap<_, _> = page
            .iter()
            .map(|call| ((call.start, call.guid), collected(call)))
            .collect();
        days.extend(page.iter().map(|call| call.start.to_iso_date()));
        let calls: Vec<CollectedInteraction> = calls.into_values().collect();
        let ctx = &lane.site.ctx;
        let mut tx = ctx.db.begin_write().await?;
        interactions::interactions_put(&mut tx, lane.scope.connection, &calls, ctx.clock.now())
            .await?;
        tx.commit().await?;
    }
}

/// A call of the statistics as the ledger keeps it.
#[must_use]
pub fn collected(call: &CountedInteraction) -> CollectedInteraction {
    CollectedInteraction {
        started_at: call.start,
        guid: call.guid.to_string(),
        conversation: call.conversation_guid.map(|g| g.to_string()),
        duration_ms: call.duration_ms,
        talk_ms: call.talk_ms,
        direction: call.direction.as_str().to_owned(),
        medium: call.medium.clone(),
        completed: call.completed,
        connect_from: call.connect_from.clone(),
        connect_to: call.connect_to.clone(),
        service: call.service.clone(),
        agent: call.agent_id.clone(),
    }
}

// What the ledger has and a complete answer lacks is gone at its source; the copy at home stays.
async fn vanished(lane: &Lane, batch: &ListedBatch) -> Result<(), Error> {
    let Some((from, to)) = batch.complete else {
        return Ok(());
    };
    let ctx = &lane.site.ctx;
    let connection = lane.scope.connection;
    let present: HashSet<String> = batch.present.iter().map(ToString::to_string).collect();
    let mut gone = Vec::new();
    let mut n_known = 0;
    let mut after = Place::before(from);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page = items::items_page(&mut tx, connection, &after, to, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = Place {
            started_at: last.started_at,
            guid: last.guid.clone(),
            content_key: last.content_key.clone(),
        };
        n_known += page.len();
        gone.extend(
            page.into_iter()
                .filter(|item| item.state != ItemState::Gone && !present.contains(&item.guid)),
        );
    }
    if gone.is_empty() {
        return Ok(());
    }
    if gone.len() > VANISHED_FEW && gone.len() * VANISHED_SHARE > n_known {
        lane.note(
            "most recordings that could be seen before can no longer be seen: the owner's permissions were probably taken away",
        );
        return Ok(());
    }
    let at = ctx.clock.now();
    let mut tx = ctx.db.begin_write().await?;
    for item in &gone {
        let why = "no longer listed";
        commit::tombstone(&mut tx, connection, item, at, why).await?;
    }
    let lost: Vec<items::CollectedItem> = gone
        .into_iter()
        .filter(|item| item.state != ItemState::Verified)
        .map(|item| items::CollectedItem {
            state: ItemState::Gone,
            reason: Some("deleted_at_source".to_owned()),
            detail: "deleted before it could be fetched".to_owned(),
            ..item
        })
        .collect();
    items::items_put(&mut tx, connection, &lost, at).await?;
    tx.commit().await?;
    Ok(())
}
