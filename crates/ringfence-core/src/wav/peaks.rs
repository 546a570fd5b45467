//! What a waveform shows: the loudest sample of each stretch of time, in each channel.

use super::WavHead;
use super::decode::Decoder;

/// Most channels that are drawn.
pub const CHANNELS_MAX: u16 = 8;

/// The loudest sample of each stretch, 0 to 255.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peaks {
    /// One list for each channel, all of one length.
    pub channels: Vec<Vec<u8>>,
}

/// Measures peaks in bounded memory, from the first byte of samples on.
#[derive(Debug)]
pub struct PeakMeter {
    decoder: Decoder,
    frames: u64,
    buckets: u64,
    frame: u64,
    bucket: usize,
    bucket_end: u64,
    channel: usize,
    channels: Vec<Vec<u8>>,
}

impl PeakMeter {
    /// Starts to measure a file with this head and length; `None` when it has too many channels or no samples.
    #[must_use]
    pub fn new(head: &WavHead, file_bytes: u64, buckets: u16) -> Option<Self> {
        let frames = head.frames(file_bytes);
        if frames == 0 || head.channels > CHANNELS_MAX {
            return None;
        }
        let buckets = u64::from(buckets).clamp(1, frames);
        let row = vec![0; usize::try_from(buckets).unwrap_or(1)];
        Some(Self {
            decoder: Decoder::new(head.format),
            frames,
            buckets,
            frame: 0,
            bucket: 0,
            bucket_end: frames / buckets,
            channel: 0,
            channels: vec![row; usize::from(head.channels)],
        })
    }

    /// Takes the next bytes of samples; those past the last whole frame do not count.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self {
            decoder,
            frames,
            buckets,
            frame,
            bucket,
            bucket_end,
            channel,
            channels,
        } = self;
        decoder.feed(bytes, |sample| {
            let peak = u8::try_from(sample.unsigned_abs() / 128).unwrap_or(u8::MAX);
            let place = channels.get_mut(*channel).and_then(|c| c.get_mut(*bucket));
            if let Some(place) = place {
                *place = peak.max(*place);
            }
            *channel += 1;
            if *channel == channels.len() {
                *channel = 0;
                *frame += 1;
                if *frame >= *bucket_end {
                    *bucket += 1;
                    let next = *bucket as u64 + 1;
                    *bucket_end = u64::try_from(
                        u128::from(next) * u128::from(*frames) / u128::from(*buckets),
                    )
                    .unwrap_or(u64::MAX);
                }
            }
        });
    }

    /// What was measured.
    #[must_use]
    pub fn finish(self) -> Peaks {
        Peaks {
            channels: self.channels,
        }
    }
}

impl Peaks {
    /// For storing: a byte with the number of channels, then one channel after the other.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::try_from(self.channels.len()).unwrap_or(u8::MAX)];
        for channel in &self.channels {
            bytes.extend(channel);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (n, rest) = bytes.split_first()?;
        let n = usize::from(*n);
        if n == 0 || rest.is_empty() || !rest.len().is_multiple_of(n) {
            return None;
        }
        let channels = rest.chunks_exact(rest.len() / n).map(<[u8]>::to_vec);
        Some(Self {
            channels: channels.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::SampleFormat;
    use super::*;

    fn head(channels: u16) -> WavHead {
        WavHead {
            format: SampleFormat::Pcm16,
            channels,
            sample_rate: 8_000,
            data_offset: 44,
            declared_bytes: None,
        }
    }

    #[test]
    fn each_channel_shows_its_loudest_sample_of_each_stretch() {
        let samples: [i16; 8] = [100, 0, -32768, 128, 1, 6400, 2, -12800];
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        for cut in [1, 3, 16] {
            let mut meter = PeakMeter::new(&head(2), 44 + 16, 2).unwrap();
            for piece in bytes.chunks(cut) {
                meter.feed(piece);
            }
            let peaks = meter.finish();
            assert_eq!(peaks.channels, [[255, 0], [1, 100]]);
            assert_eq!(Peaks::from_bytes(&peaks.to_bytes()), Some(peaks));
        }
    }

    #[test]
    fn short_and_odd_files_are_measured_whole() {
        for frames in [1_u64, 7, 599, 600, 601, 1800] {
            let mut meter = PeakMeter::new(&head(1), 44 + frames * 2, 600).unwrap();
            let mut bytes = vec![0; usize::try_from(frames * 2).unwrap()];
            let last = bytes.len() - 1;
            bytes[last] = 0x40;
            meter.feed(&bytes);
            let peaks = meter.finish();
            assert_eq!(peaks.channels[0].last(), Some(&128), "{frames}");
        }
        assert!(PeakMeter::new(&head(1), 44, 600).is_none());
        assert!(PeakMeter::new(&head(9), 1_000, 600).is_none());
    }
}
