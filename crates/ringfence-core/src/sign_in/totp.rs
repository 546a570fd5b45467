//! Codes that change every thirty seconds (RFC 6238), as authenticator apps show them.

use crate::context::Random;
use crate::secret::Secret;
use crate::time::Timestamp;
use aws_lc_rs::hmac;
use std::fmt::Write as _;
use subtle::ConstantTimeEq;

const STEP_SECS: i64 = 30;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// A code of the step before or after is taken too: phones and people are slow (RFC 6238 §5.2).
const STEPS_AROUND: i64 = 1;

/// The secret that a server and an authenticator app share: 160 bits.
#[derive(Clone, Debug)]
pub struct TotpSecret(Secret<[u8; Self::LEN]>);

impl TotpSecret {
    /// Its length in bytes (RFC 4226 §4).
    pub const LEN: usize = 20;

    /// Makes a new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; Self::LEN];
        random.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// Takes the bytes of a stored one; `None` when they are too few or too many.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Secret::new(bytes.try_into().ok()?)))
    }

    /// The bytes, to be sealed.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// The secret as people type it into an app (RFC 4648 §6, no padding).
    #[must_use]
    pub fn base32(&self) -> Secret<String> {
        Secret::new(base32(self.expose()))
    }

    /// What an app reads from a QR code.
    #[must_use]
    pub fn uri(&self, issuer: &str, person: &str) -> Secret<String> {
        let (issuer, person) = (escaped(issuer), escaped(person));
        let secret = self.base32();
        let secret = secret.expose();
        Secret::new(format!(
            "otpauth://totp/{issuer}:{person}?secret={secret}&issuer={issuer}"
        ))
    }

    /// The step whose code this is, around now and after the last one used; `None` when it is no such code.
    ///
    /// Every candidate is computed and compared, so the time tells nothing.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp, last_step: i64) -> Option<i64> {
        let current = now.ms().div_euclid(1000).div_euclid(STEP_SECS);
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let mut found = None;
        for step in current - STEPS_AROUND..=current + STEPS_AROUND {
            let same = bool::from(self.code(step).as_bytes().ct_eq(code.as_bytes()));
            if same && step > last_step {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step (RFC 4226 §5.3).
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.expose());
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0xf);
        let mut number = [0; 4];
        for (to, from) in number.iter_mut().zip(bytes.iter().skip(offset)) {
            *to = *from;
        }
        let number = u32::from_be_bytes(number) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

pub(super) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let mut group = [0_u8; 8];
        for (to, from) in group.iter_mut().skip(3).zip(chunk) {
            *to = *from;
        }
        let bits = u64::from_be_bytes(group);
        let n_digits = (chunk.len() * 8).div_ceil(5);
        for digit in 0..n_digits {
            let index = usize::try_from(bits >> (35 - 5 * digit) & 31).unwrap_or_default();
            text.push(char::from(BASE32[index]));
        }
    }
    text
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc_secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(secs * 1000)
    }

    #[test]
    fn rfc6238_appendix_b_codes() {
        // The last six of the eight digits of the table, for SHA-1.
        for (secs, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                rfc_secret().step_of(code, at(secs), -1),
                Some(secs / 30),
                "{secs}"
            );
        }
    }

    #[test]
    fn rfc4648_10_base32() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(base32(b"foob"), "MZXW6YQ");
        assert_eq!(base32(b""), "");
        let secret = rfc_secret();
        assert_eq!(secret.base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_is_taken_around_its_step_and_once() {
        let secret = rfc_secret();
        assert_eq!(secret.step_of("287082", at(89), -1), Some(1));
        assert_eq!(secret.step_of("287 082", at(31), -1), Some(1));
        assert_eq!(secret.step_of("287082", at(90), -1), None, "too old");
        assert_eq!(secret.step_of("287082", at(59), 1), None, "used before");
        for bad in ["", "28708", "2870820", "287083", "２87082"] {
            assert_eq!(secret.step_of(bad, at(59), -1), None, "{bad}");
        }
    }

    #[test]
    fn the_uri_names_issuer_and_person() {
        let uri = rfc_secret().uri("Ringfence", "sam lee@acme");
        assert_eq!(
            uri.expose(),
            "otpauth://totp/Ringfence:sam%20lee%40acme?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ringfence"
        );
        assert_eq!(format!("{uri:?}"), "[redacted]");
    }
}
