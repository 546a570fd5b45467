//! Loading recordings with their call data from a folder into the store.
//!
//! [`recordings_import`] is the act on one screen. `manifest` and `asterisk` turn a
//! folder into rows, `call` turns a row into an interaction, `load` puts rows and
//! files into the store. Nothing is held in proportion to the folder's size, and every
//! row ends as new, known or refused. The act may stop at any point and be run again:
//! what is there already is found by its id and digest.

mod asterisk;
pub(crate) mod call;
mod lines;
mod load;
mod manifest;
mod monitor;
pub mod provisioning;
mod source_file;

use crate::context::{Actor, Change, Ctx};
use crate::error::Error;
use ringfence_core::content::ContentKind;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::AccountId;
use ringfence_store::feed::FeedKind;
use serde_json::json;
use std::path::{Path, PathBuf};

/// How many refusals a report spells out; all are counted.
pub const REFUSALS_KEPT: usize = 1_000;

// Rows committed together, and bytes that may wait for it.
const BATCH_ROWS: usize = 64;
const BATCH_BYTES: u64 = 64 * 1024 * 1024;

/// What became of every row.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ImportReport {
    /// Interactions that were added.
    pub interactions_new: u64,
    /// Interactions that were there already.
    pub interactions_known: u64,
    /// Content items that were added.
    pub items_new: u64,
    /// Content items that were there already.
    pub items_known: u64,
    /// How many rows and files were refused.
    pub n_refused: u64,
    /// The first [`REFUSALS_KEPT`] of them.
    pub refused: Vec<Refusal>,
}

/// A row or file that was refused, while the others went on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The line of the manifest; 0 for a file that no line names.
    pub line: u64,
    /// The file it names; may be empty.
    pub file: String,
    /// Why, and what to do.
    pub reason: String,
}

/// How far an import has come.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ImportProgress {
    /// Bytes of the manifest read.
    pub manifest_bytes: u64,
    /// Bytes of the manifest.
    pub manifest_total: u64,
    /// Rows dealt with.
    pub rows: u64,
    /// Rows and files refused.
    pub refused: u64,
    /// Bytes of content read.
    pub content_bytes: u64,
}

/// Hears how far an import has come, after each batch.
pub type OnProgress<'p> = &'p mut (dyn FnMut(ImportProgress) + Send);

/// One row of whatever format: a call, and one file of it if there is one.
#[derive(Debug)]
struct ImportRow {
    line: u64,
    call: call::Call,
    item: Option<ItemFile>,
}

/// A file as a row names it.
#[derive(Debug)]
struct ItemFile {
    kind: ContentKind,
    path: String,
    sha256: Option<ContentDigest>,
}

/// Where rows come from.
#[derive(Debug)]
enum Source {
    Manifest(Box<manifest::ManifestRows>),
    Asterisk(Box<asterisk::AsteriskRows>),
}

/// Loads a folder's recordings and call data into an account: `manifest.csv`,
/// `manifest.jsonl`, or an Asterisk `Master.csv` with the recordings below it.
///
/// # Errors
/// [`Error::Invalid`] when the folder holds no such list or its header is wrong,
/// [`Error::Unavailable`] when the disk is full or the database gone: run it again then.
pub async fn recordings_import(
    ctx: &Ctx,
    actor: &Actor,
    account_id: AccountId,
    folder: &Path,
    on_progress: OnProgress<'_>,
) -> Result<ImportReport, Error> {
    let root = open_folder(folder).await?;
    let mut source = Source::open(account_id, &root).await?;
    let mut loader = load::Loader::new(ctx, account_id, root);
    while let Some(row) = source.next().await? {
        match row {
            Ok(row) => loader.add(row).await?,
            Err(refusal) => loader.refuse(refusal),
        }
        if loader.is_full() {
            loader.flush().await?;
            on_progress(loader.progress(&source));
        }
    }
    loader.flush().await?;
    while let Some(refusal) = source.next_unmatched().await? {
        loader.refuse(refusal);
    }
    on_progress(loader.progress(&source));
    let report = loader.into_report();
    record(ctx, actor, account_id, &report).await?;
    Ok(report)
}

impl ImportReport {
    fn refuse(&mut self, refusal: Refusal) {
        self.n_refused += 1;
        if self.refused.len() < REFUSALS_KEPT {
            self.refused.push(refusal);
        }
    }
}

impl Refusal {
    // Names come from outside and may be as long as a line.
    fn new(line: u64, file: &str, reason: impl Into<String>) -> Self {
        Self {
            line,
            file: file.chars().take(256).collect(),
            reason: reason.into(),
        }
    }
}

impl Source {
    async fn open(account_id: AccountId, root: &Path) -> Result<Self, Error> {
        const NAMES: [&str; 4] = [
            "manifest.csv",
            "manifest.jsonl",
            "Master.csv",
            "cdr-csv/Master.csv",
        ];
        let found: Vec<&str> = NAMES
            .into_iter()
            .filter(|name| root.join(name).is_file())
            .collect();
        match found.as_slice() {
            ["manifest.csv"] => Ok(Self::Manifest(Box::new(
                manifest::ManifestRows::open_csv(&root.join("manifest.csv")).await?,
            ))),
            ["manifest.jsonl"] => Ok(Self::Manifest(Box::new(
                manifest::ManifestRows::open_jsonl(&root.join("manifest.jsonl")).await?,
            ))),
            [master] => Ok(Self::Asterisk(Box::new(
                asterisk::AsteriskRows::open(account_id, root, &root.join(master)).await?,
            ))),
            [] => Err(Error::Invalid(format!(
                "{} holds no manifest.csv, manifest.jsonl or Asterisk Master.csv",
                root.display()
            ))),
            several => Err(Error::Invalid(format!(
                "{} holds {}; keep one of them there",
                root.display(),
                several.join(" and ")
            ))),
        }
    }

    async fn next(&mut self) -> Result<Option<Result<ImportRow, Refusal>>, Error> {
        match self {
            Self::Manifest(rows) => rows.next().await,
            Self::Asterisk(rows) => rows.next().await,
        }
    }

    async fn next_unmatched(&mut self) -> Result<Option<Refusal>, Error> {
        match self {
            Self::Manifest(_) => Ok(None),
            Self::Asterisk(rows) => rows.next_unmatched().await,
        }
    }

    const fn position(&self) -> (u64, u64) {
        match self {
            Self::Manifest(rows) => rows.position(),
            Self::Asterisk(rows) => rows.position(),
        }
    }
}

async fn open_folder(folder: &Path) -> Result<PathBuf, Error> {
    let root = tokio::fs::canonicalize(folder).await.map_err(|error| {
        Error::Invalid(format!("{} cannot be opened: {error}", folder.display()))
    })?;
    if !root.is_dir() {
        return Err(Error::Invalid(format!(
            "{} is not a folder; give the one that holds the manifest",
            folder.display()
        )));
    }
    Ok(root)
}

async fn record(
    ctx: &Ctx,
    actor: &Actor,
    account_id: AccountId,
    report: &ImportReport,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    let change = Change {
        kind: FeedKind::Account,
        account_id: Some(account_id),
        act: "recordings.import",
        subject: account_id.to_string(),
        detail: json!({
            "interactions_new": report.interactions_new,
            "interactions_known": report.interactions_known,
            "items_new": report.items_new,
            "items_known": report.items_known,
            "refused": report.n_refused,
        }),
        actor,
    };
    ctx.record(&mut tx, change).await?;
    ctx.commit(tx).await
}
