//! Rows and files into the store: files staged, blobs claimed, bytes published, rows committed.

use super::source_file::{self, Fault};
use super::{
    BATCH_BYTES, BATCH_ROWS, ImportProgress, ImportReport, ImportRow, ItemFile, Refusal, Source,
};
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::interaction::Interaction;
use ringfence_core::time::Timestamp;
use ringfence_store::blobs::StagedBlob;
use ringfence_store::blobs::ledger::blob_claim;
use ringfence_store::contents::{content_find, content_insert};
use ringfence_store::db::Tx;
use ringfence_store::interactions::{interactions_find, interactions_insert};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Gathers rows into batches and commits them.
#[derive(Debug)]
pub(super) struct Loader {
    ctx: Ctx,
    account_id: AccountId,
    root: PathBuf,
    report: ImportReport,
    pending: Vec<Pending>,
    pending_bytes: u64,
    rows: u64,
    content_bytes: u64,
    last_counted: Option<InteractionId>,
}

/// A row whose file has been looked at.
#[derive(Debug)]
struct Pending {
    row: ImportRow,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The row names no file.
    None,
    /// The store has this file already.
    Known,
    /// The file is staged.
    Staged(ContentKind, StagedBlob),
    /// The file is in its place; only its row is missing.
    Published(ContentItem),
}

/// What a committed batch adds to the report.
#[derive(Default)]
struct Tally {
    interactions_new: u64,
    interactions_known: u64,
    items_new: u64,
    items_known: u64,
    refused: Vec<Refusal>,
}

impl Loader {
    pub(super) fn new(ctx: &Ctx, account_id: AccountId, root: PathBuf) -> Self {
        Self {
            ctx: ctx.clone(),
            account_id,
            root,
            report: ImportReport::default(),
            pending: Vec::new(),
            pending_bytes: 0,
            rows: 0,
            content_bytes: 0,
            last_counted: None,
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.pending.len() >= BATCH_ROWS || self.pending_bytes >= BATCH_BYTES
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.rows += 1;
        self.report.refuse(refusal);
    }

    pub(super) const fn progress(&self, source: &Source) -> ImportProgress {
        let (manifest_bytes, manifest_total) = source.position();
        ImportProgress {
            manifest_bytes,
            manifest_total,
            rows: self.rows,
            refused: self.report.n_refused,
            content_bytes: self.content_bytes,
        }
    }

    pub(super) fn into_report(mut self) -> ImportReport {
        self.report.refused.sort_by_key(|refusal| refusal.line);
        self.report
    }

    /// Looks at a row's file; the row is committed with its batch.
    pub(super) async fn add(&mut self, row: ImportRow) -> Result<(), Error> {
        let content = match &row.item {
            None => Content::None,
            Some(item) => match self.look_at(&row, item).await {
                Ok(content) => content,
                Err(Fault::Refused(reason)) => {
                    self.refuse(Refusal::new(row.line, &item.path, reason));
                    return Ok(());
                }
                Err(Fault::Stop(error)) => return Err(error),
            },
        };
        if let Content::Staged(_, staged) = &content {
            self.pending_bytes += staged.size_bytes;
            self.content_bytes += staged.size_bytes;
        }
        self.rows += 1;
        self.pending.push(Pending { row, content });
        Ok(())
    }

    // A file that is known by its digest is not read again.
    async fn look_at(&self, row: &ImportRow, item: &ItemFile) -> Result<Content, Fault> {
        if let Some(stored) = self.stored(row.call.id, item).await? {
            let digest = match item.sha256 {
                Some(digest) => digest,
                None => source_file::digest(&self.root, item).await?,
            };
            if digest == stored {
                return Ok(Content::Known);
            }
            return Err(Fault::Refused(source_file::other_content(
                item.kind, stored,
            )));
        }
        let staged = source_file::stage(&self.ctx.blobs, &self.root, item).await?;
        if let Some(named) = item.sha256.filter(|named| *named != staged.sha256) {
            return Err(Fault::Refused(format!(
                "sha256: the file's digest is {} and the manifest says {named}; copy the file again or correct the manifest",
                staged.sha256
            )));
        }
        Ok(Content::Staged(item.kind, staged))
    }

    // The digest of what the store has under the item's key, when the key can be known yet.
    async fn stored(
        &self,
        interaction_id: InteractionId,
        item: &ItemFile,
    ) -> Result<Option<ContentDigest>, Error> {
        let key = match item.sha256 {
            Some(sha256) => ContentKey::derived(item.kind, interaction_id, sha256),
            None if item.kind.has_fixed_key() => ContentKey::fixed(item.kind),
            None => return Ok(None),
        };
        let mut tx = self.ctx.db.begin_read().await?;
        let found = content_find(&mut tx, self.account_id, interaction_id, &key).await?;
        Ok(found.map(|stored| stored.sha256))
    }

    /// Commits what was gathered. Bytes are in their place before a row names them, and
    /// known to the blob store's own rows before that, so a crash leaves nothing astray.
    pub(super) async fn flush(&mut self) -> Result<(), Error> {
        let now = self.ctx.now();
        let mut batch = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.claim(&mut batch, now).await?;
        for pending in &mut batch {
            let content = std::mem::replace(&mut pending.content, Content::None);
            pending.content = if let Content::Staged(kind, staged) = content {
                let item = content_item(&pending.row, kind, &staged, now);
                self.ctx.blobs.publish(staged).await?;
                Content::Published(item)
            } else {
                content
            };
        }
        if batch.is_empty() {
            return Ok(());
        }
        let mut tx = self.ctx.db.begin_write().await?;
        let tally = self.write(&mut tx, &batch, now).await?;
        tx.commit().await?;
        self.last_counted = batch.last().map(|pending| pending.row.call.id);
        self.add_up(tally);
        Ok(())
    }

    async fn write(&self, tx: &mut Tx, batch: &[Pending], now: Timestamp) -> Result<Tally, Error> {
        let interactions: Vec<Interaction> = batch
            .iter()
            .map(|pending| pending.row.call.interaction(self.account_id, now))
            .collect();
        let mut new = interactions_insert(tx, &interactions).await?;
        let mut not_added = new.clone();
        let known: Vec<InteractionId> = interactions
            .iter()
            .map(|interaction| interaction.id)
            .filter(|id| !not_added.remove(id))
            .collect();
        let found = interactions_find(tx, self.account_id, &known).await?;
        let stored: HashMap<_, _> = found.into_iter().map(|i| (i.id, i)).collect();

        let mut tally = Tally::default();
        let mut last = self.last_counted;
        for pending in batch {
            let call = &pending.row.call;
            let is_new = new.remove(&call.id);
            let contradiction = (!is_new)
                .then(|| {
                    stored
                        .get(&call.id)
                        .and_then(|stored| call.contradiction(stored))
                })
                .flatten();
            let written = match contradiction {
                Some(what) => Err(format!(
                    "the store has this interaction with another {what}; an import never changes one"
                )),
                None => self.write_item(tx, pending).await?,
            };
            match written {
                Ok(item_new) => {
                    let again = last == Some(call.id);
                    tally.count(pending, (is_new, item_new), again);
                }
                Err(reason) => tally.refused.push(refusal(&pending.row, reason)),
            }
            last = Some(call.id);
        }
        Ok(tally)
    }

    async fn claim(&mut self, batch: &mut Vec<Pending>, now: Timestamp) -> Result<(), Error> {
        // In order, so that two imports of the same files never wait for each other in a ring.
        let staged: BTreeMap<ContentDigest, u64> = batch
            .iter()
            .filter_map(|pending| match &pending.content {
                Content::Staged(_, blob) => Some((blob.sha256, blob.size_bytes)),
                Content::None | Content::Known | Content::Published(_) => None,
            })
            .collect();
        if staged.is_empty() {
            return Ok(());
        }
        let mut swept = Vec::new();
        let mut tx = self.ctx.db.begin_write().await?;
        for (sha256, size_bytes) in staged {
            if !blob_claim(&mut tx, sha256, size_bytes, now).await? {
                swept.push(sha256);
            }
        }
        tx.commit().await?;
        batch.retain(|pending| {
            let Content::Staged(_, blob) = &pending.content else {
                return true;
            };
            let kept = !swept.contains(&blob.sha256);
            if !kept {
                let reason = "the same bytes are just being deleted; run the import again later";
                self.report.refuse(refusal(&pending.row, reason.to_owned()));
            }
            kept
        });
        Ok(())
    }

    // Whether the item was added, or why the row is refused.
    async fn write_item(
        &self,
        tx: &mut Tx,
        pending: &Pending,
    ) -> Result<Result<bool, String>, Error> {
        let Content::Published(item) = &pending.content else {
            return Ok(Ok(false));
        };
        let id = pending.row.call.id;
        if content_insert(tx, self.account_id, id, item).await? {
            return Ok(Ok(true));
        }
        let stored = content_find(tx, self.account_id, id, &item.key).await?;
        match stored.filter(|stored| stored.sha256 != item.sha256) {
            Some(stored) => Ok(Err(source_file::other_content(item.kind, stored.sha256))),
            None => Ok(Ok(false)),
        }
    }

    fn add_up(&mut self, tally: Tally) {
        self.report.interactions_new += tally.interactions_new;
        self.report.interactions_known += tally.interactions_known;
        self.report.items_new += tally.items_new;
        self.report.items_known += tally.items_known;
        for refusal in tally.refused {
            self.report.refuse(refusal);
        }
    }
}

impl Tally {
    // Rows of one interaction that follow one another count it once.
    fn count(&mut self, pending: &Pending, (interaction_new, item_new): (bool, bool), again: bool) {
        if interaction_new {
            self.interactions_new += 1;
        } else if !again {
            self.interactions_known += 1;
        }
        match &pending.content {
            Content::None => {}
            Content::Published(_) if item_new => self.items_new += 1,
            Content::Known | Content::Staged(..) | Content::Published(_) => self.items_known += 1,
        }
    }
}

fn refusal(row: &ImportRow, reason: String) -> Refusal {
    let file = row.item.as_ref().map_or("", |item| item.path.as_str());
    Refusal::new(row.line, file, reason)
}

fn content_item(
    row: &ImportRow,
    kind: ContentKind,
    staged: &StagedBlob,
    now: Timestamp,
) -> ContentItem {
    let owned = kind == ContentKind::Voicemail;
    ContentItem {
        key: ContentKey::derived(kind, row.call.id, staged.sha256),
        kind,
        media_type: kind.media_type().to_owned(),
        size_bytes: staged.size_bytes,
        sha256: staged.sha256,
        last_modified: now,
        owner_agent: row.call.agent.clone().filter(|_| owned),
        owner_plan: None,
        properties: None,
        legal_hold: false,
    }
}
