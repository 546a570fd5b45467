//! Reading everything back: bytes, balance, manifest and tombstones.
//!
//! A damaged file is named, and its item is fetched again by the next run.

use crate::commit;
use crate::connection::{ConnectionName, connection_show};
use crate::context::CollectCtx;
use crate::corpus::Folder;
use crate::error::Error;
use crate::fetch::body::joined;
use crate::sink::Sink;
use crate::sink::local::{LocalSink, content_path};
use futures_util::stream::{self, StreamExt as _};
use ringfence_core::digest::{ContentDigest, ContentHasher};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::items::{self, CollectedItem, ItemState};
use ringfence_store::collect::recordings::{self, CollectedRecording};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::task::spawn_blocking;

const PAGE: i64 = 500;
const SIDE_BY_SIDE: usize = 4;
const READ_BYTES: usize = 1 << 20;
const MAX_NAMED: usize = 1_000;

/// A file that is not what the ledger says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The interaction.
    pub guid: String,
    /// The item's key.
    pub content_key: String,
    /// The file, relative to the corpus.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// Whether the next run fetches it again.
    pub is_fetched_again: bool,
}

/// What a verification found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VerifyReport {
    /// Recordings read back.
    pub recordings: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are missing or changed; up to a thousand are named.
    pub damaged: Vec<Damage>,
    /// How many there are.
    pub n_damaged: u64,
    /// Files with no row: left by a crash, harmless. Up to a thousand are named.
    pub orphans: Vec<String>,
    /// How many there are.
    pub n_orphans: u64,
    /// Lines of the manifest.
    pub manifest_lines: u64,
    /// What is wrong with the manifest or the ledger.
    pub faults: Vec<String>,
    /// Items that their source no longer has.
    pub tombstones: u64,
    /// Those of them with a copy at home.
    pub kept_copies: u64,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.n_damaged == 0 && self.faults.is_empty()
    }
}

/// Reads a corpus back.
///
/// # Errors
/// There is no such connection, a run is under way, or the store or the disk fails.
pub async fn corpus_verify(
    ctx: &CollectCtx,
    name: &ConnectionName,
    mut told: impl FnMut(u64),
) -> Result<VerifyReport, Error> {
    let connection = connection_show(ctx, name).await?.id;
    let folder = Folder::open(ctx, name)?;
    let _lock = folder.lock()?;
    let sink = LocalSink::open_at(folder.path(), Arc::clone(&ctx.random))
        .map_err(|e| Error::disk("opening the corpus", e))?;
    let sink: Arc<dyn Sink> = Arc::new(sink);
    let mut report = VerifyReport::default();
    let n_current = verify_recordings(ctx, connection, &sink, &mut report, &mut told).await?;
    verify_balance(ctx, connection, n_current, &mut report).await?;
    verify_manifest(ctx, connection, &mut report).await?;
    verify_tombstones(ctx, connection, &mut report).await?;
    find_orphans(ctx, connection, &sink, &mut report).await?;
    Ok(report)
}

async fn verify_recordings(
    ctx: &CollectCtx,
    connection: ConnectionId,
    sink: &Arc<dyn Sink>,
    report: &mut VerifyReport,
    told: &mut impl FnMut(u64),
) -> Result<u64, Error> {
    let mut n_current = 0;
    let mut after = (Place::before(Timestamp::from_ms(i64::MIN)), i64::MIN);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let to = Timestamp::from_ms(i64::MAX);
        let page =
            recordings::recordings_page(&mut tx, connection, (&after.0, after.1), to, PAGE).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            break;
        };
        after = (place(last), last.version);
        let guids: Vec<String> = page.iter().map(|r| r.guid.clone()).collect();
        let range = (first.started_at, last.started_at);
        let known = items::items_of(&mut tx, connection, range.0, range.1, &guids).await?;
        drop(tx);
        let known: HashMap<(String, String), CollectedItem> = known
            .into_iter()
            .map(|item| ((item.guid.clone(), item.content_key.clone()), item))
            .collect();
        let mut checked = stream::iter(page.iter().map(async |r| (r, read_back(sink, r).await)))
            .buffered(SIDE_BY_SIDE);
        let mut damaged = Vec::new();
        while let Some((recording, found)) = checked.next().await {
            report.recordings += 1;
            report.bytes += u64::try_from(recording.size_bytes).unwrap_or_default();
            let key = (recording.guid.clone(), recording.content_key.clone());
            let item = known.get(&key);
            let is_current = item.is_some_and(|i| i.version == recording.version);
            if is_current && item.is_some_and(|i| i.state == ItemState::Verified) {
                n_current += 1;
            }
            if item.is_none() {
                report
                    .faults
                    .push(format!("the recording of {} has no item", recording.guid));
            }
            if let Some(what) = found? {
                damaged.push((recording, what, is_current));
            }
        }
        told(report.recordings);
        note_damage(ctx, connection, damaged, report).await?;
    }
    Ok(n_current)
}

async fn note_damage(
    ctx: &CollectCtx,
    connection: ConnectionId,
    damaged: Vec<(&CollectedRecording, String, bool)>,
    report: &mut VerifyReport,
) -> Result<(), Error> {
    if damaged.is_empty() {
        return Ok(());
    }
    let at = ctx.clock.now();
    let mut tx = ctx.db.begin_write().await?;
    for (recording, what, is_current) in damaged {
        if is_current {
            items::item_damaged(&mut tx, connection, &place(recording), &what, at).await?;
        }
        report.n_damaged += 1;
        if report.damaged.len() < MAX_NAMED {
            let digest = ContentDigest::parse(&recording.sha256).ok();
            report.damaged.push(Damage {
                guid: recording.guid.clone(),
                content_key: recording.content_key.clone(),
                path: digest.map_or_else(String::new, |d| content_path(&d, &recording.extension)),
                what,
                is_fetched_again: is_current,
            });
        }
    }
    tx.commit().await?;
    Ok(())
}

// What is wrong with a file, if anything.
async fn read_back(
    sink: &Arc<dyn Sink>,
    recording: &CollectedRecording,
) -> Result<Option<String>, Error> {
    let Ok(digest) = ContentDigest::parse(&recording.sha256) else {
        return Ok(Some("its digest in the ledger is no digest".to_owned()));
    };
    let sink = Arc::clone(sink);
    let extension = recording.extension.clone();
    let size = u64::try_from(recording.size_bytes).unwrap_or_default();
    let read = spawn_blocking(move || {
        let mut file = match sink.open(&digest, &extension) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Some("the file is missing".to_owned()));
            }
            Err(error) => return Err(error),
        };
        let mut hasher = ContentHasher::new();
        let mut buffer = vec![0; READ_BYTES];
        let mut n_read = 0_u64;
        loop {
            let n = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Ok(Some(format!("the file cannot be read: {error}"))),
            };
            hasher.update(buffer.get(..n).unwrap_or_default());
            n_read += n as u64;
        }
        if n_read != size {
            return Ok(Some(format!(
                "the file has {n_read} bytes instead of {size}"
            )));
        }
        let same = hasher.finish() == digest;
        Ok((!same).then(|| "the bytes have changed".to_owned()))
    });
    joined(read.await)?.map_err(|e| Error::disk("reading a recording back", e))
}

async fn verify_balance(
    ctx: &CollectCtx,
    connection: ConnectionId,
    n_current: u64,
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_read().await?;
    let counts = items::items_count(&mut tx, connection).await?;
    let n_of = |state: ItemState| {
        counts
            .iter()
            .find(|(name, _)| name == state.as_str())
            .map_or(0, |(_, n)| u64::try_from(*n).unwrap_or_default())
    };
    let n_marked = report.damaged.iter().filter(|d| d.is_fetched_again).count() as u64;
    let n_verified = n_of(ItemState::Verified) + n_marked;
    // Counted before this verification marked damage; after a thousand the names end.
    if report.n_damaged <= MAX_NAMED as u64 && n_verified != n_current {
        report.faults.push(format!(
            "{n_verified} items count as at home, but {n_current} have a recording of their version"
        ));
    }
    Ok(())
}

async fn verify_manifest(
    ctx: &CollectCtx,
    connection: ConnectionId,
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let mut before = String::new();
    let mut number = 0;
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page = recordings::manifest_page(&mut tx, connection, number, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for line in page {
            if line.line != number + 1 {
                report
                    .faults
                    .push(format!("the manifest lacks lines before {}", line.line));
            } else if commit::chain(&before, &line) != line.chain {
                report
                    .faults
                    .push(format!("line {} of the manifest was changed", line.line));
            }
            if report.faults.len() > MAX_NAMED {
                return Ok(());
            }
            number = line.line;
            before = line.chain;
            report.manifest_lines += 1;
        }
    }
    if report.manifest_lines < report.recordings {
        report.faults.push(format!(
            "the manifest has {} lines for {} recordings",
            report.manifest_lines, report.recordings
        ));
    }
    Ok(())
}

async fn verify_tombstones(
    ctx: &CollectCtx,
    connection: ConnectionId,
    report: &mut VerifyReport,
) -> Result<(), Error> {
    let mut after = Place::before(Timestamp::from_ms(i64::MIN));
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page = items::tombstones_page(&mut tx, connection, &after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Place {
            started_at: last.started_at,
            guid: last.guid.clone(),
            content_key: last.content_key.clone(),
        };
        let kept: Vec<String> = page.iter().filter_map(|s| s.sha256.clone()).collect();
        let known = recordings::recordings_known(&mut tx, connection, &kept).await?;
        for digest in &kept {
            if !known.contains(digest) {
                report.faults.push(format!(
                    "a tombstone names a copy that the ledger lacks: {digest}"
                ));
            }
        }
        report.tombstones += page.len() as u64;
        report.kept_copies += kept.len() as u64;
    }
}

async fn find_orphans(
    ctx: &CollectCtx,
    connection: ConnectionId,
    sink: &Arc<dyn Sink>,
    report: &mut VerifyReport,
) -> Result<(), Error> {
    for byte in 0..=255 {
        let files = Arc::clone(sink);
        let files = joined(spawn_blocking(move || files.published(byte)).await)?
            .map_err(|e| Error::disk("listing the corpus", e))?;
        let digests: Vec<String> = files.iter().map(|(d, _, _)| d.to_string()).collect();
        if digests.is_empty() {
            continue;
        }
        let mut tx = ctx.db.begin_read().await?;
        let known = recordings::recordings_known(&mut tx, connection, &digests).await?;
        for (digest, extension, _) in files {
            if !known.contains(&digest.to_string()) {
                report.n_orphans += 1;
                if report.orphans.len() < MAX_NAMED {
                    report.orphans.push(content_path(&digest, &extension));
                }
            }
        }
    }
    Ok(())
}

fn place(recording: &CollectedRecording) -> Place {
    Place {
        started_at: recording.started_at,
        guid: recording.guid.clone(),
        content_key: recording.content_key.clone(),
    }
}
