//! MD5 (RFC 1321), only to check the `Content-MD5` and `Digest: md5=` that a platform offers.
//!
//! It finds accidents on the way; it proves nothing against an attacker, and nothing of
//! ours relies on it.

const SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// Computes MD5 from pieces of any size.
#[derive(Clone, Debug)]
pub struct Md5 {
    state: [u32; 4],
    held: Vec<u8>,
    total: u64,
    sines: [u32; 64],
}

impl Md5 {
    /// Starts at the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476],
            held: Vec::with_capacity(64),
            total: 0,
            sines: sines(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.total = self.total.wrapping_add(bytes.len() as u64);
        let mut rest = bytes;
        if !self.held.is_empty() {
            let used = rest.len().min(64 - self.held.len());
            let (head, tail) = rest.split_at(used);
            self.held.extend_from_slice(head);
            rest = tail;
            if self.held.len() < 64 {
                return;
            }
            let block = std::mem::take(&mut self.held);
            self.block(&block);
        }
        let blocks = rest.chunks_exact(64);
        self.held.extend_from_slice(blocks.remainder());
        for block in blocks {
            self.block(block);
        }
    }

    /// The content has ended.
    #[must_use]
    pub fn finish(mut self) -> [u8; 16] {
        let bits = self.total.wrapping_mul(8);
        let mut tail = vec![0x80_u8];
        let filled = (self.held.len() + 1) % 64;
        let zeros = if filled <= 56 {
            56 - filled
        } else {
            120 - filled
        };
        tail.resize(1 + zeros, 0);
        tail.extend_from_slice(&bits.to_le_bytes());
        self.update(&tail);
        let mut digest = [0_u8; 16];
        for (out, word) in digest.chunks_exact_mut(4).zip(self.state) {
            out.copy_from_slice(&word.to_le_bytes());
        }
        digest
    }

    fn block(&mut self, block: &[u8]) {
        let mut words = [0_u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes
                .iter()
                .rev()
                .fold(0, |word, byte| (word << 8) | u32::from(*byte));
        }
        let [mut a, mut b, mut c, mut d] = self.state;
        for step in 0..64 {
            let round = step / 16;
            let (mix, at) = match round {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sum = a
                .wrapping_add(mix)
                .wrapping_add(self.sines[step])
                .wrapping_add(words[at]);
            a = d;
            d = c;
            c = b;
            b = b.wrapping_add(sum.rotate_left(SHIFTS[round][step % 4]));
        }
        let [a0, b0, c0, d0] = self.state;
        self.state = [
            a0.wrapping_add(a),
            b0.wrapping_add(b),
            c0.wrapping_add(c),
            d0.wrapping_add(d),
        ];
    }
}

impl Default for Md5 {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "RFC 1321 defines the table as the integer part of 2^32 · |sin(i)|, which fits"
)]
fn sines() -> [u32; 64] {
    let mut table = [0_u32; 64];
    for (i, entry) in (1_u32..).zip(table.iter_mut()) {
        *entry = (f64::from(i).sin().abs() * 4_294_967_296.0) as u32;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::encoding::hex;

    #[test]
    fn rfc1321_a5_test_suite() {
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            for cut in [1, 7, 64, 100] {
                let mut md5 = Md5::new();
                for piece in text.as_bytes().chunks(cut) {
                    md5.update(piece);
                }
                assert_eq!(hex(&md5.finish()), digest, "{text} in pieces of {cut}");
            }
        }
    }
}
