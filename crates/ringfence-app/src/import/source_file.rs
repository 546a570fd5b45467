//! Files of the folder: found without leaving it, read once, checked for what they should be.

use super::ItemFile;
use crate::error::Error;
use ringfence_core::content::ContentKind;
use ringfence_core::digest::{ContentDigest, ContentHasher};
use ringfence_core::wav::reader::WavReader;
use ringfence_store::blobs::{BlobStore, StagedBlob};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

const PIECE: usize = 256 * 1024;

/// Why a file was not taken.
#[derive(Debug)]
pub(super) enum Fault {
    /// The row is refused for this reason; others go on.
    Refused(String),
    /// The import cannot go on.
    Stop(Error),
}

impl<E: Into<Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Stop(error.into())
    }
}

/// Reads a file into the blob store's spool, checking that it is what its kind says.
pub(super) async fn stage(
    blobs: &BlobStore,
    root: &Path,
    item: &ItemFile,
) -> Result<StagedBlob, Fault> {
    let path = find(root, &item.path).await?;
    if item.kind.media_type() == "application/json" {
        check_json(path.clone()).await?;
    }
    let mut file = open(&path).await?;
    let mut writer = blobs.writer().await?;
    let mut wav = (item.kind.media_type() == "audio/wav").then(WavReader::new);
    let mut piece = vec![0; PIECE];
    let mut empty = true;
    while let Some(bytes) = next_piece(&mut file, &mut piece).await? {
        empty = false;
        if let Some(wav) = &mut wav {
            wav.feed(bytes);
            if wav.refusal().is_some() {
                break;
            }
        }
        writer.write(bytes).await?;
    }
    if let Some(Err(refusal)) = wav.map(WavReader::finish) {
        return Err(Fault::Refused(refusal.to_string()));
    }
    if empty {
        return Err(Fault::Refused("the file is empty".to_owned()));
    }
    Ok(writer.finish().await?)
}

/// The digest of a file, which is not kept.
pub(super) async fn digest(root: &Path, item: &ItemFile) -> Result<ContentDigest, Fault> {
    let mut file = open(&find(root, &item.path).await?).await?;
    let mut piece = vec![0; PIECE];
    let mut hasher = ContentHasher::new();
    while let Some(bytes) = next_piece(&mut file, &mut piece).await? {
        hasher.update(bytes);
    }
    Ok(hasher.finish())
}

// The path is checked as text and again after links are followed.
async fn find(root: &Path, path: &str) -> Result<PathBuf, Fault> {
    let inside = |c: Component<'_>| matches!(c, Component::Normal(_) | Component::CurDir);
    let outside =
        || Fault::Refused("the path leads out of the folder; give one inside it".to_owned());
    if !Path::new(path).components().all(inside) {
        return Err(outside());
    }
    let found = match tokio::fs::canonicalize(root.join(path)).await {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let reason = "there is no such file; put it there and run the import again";
            return Err(Fault::Refused(reason.to_owned()));
        }
        Err(error) => return Err(unreadable(&error)),
    };
    if !found.starts_with(root) {
        return Err(outside());
    }
    // A named pipe would be waited for, without end.
    let facts = tokio::fs::metadata(&found).await;
    if !facts.map_err(|error| unreadable(&error))?.is_file() {
        return Err(Fault::Refused("it is not a file".to_owned()));
    }
    Ok(found)
}

async fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).await.map_err(|error| unreadable(&error))
}

async fn next_piece<'b>(file: &mut File, piece: &'b mut [u8]) -> Result<Option<&'b [u8]>, Fault> {
    let n = file.read(piece).await.map_err(|error| unreadable(&error))?;
    Ok(piece.get(..n).filter(|bytes| !bytes.is_empty()))
}

async fn check_json(path: PathBuf) -> Result<(), Fault> {
    let checked = tokio::task::spawn_blocking(move || {
        let file = std::io::BufReader::new(std::fs::File::open(path)?);
        Ok(serde_json::from_reader::<_, serde::de::IgnoredAny>(file).map(drop))
    });
    match checked.await.map_err(Error::internal)? {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Fault::Refused(format!("the file is not JSON: {error}"))),
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &std::io::Error) -> Fault {
    Fault::Refused(format!("the file cannot be read: {error}"))
}

/// What to say when an interaction has other bytes under the key.
pub(super) fn other_content(kind: ContentKind, stored: ContentDigest) -> String {
    format!(
        "the interaction has another {} already (sha256 {stored}); content never changes: delete that one first if this one is right",
        kind.as_str()
    )
}
