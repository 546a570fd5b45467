//! An authenticator app: the code it shows for a secret (RFC 6238).

use aws_lc_rs::hmac;
use ringfence_core::time::Timestamp;

/// The code of a secret in base 32 at an instant.
///
/// # Panics
/// The secret is not base 32.
#[must_use]
pub fn code(secret: &str, at: Timestamp) -> String {
    let mut bits = 0_u64;
    let mut n_bits = 0;
    let mut key = Vec::new();
    for c in secret.bytes() {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|b| *b == c)
            .expect("base 32");
        bits = bits << 5 | u64::try_from(digit).expect("below 32");
        n_bits += 5;
        if n_bits >= 8 {
            n_bits -= 8;
            key.push(u8::try_from(bits >> n_bits & 0xff).expect("eight bits"));
        }
    }
    let step = (at.ms() / 30_000).to_be_bytes();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &step);
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 0xf);
    let number = u32::from_be_bytes([
        tag[offset] & 0x7f,
        tag[offset + 1],
        tag[offset + 2],
        tag[offset + 3],
    ]);
    format!("{:06}", number % 1_000_000)
}
