//! WAV files as telephone systems write them: facts and verdicts, without I/O.
//!
//! [`reader`] is fed with chunks of bytes of any size and keeps only counters, so a
//! file of any length costs the same memory. It is tolerant where writers are known to
//! be sloppy (placeholder lengths of streamed files, sizes off by eight, missing
//! padding) and says so in notes; everything else that is not whole audio is refused.
//! [`g711`] turns A-law and µ-law bytes into samples, [`decode`] those of every format;
//! [`pcm`] is any such file as 16-bit PCM, [`peaks`] is what a waveform shows.

pub mod decode;
pub mod g711;
pub mod pcm;
pub mod peaks;
pub mod reader;
#[cfg(test)]
mod tests;

use thiserror::Error;

/// How samples are written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SampleFormat {
    /// Unsigned 8-bit PCM.
    Pcm8,
    /// Signed 16-bit PCM.
    Pcm16,
    /// Signed 24-bit PCM.
    Pcm24,
    /// Signed 32-bit PCM.
    Pcm32,
    /// IEEE float of 32 bits.
    Float32,
    /// IEEE float of 64 bits.
    Float64,
    /// ITU-T G.711 A-law.
    ALaw,
    /// ITU-T G.711 µ-law.
    MuLaw,
}

/// What a whole WAV file is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WavFacts {
    /// How samples are written.
    pub format: SampleFormat,
    /// Number of channels, 1 to 64.
    pub channels: u16,
    /// Samples a second in each channel.
    pub sample_rate: u32,
    /// Bits of one stored sample.
    pub bits: u16,
    /// Bytes of one sample of every channel.
    pub block_align: u16,
    /// Where the samples begin in the file.
    pub data_offset: u64,
    /// Bytes of samples in the file.
    pub data_bytes: u64,
    /// Length in time, rounded down.
    pub duration_ms: u64,
    /// What had to be overlooked, each kind once.
    pub notes: Vec<WavNote>,
}

/// What the headers of a WAV file say of its samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WavHead {
    /// How samples are written.
    pub format: SampleFormat,
    /// Number of channels, 1 to 64.
    pub channels: u16,
    /// Samples a second in each channel.
    pub sample_rate: u32,
    /// Where the samples begin in the file.
    pub data_offset: u64,
    /// Bytes of samples by the header; none where that is a placeholder.
    pub declared_bytes: Option<u32>,
}

/// Something wrong with a file that does not harm its audio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WavNote {
    /// The data length is a placeholder of a streamed file (0 or near the largest value): the audio runs to the end of the file.
    StreamedLength {
        /// The length in the header.
        declared: u32,
    },
    /// The data length is up to eight bytes too large although the file is whole by its RIFF size.
    DataLengthOff {
        /// The length in the header.
        declared: u32,
        /// The bytes that are there.
        got: u64,
    },
    /// The RIFF size does not match the file.
    RiffSizeOff {
        /// The size in the header.
        declared: u32,
        /// The size that is right.
        right: u64,
    },
    /// A chunk of odd length is not padded.
    MissingPadding,
    /// The audio does not end at a whole block.
    PartialBlock {
        /// Bytes past the last whole block.
        bytes: u16,
    },
    /// The header's byte rate or block size contradicts its other fields.
    RateOff,
    /// Bytes follow that belong to no chunk.
    TrailingBytes {
        /// How many.
        bytes: u64,
    },
}

/// Why bytes are not a whole WAV file.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WavError {
    /// There is not a single byte.
    #[error("the file is empty")]
    Empty,
    /// The bytes are something else.
    #[error("this is not a WAV file but {looks_like}")]
    NotAudio {
        /// What the first bytes look like.
        looks_like: &'static str,
    },
    /// The file ends before its headers say so.
    #[error("the file is cut short: {got} bytes of {declared}")]
    Truncated {
        /// Bytes the headers promise.
        declared: u64,
        /// Bytes there are.
        got: u64,
    },
    /// The file is whole, but holds no samples.
    #[error("the file holds no samples")]
    NoSamples,
    /// The audio is coded in a way that is not read here.
    #[error(
        "audio coded as {name} (format {tag:#06x}, {bits} bits) is not read; convert it to PCM or G.711"
    )]
    Unsupported {
        /// The format tag.
        tag: u16,
        /// Bits of a sample.
        bits: u16,
        /// The usual name of the format.
        name: &'static str,
    },
    /// The headers contradict themselves.
    #[error("the WAV headers are damaged: {0}")]
    Corrupt(&'static str),
}

impl SampleFormat {
    /// Bytes of one stored sample.
    #[must_use]
    pub const fn sample_bytes(self) -> u16 {
        match self {
            Self::Pcm8 | Self::ALaw | Self::MuLaw => 1,
            Self::Pcm16 => 2,
            Self::Pcm24 => 3,
            Self::Pcm32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }

    /// A short name for reports: `pcm16`, `mulaw`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcm8 => "pcm8",
            Self::Pcm16 => "pcm16",
            Self::Pcm24 => "pcm24",
            Self::Pcm32 => "pcm32",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::ALaw => "alaw",
            Self::MuLaw => "mulaw",
        }
    }
}

impl WavHead {
    /// Bytes of one sample of every channel.
    #[must_use]
    pub fn block_bytes(&self) -> u64 {
        u64::from(self.channels) * u64::from(self.format.sample_bytes())
    }

    /// How many samples of each channel a file of this length holds.
    #[must_use]
    pub fn frames(&self, file_bytes: u64) -> u64 {
        let there = file_bytes.saturating_sub(self.data_offset);
        let declared = self.declared_bytes.map_or(there, u64::from);
        declared.min(there) / self.block_bytes()
    }

    /// How long a file of this length plays, rounded down.
    #[must_use]
    pub fn duration_ms(&self, file_bytes: u64) -> u64 {
        self.frames(file_bytes).saturating_mul(1000) / u64::from(self.sample_rate)
    }
}

impl WavNote {
    /// A short name for reports: `streamed_length`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StreamedLength { .. } => "streamed_length",
            Self::DataLengthOff { .. } => "data_length_off",
            Self::RiffSizeOff { .. } => "riff_size_off",
            Self::MissingPadding => "missing_padding",
            Self::PartialBlock { .. } => "partial_block",
            Self::RateOff => "rate_off",
            Self::TrailingBytes { .. } => "trailing_bytes",
        }
    }
}
