//! The name of a token in memory: never the token itself.

use aws_lc_rs::digest::{SHA256, digest};

/// The SHA-256 digest of a whole token as it was sent; two tokens never share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Digests a token's text.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(bytes)
    }
}

impl std::fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Enough to tell two apart in a log, and nothing that helps to find the token.
        write!(f, "TokenDigest({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differs_for_tokens_that_differ_in_one_character() {
        assert_eq!(TokenDigest::of("a.b.c"), TokenDigest::of("a.b.c"));
        assert_ne!(TokenDigest::of("a.b.c"), TokenDigest::of("a.b.d"));
        assert_eq!(format!("{:?}", TokenDigest::of("")), "TokenDigest(e3b0…)");
    }
}
