//! What a developer's personal token may do at the Portal REST API, as a set (vbc-api §2.7).

use crate::developer::DeveloperScope;
use thiserror::Error;

/// The text is no scope of a personal token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the scope is not one of apim:subscribe, apim:app_manage, apim:sub_manage")]
pub struct DeveloperScopeError;

/// A set of rights of a personal token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct DeveloperScopes(u8);

impl DeveloperScopes {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// The set and one more.
    #[must_use]
    pub const fn with(self, scope: DeveloperScope) -> Self {
        Self(self.0 | bit(scope))
    }

    /// Whether the scope itself is in the set.
    #[must_use]
    pub const fn contains(self, scope: DeveloperScope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// Whether the set allows what that scope stands for: `apim:subscribe` is the umbrella over the others.
    #[must_use]
    pub const fn allows(self, scope: DeveloperScope) -> bool {
        self.contains(scope) || self.contains(DeveloperScope::Subscribe)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in it.
    pub fn iter(self) -> impl Iterator<Item = DeveloperScope> {
        DeveloperScope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }

    /// Parses values with spaces between them; nothing is the empty set.
    ///
    /// # Errors
    /// One of them is no scope.
    pub fn parse(text: &str) -> Result<Self, DeveloperScopeError> {
        let mut scopes = Self::EMPTY;
        for value in text.split_ascii_whitespace() {
            scopes = scopes.with(DeveloperScope::parse(value).ok_or(DeveloperScopeError)?);
        }
        Ok(scopes)
    }
}

const fn bit(scope: DeveloperScope) -> u8 {
    1 << scope as u8
}

impl FromIterator<DeveloperScope> for DeveloperScopes {
    fn from_iter<I: IntoIterator<Item = DeveloperScope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl std::fmt::Display for DeveloperScopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values: Vec<&str> = self.iter().map(DeveloperScope::as_str).collect();
        f.write_str(&values.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_round_trip_and_subscribe_is_the_umbrella() {
        let both = DeveloperScopes::parse("apim:sub_manage apim:app_manage").unwrap();
        assert_eq!(both.to_string(), "apim:app_manage apim:sub_manage");
        assert!(!both.allows(DeveloperScope::Subscribe));
        let all = DeveloperScopes::EMPTY.with(DeveloperScope::Subscribe);
        assert!(
            DeveloperScope::ALL
                .into_iter()
                .all(|scope| all.allows(scope))
        );
        assert!(DeveloperScopes::parse("apim:admin").is_err());
        assert!(DeveloperScopes::parse("").unwrap().is_empty());
    }
}
