//! API credentials and their secrets (design §4, vcc-api §4).

use crate::account::TokenAlg;
use crate::id::{AccountId, CredentialId, UserId};
use crate::scope::ScopeSet;
use crate::time::Timestamp;
use std::net::IpAddr;
use thiserror::Error;

/// Whom a credential acts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A person; the credential acts with their rights.
    User(UserId),
    /// The account itself: deprecated, exists only by import.
    Account,
}

/// What people call a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialName(Box<str>);

/// The keyed digest of a secret; the secret itself is kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredDigest(pub [u8; 32]);

/// One of a credential's secrets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretInfo {
    /// Its number within the credential, from 1; tokens name the secret that made them by it.
    pub number: u32,
    /// The keyed digest.
    pub digest: StoredDigest,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// An API credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Its id, the `client_id`.
    pub id: CredentialId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Whom it acts for.
    pub owner: Owner,
    /// What people call it.
    pub name: CredentialName,
    /// The scopes it may ask for.
    pub scopes: ScopeSet,
    /// Signature of its tokens where it differs from the account's.
    pub token_alg: Option<TokenAlg>,
    /// Life of its tokens in seconds where it differs from the server's.
    pub token_ttl_secs: Option<u32>,
    /// Networks it may be used from; empty means any.
    pub networks: Vec<Network>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Its live secrets; retired ones are not here.
    pub secrets: Vec<SecretInfo>,
    /// Rises when every token of it issued so far is to be refused.
    pub epoch: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with each edit.
    pub version: u32,
}

/// A range of addresses: `203.0.113.0/24`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A value of this module is not one of those allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CredentialError {
    /// Not a name.
    #[error("a credential name has 1 to 100 characters without control characters")]
    Name,
    /// Not a network.
    #[error("a network is an address and a prefix length, such as 203.0.113.0/24")]
    Network,
    /// Not a digest.
    #[error("a digest is 64 lower-case hex digits")]
    Digest,
}

impl StoredDigest {
    /// 64 lower-case hex digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
        self.0
            .iter()
            .flat_map(|b| [digit(b >> 4), digit(b & 15)])
            .collect()
    }

    /// Parses 64 lower-case hex digits.
    ///
    /// # Errors
    /// The text is anything else.
    pub fn parse_hex(text: &str) -> Result<Self, CredentialError> {
        let value = |b: u8| match b {
            b'0'..=b'9' => Ok(b - b'0'),
            b'a'..=b'f' => Ok(b - b'a' + 10),
            _ => Err(CredentialError::Digest),
        };
        let mut digest = [0; 32];
        if text.len() != 64 {
            return Err(CredentialError::Digest);
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Ok(Self(digest))
    }
}

impl CredentialName {
    /// Parses a name, without the spaces around it.
    ///
    /// # Errors
    /// The text is empty, longer than 100 characters, or holds a control character.
    pub fn parse(text: &str) -> Result<Self, CredentialError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
            return Err(CredentialError::Name);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Credential {
    /// Whether the credential itself has run out.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether it may be used from an address.
    #[must_use]
    pub fn allows_address(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|n| n.contains(address))
    }

    /// The live secret of that number, unless it has run out.
    #[must_use]
    pub fn secret(&self, number: u32, now: Timestamp) -> Option<&SecretInfo> {
        self.secrets
            .iter()
            .find(|s| s.number == number && !s.expired(now))
    }
}

impl SecretInfo {
    /// Whether the secret has run out.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl Network {
    /// Parses an address with an optional prefix length.
    ///
    /// # Errors
    /// The text is not a network.
    pub fn parse(text: &str) -> Result<Self, CredentialError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| CredentialError::Network)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => digits.parse().map_err(|_| CredentialError::Network)?,
            None => longest,
        };
        if prefix > longest {
            return Err(CredentialError::Network);
        }
        Ok(Self { address, prefix })
    }

    /// Whether the address lies in the network. An IPv4 address written as IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(self.prefix);
                shift == 32 || u32::from(net) >> shift == u32::from(ip) >> shift
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(self.prefix);
                shift == 128 || u128::from(net) >> shift == u128::from(ip) >> shift
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_round_trip() {
        let digest = StoredDigest(std::array::from_fn(|n| u8::try_from(n * 8 % 256).unwrap()));
        assert_eq!(StoredDigest::parse_hex(&digest.to_hex()), Ok(digest));
        assert!(StoredDigest::parse_hex("00").is_err());
        assert!(StoredDigest::parse_hex(&"G".repeat(64)).is_err());
    }

    #[test]
    fn networks_hold_their_addresses() {
        let net = Network::parse("203.0.113.0/24").unwrap();
        assert!(net.contains("203.0.113.9".parse().unwrap()));
        assert!(net.contains("::ffff:203.0.113.9".parse().unwrap()));
        assert!(!net.contains("203.0.114.9".parse().unwrap()));
        assert!(
            Network::parse("0.0.0.0/0")
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert!(
            Network::parse("2001:db8::/32")
                .unwrap()
                .contains("2001:db8::1".parse().unwrap())
        );
        assert!(Network::parse("203.0.113.0/33").is_err());
        assert!(Network::parse("acme").is_err());
    }
}
