//! Developers: people who build applications (vbc-api §2.1). They belong to no account and never get tokens for APIs.

use crate::id::DeveloperId;
use crate::time::Timestamp;
use thiserror::Error;

/// What every developer's name ends in.
pub const NAME_SUFFIX: &str = ".api";

/// The name a developer signs in with: `dana.api`, kept in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeveloperName(Box<str>);

/// A person who builds applications.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Developer {
    /// Their id.
    pub id: DeveloperId,
    /// Their unique name.
    pub username: DeveloperName,
    /// How people call them.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Whom they work for; shown to people who are asked for consent.
    pub company: String,
    /// May sign in.
    pub active: bool,
    /// Rises when every stay and personal token of theirs so far is to be refused.
    pub epoch: u32,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
}

/// What a personal token of a developer may be used for, over the Portal REST API (vbc-api §2.7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum DeveloperScope {
    /// Everything the others open, and reading the catalogue.
    Subscribe,
    /// Applications and their keys.
    AppManage,
    /// Subscriptions.
    SubManage,
}

impl DeveloperScope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Subscribe, Self::AppManage, Self::SubManage];

    /// Its value in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "apim:subscribe",
            Self::AppManage => "apim:app_manage",
            Self::SubManage => "apim:sub_manage",
        }
    }

    /// Parses the value; `None` when it is no scope.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// The text is no developer's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "a developer's name has 5 to 128 letters, digits, dots, hyphens or underscores and ends in .api"
)]
pub struct DeveloperNameError;

impl DeveloperName {
    /// Parses a name and brings it to lower case.
    ///
    /// # Errors
    /// The text is too short, too long, holds another character, or ends otherwise.
    pub fn parse(text: &str) -> Result<Self, DeveloperNameError> {
        let name = text.to_ascii_lowercase();
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let fits = (NAME_SUFFIX.len() + 1..=128).contains(&name.len());
        if !fits || !name.ends_with(NAME_SUFFIX) || !name.bytes().all(good) {
            return Err(DeveloperNameError);
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DeveloperName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_api() {
        assert_eq!(
            DeveloperName::parse("Dana.API").unwrap().as_str(),
            "dana.api"
        );
        for odd in [".api", "dana", "dana@x.api", "da na.api", "dana.api "] {
            assert!(DeveloperName::parse(odd).is_err(), "{odd}");
        }
    }
}
