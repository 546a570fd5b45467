//! Digests and a gzip wrapper, written apart from the product's so that tests compare two makers.

use aws_lc_rs::digest::{SHA256, digest};

/// The SHA-256 of some bytes as 64 lower-case hex digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// MD5 as RFC 1321 defines it, fed piece by piece.
pub(super) struct Md5 {
    state: [u32; 4],
    held: Vec<u8>,
    total: u64,
}

const SHIFTS: [u32; 16] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

impl Md5 {
    pub(super) fn new() -> Self {
        Self {
            state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476],
            held: Vec::new(),
            total: 0,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.held.extend_from_slice(bytes);
        let whole = self.held.len() / 64 * 64;
        let rest = self.held.split_off(whole);
        let (blocks, _) = self.held.as_chunks::<64>();
        for block in blocks {
            mix(&mut self.state, block);
        }
        self.held = rest;
    }

    pub(super) fn finish(mut self) -> [u8; 16] {
        let bits = self.total.wrapping_mul(8);
        let mut tail = vec![0x80];
        while (self.held.len() + tail.len()) % 64 != 56 {
            tail.push(0);
        }
        tail.extend_from_slice(&bits.to_le_bytes());
        self.update(&tail);
        let mut out = [0; 16];
        for (slot, word) in out.chunks_exact_mut(4).zip(self.state) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        out
    }
}

/// The MD5 of some bytes.
#[must_use]
pub fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut state = Md5::new();
    state.update(bytes);
    state.finish()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "RFC 1321 defines the table as the whole part of 2^32 * |sin(i)|"
)]
fn sine(step: usize) -> u32 {
    (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32
}

fn mix(state: &mut [u32; 4], block: &[u8; 64]) {
    let mut words = [0_u32; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d] = *state;
    for step in 0..64 {
        let (mixed, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), (7 * step) % 16),
        };
        let sum = a
            .wrapping_add(mixed)
            .wrapping_add(sine(step))
            .wrapping_add(words[word]);
        let turned = sum.rotate_left(SHIFTS[step / 16 * 4 + step % 4]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(turned));
    }
    for (slot, add) in state.iter_mut().zip([a, b, c, d]) {
        *slot = slot.wrapping_add(add);
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

/// Wraps bytes as a valid gzip stream of stored blocks (RFC 1951 §3.2.4, RFC 1952).
#[must_use]
pub fn gzip_stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let n_blocks = bytes.len().div_ceil(65_535).max(1);
    for (index, block) in bytes.chunks(65_535).enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(index + 1 == n_blocks));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    if bytes.is_empty() {
        out.extend_from_slice(&[1, 0, 0, 255, 255]);
    }
    out.extend_from_slice(&crc32(bytes).to_le_bytes());
    out.extend_from_slice(
        &u32::try_from(bytes.len() % (1 << 32))
            .unwrap_or(0)
            .to_le_bytes(),
    );
    out
}
