//! What a machine may have: exactly the scopes it asks for, or nothing (RFC 6749 §4.4).

use super::TokenError;
use crate::directory::rights::Live;
use ringfence_core::scope::{Scope, ScopeError, ScopeSet};

/// Why a scope is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScopeRefusal {
    /// None was asked for.
    Missing,
    /// The text is outside the syntax of RFC 6749 §3.3.
    Syntax,
    /// No such scope, or not one this client may have now.
    Value(String),
}

impl std::fmt::Display for ScopeRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("none was asked for"),
            Self::Syntax => f.write_str("syntax"),
            Self::Value(value) => f.write_str(value),
        }
    }
}

/// The scopes of a token, as asked for. Order and duplicates do not matter; nothing is dropped or added.
pub(super) fn scope_grant(live: &Live, asked: Option<&str>) -> Result<ScopeSet, TokenError> {
    let refused = |refusal| Err(TokenError::InvalidScope(refusal));
    let mut granted = ScopeSet::EMPTY;
    for value in asked
        .unwrap_or_default()
        .split(' ')
        .filter(|v| !v.is_empty())
    {
        match Scope::parse(value) {
            Ok(scope) if live.scopes.contains(scope) => granted = granted.with(scope),
            // Unknown and not allowed read alike, so that nobody learns what a credential holds.
            Ok(_) | Err(ScopeError::Unknown) => {
                return refused(ScopeRefusal::Value(value.to_owned()));
            }
            Err(ScopeError::Syntax) => return refused(ScopeRefusal::Syntax),
            Err(ScopeError::Empty) => return refused(ScopeRefusal::Missing),
        }
    }
    if granted.is_empty() {
        return refused(ScopeRefusal::Missing);
    }
    Ok(granted)
}
