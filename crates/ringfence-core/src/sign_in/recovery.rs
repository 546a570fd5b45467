//! Recovery codes: each signs a person in once, in place of a code of their app.

use super::totp::base32;
use crate::context::Random;
use crate::credential::StoredDigest;
use crate::secret::{DigestKey, Secret};
use zeroize::Zeroizing;

/// How many codes a person gets at once.
pub const N_CODES: usize = 10;

const RANDOM_BYTES: usize = 10;
const DIGITS: usize = 16;

/// A recovery code: 80 random bits, as four groups of four.
#[derive(Clone, Debug)]
pub struct RecoveryCode(Secret<String>);

impl RecoveryCode {
    /// Makes a new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; RANDOM_BYTES]);
        random.fill(bytes.as_mut());
        Self(Secret::new(base32(bytes.as_ref()).to_lowercase()))
    }

    /// Takes what a person typed, with or without hyphens and in any case; `None` when it has another shape.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let good = |b: u8| matches!(b, b'a'..=b'z' | b'2'..=b'7');
        (plain.len() == DIGITS && plain.bytes().all(good)).then(|| Self(Secret::new(plain)))
    }

    /// The code as it is shown, once.
    #[must_use]
    pub fn shown(&self) -> Secret<String> {
        let mut shown = String::with_capacity(DIGITS + 3);
        for (n, c) in self.0.expose().chars().enumerate() {
            if n > 0 && n % 4 == 0 {
                shown.push('-');
            }
            shown.push(c);
        }
        Secret::new(shown)
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self, key: &DigestKey) -> StoredDigest {
        let text = Zeroizing::new(format!("recovery code {}", self.0.expose()));
        key.digest(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode::generate(&SystemRandom);
        let shown = code.shown();
        assert_eq!(shown.expose().len(), 19);
        let key = DigestKey::new(&Secret::new([3; 32]));
        let typed = format!(" {} ", shown.expose().to_uppercase().replace('-', " "));
        let again = RecoveryCode::parse(&typed).unwrap();
        assert_eq!(code.digest(&key), again.digest(&key));
        assert!(RecoveryCode::parse("0000-0000-0000-0000").is_none());
        assert!(RecoveryCode::parse("").is_none());
    }
}
