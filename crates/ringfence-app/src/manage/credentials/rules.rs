//! The rules that cut what a credential can do, in words, and who can change each.

use ringfence_core::time::Timestamp;
use ringfence_core::user::Role;

/// Who can change a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// Who runs the installation.
    Operator,
    /// The admins of the account.
    Admins,
    /// The credential's owner; an admin when it is the account's.
    Owner,
}

/// Why nothing works at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bar {
    /// The account is suspended.
    AccountSuspended,
    /// The owner is archived or gone.
    OwnerArchived,
    /// The owner is locked.
    OwnerLocked,
    /// The credential has run out.
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// It has no secret that still works.
    NoSecret,
}

/// Why a scope does not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// The owner's licence does not allow it.
    Licence(Role),
    /// Nothing works.
    Barred(Bar),
}

/// The rule that hides interactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HiddenBy {
    /// *View inbound interaction content* is No.
    Inbound,
    /// *View outbound interaction content* is No.
    Outbound,
    /// Their line is none of the owner's.
    Lines,
    /// No agent who handled them is in a group of the owner's.
    Groups,
    /// They have only screen recordings or IVR audio, whose permission is No.
    Kind,
}

impl Bar {
    /// Who can change it.
    #[must_use]
    pub const fn keeper(self) -> Keeper {
        match self {
            Self::AccountSuspended => Keeper::Operator,
            Self::OwnerArchived | Self::OwnerLocked => Keeper::Admins,
            Self::Expired { .. } | Self::NoSecret => Keeper::Owner,
        }
    }

    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountSuspended => "account_suspended",
            Self::OwnerArchived => "owner_inactive",
            Self::OwnerLocked => "owner_locked",
            Self::Expired { .. } => "credential_expired",
            Self::NoSecret => "no_secret",
        }
    }

    /// What is the matter, in a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::AccountSuspended => "The account is suspended.",
            Self::OwnerArchived => "The owner is archived.",
            Self::OwnerLocked => "The owner is locked.",
            Self::Expired { .. } => "The credential has expired.",
            Self::NoSecret => "No secret of it still works.",
        }
    }
}

impl Cut {
    /// Who can change it.
    #[must_use]
    pub const fn keeper(self) -> Keeper {
        match self {
            Self::Licence(_) => Keeper::Admins,
            Self::Barred(bar) => bar.keeper(),
        }
    }

    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Licence(_) => "licence",
            Self::Barred(bar) => bar.as_str(),
        }
    }

    /// What is the matter, in a sentence.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Licence(role) => {
                format!(
                    "The owner's {} licence does not allow this scope.",
                    role.as_str()
                )
            }
            Self::Barred(bar) => bar.text().to_owned(),
        }
    }
}

impl HiddenBy {
    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "view_inbound_content",
            Self::Outbound => "view_outbound_content",
            Self::Lines => "lines",
            Self::Groups => "groups",
            Self::Kind => "kind",
        }
    }

    /// The rule, in a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Inbound => "“View inbound interaction content” is No for the owner.",
            Self::Outbound => "“View outbound interaction content” is No for the owner.",
            Self::Lines => {
                "Their line is none of the owner's, and “Access groups of users' content” is No."
            }
            Self::Groups => {
                "“Access groups of users' content” is Yes, and no agent who handled them is in a group that the owner may reach. An archived agent is in no group."
            }
            Self::Kind => {
                "They have only screen recordings or IVR audio, and “View screen recordings” or “View collected IVR data” is No for the owner."
            }
        }
    }
}
