//! Any WAV file that is read here, seen as one of 16-bit PCM, which every browser plays.
//!
//! Each sample of the one lies where a sample of the other does, so a range of bytes of
//! the view needs a range of bytes of the file and nothing else.

use super::WavHead;
use super::decode::Decoder;
use std::ops::Range;

/// Length of the view's headers.
pub const HEAD_BYTES: u64 = 44;

const SAMPLE: u64 = 2;

/// A file as 16-bit PCM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PcmView {
    head: WavHead,
    samples: u64,
}

/// Turns the bytes of the file that [`PcmView::source`] asks for into those of the view.
#[derive(Debug)]
pub struct PcmReader {
    decoder: Decoder,
    ahead: Vec<u8>,
    skip: usize,
    left: u64,
}

impl PcmView {
    /// The view of a file with this head and length.
    #[must_use]
    pub fn new(head: WavHead, file_bytes: u64) -> Self {
        let samples = head.frames(file_bytes) * u64::from(head.channels);
        Self { head, samples }
    }

    /// How long the view is.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        HEAD_BYTES + self.samples * SAMPLE
    }

    /// Which bytes of the file a range of the view needs.
    #[must_use]
    pub fn source(&self, range: &Range<u64>) -> Range<u64> {
        let width = u64::from(self.head.format.sample_bytes());
        let (first, last) = self.samples_of(range);
        self.head.data_offset + first * width..self.head.data_offset + last * width
    }

    /// Reads a range of the view.
    #[must_use]
    pub fn reader(&self, range: &Range<u64>) -> PcmReader {
        let header = self.header();
        let in_head = |at: u64| usize::try_from(at.min(HEAD_BYTES)).unwrap_or(header.len());
        let ahead = header
            .get(in_head(range.start)..in_head(range.end))
            .unwrap_or_default();
        let skip = range.start.saturating_sub(HEAD_BYTES) % SAMPLE;
        PcmReader {
            decoder: Decoder::new(self.head.format),
            ahead: ahead.to_vec(),
            skip: usize::try_from(skip).unwrap_or_default(),
            left: range.end.saturating_sub(range.start),
        }
    }

    // The samples that a range touches.
    fn samples_of(&self, range: &Range<u64>) -> (u64, u64) {
        let first = range.start.saturating_sub(HEAD_BYTES) / SAMPLE;
        let last = range.end.saturating_sub(HEAD_BYTES).div_ceil(SAMPLE);
        let last = last.min(self.samples);
        (first.min(last), last)
    }

    // Lengths beyond 32 bits become the largest value, which players take for "to the end".
    fn header(&self) -> [u8; 44] {
        let length = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let block = self.head.channels * 2;
        let rate = u64::from(self.head.sample_rate) * u64::from(block);
        let mut header = [0; 44];
        let fields: [(usize, &[u8]); 13] = [
            (0, b"RIFF"),
            (4, &length(self.size_bytes() - 8)),
            (8, b"WAVE"),
            (12, b"fmt "),
            (16, &length(16)),
            (20, &1_u16.to_le_bytes()),
            (22, &self.head.channels.to_le_bytes()),
            (24, &self.head.sample_rate.to_le_bytes()),
            (28, &length(rate)),
            (32, &block.to_le_bytes()),
            (34, &16_u16.to_le_bytes()),
            (36, b"data"),
            (40, &length(self.samples * SAMPLE)),
        ];
        for (at, bytes) in fields {
            for (place, byte) in header.iter_mut().skip(at).zip(bytes) {
                *place = *byte;
            }
        }
        header
    }
}

impl PcmReader {
    /// Takes the next bytes of the file and gives the next bytes of the view.
    #[must_use]
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = std::mem::take(&mut self.ahead);
        let begun = out.len();
        self.decoder
            .feed(bytes, |sample| out.extend(sample.to_le_bytes()));
        if out.len() > begun && self.skip > 0 {
            out.drain(begun..begun + self.skip);
            self.skip = 0;
        }
        out.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= out.len() as u64;
        out
    }

    /// What is still to be given when the file has no more bytes: the header, when nothing else was asked for.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SampleFormat;
    use super::super::reader::WavReader;
    use super::*;

    fn head(format: SampleFormat) -> WavHead {
        WavHead {
            format,
            channels: 2,
            sample_rate: 8_000,
            data_offset: 58,
            declared_bytes: None,
        }
    }

    fn part(view: &PcmView, file: &[u8], range: Range<u64>) -> Vec<u8> {
        let source = view.source(&range);
        let at = |n: u64| usize::try_from(n).unwrap();
        let mut reader = view.reader(&range);
        let mut out = Vec::new();
        for piece in file[at(source.start)..at(source.end)].chunks(3) {
            out.extend(reader.feed(piece));
        }
        out.extend(reader.finish());
        out
    }

    #[test]
    fn the_view_is_a_whole_wav_file_and_every_part_is_part_of_it() {
        for format in [SampleFormat::MuLaw, SampleFormat::Pcm24] {
            let file: Vec<u8> = (0..200_u8).collect();
            let view = PcmView::new(head(format), 200);
            let whole = part(&view, &file, 0..view.size_bytes());
            assert_eq!(whole.len() as u64, view.size_bytes());
            let mut reader = WavReader::new();
            reader.feed(&whole);
            let facts = reader.finish().unwrap();
            assert_eq!((facts.format, facts.channels), (SampleFormat::Pcm16, 2));
            assert_eq!(facts.notes, []);
            for start in 0..view.size_bytes() {
                for end in [start + 1, start + 7, view.size_bytes()] {
                    let range = start..end.min(view.size_bytes());
                    let at = |n: u64| usize::try_from(n).unwrap();
                    let expected = &whole[at(range.start)..at(range.end)];
                    assert_eq!(part(&view, &file, range.clone()), expected, "{range:?}");
                }
            }
        }
    }
}
