//! Stored bytes into samples of 16 bits, however the bytes are cut.

use super::SampleFormat;
use super::g711::{a_law, mu_law};

const LONGEST: usize = 8;

/// Turns the bytes of one format into samples, keeping those of a sample that is not whole yet.
#[derive(Clone, Debug)]
pub struct Decoder {
    format: SampleFormat,
    held: [u8; LONGEST],
    n_held: usize,
}

impl Decoder {
    /// Starts at the first byte of a sample.
    #[must_use]
    pub const fn new(format: SampleFormat) -> Self {
        Self {
            format,
            held: [0; LONGEST],
            n_held: 0,
        }
    }

    /// Takes the next bytes and gives each sample they complete.
    pub fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(i16)) {
        let width = usize::from(self.format.sample_bytes());
        let mut rest = bytes;
        if self.n_held > 0 {
            let (now, later) = rest.split_at((width - self.n_held).min(rest.len()));
            for byte in now {
                self.held[self.n_held] = *byte;
                self.n_held += 1;
            }
            rest = later;
            if self.n_held < width {
                return;
            }
            each(sample(self.format, &self.held));
            self.n_held = 0;
        }
        let mut whole = rest.chunks_exact(width);
        for bytes in &mut whole {
            each(sample(self.format, bytes));
        }
        for byte in whole.remainder() {
            self.held[self.n_held] = *byte;
            self.n_held += 1;
        }
    }
}

// The bytes are at least one sample long.
fn sample(format: SampleFormat, bytes: &[u8]) -> i16 {
    let at = |n: usize| bytes.get(n).copied().unwrap_or_default();
    match format {
        SampleFormat::Pcm8 => (i16::from(at(0)) - 128) << 8,
        SampleFormat::Pcm16 => i16::from_le_bytes([at(0), at(1)]),
        SampleFormat::Pcm24 => i16::from_le_bytes([at(1), at(2)]),
        SampleFormat::Pcm32 => i16::from_le_bytes([at(2), at(3)]),
        SampleFormat::Float32 => float(f32::from_le_bytes([at(0), at(1), at(2), at(3)]).into()),
        SampleFormat::Float64 => float(f64::from_le_bytes([
            at(0),
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
        ])),
        SampleFormat::ALaw => a_law(at(0)),
        SampleFormat::MuLaw => mu_law(at(0)),
    }
}

// What is no number is silence.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the value lies within 16 bits, and a cast from NaN gives 0"
)]
fn float(value: f64) -> i16 {
    (value.clamp(-1.0, 1.0) * f64::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(format: SampleFormat, bytes: &[u8], cut: usize) -> Vec<i16> {
        let mut decoder = Decoder::new(format);
        let mut samples = Vec::new();
        for piece in bytes.chunks(cut) {
            decoder.feed(piece, |s| samples.push(s));
        }
        samples
    }

    #[test]
    fn every_format_gives_16_bits_however_it_is_cut() {
        let float: Vec<u8> = [0.5_f32, -2.0, f32::NAN]
            .iter()
            .flat_map(|f| f.to_le_bytes())
            .collect();
        let double: Vec<u8> = [0.5_f64, -1.0]
            .iter()
            .flat_map(|f| f.to_le_bytes())
            .collect();
        let cases: [(SampleFormat, &[u8], &[i16]); 8] = [
            (SampleFormat::Pcm8, &[0, 128, 255], &[-32768, 0, 32512]),
            (SampleFormat::Pcm16, &[1, 2, 0, 0x80], &[513, -32768]),
            (SampleFormat::Pcm24, &[9, 1, 2, 9, 0, 0x80], &[513, -32768]),
            (SampleFormat::Pcm32, &[9, 9, 1, 2], &[513]),
            (SampleFormat::Float32, &float, &[16383, -32767, 0]),
            (SampleFormat::Float64, &double, &[16383, -32767]),
            (SampleFormat::MuLaw, &[0x80, 0xff], &[32124, 0]),
            (SampleFormat::ALaw, &[0xaa, 0xd5], &[32256, 8]),
        ];
        for (format, bytes, expected) in cases {
            for cut in 1..=bytes.len() {
                assert_eq!(decode(format, bytes, cut), expected, "{format:?} {cut}");
            }
        }
    }
}
