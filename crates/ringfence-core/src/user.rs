//! People: role, licence, state, and what they may reach.

use crate::id::{AccountId, GroupId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::time::Timestamp;
use thiserror::Error;

/// A person's role, which is also their licence (vcc-api §15.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// May do everything; once called nominee.
    Admin,
    /// Looks after agents; once called normal.
    Supervisor,
    /// Handles interactions.
    Agent,
    /// Only looks at displays.
    Wallboard,
}

/// The unique name of a person within an account, kept in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Username(Box<str>);

/// An agent's number as shown to people (`agentDisplayId`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AgentNumber(Box<str>);

/// A line: the number or address whose permission gates content (vcc-api §5.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Line(Box<str>);

/// A person of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The account they belong to.
    pub account_id: AccountId,
    /// Their unique name.
    pub username: Username,
    /// How people call them.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Role and licence.
    pub role: Role,
    /// False when archived.
    pub active: bool,
    /// True after too many failed sign-ins.
    pub locked: bool,
    /// Runs the installation: sees every account and the signing keys.
    pub operator: bool,
    /// Their number when they act as an agent.
    pub agent: Option<AgentNumber>,
    /// Permissions set by hand; the rest follow the role.
    pub permissions: PermissionOverrides,
    /// The lines they may reach.
    pub lines: Vec<Line>,
    /// The groups they belong to.
    pub groups: Vec<GroupId>,
    /// The groups whose content they may reach besides their own.
    pub readable_groups: Vec<GroupId>,
    /// Rises when every token of their credentials issued so far is to be refused.
    pub epoch: u32,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
}

/// Feature permissions set by hand for one person.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PermissionOverrides {
    /// Set to Yes.
    pub yes: PermissionSet,
    /// Set to No.
    pub no: PermissionSet,
}

/// A group of users.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Its number as shown to people.
    pub display_id: String,
    /// Its unique name within the account.
    pub name: String,
    /// Longest unexpected time, in seconds.
    pub max_unexpected_secs: u32,
    /// Longest wrap-up time, in seconds.
    pub max_wrap_up_secs: u32,
}

/// A member of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Their id.
    pub id: UserId,
    /// Their number when they act as an agent.
    pub agent: Option<AgentNumber>,
    /// How people call them.
    pub name: String,
}

/// How far somebody may reach into a group they need not belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupAccess {
    /// They may look.
    Read,
    /// They may change.
    Write,
}

/// A value of this module is not one of those allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum UserError {
    /// Not a role.
    #[error("the role is not one of Admin, Supervisor, Agent, Wallboard")]
    Role,
    /// Not a user name.
    #[error("a user name has 1 to 128 printable characters without spaces")]
    Username,
    /// Not an agent number.
    #[error("an agent id has 1 to 36 letters, digits, hyphens, dots or underscores")]
    Agent,
    /// Not a line.
    #[error("a line has 1 to 100 printable characters without spaces")]
    Line,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Supervisor, Self::Agent, Self::Wallboard];

    /// The text of the fact sheet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Supervisor => "Supervisor",
            Self::Agent => "Agent",
            Self::Wallboard => "Wallboard",
        }
    }

    /// Parses the text, in any case.
    ///
    /// # Errors
    /// The text is no role.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        Self::ALL
            .into_iter()
            .find(|r| r.as_str().eq_ignore_ascii_case(text))
            .ok_or(UserError::Role)
    }
}

impl Username {
    /// Parses a user name and brings it to lower case.
    ///
    /// # Errors
    /// The text is empty, longer than 128 bytes, or holds a space or control character.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        if text.is_empty()
            || text.len() > 128
            || text.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(UserError::Username);
        }
        Ok(Self(text.to_lowercase().into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AgentNumber {
    /// Parses an agent id.
    ///
    /// # Errors
    /// The text is empty, too long or holds another character.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if text.is_empty() || text.len() > 36 || !text.bytes().all(good) {
            return Err(UserError::Agent);
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Line {
    /// Parses a line.
    ///
    /// # Errors
    /// The text is empty, too long, or holds a space or control character.
    pub fn parse(text: &str) -> Result<Self, UserError> {
        if text.is_empty()
            || text.len() > 100
            || text.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(UserError::Line);
        }
        Ok(Self(text.into()))
    }

    /// The line as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl GroupAccess {
    /// `Read` or `Write`, as the User Admin API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }

    /// Parses the text, in any case; `None` when it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write]
            .into_iter()
            .find(|a| a.as_str().eq_ignore_ascii_case(text))
    }
}

impl User {
    /// The feature permissions in force: what was set by hand, else the role's default.
    #[must_use]
    pub fn permissions_in_force(&self) -> PermissionSet {
        self.permissions.in_force(self.role)
    }

    /// Whether credentials of this person may get tokens and use them.
    #[must_use]
    pub const fn may_act(&self) -> bool {
        self.active && !self.locked
    }
}

impl PermissionOverrides {
    /// Sets one permission by hand.
    pub fn set(&mut self, permission: Permission, value: bool) {
        if value {
            self.yes = self.yes.with(permission);
            self.no = self.no.without(permission);
        } else {
            self.no = self.no.with(permission);
            self.yes = self.yes.without(permission);
        }
    }

    /// Lets one permission follow the role again.
    pub fn clear(&mut self, permission: Permission) {
        self.yes = self.yes.without(permission);
        self.no = self.no.without(permission);
    }

    /// What was set by hand: yes, no, or nothing.
    #[must_use]
    pub fn set_by_hand(self, permission: Permission) -> Option<bool> {
        if self.yes.contains(permission) {
            Some(true)
        } else if self.no.contains(permission) {
            Some(false)
        } else {
            None
        }
    }

    /// The permissions in force for someone of this role.
    #[must_use]
    pub fn in_force(self, role: Role) -> PermissionSet {
        PermissionSet::default_of(role)
            .union(self.yes)
            .difference(self.no)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_in_lower_case_and_bounded() {
        assert_eq!(
            Username::parse("Sam.Lee@Acme.example").unwrap().as_str(),
            "sam.lee@acme.example"
        );
        assert!(Username::parse("").is_err());
        assert!(Username::parse("sam lee").is_err());
        assert!(Username::parse(&"s".repeat(129)).is_err());
    }

    #[test]
    fn what_was_set_by_hand_wins_over_the_role() {
        let mut overrides = PermissionOverrides::default();
        assert!(
            overrides
                .in_force(Role::Admin)
                .contains(Permission::ViewInboundContent)
        );
        assert!(
            !overrides
                .in_force(Role::Supervisor)
                .contains(Permission::ViewInboundContent)
        );
        overrides.set(Permission::ViewInboundContent, false);
        assert!(
            !overrides
                .in_force(Role::Admin)
                .contains(Permission::ViewInboundContent)
        );
        overrides.set(Permission::ViewInboundContent, true);
        assert!(
            overrides
                .in_force(Role::Agent)
                .contains(Permission::ViewInboundContent)
        );
    }
}
