//! Finds an Asterisk recording by the unique id or name of its call, among any number of files.
//!
//! The names lie in a temporary file; memory holds some 50 bytes a recording.

use super::Refusal;
use crate::error::Error;
use std::collections::hash_map::DefaultHasher;
use std::fs::{File, ReadDir};
use std::hash::{Hash as _, Hasher as _};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

// Deeper folders than this are a loop of mounts, not a sorting by date.
const DEEPEST: usize = 16;
/// More files than this under one id are not spelled out.
pub(super) const MOST_FOUND: usize = 4;

#[derive(Debug)]
pub(super) struct Recordings {
    names: tokio::fs::File,
    // Where each file's name begins and ends.
    spans: Vec<(u64, u32)>,
    // Digest of a key, and the file it leads to; sorted.
    keys: Vec<(u64, u32)>,
    matched: Vec<bool>,
    next_unmatched: usize,
    unreadable: Vec<Refusal>,
}

#[derive(Default)]
struct Index {
    spans: Vec<(u64, u32)>,
    keys: Vec<(u64, u32)>,
    unreadable: Vec<Refusal>,
    end: u64,
}

impl Recordings {
    /// Lists every `.wav` file below the folder.
    pub(super) async fn list(root: &Path) -> Result<Self, Error> {
        let root = root.to_owned();
        let listed = tokio::task::spawn_blocking(move || list(&root));
        let (names, mut index) = listed
            .await
            .map_err(Error::internal)?
            .map_err(|error| Error::Invalid(format!("the recordings cannot be listed: {error}")))?;
        index.keys.sort_unstable();
        Ok(Self {
            names: tokio::fs::File::from_std(names),
            matched: vec![false; index.spans.len()],
            spans: index.spans,
            keys: index.keys,
            next_unmatched: 0,
            unreadable: index.unreadable,
        })
    }

    /// The files that carry the key, at most [`MOST_FOUND`], and marks them as matched.
    pub(super) async fn find(&mut self, key: &str) -> Result<Vec<String>, Error> {
        let digest = digest(key);
        let first = self.keys.partition_point(|(d, _)| *d < digest);
        let mut found = Vec::new();
        for at in first..self.keys.len() {
            let Some(&(d, file)) = self.keys.get(at).filter(|(d, _)| *d == digest) else {
                break;
            };
            debug_assert_eq!(d, digest);
            let file = file as usize;
            let name = self.name(file).await?;
            // Two keys may share a digest.
            if !keys_of(&name).any(|k| k == key) {
                continue;
            }
            if let Some(matched) = self.matched.get_mut(file) {
                *matched = true;
            }
            if found.len() < MOST_FOUND && !found.contains(&name) {
                found.push(name);
            }
        }
        Ok(found)
    }

    /// The next file that nothing asked for.
    pub(super) async fn next_unmatched(&mut self) -> Result<Option<Refusal>, Error> {
        if let Some(refusal) = self.unreadable.pop() {
            return Ok(Some(refusal));
        }
        while let Some(matched) = self.matched.get(self.next_unmatched) {
            let file = self.next_unmatched;
            self.next_unmatched += 1;
            if !matched {
                let name = self.name(file).await?;
                let reason =
                    "no line of Master.csv has its unique id; add the line, or move the file away";
                return Ok(Some(Refusal::new(0, &name, reason)));
            }
        }
        Ok(None)
    }

    async fn name(&mut self, file: usize) -> Result<String, Error> {
        let (start, len) = self.spans.get(file).copied().unwrap_or_default();
        let mut name = vec![0; len as usize];
        let read = async {
            self.names.seek(std::io::SeekFrom::Start(start)).await?;
            self.names.read_exact(&mut name).await
        };
        read.await.map_err(Error::internal)?;
        String::from_utf8(name).map_err(Error::internal)
    }
}

fn list(root: &Path) -> std::io::Result<(File, Index)> {
    let mut names = BufWriter::new(tempfile::tempfile()?);
    let mut index = Index::default();
    let mut folders: Vec<ReadDir> = vec![std::fs::read_dir(root)?];
    while let Some(folder) = folders.last_mut() {
        let Some(entry) = folder.next() else {
            folders.pop();
            continue;
        };
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if folders.len() < DEEPEST {
                folders.push(std::fs::read_dir(path)?);
            }
        } else if is_wav(&path) {
            index.add(root, &path, &mut names)?;
        }
    }
    Ok((names.into_inner()?, index))
}

impl Index {
    fn add(
        &mut self,
        root: &Path,
        path: &Path,
        names: &mut BufWriter<File>,
    ) -> std::io::Result<()> {
        let relative: PathBuf = path.strip_prefix(root).unwrap_or(path).into();
        let Some(name) = relative.to_str() else {
            let reason = "the file's name is not UTF-8; rename it";
            let refusal = Refusal::new(0, &relative.to_string_lossy(), reason);
            if self.unreadable.len() < super::REFUSALS_KEPT {
                self.unreadable.push(refusal);
            }
            return Ok(());
        };
        let too_many = || std::io::Error::other("more than four thousand million files");
        let file = u32::try_from(self.spans.len()).map_err(|_| too_many())?;
        let len = u32::try_from(name.len()).map_err(|_| too_many())?;
        names.write_all(name.as_bytes())?;
        self.spans.push((self.end, len));
        self.end += u64::from(len);
        for key in keys_of(name) {
            self.keys.push((digest(key), file));
        }
        Ok(())
    }
}

fn is_wav(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wav"))
}

fn digest(key: &str) -> u64 {
    // Fixed keys: the digests live only as long as this process.
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// What a file can be found by: its name without extension, and each unique id in it.
fn keys_of(name: &str) -> impl Iterator<Item = &str> {
    let base = name.rsplit('/').next().unwrap_or(name);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    std::iter::once(stem).chain(unique_ids(stem).filter(move |id| *id != stem))
}

/// The `1772442930.12` in a text: seconds since the epoch, a dot and a number.
pub(super) fn unique_ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|part| part.trim_matches('.'))
        .filter(|part| {
            part.split_once('.').is_some_and(|(seconds, number)| {
                matches!(seconds.len(), 9..=11) && !number.is_empty() && !number.contains('.')
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_unique_ids_in_the_names_that_recorders_give() {
        for (name, keys) in [
            ("1772442930.12.wav", vec!["1772442930.12"]),
            (
                "2026/03/02/q-600-2041-20260302-091530-1772442930.12.wav",
                vec!["q-600-2041-20260302-091530-1772442930.12", "1772442930.12"],
            ),
            (
                "pbx1-1772442930.12.WAV",
                vec!["pbx1-1772442930.12", "1772442930.12"],
            ),
            ("greeting.wav", vec!["greeting"]),
        ] {
            assert_eq!(keys_of(name).collect::<Vec<_>>(), keys, "{name}");
        }
    }

    #[tokio::test]
    async fn finds_files_by_key_and_tells_what_was_left() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("monitor/2026")).unwrap();
        for name in [
            "monitor/a-1772442930.12.wav",
            "monitor/2026/1772442999.1.wav",
            "x.txt",
        ] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let mut recordings = Recordings::list(folder.path()).await.unwrap();
        let found = recordings.find("1772442930.12").await.unwrap();
        assert_eq!(found, ["monitor/a-1772442930.12.wav"]);
        assert!(recordings.find("1772442930.13").await.unwrap().is_empty());
        let left = recordings.next_unmatched().await.unwrap().unwrap();
        assert_eq!(left.file, "monitor/2026/1772442999.1.wav");
        assert_eq!(recordings.next_unmatched().await.unwrap(), None);
    }
}
