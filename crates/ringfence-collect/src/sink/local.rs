//! A folder on a local disk.

use crate::sink::{Part, Sink};
use ringfence_core::context::Random;
use ringfence_core::digest::ContentDigest;
use ringfence_core::encoding::hex;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const PART_SUFFIX: &str = ".part";

/// The audio of one corpus: `audio/sha256/ab/cd/<64 hex>.wav`, parts beside it.
#[derive(Clone, Debug)]
pub struct LocalSink {
    root: PathBuf,
    random: Arc<dyn Random>,
}

impl LocalSink {
    /// Uses the corpus in this folder; makes the folders that are missing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open_at(root: &Path, random: Arc<dyn Random>) -> io::Result<Self> {
        for folder in ["audio/sha256", "parts", "quarantine"] {
            make_folder(&root.join(folder))?;
        }
        Ok(Self {
            root: root.to_owned(),
            random,
        })
    }
}

/// Where a published file lies below the corpus.
#[must_use]
pub fn content_path(digest: &ContentDigest, extension: &str) -> String {
    let [first, second, ..] = digest.as_bytes();
    format!("audio/sha256/{first:02x}/{second:02x}/{digest}.{extension}")
}

#[derive(Debug)]
struct LocalPart {
    root: PathBuf,
    path: PathBuf,
    file: File,
    moved: bool,
}

impl Sink for LocalSink {
    fn begin(&self) -> io::Result<Box<dyn Part>> {
        // Names come from us, never from the platform.
        let mut name = [0_u8; 16];
        self.random.fill(&mut name);
        let path = self
            .root
            .join("parts")
            .join(format!("{}{PART_SUFFIX}", hex(&name)));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        Ok(Box::new(LocalPart {
            root: self.root.clone(),
            path,
            file,
            moved: false,
        }))
    }

    fn open(
        &self,
        digest: &ContentDigest,
        extension: &str,
    ) -> io::Result<Box<dyn io::Read + Send>> {
        let path = self.root.join(content_path(digest, extension));
        Ok(Box::new(File::open(path)?))
    }

    fn clear_parts(&self) -> io::Result<u64> {
        let mut n_cleared = 0;
        for entry in fs::read_dir(self.root.join("parts"))? {
            let entry = entry?;
            if entry
                .file_name()
                .to_str()
                .is_some_and(|n| n.ends_with(PART_SUFFIX))
            {
                fs::remove_file(entry.path())?;
                n_cleared += 1;
            }
        }
        Ok(n_cleared)
    }

    fn published(&self, first_byte: u8) -> io::Result<Vec<(ContentDigest, String, u64)>> {
        let mut found = Vec::new();
        let top = self.root.join(format!("audio/sha256/{first_byte:02x}"));
        for folder in list(&top)? {
            for entry in list(&folder.path())? {
                let name = entry.file_name();
                let Some((stem, extension)) = name.to_str().and_then(|n| n.split_once('.')) else {
                    continue;
                };
                if let Ok(digest) = ContentDigest::parse(stem) {
                    found.push((digest, extension.to_owned(), entry.metadata()?.len()));
                }
            }
        }
        Ok(found)
    }
}

impl Part for LocalPart {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(buffer)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    fn publish(mut self: Box<Self>, digest: &ContentDigest, extension: &str) -> io::Result<()> {
        // After a failed fdatasync the kernel may have dropped the pages, so it is never
        // asked twice: the part goes, and the file is fetched anew.
        self.file.sync_data()?;
        let target = self.root.join(content_path(digest, extension));
        let folder = target.parent().unwrap_or(&self.root);
        make_folder(folder)?;
        fs::rename(&self.path, &target)?;
        self.moved = true;
        sync_folder(folder)
    }

    fn quarantine(mut self: Box<Self>, digest: &ContentDigest) -> io::Result<()> {
        self.file.sync_data()?;
        let folder = self.root.join("quarantine");
        fs::rename(&self.path, folder.join(format!("{digest}.bin")))?;
        self.moved = true;
        sync_folder(&folder)
    }
}

impl Drop for LocalPart {
    fn drop(&mut self) {
        if !self.moved {
            // What cannot be removed now is removed when the next run begins.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn list(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

// A folder that is new must itself survive a crash, so its parent is synced.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent)?;
        match fs::create_dir(folder) {
            Ok(()) => sync_folder(parent)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::contract;
    use ringfence_core::context::SystemRandom;

    #[test]
    fn keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let sink = LocalSink::open_at(folder.path(), Arc::new(SystemRandom)).unwrap();
        contract::run(&sink);
    }

    #[test]
    fn files_lie_where_the_corpus_says() {
        let folder = tempfile::tempdir().unwrap();
        let sink = LocalSink::open_at(folder.path(), Arc::new(SystemRandom)).unwrap();
        let digest = ContentDigest::of(b"audio");
        let mut part = sink.begin().unwrap();
        part.append(b"audio").unwrap();
        part.publish(&digest, "wav").unwrap();
        // The digest of these five bytes, computed elsewhere.
        let hex = "6ed8919ce20490a5e3ad8630a4fab69475297abd07db73918dd5f36fcfaeb11b";
        assert_eq!(digest.to_string(), hex);
        let path = format!("audio/sha256/6e/d8/{hex}.wav");
        assert_eq!(fs::read(folder.path().join(path)).unwrap(), b"audio");
    }
}
