//! Blobs as files of a folder tree.

use super::spool::StagedBlob;
use super::{BlobError, BlobStream, blocking, relative_path};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use ringfence_core::digest::ContentDigest;
use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

const PIECE: usize = 128 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    pub(super) async fn open(root: &Path) -> Result<Self, BlobError> {
        let root = root.join("sha256");
        blocking(move || {
            std::fs::create_dir_all(&root)?;
            Ok(Self { root })
        })
        .await
    }

    pub(super) async fn publish(&self, staged: StagedBlob) -> Result<bool, BlobError> {
        let root = self.root.clone();
        let target = self.path(staged.sha256);
        blocking(move || {
            let folder = target.parent().unwrap_or(&root);
            make_folders(&root, folder)?;
            // A file of another length under this name is damaged; the rename replaces it.
            let there = std::fs::metadata(&target).is_ok_and(|m| m.len() == staged.size_bytes);
            if there {
                // An earlier run may have been killed before it made the name durable.
                File::open(&target)?.sync_all()?;
            } else {
                std::fs::rename(staged.path.as_path(), &target)?;
            }
            File::open(folder)?.sync_all()?;
            Ok(!there)
        })
        .await
    }

    pub(super) async fn size(&self, sha256: ContentDigest) -> Result<Option<u64>, BlobError> {
        match tokio::fs::metadata(self.path(sha256)).await {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn read(
        &self,
        sha256: ContentDigest,
        range: Range<u64>,
    ) -> Result<BlobStream, BlobError> {
        let mut file = match tokio::fs::File::open(self.path(sha256)).await {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(BlobError::Missing(sha256));
            }
            Err(error) => return Err(error.into()),
        };
        if file.metadata().await?.len() < range.end {
            return Err(BlobError::Missing(sha256));
        }
        file.seek(std::io::SeekFrom::Start(range.start)).await?;
        let left = range.end.saturating_sub(range.start);
        let pieces =
            futures_util::stream::try_unfold((file, left), move |(mut file, left)| async move {
                if left == 0 {
                    return Ok(None);
                }
                let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
                let piece = read_piece(&mut file, wanted).await?;
                if piece.is_empty() {
                    return Err(BlobError::Missing(sha256));
                }
                let left = left - piece.len() as u64;
                Ok(Some((piece, (file, left))))
            });
        Ok(pieces.boxed())
    }

    pub(super) async fn remove(&self, sha256: ContentDigest) -> Result<(), BlobError> {
        match tokio::fs::remove_file(self.path(sha256)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, sha256: ContentDigest) -> PathBuf {
        self.root.join(relative_path(sha256))
    }
}

// The name of a new folder is durable once its parent is synced.
fn make_folders(root: &Path, folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    for parent in folder.ancestors().skip(1) {
        File::open(parent)?.sync_all()?;
        if parent == root {
            break;
        }
    }
    Ok(())
}

async fn read_piece(file: &mut tokio::fs::File, wanted: usize) -> std::io::Result<Bytes> {
    let mut piece = BytesMut::with_capacity(wanted);
    let mut limited = file.take(wanted as u64);
    while piece.len() < wanted && limited.read_buf(&mut piece).await? > 0 {}
    Ok(piece.freeze())
}
