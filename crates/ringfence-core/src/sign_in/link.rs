//! One-time links: who holds one may set up the server, or set a password for one person.

use crate::context::Random;
use crate::credential::StoredDigest;
use crate::encoding::base64url;
use crate::secret::{DigestKey, Secret};
use zeroize::Zeroizing;

/// How long a link works, in seconds.
pub const LINK_TTL_SECS: i64 = 86_400;

const TOKEN_CHARACTERS: usize = 43;

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkPurpose {
    /// Makes the first operator of a server that nobody can sign in to.
    SetUp,
    /// Lets one person set a password and signs them in.
    Invite,
}

/// The secret part of a link: 256 random bits.
#[derive(Clone, Debug)]
pub struct LinkToken(Secret<String>);

impl LinkPurpose {
    /// The text that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::Invite => "invite",
        }
    }

    /// Parses the stored text; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SetUp, Self::Invite]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

impl LinkToken {
    /// Makes a new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random.fill(bytes.as_mut());
        Self(Secret::new(base64url(bytes.as_ref())))
    }

    /// Takes what stands in a link; `None` when it has another shape.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        (text.len() == TOKEN_CHARACTERS && text.bytes().all(good))
            .then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is kept of it.
    #[must_use]
    pub fn digest(&self, key: &DigestKey) -> StoredDigest {
        let text = Zeroizing::new(format!("one-time link {}", self.0.expose()));
        key.digest(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is() {
        let token = LinkToken::generate(&SystemRandom);
        let again = LinkToken::parse(token.expose()).unwrap();
        let key = DigestKey::new(&Secret::new([3; 32]));
        assert_eq!(token.digest(&key), again.digest(&key));
        assert_eq!(format!("{token:?}"), "LinkToken([redacted])");
        for bad in ["", "a", &format!("{}a", token.expose()), &"/".repeat(43)] {
            assert!(LinkToken::parse(bad).is_none(), "{bad}");
        }
    }
}
