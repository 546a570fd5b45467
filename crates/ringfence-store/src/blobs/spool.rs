//! Files under way: written, hashed and made durable before they are published.

use super::{BlobError, blocking};
use ringfence_core::digest::{ContentDigest, ContentHasher};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncWriteExt as _;

#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    next: AtomicU64,
}

/// Takes the bytes of one blob. Dropped before the end, it leaves nothing.
#[derive(Debug)]
pub struct BlobWriter {
    file: tokio::fs::File,
    path: SpoolPath,
    hasher: ContentHasher,
    size_bytes: u64,
}

/// A whole blob, durable in the spool but not yet visible. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct StagedBlob {
    /// The digest of its bytes.
    pub sha256: ContentDigest,
    /// How many bytes it has.
    pub size_bytes: u64,
    pub(super) path: SpoolPath,
    // Held open for its lock, which tells other processes that the file has an owner.
    _file: tokio::fs::File,
}

/// A spool file, removed when this is dropped.
#[derive(Debug)]
pub(super) struct SpoolPath(PathBuf);

impl Drop for SpoolPath {
    fn drop(&mut self) {
        // Published files are gone from here already; a leftover is cleared at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl SpoolPath {
    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }
}

impl Spool {
    pub(super) async fn open(folder: &Path) -> Result<Self, BlobError> {
        let folder = folder.to_owned();
        blocking(move || {
            std::fs::create_dir_all(&folder)?;
            clear_leftovers(&folder)?;
            Ok(Self {
                folder,
                next: AtomicU64::new(0),
            })
        })
        .await
    }

    pub(super) async fn writer(&self) -> Result<BlobWriter, BlobError> {
        loop {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{}-{n}.part", std::process::id()));
            let made = blocking(move || make_locked(path)).await?;
            let Some((file, path)) = made else {
                continue;
            };
            return Ok(BlobWriter {
                file: tokio::fs::File::from_std(file),
                path,
                hasher: ContentHasher::new(),
                size_bytes: 0,
            });
        }
    }
}

// None when the name is taken, or another process cleared the file away between its
// making and its locking.
fn make_locked(path: PathBuf) -> std::io::Result<Option<(File, SpoolPath)>> {
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path);
    let file = match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(None),
        made => made?,
    };
    let path = SpoolPath(path);
    file.lock()?;
    if file.metadata()?.nlink() == 0 {
        return Ok(None);
    }
    Ok(Some((file, path)))
}

// Whoever owns a part file holds its lock, so a file that can be locked has no owner.
fn clear_leftovers(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "part") {
            continue;
        }
        let Ok(file) = File::open(&path) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

impl BlobWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// The disk is full or fails; the writer is of no use then.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.file.write_all(bytes).await?;
        self.hasher.update(bytes);
        self.size_bytes += bytes.len() as u64;
        Ok(())
    }

    /// The bytes are complete: makes them durable.
    ///
    /// # Errors
    /// The disk is full or fails; nothing may be taken as written then.
    pub async fn finish(mut self) -> Result<StagedBlob, BlobError> {
        self.file.flush().await?;
        self.file.sync_data().await?;
        Ok(StagedBlob {
            sha256: self.hasher.finish(),
            size_bytes: self.size_bytes,
            path: self.path,
            _file: self.file,
        })
    }
}
