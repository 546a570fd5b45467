//! Writing outcomes into the ledger: many at once, each batch in one transaction.
//!
//! The bytes are durable before this begins. A crash in between leaves a file without a
//! row, which the next run fetches anew or `collect verify` names; never the reverse.

use crate::context::CollectCtx;
use crate::error::Error;
use crate::fetch::Outcome;
use crate::fetch::judge::Stored;
use crate::plan::Work;
use ringfence_core::digest::ContentDigest;
use ringfence_core::gap::GapReason;
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::items::{self, CollectedItem, ItemState, Tombstone};
use ringfence_store::collect::recordings::{self, CollectedRecording, ManifestLine};
use ringfence_store::db::{self, Tx};
use std::collections::BTreeMap;

// A database that restarts is waited for this often, a second at first, then longer.
const STORE_TRIES: u32 = 8;

/// Counts of content items; what was listed is the sum of the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Items taken up.
    pub listed: u64,
    /// Items brought home.
    pub fetched: u64,
    /// Items that were at home.
    pub already_had: u64,
    /// Items that the platform does not give, or that are not accepted.
    pub refused: u64,
    /// Items to be tried again.
    pub failed: u64,
    /// Bytes brought home.
    pub bytes: u64,
}

impl Tally {
    /// Adds another part of the run.
    pub const fn add(&mut self, other: &Self) {
        self.listed += other.listed;
        self.fetched += other.fetched;
        self.already_had += other.already_had;
        self.refused += other.refused;
        self.failed += other.failed;
        self.bytes += other.bytes;
    }

    /// Whether everything listed is accounted for.
    #[must_use]
    pub const fn is_balanced(&self) -> bool {
        self.listed == self.fetched + self.already_had + self.refused + self.failed
    }
}

/// Where a batch belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope {
    /// The connection.
    pub connection: ConnectionId,
    /// The run.
    pub run: RunId,
}

/// Writes a batch and says what it was.
///
/// # Errors
/// The store fails, for longer than a restart takes.
pub async fn commit(
    ctx: &CollectCtx,
    scope: Scope,
    batch: &[(Work, Outcome)],
) -> Result<Tally, Error> {
    let mut tries = 0;
    loop {
        match write(ctx, scope, batch).await {
            Ok(()) => return Ok(tally(batch)),
            Err(error @ (db::Error::Unreachable(_) | db::Error::Full)) => {
                tries += 1;
                if tries >= STORE_TRIES {
                    return Err(error.into());
                }
                tracing::warn!(tries, error = %error, "the store does not take a batch; it is kept and tried again");
                ctx.wait.wait(500 << tries.min(5)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn write(ctx: &CollectCtx, scope: Scope, batch: &[(Work, Outcome)]) -> Result<(), db::Error> {
    let at = ctx.clock.now();
    // One statement may not touch a row twice.
    let latest: BTreeMap<_, _> = batch
        .iter()
        .map(|(work, outcome)| {
            let key = (
                work.item.started_at,
                work.item.guid.as_str(),
                work.item.content_key.as_str(),
            );
            (key, (work, outcome))
        })
        .collect();
    let items: Vec<CollectedItem> = latest
        .values()
        .map(|(work, outcome)| settled(&work.item, outcome))
        .collect();
    let mut tx = ctx.db.begin_write().await?;
    items::items_put(&mut tx, scope.connection, &items, at).await?;
    let mut last = recordings::manifest_last(&mut tx, scope.connection).await?;
    for (work, outcome) in latest.values() {
        match outcome {
            Outcome::Fetched(stored) => {
                let recording = recording(&work.item, stored, scope.run, at);
                recordings::recording_put(&mut tx, scope.connection, &recording).await?;
                let line = next_line(last.as_ref(), &recording);
                recordings::manifest_append(&mut tx, scope.connection, &line).await?;
                last = Some(line);
            }
            Outcome::Gone => {
                tombstone(
                    &mut tx,
                    scope.connection,
                    &work.item,
                    at,
                    "the platform answers that it is gone",
                )
                .await?;
            }
            Outcome::Refused { .. } | Outcome::Failed { .. } => {}
        }
    }
    tx.commit().await
}

fn settled(item: &CollectedItem, outcome: &Outcome) -> CollectedItem {
    let (state, reason, detail, attempts) = match outcome {
        Outcome::Fetched(_) => (ItemState::Verified, None, "", 0),
        Outcome::Refused { reason, detail } => (
            ItemState::Refused,
            Some(*reason),
            detail.as_str(),
            item.attempts + 1,
        ),
        Outcome::Gone => (
            ItemState::Gone,
            Some(GapReason::DeletedAtSource),
            "listed, but gone when it was to be fetched",
            0,
        ),
        Outcome::Failed { detail } => (
            ItemState::Failed,
            Some(GapReason::Late),
            detail.as_str(),
            item.attempts + 1,
        ),
    };
    CollectedItem {
        state,
        reason: reason.map(|r| r.as_str().to_owned()),
        detail: detail.to_owned(),
        attempts,
        ..item.clone()
    }
}

fn recording(
    item: &CollectedItem,
    stored: &Stored,
    run: RunId,
    at: Timestamp,
) -> CollectedRecording {
    let facts = stored.facts.as_ref();
    CollectedRecording {
        started_at: item.started_at,
        guid: item.guid.clone(),
        content_key: item.content_key.clone(),
        version: item.version,
        sha256: stored.digest.to_string(),
        extension: stored.extension.to_owned(),
        size_bytes: i64::try_from(stored.size_bytes).unwrap_or(i64::MAX),
        codec: facts.map_or("unread", |f| f.format.as_str()).to_owned(),
        channels: facts.map_or(0, |f| i64::from(f.channels)),
        sample_rate: facts.map_or(0, |f| i64::from(f.sample_rate)),
        duration_ms: facts.map_or(0, |f| i64::try_from(f.duration_ms).unwrap_or(i64::MAX)),
        notes: stored.notes.join("; "),
        digests: i64::try_from(stored.n_digests).unwrap_or(i64::MAX),
        fetched_at: at,
        run_id: run,
    }
}

/// Notes that the source no longer has an item, and which copy of it is at home.
///
/// # Errors
/// The database broke off.
pub async fn tombstone(
    tx: &mut Tx,
    connection: ConnectionId,
    item: &CollectedItem,
    at: Timestamp,
    reason: &str,
) -> Result<(), db::Error> {
    let place = ringfence_store::collect::Place {
        started_at: item.started_at,
        guid: item.guid.clone(),
        content_key: item.content_key.clone(),
    };
    let to = item.started_at.plus_ms(1);
    let copies = recordings::recordings_page(tx, connection, (&place, i64::MIN), to, 100).await?;
    let copy = copies
        .iter()
        .rfind(|r| r.guid == item.guid && r.content_key == item.content_key);
    let stone = Tombstone {
        started_at: item.started_at,
        guid: item.guid.clone(),
        content_key: item.content_key.clone(),
        seen_at: at,
        reason: reason.to_owned(),
        sha256: copy.map(|r| r.sha256.clone()),
    };
    items::tombstone_put(tx, connection, &stone).await
}

fn next_line(last: Option<&ManifestLine>, recording: &CollectedRecording) -> ManifestLine {
    let mut line = ManifestLine {
        line: last.map_or(1, |l| l.line + 1),
        started_at: recording.started_at,
        guid: recording.guid.clone(),
        content_key: recording.content_key.clone(),
        version: recording.version,
        sha256: recording.sha256.clone(),
        size_bytes: recording.size_bytes,
        chain: String::new(),
    };
    line.chain = chain(last.map_or("", |l| l.chain.as_str()), &line);
    line
}

/// The digest over the chain of the line before and what a line says.
#[must_use]
pub fn chain(before: &str, line: &ManifestLine) -> String {
    // The key is the platform's text, so its length goes before it.
    let text = format!(
        "{before}\n{}\n{}\n{}\n{}:{}\n{}\n{}\n{}",
        line.line,
        line.started_at.ms(),
        line.guid,
        line.content_key.len(),
        line.content_key,
        line.version,
        line.sha256,
        line.size_bytes
    );
    ContentDigest::of(text.as_bytes()).to_string()
}

fn tally(batch: &[(Work, Outcome)]) -> Tally {
    let mut tally = Tally::default();
    // What was listed is counted where it is listed, so that a lost item shows.
    for (_, outcome) in batch {
        match outcome {
            Outcome::Fetched(stored) => {
                tally.fetched += 1;
                tally.bytes += stored.size_bytes;
            }
            Outcome::Refused { .. } | Outcome::Gone => tally.refused += 1,
            Outcome::Failed { .. } => tally.failed += 1,
        }
    }
    tally
}
