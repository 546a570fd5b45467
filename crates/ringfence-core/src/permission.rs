//! Feature permissions that gate interaction content (vcc-api §5.1).

use crate::user::Role;
use thiserror::Error;

/// One feature permission.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Permission {
    /// See content of inbound interactions.
    ViewInboundContent,
    /// See content of outbound interactions.
    ViewOutboundContent,
    /// Access decided by agent group instead of by line.
    AccessGroupsContent,
    /// See screen recordings.
    ViewScreenRecordings,
    /// Delete content that the user can access.
    DeleteContent,
    /// See audio captured by the IVR Data Collector.
    ViewIvrData,
    /// Needed for every call of the Export API.
    BulkDownload,
}

/// A line of the permission list: its names.
#[derive(Clone, Copy, Debug)]
pub struct PermissionInfo {
    /// The permission.
    pub permission: Permission,
    /// Its name on the command line.
    pub name: &'static str,
    /// Its `permissionKey` in the User Admin API. The vendor's keys were not seen (vcc-api §15.7).
    pub key: &'static str,
    /// Its title on screens (vcc-api §5.1).
    pub title: &'static str,
}

/// Every permission.
pub const PERMISSIONS: [PermissionInfo; 7] = [
    PermissionInfo {
        permission: Permission::ViewInboundContent,
        name: "view-inbound-content",
        key: "ViewInboundInteractionContent",
        title: "View inbound interaction content",
    },
    PermissionInfo {
        permission: Permission::ViewOutboundContent,
        name: "view-outbound-content",
        key: "ViewOutboundInteractionContent",
        title: "View outbound interaction content",
    },
    PermissionInfo {
        permission: Permission::AccessGroupsContent,
        name: "access-groups-content",
        key: "AccessGroupsOfUsersContent",
        title: "Access groups of users' content",
    },
    PermissionInfo {
        permission: Permission::ViewScreenRecordings,
        name: "view-screen-recordings",
        key: "ViewScreenRecordings",
        title: "View screen recordings",
    },
    PermissionInfo {
        permission: Permission::DeleteContent,
        name: "delete-content",
        key: "DeleteInteractionContent",
        title: "Delete interaction content",
    },
    PermissionInfo {
        permission: Permission::ViewIvrData,
        name: "view-ivr-data",
        key: "ViewCollectedIvrData",
        title: "View collected IVR data",
    },
    PermissionInfo {
        permission: Permission::BulkDownload,
        name: "bulk-download",
        key: "BulkDownloadInteractionContent",
        title: "Bulk download interaction content",
    },
];

/// The text is no permission.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("no such permission; run `ringfence user set --help` for the list")]
pub struct PermissionError;

/// A set of permissions; 16 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct PermissionSet(u16);

impl Permission {
    /// Its line of the list.
    #[must_use]
    pub const fn info(self) -> &'static PermissionInfo {
        &PERMISSIONS[self as usize]
    }

    /// Parses the command line's name.
    ///
    /// # Errors
    /// The text is no permission.
    pub fn parse_name(text: &str) -> Result<Self, PermissionError> {
        PERMISSIONS
            .iter()
            .find(|i| i.name == text)
            .map(|i| i.permission)
            .ok_or(PermissionError)
    }

    /// Parses the User Admin API's key, in any case.
    ///
    /// # Errors
    /// The text is no permission.
    pub fn parse_key(text: &str) -> Result<Self, PermissionError> {
        PERMISSIONS
            .iter()
            .find(|i| i.key.eq_ignore_ascii_case(text))
            .map(|i| i.permission)
            .ok_or(PermissionError)
    }
}

impl PermissionSet {
    /// No permission.
    pub const EMPTY: Self = Self(0);

    /// The defaults of a role (vcc-api §5.1): an admin sees inbound and outbound content; nobody else sees any.
    #[must_use]
    pub const fn default_of(role: Role) -> Self {
        match role {
            Role::Admin => Self::EMPTY
                .with(Permission::ViewInboundContent)
                .with(Permission::ViewOutboundContent),
            Role::Supervisor | Role::Agent | Role::Wallboard => Self::EMPTY,
        }
    }

    /// This set and one more.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u8)
    }

    /// This set without one.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !(1 << permission as u8))
    }

    /// What either set holds.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What this set holds and the other does not.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether it holds the permission.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// The bits, for storing.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Takes stored bits; unknown ones are dropped.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits & ((1 << PERMISSIONS.len()) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_enum() {
        for (n, info) in PERMISSIONS.iter().enumerate() {
            assert_eq!(info.permission as usize, n);
            assert_eq!(Permission::parse_name(info.name), Ok(info.permission));
            assert_eq!(Permission::parse_key(info.key), Ok(info.permission));
        }
    }
}
