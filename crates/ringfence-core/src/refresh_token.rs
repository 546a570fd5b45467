//! Refresh tokens: UUID text with the version nibble 3 (vbc-api §3.4), made from the grant and the token's number.
//!
//! The same one can be made again, for an answer that was lost, so none is stored: only a keyed digest finds the grant.

use crate::credential::StoredDigest;
use crate::id::GrantId;
use crate::secret::{DigestKey, Secret};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A refresh token: 122 bits that look random to anybody without the key.
#[derive(Clone, Debug)]
pub struct RefreshToken(Secret<String>);

impl RefreshToken {
    /// The refresh token of a grant with that number, always the same one under a key.
    #[must_use]
    pub fn derive(key: &DigestKey, grant: GrantId, generation: u32) -> Self {
        let digest = key.digest(&format!("{grant}:{generation}"));
        let mut bytes = Zeroizing::new([0; 16]);
        bytes.copy_from_slice(&digest.0[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x30;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let uuid = Uuid::from_bytes(*bytes);
        Self(Secret::new(uuid.hyphenated().to_string()))
    }

    /// Takes one that was presented; `None` when the text is not what we write.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uuid = Uuid::try_parse(text).ok()?;
        let is_ours = uuid.get_version_num() == 3 && uuid.hyphenated().to_string() == text;
        is_ours.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text, for the one it is given to.
    #[must_use]
    pub const fn secret(&self) -> &Secret<String> {
        &self.0
    }

    /// The digest that finds its grant.
    #[must_use]
    pub fn digest(&self, key: &DigestKey) -> StoredDigest {
        let text = Zeroizing::new(format!("refresh:{}", self.0.expose()));
        key.digest(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_own_token_and_always_the_same() {
        let key = DigestKey::new(&Secret::new([7; 32]));
        let token = |grant: u8, generation| {
            let token = RefreshToken::derive(&key, GrantId::from_bytes([grant; 16]), generation);
            token.secret().expose().clone()
        };
        assert_eq!(token(1, 1), token(1, 1));
        assert_ne!(token(1, 1), token(1, 2));
        assert_ne!(token(1, 1), token(2, 1));
        let other = DigestKey::new(&Secret::new([8; 32]));
        let others = RefreshToken::derive(&other, GrantId::from_bytes([1; 16]), 1);
        assert_ne!(others.secret().expose(), &token(1, 1));
        assert_eq!(format!("{others:?}"), "RefreshToken([redacted])");
    }

    #[test]
    fn tokens_have_the_platforms_shape_and_one_spelling() {
        let key = DigestKey::new(&Secret::new([7; 32]));
        for generation in 0..50 {
            let token = RefreshToken::derive(&key, GrantId::from_bytes([1; 16]), generation);
            let text = token.secret().expose();
            assert_eq!(text.chars().nth(14), Some('3'), "{text}");
            assert!(RefreshToken::parse(text).is_some());
            let loose = [
                text.replace('-', ""),
                format!("{{{text}}}"),
                format!("urn:uuid:{text}"),
                format!("{text} "),
            ];
            for loose in loose {
                assert!(RefreshToken::parse(&loose).is_none(), "{loose}");
            }
        }
        assert!(RefreshToken::parse("6F1D2C3B-4A59-3E68-9F70-8A9B0C1D2E3F").is_none());
        assert!(RefreshToken::parse("6f1d2c3b-4a59-4e68-9f70-8a9b0c1d2e3f").is_none());
    }
}
