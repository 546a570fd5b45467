//! Proof key for code exchange (RFC 7636), S256 only.

use crate::encoding::base64url;
use aws_lc_rs::digest::{SHA256, digest};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

const CHALLENGE_LEN: usize = 43;

/// The text is no S256 challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a code challenge has exactly 43 characters of base64url")]
pub struct CodeChallengeError;

/// The digest of a verifier, shown when a code is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeChallenge(Box<str>);

impl CodeChallenge {
    /// Parses exactly 43 characters of base64url.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse(text: &str) -> Result<Self, CodeChallengeError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.len() != CHALLENGE_LEN || !text.bytes().all(good) {
            return Err(CodeChallengeError);
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether that is the verifier it was made of; one outside the syntax of RFC 7636 §4.1 never is.
    #[must_use]
    pub fn verifies(&self, verifier: &str) -> bool {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(good) {
            return false;
        }
        let made = base64url(digest(&SHA256, verifier.as_bytes()).as_ref());
        made.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn rfc7636_appendix_b() {
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert!(challenge.verifies(VERIFIER));
        assert!(!challenge.verifies(&VERIFIER.replace('d', "e")));
    }

    #[test]
    fn c39_lengths_and_alphabets() {
        for odd in [
            "",
            CHALLENGE.trim_start_matches('E'),
            &format!("{CHALLENGE}A"),
            &CHALLENGE.replace('-', "+"),
        ] {
            assert_eq!(CodeChallenge::parse(odd), Err(CodeChallengeError), "{odd}");
        }
        let of = |verifier: &str| {
            let made = base64url(digest(&SHA256, verifier.as_bytes()).as_ref());
            CodeChallenge::parse(&made).unwrap().verifies(verifier)
        };
        assert!(of(&"a".repeat(43)) && of(&"~".repeat(128)));
        for odd in [
            "a".repeat(42),
            "a".repeat(129),
            "a b".repeat(20),
            "é".repeat(30),
        ] {
            assert!(!of(&odd), "{odd}");
        }
    }
}
