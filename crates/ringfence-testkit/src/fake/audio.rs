//! The bytes behind a content item: given, or made on the fly so that size costs no memory.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::digest::Md5;

/// Prime, so that a part taken from the wrong offset never happens to fit.
const BLOCK_BYTES: usize = 65_521;

/// What is inside the WAV file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WavFormat {
    /// G.711 µ-law, one byte a sample.
    MuLaw,
    /// Linear PCM, two bytes a sample.
    Pcm16,
}

/// What the header says about the length of the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderLength {
    /// The truth.
    Right,
    /// Zero, as streaming writers leave it.
    Zero,
    /// `0xFFFFFFFF`, as other streaming writers leave it.
    Max,
    /// Eight bytes of data too many; the RIFF size is right.
    EightMore,
    /// Eight bytes of data too few; the RIFF size is right.
    EightFewer,
    /// The RIFF size is that of the whole file, eight too many; the data length is right.
    RiffEightMore,
}

/// A telephone recording of 8,000 samples a second, made from a seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wav {
    /// Chooses the samples.
    pub seed: u64,
    /// How long it plays.
    pub duration_ms: u64,
    /// One or two.
    pub channels: u16,
    /// How a sample is written.
    pub format: WavFormat,
    /// What the header claims.
    pub header: HeaderLength,
    /// Ends the file after so many bytes, whatever the header claims.
    pub keep_bytes: Option<u64>,
}

#[derive(Debug)]
enum Source {
    Bytes(Bytes),
    Wav {
        header: Bytes,
        block: Bytes,
        total: u64,
    },
}

/// The bytes of one content item.
#[derive(Clone, Debug)]
pub struct Audio(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    wav: Option<Wav>,
    digests: OnceLock<Digests>,
}

/// Both digests of a whole entity.
#[derive(Clone, Debug)]
pub(super) struct Digests {
    pub(super) sha256: [u8; 32],
    pub(super) md5: [u8; 16],
}

impl Wav {
    /// A µ-law mono call of some length: eight bytes a millisecond.
    #[must_use]
    pub const fn call(seed: u64, duration_ms: u64) -> Self {
        Self {
            seed,
            duration_ms,
            channels: 1,
            format: WavFormat::MuLaw,
            header: HeaderLength::Right,
            keep_bytes: None,
        }
    }

    /// The same with another claim in the header.
    #[must_use]
    pub const fn with_header(mut self, header: HeaderLength) -> Self {
        self.header = header;
        self
    }

    /// The same, ended early.
    #[must_use]
    pub const fn cut_at(mut self, bytes: u64) -> Self {
        self.keep_bytes = Some(bytes);
        self
    }

    fn sample_bytes(&self) -> u16 {
        match self.format {
            WavFormat::MuLaw => 1,
            WavFormat::Pcm16 => 2,
        }
    }

    fn data_bytes(&self) -> u64 {
        self.duration_ms * 8 * u64::from(self.channels) * u64::from(self.sample_bytes())
    }

    fn header_bytes(&self) -> Vec<u8> {
        let data = u32::try_from(self.data_bytes()).unwrap_or(u32::MAX);
        let claimed = match self.header {
            HeaderLength::Right | HeaderLength::RiffEightMore => data,
            HeaderLength::Zero => 0,
            HeaderLength::Max => u32::MAX,
            HeaderLength::EightMore => data + 8,
            HeaderLength::EightFewer => data.saturating_sub(8),
        };
        let riff = match self.header {
            HeaderLength::Zero => 0,
            HeaderLength::Max => u32::MAX,
            HeaderLength::RiffEightMore => data + 44,
            HeaderLength::Right | HeaderLength::EightMore | HeaderLength::EightFewer => data + 36,
        };
        let align = self.channels * self.sample_bytes();
        let tag: u16 = match self.format {
            WavFormat::MuLaw => 7,
            WavFormat::Pcm16 => 1,
        };
        let mut out = Vec::with_capacity(44);
        out.extend_from_slice(b"RIFF");
        out.extend_from_slice(&riff.to_le_bytes());
        out.extend_from_slice(b"WAVEfmt ");
        out.extend_from_slice(&16_u32.to_le_bytes());
        out.extend_from_slice(&tag.to_le_bytes());
        out.extend_from_slice(&self.channels.to_le_bytes());
        out.extend_from_slice(&8000_u32.to_le_bytes());
        out.extend_from_slice(&(8000 * u32::from(align)).to_le_bytes());
        out.extend_from_slice(&align.to_le_bytes());
        out.extend_from_slice(&(self.sample_bytes() * 8).to_le_bytes());
        out.extend_from_slice(b"data");
        out.extend_from_slice(&claimed.to_le_bytes());
        out
    }
}

impl From<Wav> for Audio {
    fn from(wav: Wav) -> Self {
        let header = Bytes::from(wav.header_bytes());
        let whole = header.len() as u64 + wav.data_bytes();
        let total = wav.keep_bytes.map_or(whole, |keep| keep.min(whole));
        let block = Bytes::from(noise(wav.seed));
        Self(Arc::new(Inner {
            source: Source::Wav {
                header,
                block,
                total,
            },
            wav: Some(wav),
            digests: OnceLock::new(),
        }))
    }
}

impl From<Bytes> for Audio {
    fn from(bytes: Bytes) -> Self {
        Self(Arc::new(Inner {
            source: Source::Bytes(bytes),
            wav: None,
            digests: OnceLock::new(),
        }))
    }
}

impl From<Vec<u8>> for Audio {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl Audio {
    /// How many bytes there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        match &self.0.source {
            Source::Bytes(bytes) => bytes.len() as u64,
            Source::Wav { total, .. } => *total,
        }
    }

    /// Up to `most` bytes from an offset; empty at the end.
    #[must_use]
    pub fn piece(&self, offset: u64, most: usize) -> Bytes {
        let left = usize::try_from(self.total().saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = most.min(left);
        match &self.0.source {
            Source::Bytes(bytes) => slice(bytes, offset, most),
            Source::Wav { header, .. } if offset < header.len() as u64 => {
                slice(header, offset, most)
            }
            Source::Wav { header, block, .. } => {
                let within = (offset - header.len() as u64) % block.len() as u64;
                slice(block, within, most)
            }
        }
    }

    /// All bytes; for small entities.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            let piece = self.piece(out.len() as u64, usize::MAX);
            if piece.is_empty() {
                return out;
            }
            out.extend_from_slice(&piece);
        }
    }

    /// The SHA-256 of all bytes as hex.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        self.digests()
            .sha256
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    }

    /// Another entity of the same length.
    #[must_use]
    pub fn altered(&self) -> Self {
        match &self.0.wav {
            Some(wav) => Wav {
                seed: wav.seed ^ 0x5bd1_e995,
                ..wav.clone()
            }
            .into(),
            None => self
                .bytes()
                .iter()
                .map(|b| b ^ 1)
                .collect::<Vec<u8>>()
                .into(),
        }
    }

    /// A short name for exactly these bytes, cheap even for large files.
    pub(super) fn tag(&self) -> String {
        match &self.0.wav {
            Some(wav) => format!("{:x}-{:x}-{:?}", wav.seed, self.total(), wav.header),
            None => self.sha256_hex(),
        }
    }

    pub(super) fn digests(&self) -> &Digests {
        self.0.digests.get_or_init(|| {
            let mut sha = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
            let mut md5 = Md5::new();
            let mut offset = 0;
            loop {
                let piece = self.piece(offset, BLOCK_BYTES);
                if piece.is_empty() {
                    break;
                }
                sha.update(&piece);
                md5.update(&piece);
                offset += piece.len() as u64;
            }
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(sha.finish().as_ref());
            Digests {
                sha256,
                md5: md5.finish(),
            }
        })
    }
}

fn slice(bytes: &Bytes, offset: u64, most: usize) -> Bytes {
    let from = usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(bytes.len());
    let to = from.saturating_add(most).min(bytes.len());
    bytes.slice(from..to)
}

fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut out = Vec::with_capacity(BLOCK_BYTES + 8);
    while out.len() < BLOCK_BYTES {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        out.extend_from_slice(&(state >> 8).to_le_bytes()[..7]);
    }
    out.truncate(BLOCK_BYTES);
    out
}
