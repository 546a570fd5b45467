//! The blob store: bytes under their SHA-256, on the local disk or in an S3-compatible store.
//!
//! Bytes are spooled to a local file while they are hashed, made durable, then published
//! under their digest in one step, so nobody ever sees a part of a file. The order of an
//! act that stores content: [`BlobStore::writer`] → [`ledger::blob_claim`] in a
//! transaction → [`BlobStore::publish`] → the row that names the blob. A crash anywhere
//! leaves at worst a blob that no row names, which the sweeper removes.

mod disk;
pub mod ledger;
mod remote;
mod spool;

pub use remote::S3Settings;
pub use spool::{BlobWriter, StagedBlob};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::ObjectStore;
use ringfence_core::digest::ContentDigest;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use thiserror::Error;

/// A fault of the blob store.
#[derive(Debug, Error)]
pub enum BlobError {
    /// No space is left.
    #[error("no space is left for recordings")]
    Full,
    /// There are no such bytes.
    #[error("the stored bytes of {0} are missing")]
    Missing(ContentDigest),
    /// A local file could not be read or written.
    #[error("a file of the blob store could not be read or written")]
    Io(#[source] std::io::Error),
    /// The object store refused or could not be reached.
    #[error("the object store refused or could not be reached")]
    Remote(#[source] object_store::Error),
}

/// Pieces of a blob, in order.
pub type BlobStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// Where bytes lie; clones share it.
#[derive(Clone, Debug)]
pub struct BlobStore {
    spool: Arc<spool::Spool>,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Disk(disk::Disk),
    Remote(remote::Remote),
}

impl BlobStore {
    /// Opens the folder, making it if need be, and clears away what dead processes left in its spool.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub async fn open_disk(root: &Path) -> Result<Self, BlobError> {
        let spool = spool::Spool::open(&root.join("spool")).await?;
        let disk = disk::Disk::open(root).await?;
        Ok(Self {
            spool: Arc::new(spool),
            place: Place::Disk(disk),
        })
    }

    /// Opens a bucket of an S3-compatible store; files are spooled in a local folder first.
    ///
    /// # Errors
    /// The settings are not usable, or the spool folder cannot be made.
    pub async fn open_s3(settings: &S3Settings, spool: &Path) -> Result<Self, BlobError> {
        Self::open_remote(settings.connect()?, &settings.prefix, spool).await
    }

    /// Uses any object store, under a prefix.
    ///
    /// # Errors
    /// The spool folder cannot be made or read.
    pub async fn open_remote(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        spool: &Path,
    ) -> Result<Self, BlobError> {
        Ok(Self {
            spool: Arc::new(spool::Spool::open(spool).await?),
            place: Place::Remote(remote::Remote::new(store, prefix)),
        })
    }

    /// Begins a blob; nothing is visible before [`BlobStore::publish`].
    ///
    /// # Errors
    /// The spool cannot be written.
    pub async fn writer(&self) -> Result<BlobWriter, BlobError> {
        self.spool.writer().await
    }

    /// Puts a staged blob in its place, durably; says whether it was not there yet.
    ///
    /// # Errors
    /// The place is full or cannot be written; nothing is visible then.
    pub async fn publish(&self, staged: StagedBlob) -> Result<bool, BlobError> {
        match &self.place {
            Place::Disk(disk) => disk.publish(staged).await,
            Place::Remote(remote) => remote.publish(staged).await,
        }
    }

    /// How many bytes lie under a digest; none when there are none.
    ///
    /// # Errors
    /// The place cannot be reached.
    pub async fn size(&self, sha256: ContentDigest) -> Result<Option<u64>, BlobError> {
        match &self.place {
            Place::Disk(disk) => disk.size(sha256).await,
            Place::Remote(remote) => remote.size(sha256).await,
        }
    }

    /// Streams a range of bytes, in pieces of bounded size.
    ///
    /// # Errors
    /// [`BlobError::Missing`], or the place cannot be reached. The stream itself fails
    /// rather than end early.
    pub async fn read(
        &self,
        sha256: ContentDigest,
        range: Range<u64>,
    ) -> Result<BlobStream, BlobError> {
        match &self.place {
            Place::Disk(disk) => disk.read(sha256, range).await,
            Place::Remote(remote) => remote.read(sha256, range).await,
        }
    }

    /// Removes bytes; for the sweeper only, after [`ledger::blob_sweep_begin`].
    ///
    /// # Errors
    /// The place cannot be written.
    pub async fn remove(&self, sha256: ContentDigest) -> Result<(), BlobError> {
        match &self.place {
            Place::Disk(disk) => disk.remove(sha256).await,
            Place::Remote(remote) => remote.remove(sha256).await,
        }
    }
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

// `ab/cd/abcd…`: no folder grows beyond 256 folders or a few thousand files.
fn relative_path(sha256: ContentDigest) -> String {
    let hex = sha256.to_string();
    let [a, b, ..] = sha256.as_bytes();
    format!("{a:02x}/{b:02x}/{hex}")
}

// Disk work leaves the async threads; a task that panicked is a fault of ours.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(BlobError::from),
        Err(error) => Err(BlobError::Io(std::io::Error::other(error))),
    }
}
