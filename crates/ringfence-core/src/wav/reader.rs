//! The incremental reader: bytes in, facts or a refusal out.

use super::{SampleFormat, WavError, WavFacts, WavHead, WavNote};

const RIFF_HEAD: usize = 12;
const CHUNK_HEAD: usize = 8;
const FMT_KEPT: usize = 40;
const FMT_LONGEST: u32 = 4096;
// How far a size may be off without meaning that bytes are missing: writers forget the
// eight bytes of a header on one side or the other.
const SLACK: u64 = 8;
// The 14 bytes that follow the format tag in the sub-format of WAVE_FORMAT_EXTENSIBLE.
const EXTENSIBLE_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// Reads a WAV file piece by piece in bounded memory.
#[derive(Clone, Debug)]
pub struct WavReader {
    state: State,
    held: Vec<u8>,
    total: u64,
    read: u64,
    riff_size: u32,
    format: Option<Format>,
    data: Option<Data>,
    notes: Vec<WavNote>,
    refusal: Option<WavError>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    RiffHead,
    ChunkHead,
    Format { left: u32, odd: bool },
    Skip { left: u32, odd: bool },
    Samples { left: u32, odd: bool },
    SamplesToTheEnd,
    Padding,
    Trailing,
}

#[derive(Clone, Copy, Debug)]
struct Format {
    format: SampleFormat,
    channels: u16,
    sample_rate: u32,
    bits: u16,
    block_align: u16,
}

#[derive(Clone, Copy, Debug)]
struct Data {
    offset: u64,
    declared: u32,
    got: u64,
}

impl Default for WavReader {
    fn default() -> Self {
        Self::new()
    }
}

impl WavReader {
    /// Starts at the first byte of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::RiffHead,
            held: Vec::new(),
            total: 0,
            read: 0,
            riff_size: 0,
            format: None,
            data: None,
            notes: Vec::new(),
            refusal: None,
        }
    }

    /// Takes the next bytes of the file; how they are cut does not matter.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let mut rest = bytes;
        while !rest.is_empty() && self.refusal.is_none() {
            let used = self.step(rest);
            self.read = self.read.saturating_add(used as u64);
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    /// The refusal, as soon as it is certain; reading on cannot change it.
    #[must_use]
    pub const fn refusal(&self) -> Option<&WavError> {
        self.refusal.as_ref()
    }

    /// What the headers say, once the samples have begun.
    #[must_use]
    pub fn head(&self) -> Option<WavHead> {
        let (format, data) = (self.format?, self.data?);
        Some(WavHead {
            format: format.format,
            channels: format.channels,
            sample_rate: format.sample_rate,
            data_offset: data.offset,
            declared_bytes: (!is_placeholder(data.declared)).then_some(data.declared),
        })
    }

    /// The file has ended: what it is, or why it is refused.
    ///
    /// # Errors
    /// The bytes are no whole WAV file in a format that is read here.
    pub fn finish(mut self) -> Result<WavFacts, WavError> {
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        if matches!(self.state, State::RiffHead) {
            return Err(unfinished_head(&self.held));
        }
        let cut = self.cut_short();
        let (Some(format), Some(data)) = (self.format, self.data) else {
            return Err(cut.unwrap_or(WavError::Corrupt("there is no data chunk")));
        };
        let got = data.got;
        let block = u64::from(format.block_align);
        if got == 0 && cut.is_none() {
            return Err(WavError::NoSamples);
        }
        self.settle_data_length(data, block, cut)?;
        self.settle_riff_size()?;
        let frames = got / block;
        if frames == 0 {
            return Err(WavError::NoSamples);
        }
        let duration_ms = frames.saturating_mul(1000) / u64::from(format.sample_rate);
        Ok(WavFacts {
            format: format.format,
            channels: format.channels,
            sample_rate: format.sample_rate,
            bits: format.bits,
            block_align: format.block_align,
            data_offset: data.offset,
            data_bytes: got,
            duration_ms,
            notes: self.notes,
        })
    }

    // One step never takes a byte of the next part, so chunking cannot matter.
    fn step(&mut self, bytes: &[u8]) -> usize {
        match self.state {
            State::RiffHead => {
                let used = self.hold(bytes, RIFF_HEAD);
                if self.held.len() == RIFF_HEAD {
                    self.riff_head();
                }
                used
            }
            State::ChunkHead => {
                let used = self.hold(bytes, CHUNK_HEAD);
                if self.held.len() == CHUNK_HEAD {
                    self.chunk_head(used);
                }
                used
            }
            State::Format { left, odd } => {
                let used = within(left, bytes);
                let (_, left) = take(left, used);
                let room = FMT_KEPT.saturating_sub(self.held.len());
                self.held.extend(bytes.iter().take(used.min(room)));
                self.state = State::Format { left, odd };
                if left == 0 {
                    match parse_format(&self.held) {
                        Ok((format, note)) => {
                            self.format = Some(format);
                            self.notes.extend(note);
                        }
                        Err(refusal) => self.refusal = Some(refusal),
                    }
                    self.held.clear();
                    self.chunk_end(odd);
                }
                used
            }
            State::Skip { left, odd } => {
                let used = within(left, bytes);
                let (_, left) = take(left, used);
                self.state = State::Skip { left, odd };
                if left == 0 {
                    self.chunk_end(odd);
                }
                used
            }
            State::Samples { left, odd } => {
                let used = within(left, bytes);
                let (taken, left) = take(left, used);
                self.count_samples(taken);
                self.state = State::Samples { left, odd };
                if left == 0 {
                    self.chunk_end(odd);
                }
                used
            }
            State::SamplesToTheEnd => {
                self.count_samples(bytes.len() as u64);
                bytes.len()
            }
            State::Padding => {
                self.state = State::ChunkHead;
                // The first byte of a chunk's name is printable, padding is zero.
                if bytes.first().is_some_and(u8::is_ascii_graphic) {
                    self.note(WavNote::MissingPadding);
                    return 0;
                }
                1
            }
            State::Trailing => bytes.len(),
        }
    }

    fn hold(&mut self, bytes: &[u8], wanted: usize) -> usize {
        let used = wanted.saturating_sub(self.held.len()).min(bytes.len());
        self.held.extend(bytes.iter().take(used));
        used
    }

    fn riff_head(&mut self) {
        if self.held.starts_with(b"RIFF") && self.held.ends_with(b"WAVE") {
            self.riff_size = u32_at(&self.held, 4);
            self.state = State::ChunkHead;
        } else {
            let looks_like = sniff(&self.held);
            self.refusal = Some(WavError::NotAudio { looks_like });
        }
        self.held.clear();
    }

    fn chunk_head(&mut self, used: usize) {
        let at = self.read.saturating_add(used as u64);
        let name: [u8; 4] = [self.held[0], self.held[1], self.held[2], self.held[3]];
        let size = u32_at(&self.held, 4);
        self.held.clear();
        let odd = size % 2 == 1;
        let begin = at - CHUNK_HEAD as u64;
        let beyond = self.riff_end().is_some_and(|end| begin >= end);
        let named = name.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
        if self.data.is_some() && (beyond || !named) {
            self.state = State::Trailing;
            return;
        }
        if !named {
            self.refusal = Some(WavError::Corrupt("a chunk has no name"));
            return;
        }
        match &name {
            b"fmt " if self.format.is_some() => {
                self.refusal = Some(WavError::Corrupt("there are two fmt chunks"));
            }
            b"fmt " if !(16..=FMT_LONGEST).contains(&size) => {
                self.refusal = Some(WavError::Corrupt("the fmt chunk has an impossible length"));
            }
            b"fmt " => self.state = State::Format { left: size, odd },
            b"data" if self.format.is_none() => {
                self.refusal = Some(WavError::Corrupt("the data chunk comes before fmt"));
            }
            b"data" if self.data.is_some() => {
                self.refusal = Some(WavError::Corrupt("there are two data chunks"));
            }
            b"data" => {
                self.data = Some(Data {
                    offset: at,
                    declared: size,
                    got: 0,
                });
                self.state = if is_placeholder(size) {
                    State::SamplesToTheEnd
                } else {
                    State::Samples { left: size, odd }
                };
            }
            _ if size == 0 => self.state = State::ChunkHead,
            _ => self.state = State::Skip { left: size, odd },
        }
    }

    const fn chunk_end(&mut self, odd: bool) {
        self.state = if odd {
            State::Padding
        } else {
            State::ChunkHead
        };
    }

    fn count_samples(&mut self, n: u64) {
        if let Some(data) = &mut self.data {
            data.got = data.got.saturating_add(n);
        }
    }

    // Each kind of note once, so that a hostile file cannot make the list long.
    fn note(&mut self, note: WavNote) {
        if !self.notes.iter().any(|n| n.as_str() == note.as_str()) {
            self.notes.push(note);
        }
    }

    // Where the RIFF header says that the file ends, unless that is a placeholder.
    fn riff_end(&self) -> Option<u64> {
        (!is_placeholder(self.riff_size)).then(|| u64::from(self.riff_size) + 8)
    }

    fn cut_short(&self) -> Option<WavError> {
        let left = match self.state {
            State::Format { left, .. } | State::Skip { left, .. } | State::Samples { left, .. } => {
                u64::from(left)
            }
            State::ChunkHead if self.data.is_none() && !self.held.is_empty() => {
                CHUNK_HEAD.saturating_sub(self.held.len()) as u64
            }
            State::RiffHead
            | State::ChunkHead
            | State::SamplesToTheEnd
            | State::Padding
            | State::Trailing => 0,
        };
        if left > 0 {
            return Some(self.truncated(self.total.saturating_add(left)));
        }
        let promised = self.riff_end().filter(|end| *end > self.total);
        promised
            .filter(|_| self.data.is_none())
            .map(|end| self.truncated(end))
    }

    const fn truncated(&self, declared: u64) -> WavError {
        WavError::Truncated {
            declared,
            got: self.total,
        }
    }

    fn settle_data_length(
        &mut self,
        data: Data,
        block: u64,
        cut: Option<WavError>,
    ) -> Result<(), WavError> {
        let declared = data.declared;
        let got = data.got;
        let partial = got % block;
        if let Some(cut) = cut {
            // A file that lost its tail is short by its RIFF size too.
            let whole_by_riff = self.riff_end() == Some(self.total);
            let short_by = u64::from(declared).saturating_sub(got);
            if !matches!(self.state, State::Samples { .. }) || !whole_by_riff || short_by > SLACK {
                return Err(cut);
            }
            self.note(WavNote::DataLengthOff { declared, got });
        } else if is_placeholder(declared) {
            if partial != 0 {
                return Err(self.truncated(self.total.saturating_add(block - partial)));
            }
            self.note(WavNote::StreamedLength { declared });
        }
        if partial != 0 {
            let bytes = u16::try_from(partial).unwrap_or(u16::MAX);
            self.note(WavNote::PartialBlock { bytes });
        }
        Ok(())
    }

    fn settle_riff_size(&mut self) -> Result<(), WavError> {
        let trailing = match self.state {
            State::Trailing => self
                .riff_end()
                .map_or(0, |end| self.total.saturating_sub(end)),
            State::ChunkHead => self.held.len() as u64,
            State::RiffHead
            | State::Format { .. }
            | State::Skip { .. }
            | State::Samples { .. }
            | State::SamplesToTheEnd
            | State::Padding => 0,
        };
        if trailing > 0 || matches!(self.state, State::Trailing) {
            self.note(WavNote::TrailingBytes { bytes: trailing });
        }
        let declared = self.riff_size;
        let right = self.total.saturating_sub(8);
        let Some(end) = self.riff_end() else {
            if self.data.is_some_and(|d| !is_placeholder(d.declared)) {
                self.note(WavNote::RiffSizeOff { declared, right });
            }
            return Ok(());
        };
        if end > self.total.saturating_add(SLACK) {
            return Err(self.truncated(end));
        }
        if end != self.total && trailing == 0 {
            self.note(WavNote::RiffSizeOff { declared, right });
        }
        Ok(())
    }
}

// What writers put where they cannot know a length: nothing, the largest value or
// nearly so, and the 2 GiB marks of sox and of signed arithmetic.
const fn is_placeholder(size: u32) -> bool {
    matches!(size, 0 | 0x7fff_f000..=0x8000_0100 | 0xffff_ff00..)
}

fn within(left: u32, bytes: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())
}

fn take(left: u32, used: usize) -> (u64, u32) {
    let rest = left.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX));
    (u64::from(left - rest), rest)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some(&[a, b]) => u16::from_le_bytes([a, b]),
        _ => 0,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | (u32::from(u16_at(bytes, at + 2)) << 16)
}

fn parse_format(fmt: &[u8]) -> Result<(Format, Option<WavNote>), WavError> {
    let mut tag = u16_at(fmt, 0);
    let channels = u16_at(fmt, 2);
    let sample_rate = u32_at(fmt, 4);
    let byte_rate = u32_at(fmt, 8);
    let declared_block = u16_at(fmt, 12);
    let bits = u16_at(fmt, 14);
    if tag == 0xfffe {
        let extension = u16_at(fmt, 16);
        if extension < 22 || fmt.get(26..FMT_KEPT) != Some(EXTENSIBLE_TAIL.as_slice()) {
            return Err(WavError::Corrupt("the extensible fmt chunk is damaged"));
        }
        if u16_at(fmt, 18) > bits {
            return Err(WavError::Corrupt("more valid bits than bits"));
        }
        tag = u16_at(fmt, 24);
    }
    let format = match (tag, bits) {
        (1, 8) => SampleFormat::Pcm8,
        (1, 16) => SampleFormat::Pcm16,
        (1, 24) => SampleFormat::Pcm24,
        (1, 32) => SampleFormat::Pcm32,
        (3, 32) => SampleFormat::Float32,
        (3, 64) => SampleFormat::Float64,
        (6, 8) => SampleFormat::ALaw,
        (7, 8) => SampleFormat::MuLaw,
        _ => {
            let name = format_name(tag);
            return Err(WavError::Unsupported { tag, bits, name });
        }
    };
    if !(1..=64).contains(&channels) {
        return Err(WavError::Corrupt("the number of channels is not 1 to 64"));
    }
    if !(1_000..=768_000).contains(&sample_rate) {
        return Err(WavError::Corrupt("the sample rate is not 1 to 768 kHz"));
    }
    let block_align = channels * format.sample_bytes();
    if declared_block != block_align && declared_block != 0 {
        return Err(WavError::Corrupt("the block size contradicts the format"));
    }
    let right_rate = u64::from(sample_rate) * u64::from(block_align);
    let off = declared_block == 0 || u64::from(byte_rate) != right_rate;
    let parsed = Format {
        format,
        channels,
        sample_rate,
        bits,
        block_align,
    };
    Ok((parsed, off.then_some(WavNote::RateOff)))
}

const fn format_name(tag: u16) -> &'static str {
    match tag {
        0x0001 => "PCM of an unusual width",
        0x0002 => "Microsoft ADPCM",
        0x0003 => "float of an unusual width",
        0x0006 | 0x0007 => "G.711 of an unusual width",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0055 => "MP3",
        0x0064 => "G.726",
        0x0083 => "G.729",
        _ => "an unknown format",
    }
}

fn unfinished_head(head: &[u8]) -> WavError {
    let (riff, wave) = (
        head.get(..4).unwrap_or(head),
        head.get(8..).unwrap_or_default(),
    );
    if head.is_empty() {
        WavError::Empty
    } else if b"RIFF".starts_with(riff) && b"WAVE".starts_with(wave) {
        WavError::Truncated {
            declared: RIFF_HEAD as u64,
            got: head.len() as u64,
        }
    } else {
        WavError::NotAudio {
            looks_like: sniff(head),
        }
    }
}

fn sniff(head: &[u8]) -> &'static str {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    match (head, text.first()) {
        ([b'R', b'I', b'F', b'F', ..], _) => "a RIFF file of another kind",
        ([b'R', b'I', b'F', b'X', ..], _) => "a big-endian RIFX file",
        ([b'R' | b'B', b'F' | b'W', b'6', b'4', ..], _) => "an RF64 file",
        ([0x1f, 0x8b, ..], _) => "gzip",
        ([0x28, 0xb5, 0x2f, 0xfd, ..], _) => "zstd",
        ([b'P', b'K', ..], _) => "a zip archive",
        ([b'I', b'D', b'3', ..] | [0xff, 0xe2..=0xfb, ..], _) => "MP3",
        ([b'O', b'g', b'g', b'S', ..], _) => "Ogg",
        ([b'f', b'L', b'a', b'C', ..], _) => "FLAC",
        ([0x1a, 0x45, 0xdf, 0xa3, ..], _) => "WebM or Matroska",
        ([_, _, _, _, b'f', b't', b'y', b'p', ..], _) => "MP4",
        (_, Some(b'{' | b'[')) => "JSON",
        (_, Some(b'<')) => "HTML or XML",
        _ => "something else",
    }
}
