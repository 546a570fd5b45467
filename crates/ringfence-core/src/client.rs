//! Which client a request came from: an API credential, or an application.

use crate::id::{ApplicationId, CredentialId, IdError};

const APPLICATION: &str = "app:";

/// The client that a request came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Client {
    /// An API credential, which acts for its owner or its account.
    Credential(CredentialId),
    /// An application, which acts for a person who allowed it.
    Application(ApplicationId),
}

impl Client {
    /// Parses the id of a credential, or `app:` and the id of an application.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix(APPLICATION) {
            Some(id) => ApplicationId::parse(id).map(Self::Application),
            None => CredentialId::parse(text).map(Self::Credential),
        }
    }

    /// The credential, when it is one.
    #[must_use]
    pub const fn credential(self) -> Option<CredentialId> {
        match self {
            Self::Credential(id) => Some(id),
            Self::Application(_) => None,
        }
    }

    /// The application, when it is one.
    #[must_use]
    pub const fn application(self) -> Option<ApplicationId> {
        match self {
            Self::Credential(_) => None,
            Self::Application(id) => Some(id),
        }
    }

    /// The 16 bytes of its id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::Credential(id) => id.as_bytes(),
            Self::Application(id) => id.as_bytes(),
        }
    }
}

impl std::fmt::Display for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credential(id) => id.fmt(f),
            Self::Application(id) => write!(f, "{APPLICATION}{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_says_which_kind_it_is() {
        let credential = Client::Credential(CredentialId::from_bytes([7; 16]));
        let application = Client::Application(ApplicationId::from_bytes([7; 16]));
        for client in [credential, application] {
            assert_eq!(Client::parse(&client.to_string()), Ok(client));
        }
        assert_ne!(credential, application);
        assert!(Client::parse("app:").is_err() && Client::parse("").is_err());
    }
}
