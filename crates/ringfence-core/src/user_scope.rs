//! Scopes that a person grants to an application (OpenID Connect Core §5.4, vbc-api §3.4).

use crate::scope::{ScopeError, is_scope_token};

/// What a person may grant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum UserScope {
    /// Who they are: an ID token and userinfo.
    Openid,
    /// Their name and user name.
    Profile,
    /// Their e-mail address.
    Email,
    /// Their phone number.
    Phone,
    /// Staying connected after they sign out.
    OfflineAccess,
}

/// The longest `device_` scope, in bytes.
const LONGEST_DEVICE: usize = 128;
const DEVICE_PREFIX: &str = "device_";

/// The text of a token that holds none of the scopes.
pub const DEFAULT_SCOPE: &str = "default";

/// A set of scopes, with the name of a device where a token of its own was asked for it (vbc-api §3.4).
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct UserScopes {
    bits: u8,
    device: Option<Box<str>>,
}

/// The scopes of a set without its device: small enough to go along with every request.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PlainUserScopes(u8);

impl UserScope {
    /// Every scope.
    pub const ALL: [Self; 5] = [
        Self::Openid,
        Self::Profile,
        Self::Email,
        Self::Phone,
        Self::OfflineAccess,
    ];

    /// Its value in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::OfflineAccess => "offline_access",
        }
    }
}

impl UserScopes {
    /// Parses values separated by spaces; order and duplicates do not matter, and `default` adds nothing.
    ///
    /// # Errors
    /// A value is no scope that people grant, or there are two devices.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut scopes = Self::default();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            if !is_scope_token(value) {
                return Err(ScopeError::Syntax);
            }
            if let Some(known) = UserScope::ALL.into_iter().find(|s| s.as_str() == value) {
                scopes.bits |= 1 << known as u8;
            } else if value.starts_with(DEVICE_PREFIX) && value.len() <= LONGEST_DEVICE {
                if scopes
                    .device
                    .as_deref()
                    .is_some_and(|device| device != value)
                {
                    return Err(ScopeError::Unknown);
                }
                scopes.device = Some(value.into());
            } else if value != DEFAULT_SCOPE {
                return Err(ScopeError::Unknown);
            }
        }
        Ok(scopes)
    }

    /// This set and one scope more.
    #[must_use]
    pub fn with(mut self, scope: UserScope) -> Self {
        self.bits |= 1 << scope as u8;
        self
    }

    /// Whether the scope is in the set.
    #[must_use]
    pub const fn contains(&self, scope: UserScope) -> bool {
        self.bits & (1 << scope as u8) != 0
    }

    /// Whether everything of this set is in the other; a device must be the same.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.bits & !other.bits == 0 && (self.device.is_none() || self.device == other.device)
    }

    /// The set without its device.
    #[must_use]
    pub const fn plain(&self) -> PlainUserScopes {
        PlainUserScopes(self.bits)
    }

    /// The device that the token is for.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// The scopes, without the device.
    pub fn iter(&self) -> impl Iterator<Item = UserScope> {
        let bits = self.bits;
        UserScope::ALL
            .into_iter()
            .filter(move |scope| bits & (1 << *scope as u8) != 0)
    }
}

impl std::fmt::Display for PlainUserScopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (bits, device) = (self.0, None);
        UserScopes { bits, device }.fmt(f)
    }
}

impl std::fmt::Display for UserScopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut values: Vec<&str> = self.iter().map(UserScope::as_str).collect();
        if values.is_empty() {
            values.push(DEFAULT_SCOPE);
        }
        values.extend(self.device());
        f.write_str(&values.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_called_default() {
        let text = |asked: &str| UserScopes::parse(asked).map(|scopes| scopes.to_string());
        assert_eq!(text(""), Ok("default".to_owned()));
        assert_eq!(text("email  openid email"), Ok("openid email".to_owned()));
        assert_eq!(text("device_7 openid"), Ok("openid device_7".to_owned()));
        assert_eq!(text("default device_7"), Ok("default device_7".to_owned()));
        for odd in ["users:read", "OpenID", "device_1 device_2"] {
            assert_eq!(text(odd), Err(ScopeError::Unknown), "{odd}");
        }
        assert_eq!(text("ope\"nid"), Err(ScopeError::Syntax));
    }

    #[test]
    fn a_set_is_narrower_only_for_the_same_device() {
        let set = |text: &str| UserScopes::parse(text).unwrap();
        assert!(set("openid").is_subset(&set("openid email device_1")));
        assert!(!set("openid device_2").is_subset(&set("openid device_1")));
        assert!(!set("phone").is_subset(&set("openid")));
    }
}
