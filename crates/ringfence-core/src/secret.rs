//! Secrets: how they look, how they are kept, and how they are compared.

use crate::account::Region;
use crate::context::Random;
use crate::credential::StoredDigest;
use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

const PREFIX: &str = "rfs_";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;

/// The longest secret a client may present, in bytes.
pub const MAX_SECRET_BYTES: usize = 256;

/// A value that is never shown; its memory is wiped when it is dropped.
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself. Each use is a place to look at twice.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The text is not a client secret of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum SecretError {
    /// Another shape.
    #[error("the text is not a client secret of Ringfence")]
    Shape,
    /// The shape, with a wrong checksum.
    #[error("the client secret has a wrong checksum: it was mistyped or cut")]
    Checksum,
}

/// A client secret: `rfs_<region>_<43 base62>_<6 base62 CRC-32>`, 256 random bits.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// The region whose token service knows it.
    pub region: Region,
    text: Secret<String>,
}

impl ClientSecret {
    /// Makes a new secret.
    #[must_use]
    pub fn generate(region: Region, random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random.fill(bytes.as_mut());
        let mut text = String::with_capacity(64);
        text.push_str(PREFIX);
        text.push_str(region.as_str());
        text.push('_');
        append_base62(bytes.as_mut(), RANDOM_DIGITS, &mut text);
        let mut checksum = crc32(text.as_bytes()).to_be_bytes();
        text.push('_');
        append_base62(&mut checksum, CHECKSUM_DIGITS, &mut text);
        Self {
            region,
            text: Secret::new(text),
        }
    }

    /// Recognises a secret by its shape and checksum, offline.
    ///
    /// # Errors
    /// See [`SecretError`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let rest = text.strip_prefix(PREFIX).ok_or(SecretError::Shape)?;
        let mut parts = rest.split('_');
        let (Some(region), Some(random), Some(checksum), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SecretError::Shape);
        };
        let region = Region::parse(region).map_err(|_| SecretError::Shape)?;
        let base62 =
            |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !base62(random, RANDOM_DIGITS) || !base62(checksum, CHECKSUM_DIGITS) {
            return Err(SecretError::Shape);
        }
        let body = text
            .strip_suffix(checksum)
            .and_then(|t| t.strip_suffix('_'))
            .ok_or(SecretError::Shape)?;
        let mut expected = String::with_capacity(CHECKSUM_DIGITS);
        append_base62(
            &mut crc32(body.as_bytes()).to_be_bytes(),
            CHECKSUM_DIGITS,
            &mut expected,
        );
        if expected != checksum {
            return Err(SecretError::Checksum);
        }
        Ok(Self {
            region,
            text: Secret::new(text.to_owned()),
        })
    }

    /// The text, to be shown once to the one who asked for it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }
}

/// What a browser or a link carries to prove itself: 256 random bits as 43 base62 digits. Only its keyed digest is kept.
#[derive(Clone, Debug)]
pub struct Handle(Secret<String>);

impl Handle {
    /// Makes a new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random.fill(bytes.as_mut());
        let mut text = String::with_capacity(RANDOM_DIGITS);
        append_base62(bytes.as_mut(), RANDOM_DIGITS, &mut text);
        Self(Secret::new(text))
    }

    /// Takes one that was presented; `None` when the text has another shape.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good = text.len() == RANDOM_DIGITS && text.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text, for the one it is given to.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The digest it is kept as. The use keeps digests of different uses apart: `session`, `setup`.
    #[must_use]
    pub fn digest(&self, key: &DigestKey, purpose: &'static str) -> StoredDigest {
        let text = Zeroizing::new(format!("{purpose}:{}", self.expose()));
        key.digest(&text)
    }
}

/// The key of the digests that secrets are kept as.
#[derive(Clone)]
pub struct DigestKey(hmac::Key);

impl DigestKey {
    /// Takes a key of 32 bytes.
    #[must_use]
    pub fn new(key: &Secret<[u8; 32]>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    /// The digest of a presented or new secret, over all of its text.
    #[must_use]
    pub fn digest(&self, secret: &str) -> StoredDigest {
        let tag = hmac::sign(&self.0, secret.as_bytes());
        let mut digest = [0; 32];
        digest.copy_from_slice(tag.as_ref());
        StoredDigest(digest)
    }
}

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl StoredDigest {
    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, presented: &Self) -> bool {
        self.0.ct_eq(&presented.0).into()
    }
}

/// Appends a big-endian number in base 62 with leading zeros; the number is used up.
fn append_base62(number: &mut [u8], digits: usize, text: &mut String) {
    let mut reversed = Zeroizing::new(Vec::with_capacity(digits));
    for _ in 0..digits {
        let mut remainder = 0_u32;
        for byte in number.iter_mut() {
            let value = remainder << 8 | u32::from(*byte);
            // The quotient of a number below 62 * 256 fits a byte.
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        let digit = usize::try_from(remainder).unwrap_or_default();
        reversed.push(BASE62[digit]);
    }
    text.extend(reversed.iter().rev().map(|b| char::from(*b)));
}

/// CRC-32 as in zip and PNG (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;
    use proptest::prelude::*;

    #[derive(Debug)]
    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn crc32_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn secrets_have_their_shape() {
        let secret = ClientSecret::generate(Region::Emea, &SystemRandom);
        let parts: Vec<&str> = secret.expose().split('_').collect();
        assert_eq!(
            (parts[0], parts[1], parts[2].len(), parts[3].len()),
            ("rfs", "emea", 43, 6)
        );
        assert_eq!(
            ClientSecret::parse(secret.expose()).unwrap().region,
            Region::Emea
        );
        assert_eq!(
            format!("{secret:?}"),
            "ClientSecret { region: Emea, text: [redacted] }"
        );
    }

    #[test]
    fn all_256_bits_are_kept() {
        let zeros = ClientSecret::generate(Region::Nam, &Fixed(0));
        assert!(
            zeros
                .expose()
                .starts_with(&format!("rfs_nam_{}_", "0".repeat(43)))
        );
        let ones = ClientSecret::generate(Region::Nam, &Fixed(0xff));
        assert!(
            !ones.expose().starts_with("rfs_nam_0"),
            "2^256 - 1 needs all 43 digits"
        );
    }

    #[test]
    fn a_changed_dropped_or_added_character_shows() {
        let key = DigestKey::new(&Secret::new([7; 32]));
        let secret = ClientSecret::generate(Region::Apac, &SystemRandom);
        let text = secret.expose();
        let stored = key.digest(text);
        assert!(stored.matches(&key.digest(text)));
        for at in 0..text.len() {
            let mut changed = text.to_owned();
            let other = if changed.remove(at) == 'x' { 'y' } else { 'x' };
            assert!(ClientSecret::parse(&changed).is_err(), "dropped {at}");
            assert!(!stored.matches(&key.digest(&changed)));
            changed.insert(at, other);
            assert!(ClientSecret::parse(&changed).is_err(), "changed {at}");
            assert!(!stored.matches(&key.digest(&changed)));
        }
        assert!(ClientSecret::parse(&format!("{text}0")).is_err());
        assert!(!stored.matches(&key.digest(&format!("{text}0"))));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(rfs_)?(emea|nam|x)?_?[0-9A-Za-z_]{0,60}") {
            let _ = ClientSecret::parse(&text);
        }
    }
}
