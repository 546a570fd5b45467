//! Consumer keys and secrets: 28 characters of `[A-Za-z0-9_]`, the last one `a` (vbc-api §2.4).

use crate::context::Random;
use crate::secret::Secret;
use thiserror::Error;
use zeroize::Zeroizing;

/// The length of a consumer key and of a consumer secret, in characters.
pub const CONSUMER_LEN: usize = 28;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789__";
// One of the 64 places is a second underscore; it is drawn again, so that all 63 are equally likely.
const N_ALPHABET: u8 = 63;
const LAST: char = 'a';

/// An application's `client_id`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerKey([u8; CONSUMER_LEN]);

/// The text is no consumer key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a consumer key has 28 letters, digits or underscores, the last of them a")]
pub struct ConsumerKeyError;

impl ConsumerKey {
    /// Makes a new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let text = consumer_text(random);
        let mut key = [0; CONSUMER_LEN];
        key.copy_from_slice(text.as_bytes());
        Self(key)
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, ConsumerKeyError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if !text.ends_with(LAST) || !text.bytes().all(good) {
            return Err(ConsumerKeyError);
        }
        let key = text.as_bytes().try_into().map_err(|_| ConsumerKeyError)?;
        Ok(Self(key))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Letters, digits and underscores only, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Display for ConsumerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for ConsumerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConsumerKey({self})")
    }
}

/// Makes a new consumer secret: 161 random bits, to be shown once. Only its keyed digest is kept.
#[must_use]
pub fn consumer_secret_generate(random: &dyn Random) -> Secret<String> {
    Secret::new(consumer_text(random).as_str().to_owned())
}

fn consumer_text(random: &dyn Random) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(CONSUMER_LEN));
    while text.len() < CONSUMER_LEN - 1 {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random.fill(bytes.as_mut());
        let drawn = bytes.iter().map(|b| b & 63).filter(|n| *n < N_ALPHABET);
        let room = CONSUMER_LEN - 1 - text.len();
        text.extend(
            drawn
                .take(room)
                .map(|n| char::from(ALPHABET[usize::from(n)])),
        );
    }
    text.push(LAST);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;

    #[test]
    fn keys_have_the_platforms_shape_and_round_trip() {
        for _ in 0..50 {
            let key = ConsumerKey::generate(&SystemRandom);
            assert_eq!(ConsumerKey::parse(key.as_str()), Ok(key));
        }
        let secret = consumer_secret_generate(&SystemRandom);
        assert!(ConsumerKey::parse(secret.expose()).is_ok());
        for odd in [
            "",
            "a",
            "aB3dE5fG7hI9jK1lM3nO5pQ7rS9b",
            "aB3dE5fG7hI9jK1lM3nO5pQ-rS9a",
        ] {
            assert!(ConsumerKey::parse(odd).is_err(), "{odd}");
        }
    }
}
