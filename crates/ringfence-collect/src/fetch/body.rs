//! The bytes of a recording on their way to the disk: written, hashed and parsed once.

use crate::error::Error;
use crate::sink::Part;
use crate::upstream::offered::{Offered, OfferedCheck};
use ringfence_core::digest::{ContentDigest, ContentHasher};
use ringfence_core::wav::reader::WavReader;
use ringfence_core::wav::{WavError, WavFacts};
use std::io;
use tokio::task::{JoinHandle, spawn_blocking};

// Bytes gathered before they go to the disk's thread.
const GATHER_BYTES: usize = 256 << 10;

/// A part with everything that is computed along.
#[derive(Debug)]
pub struct Assembly {
    part: Box<dyn Part>,
    sha256: ContentHasher,
    offered: OfferedCheck,
    wav: WavReader,
    len: u64,
}

/// A part whose last byte has come.
#[derive(Debug)]
pub struct Complete {
    /// The part, not yet published.
    pub part: Box<dyn Part>,
    /// The digest of its bytes.
    pub digest: ContentDigest,
    /// How many offered digests agree, or the header of one that does not.
    pub offered: Result<usize, &'static str>,
    /// What the WAV reader says.
    pub wav: Result<WavFacts, WavError>,
    /// Its length.
    pub len: u64,
}

impl Assembly {
    /// Begins with nothing.
    #[must_use]
    pub fn new(part: Box<dyn Part>, offered: Vec<Offered>) -> Self {
        Self {
            part,
            sha256: ContentHasher::new(),
            offered: OfferedCheck::new(offered),
            wav: WavReader::new(),
            len: 0,
        }
    }

    /// Bytes so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no byte yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.part.append(bytes)?;
        self.sha256.update(bytes);
        self.offered.update(bytes);
        self.wav.feed(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// The last bytes so far.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn tail(mut self, n_bytes: usize) -> Result<(Self, Vec<u8>), Error> {
        let done = spawn_blocking(move || {
            let mut tail = vec![0; n_bytes];
            let offset = self.len.saturating_sub(n_bytes as u64);
            let read = self.part.read_at(offset, &mut tail);
            read.map(|()| (self, tail))
        });
        joined(done.await)?.map_err(|e| Error::disk("reading back a part", e))
    }

    /// The last byte has come.
    #[must_use]
    pub fn complete(self) -> Complete {
        let digest = self.sha256.finish();
        Complete {
            part: self.part,
            offered: self.offered.finish(&digest),
            digest,
            wav: self.wav.finish(),
            len: self.len,
        }
    }
}

// An assembly after a write, and the emptied buffer of it.
type Written = io::Result<(Assembly, Vec<u8>)>;

/// Takes pieces from the network while the piece before is being written.
#[derive(Debug)]
pub struct Intake {
    idle: Option<Assembly>,
    busy: Option<JoinHandle<Written>>,
    gathered: Vec<u8>,
    spare: Vec<u8>,
}

impl Intake {
    /// Goes on with an assembly.
    #[must_use]
    pub const fn new(assembly: Assembly) -> Self {
        Self {
            idle: Some(assembly),
            busy: None,
            gathered: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHER_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Everything taken so far is written.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn settle(mut self) -> Result<Assembly, Error> {
        if !self.gathered.is_empty() {
            self.flush().await?;
        }
        self.wait().await?;
        self.idle
            .take()
            .ok_or_else(|| Error::Internal("an assembly is lost".into()))
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.wait().await?;
        if let Some(mut assembly) = self.idle.take() {
            let bytes = std::mem::replace(&mut self.gathered, std::mem::take(&mut self.spare));
            self.busy = Some(spawn_blocking(move || {
                assembly.append(&bytes)?;
                Ok((assembly, bytes))
            }));
        }
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), Error> {
        if let Some(busy) = self.busy.take() {
            let (assembly, mut bytes) =
                joined(busy.await)?.map_err(|e| Error::disk("writing a part", e))?;
            bytes.clear();
            self.spare = bytes;
            self.idle = Some(assembly);
        }
        Ok(())
    }
}

/// The result of work on the disk's thread.
///
/// # Errors
/// That thread died.
pub fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, Error> {
    result.map_err(|e| Error::Internal(format!("a disk thread died: {e}")))
}
