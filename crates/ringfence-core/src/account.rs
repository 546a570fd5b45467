//! Accounts: the tenants.

use crate::id::AccountId;
use crate::time::Timestamp;
use thiserror::Error;

/// Where an account lives (vcc-api §1.1). Calls must go to that region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Region {
    /// Europe, the Middle East and Africa.
    Emea,
    /// North America.
    Nam,
    /// Asia and the Pacific.
    Apac,
}

/// Which platform's rules an account follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AccountKind {
    /// Vonage Contact Center.
    Vcc,
    /// Vonage Business Communications.
    Vbc,
}

/// Whether anything of an account may be used.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AccountStatus {
    /// In use.
    Active,
    /// Every token and credential of the account is refused.
    Suspended,
}

/// Which signature its tokens carry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TokenAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048-bit keys.
    #[default]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

/// The outside name of an account: `acme`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountName(Box<str>);

/// A tenant: everything belongs to one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its unique name.
    pub name: AccountName,
    /// Where it lives.
    pub region: Region,
    /// Which platform it follows.
    pub kind: AccountKind,
    /// In use or suspended.
    pub status: AccountStatus,
    /// Signature of its tokens.
    pub token_alg: TokenAlg,
    /// Rises when every token of the account issued so far is to be refused.
    pub epoch: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A value of this module is not one of those allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AccountError {
    /// Not a region.
    #[error("the region is not one of emea, nam, apac")]
    Region,
    /// Not a kind.
    #[error("the kind is not one of vcc, vbc")]
    Kind,
    /// Not a status.
    #[error("the status is not one of active, suspended")]
    Status,
    /// Not a signature algorithm.
    #[error("the algorithm is not one of RS256, ES256")]
    Alg,
    /// Not a name.
    #[error(
        "an account name has 1 to 63 characters: a-z, 0-9 and hyphen, starting with a letter or digit"
    )]
    Name,
}

impl Region {
    /// Every region.
    pub const ALL: [Self; 3] = [Self::Emea, Self::Nam, Self::Apac];

    /// `emea`, `nam` or `apac`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emea => "emea",
            Self::Nam => "nam",
            Self::Apac => "apac",
        }
    }

    /// Parses the subdomain text.
    ///
    /// # Errors
    /// The text is not a region.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        Self::ALL
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or(AccountError::Region)
    }
}

impl AccountKind {
    /// `vcc` or `vbc`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcc => "vcc",
            Self::Vbc => "vbc",
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is not a kind.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        [Self::Vcc, Self::Vbc]
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or(AccountError::Kind)
    }
}

impl AccountStatus {
    /// `active` or `suspended`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is not a status.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or(AccountError::Status)
    }
}

impl TokenAlg {
    /// The name of RFC 7518.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// Parses the name of RFC 7518.
    ///
    /// # Errors
    /// The text is not an algorithm that signs tokens here.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        [Self::Rs256, Self::Es256]
            .into_iter()
            .find(|a| a.as_str() == text)
            .ok_or(AccountError::Alg)
    }
}

impl AccountName {
    /// Parses a name.
    ///
    /// # Errors
    /// The text is empty, too long or holds another character.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let Some(first) = text.bytes().next() else {
            return Err(AccountError::Name);
        };
        if text.len() > 63 || !good(first) || !text.bytes().all(|b| good(b) || b == b'-') {
            return Err(AccountError::Name);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for AccountName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
