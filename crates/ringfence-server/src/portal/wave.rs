//! A waveform as a picture: one path a channel, drawn at the server.

use ringfence_core::wav::peaks::Peaks;

/// Height of one channel's picture.
const HEIGHT: u32 = 48;

/// The waveform of a recording.
#[derive(Debug)]
pub(super) struct Wave {
    /// How many stretches of time there are; the width of the pictures.
    pub(super) width: usize,
    /// The height of each picture.
    pub(super) height: u32,
    /// One picture a channel.
    pub(super) channels: Vec<WaveChannel>,
}

/// One channel.
#[derive(Debug)]
pub(super) struct WaveChannel {
    /// Whom it holds.
    pub(super) label: String,
    /// The path of an SVG: a line up and down for each stretch.
    pub(super) path: String,
}

/// Draws the waveform.
pub(super) fn wave_of(peaks: &Peaks) -> Wave {
    let n_channels = peaks.channels.len();
    let channel = |(n, values): (usize, &Vec<u8>)| WaveChannel {
        label: label(n, n_channels),
        path: path(values),
    };
    Wave {
        width: peaks.channels.first().map_or(1, Vec::len),
        height: HEIGHT,
        channels: peaks.channels.iter().enumerate().map(channel).collect(),
    }
}

// Calls of two channels have the agent on the left (docs/import.md); no file says so itself.
fn label(n: usize, n_channels: usize) -> String {
    match (n_channels, n) {
        (1, _) => "Both parties".to_owned(),
        (2, 0) => "Agent".to_owned(),
        (2, 1) => "Customer".to_owned(),
        (_, n) => format!("Channel {}", n + 1),
    }
}

fn path(values: &[u8]) -> String {
    let middle = HEIGHT / 2;
    let mut path = String::with_capacity(values.len() * 10);
    for (n, value) in values.iter().enumerate() {
        // Speech is much softer than the loudest that can be written; the root shows it. Silence is a thin line.
        let height = (u32::from(*value) * 255).isqrt() * (middle - 1) / 255;
        let (top, bottom) = (middle - height, middle + height.max(1));
        path.push_str(&format!("M{n} {top}V{bottom}"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_thin_line_and_the_loudest_fills_the_picture() {
        assert_eq!(path(&[0, 255]), "M0 24V25M1 1V47");
        let wave = wave_of(&Peaks {
            channels: vec![vec![0; 3], vec![9; 3]],
        });
        assert_eq!(
            (wave.width, wave.channels[1].label.as_str()),
            (3, "Customer")
        );
    }
}
