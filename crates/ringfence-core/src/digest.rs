//! Digests of content, computed while it streams by.

use crate::encoding::hex;
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};
use thiserror::Error;

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not a SHA-256 digest of 64 hexadecimal digits")]
pub struct DigestError;

/// A SHA-256 digest; its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// The digest of bytes held in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = ContentHasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// Parses 64 hexadecimal digits, in any case.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let mut bytes = [0_u8; 32];
        if text.len() != 64 {
            return Err(DigestError);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digit = |at: usize| pair.get(at).and_then(|d| char::from(*d).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                return Err(DigestError);
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| DigestError)?;
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl std::fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}

/// Computes a [`ContentDigest`] from pieces of any size.
#[derive(Clone)]
pub struct ContentHasher(Context);

impl ContentHasher {
    /// Starts at the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The content has ended.
    #[must_use]
    pub fn finish(self) -> ContentDigest {
        let mut bytes = [0_u8; 32];
        bytes.copy_from_slice(self.0.finish().as_ref());
        ContentDigest(bytes)
    }
}

impl Default for ContentHasher {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for ContentHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentHasher")
    }
}

/// A digest that other parties offer with content, besides SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ForeignAlgorithm {
    /// SHA-512 (RFC 9530).
    Sha512,
    /// SHA-1: proves accidents only, never intent.
    Sha1,
}

/// Computes a digest that another party offered.
#[derive(Clone)]
pub struct ForeignHasher(Context);

impl ForeignHasher {
    /// Starts at the first byte.
    #[must_use]
    pub fn new(algorithm: ForeignAlgorithm) -> Self {
        Self(Context::new(match algorithm {
            ForeignAlgorithm::Sha512 => &SHA512,
            ForeignAlgorithm::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
        }))
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The content has ended.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

impl std::fmt::Debug for ForeignHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForeignHasher")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        let whole = ContentDigest::of(b"abc");
        assert_eq!(
            whole.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut hasher = ContentHasher::new();
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.finish(), whole);
        assert_eq!(ContentDigest::parse(&whole.to_string()), Ok(whole));
        assert_eq!(ContentDigest::parse(&"z".repeat(64)), Err(DigestError));
        assert_eq!(ContentDigest::parse("ba78"), Err(DigestError));
    }

    #[test]
    fn foreign_digests_are_theirs() {
        let mut sha1 = ForeignHasher::new(ForeignAlgorithm::Sha1);
        sha1.update(b"abc");
        assert_eq!(
            hex(&sha1.finish()),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        let mut sha512 = ForeignHasher::new(ForeignAlgorithm::Sha512);
        sha512.update(b"abc");
        assert!(hex(&sha512.finish()).starts_with("ddaf35a193617aba"));
    }
}
