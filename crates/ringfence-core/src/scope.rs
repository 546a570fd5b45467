//! The scope catalogue and sets of scopes (vcc-api §3.2).

use crate::user::Role;
use thiserror::Error;

/// One right that a credential or token may carry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Scope {
    /// View agent availability.
    AgentsAvailabilityRead,
    /// Read VCC user details, settings, and presences.
    UsersRead,
    /// Update VCC user details, settings, and presences.
    UsersWrite,
    /// Read or download interaction content.
    InteractionContentRead,
    /// Delete interaction content.
    InteractionContentDelete,
    /// View Insights stats.
    Stats,
    /// Create and update active interactions.
    InteractionsWrite,
    /// Create secure payment sessions.
    GlobalPci,
    /// Read VCC administration settings.
    AdminRead,
    /// Update VCC administration settings.
    AdminWrite,
    /// Read what the Admin Portal shows, over the Management API.
    ManagementRead,
    /// Do what the Admin Portal does, over the Management API.
    ManagementWrite,
}

/// A catalogue line: what a scope is called and what it opens.
#[derive(Clone, Copy, Debug)]
pub struct ScopeInfo {
    /// The scope.
    pub scope: Scope,
    /// Its value in requests.
    pub value: &'static str,
    /// Its name on screens.
    pub title: &'static str,
    /// The APIs it opens.
    pub apis: &'static str,
}

/// Every scope that an API credential may hold, in the order of the fact sheet; our own two for the Management API last.
pub const CATALOGUE: [ScopeInfo; 12] = [
    ScopeInfo {
        scope: Scope::AgentsAvailabilityRead,
        value: "agents-availability:read",
        title: "View agent availability",
        apis: "Agent Availability",
    },
    ScopeInfo {
        scope: Scope::UsersRead,
        value: "users:read",
        title: "Read VCC user details, settings, and presences",
        apis: "Agents, User Admin",
    },
    ScopeInfo {
        scope: Scope::UsersWrite,
        value: "users:write",
        title: "Update VCC user details, settings, and presences",
        apis: "Agents, User Admin",
    },
    ScopeInfo {
        scope: Scope::InteractionContentRead,
        value: "interaction-content:read",
        title: "Read or download interaction content",
        apis: "Interaction Content, Interaction Content Export, Conversation Analyzer",
    },
    ScopeInfo {
        scope: Scope::InteractionContentDelete,
        value: "interaction-content:delete",
        title: "Delete interaction content",
        apis: "Interaction Content",
    },
    ScopeInfo {
        scope: Scope::Stats,
        value: "stats",
        title: "View Insights stats",
        apis: "Insights Stats",
    },
    ScopeInfo {
        scope: Scope::InteractionsWrite,
        value: "interactions:write",
        title: "Create and update active interactions",
        apis: "Interactions",
    },
    ScopeInfo {
        scope: Scope::GlobalPci,
        value: "globalpci",
        title: "Create secure payment sessions",
        apis: "Payment",
    },
    ScopeInfo {
        scope: Scope::AdminRead,
        value: "admin:read",
        title: "Read VCC administration settings",
        apis: "Webhooks",
    },
    ScopeInfo {
        scope: Scope::AdminWrite,
        value: "admin:write",
        title: "Update VCC administration settings",
        apis: "Webhooks",
    },
    ScopeInfo {
        scope: Scope::ManagementRead,
        value: "management:read",
        title: "Read what the Admin Portal shows",
        apis: "Management",
    },
    ScopeInfo {
        scope: Scope::ManagementWrite,
        value: "management:write",
        title: "Do what the Admin Portal does",
        apis: "Management",
    },
];

/// The text is not a scope of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ScopeError {
    /// A character outside RFC 6749 §3.3.
    #[error("a scope holds a character that RFC 6749 does not allow")]
    Syntax,
    /// No such scope.
    #[error("there is no scope of that name")]
    Unknown,
    /// Nothing was asked for.
    #[error("name at least one scope")]
    Empty,
}

/// A set of scopes; 16 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(u16);

impl Scope {
    /// Its catalogue line.
    #[must_use]
    pub const fn info(self) -> &'static ScopeInfo {
        &CATALOGUE[self as usize]
    }

    /// Its value in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.info().value
    }

    /// Parses one value. Scope values are case-sensitive (RFC 6749 §3.3).
    ///
    /// # Errors
    /// The text is no scope of the catalogue.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if !is_scope_token(text) {
            return Err(ScopeError::Syntax);
        }
        CATALOGUE
            .iter()
            .find(|i| i.value == text)
            .map(|i| i.scope)
            .ok_or(ScopeError::Unknown)
    }
}

/// Whether the text is a `scope-token` of RFC 6749 §3.3.
#[must_use]
pub fn is_scope_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl ScopeSet {
    /// No scope.
    pub const EMPTY: Self = Self(0);

    /// What a licence allows its holder's credentials (vcc-api §4.1): all for an admin, two for a supervisor, none for the rest.
    #[must_use]
    pub fn of_licence(role: Role) -> Self {
        match role {
            Role::Admin => CATALOGUE.iter().map(|i| i.scope).collect(),
            Role::Supervisor => Self::EMPTY
                .with(Scope::UsersRead)
                .with(Scope::InteractionContentRead),
            Role::Agent | Role::Wallboard => Self::EMPTY,
        }
    }

    /// This set and one scope more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    /// What either set holds.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What both sets hold.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this set holds and the other does not.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the scope is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether every scope of this set is in the other.
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether the sets share a scope.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes in the order of the catalogue.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        CATALOGUE
            .iter()
            .map(|i| i.scope)
            .filter(move |s| self.contains(*s))
    }

    /// Parses values separated by single or several spaces; order and duplicates do not matter.
    ///
    /// # Errors
    /// The text is empty, or a value is no scope of the catalogue.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let mut set = Self::EMPTY;
        for value in text.split(' ').filter(|v| !v.is_empty()) {
            set = set.with(Scope::parse(value)?);
        }
        if set.is_empty() {
            Err(ScopeError::Empty)
        } else {
            Ok(set)
        }
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl std::fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, scope) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ScopeSet({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_in_the_order_of_the_enum() {
        for (n, info) in CATALOGUE.iter().enumerate() {
            assert_eq!(info.scope as usize, n);
            assert_eq!(Scope::parse(info.value), Ok(info.scope));
        }
    }

    #[test]
    fn a_supervisor_may_hold_exactly_two_scopes() {
        assert_eq!(
            ScopeSet::of_licence(Role::Supervisor).to_string(),
            "users:read interaction-content:read"
        );
        assert_eq!(
            ScopeSet::of_licence(Role::Admin).iter().count(),
            CATALOGUE.len()
        );
        assert!(ScopeSet::of_licence(Role::Agent).is_empty());
    }

    #[test]
    fn order_duplicates_and_spaces_do_not_matter() {
        let set = ScopeSet::parse("stats  users:read stats").unwrap();
        assert_eq!(set, ScopeSet::parse("users:read stats").unwrap());
        assert_eq!(ScopeSet::parse("Stats"), Err(ScopeError::Unknown));
        assert_eq!(ScopeSet::parse("sta\"ts"), Err(ScopeError::Syntax));
        assert_eq!(ScopeSet::parse("  "), Err(ScopeError::Empty));
    }
}
