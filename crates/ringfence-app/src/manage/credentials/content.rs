//! Counts the interactions that a credential sees and does not see, by the rule that hides them.

use super::effective::{ContentNow, Hidden, MOST_COUNTED, PermissionNow, ReachNow, Week};
use super::rules::HiddenBy;
use crate::directory::snapshot::UserRights;
use crate::error::Error;
use ringfence_core::account::Account;
use ringfence_core::credential::{Credential, Owner};
use ringfence_core::interaction::Direction;
use ringfence_core::permission::{PERMISSIONS, Permission, PermissionSet};
use ringfence_core::time::Timestamp;
use ringfence_core::visibility::{Reach, Viewer};
use ringfence_store::db::Tx;
use ringfence_store::interactions::{ContentSearch, content_search_count_to};

/// What is seen of the last days, and what hides the rest.
///
/// # Errors
/// The store cannot be read.
pub(super) async fn content(
    tx: &mut Tx,
    account: &Account,
    credential: &Credential,
    owner: Option<&UserRights>,
    now: Timestamp,
) -> Result<ContentNow, Error> {
    let all = PermissionSet::from_bits(u16::MAX);
    // An owner who is gone sees nothing.
    let none = (credential.owner != Owner::Account).then_some(PermissionSet::EMPTY);
    let permissions = owner.map_or(none.unwrap_or(all), |owner| owner.permissions);
    let user_id = match credential.owner {
        Owner::Account => None,
        Owner::User(id) => Some(id),
    };
    let viewer = Viewer {
        user_id,
        permissions,
        lines: owner.map_or(&[][..], |owner| &owner.lines),
        groups: owner.map_or(&[][..], |owner| &owner.groups),
    };
    let week = Week::of_account(tx, account.id, now).await?;
    let reach = match viewer.reach() {
        Reach::Account => ReachNow::Account,
        Reach::Lines(_) => ReachNow::Lines(viewer.lines.len()),
        Reach::Groups(_) => ReachNow::Groups(viewer.groups.len()),
    };
    let mut counted = Counted {
        tx,
        base: ContentSearch {
            account_id: account.id,
            viewer,
            from: week.from,
            until: week.until,
            agent: None,
            connect_from: None,
            connect_to: None,
            direction: None,
            line: None,
            kind: None,
            newest_first: false,
        },
        cut_short: false,
    };
    let (mut n_seen, mut hidden) = (0, Vec::new());
    for direction in [Direction::Inbound, Direction::Outbound] {
        n_seen += counted.direction(direction, reach, &mut hidden).await?;
    }
    let now_of = |permission| PermissionNow {
        permission,
        yes: permissions.contains(permission),
    };
    Ok(ContentNow {
        permissions: PERMISSIONS.iter().map(|p| now_of(p.permission)).collect(),
        reach,
        week,
        n_seen,
        hidden,
        cut_short: counted.cut_short,
    })
}

/// Counts what different viewers see, to learn which gate hides the rest.
struct Counted<'t, 'v> {
    tx: &'t mut Tx,
    base: ContentSearch<'v>,
    cut_short: bool,
}

impl Counted<'_, '_> {
    async fn direction(
        &mut self,
        direction: Direction,
        reach: ReachNow,
        hidden: &mut Vec<Hidden>,
    ) -> Result<i64, Error> {
        let all = PermissionSet::from_bits(u16::MAX);
        let viewer = self.base.viewer;
        let whole = Viewer {
            user_id: None,
            permissions: all,
            ..viewer
        };
        // The same reach, every kind: reaching by groups hangs on that permission alone.
        let by_groups = viewer.permissions.contains(Permission::AccessGroupsContent);
        let reaching = if by_groups {
            all
        } else {
            all.without(Permission::AccessGroupsContent)
        };
        let every_kind = Viewer {
            permissions: reaching,
            ..viewer
        };
        let total = self.count(direction, whole).await?;
        let seen = self.count(direction, viewer).await?;
        let mut hide = |by, n_interactions| {
            if n_interactions > 0 {
                hidden.push(Hidden {
                    by,
                    direction,
                    n_interactions,
                });
            }
        };
        let (gate, by_direction) = match direction {
            Direction::Inbound => (Permission::ViewInboundContent, HiddenBy::Inbound),
            Direction::Outbound | Direction::Internal => {
                (Permission::ViewOutboundContent, HiddenBy::Outbound)
            }
        };
        if !viewer.permissions.contains(gate) {
            hide(by_direction, total - seen);
            return Ok(seen);
        }
        let within = self.count(direction, every_kind).await?;
        match reach {
            ReachNow::Account => {}
            ReachNow::Lines(_) => hide(HiddenBy::Lines, total - within),
            ReachNow::Groups(_) => hide(HiddenBy::Groups, total - within),
        }
        hide(HiddenBy::Kind, within - seen);
        Ok(seen)
    }

    async fn count(&mut self, direction: Direction, viewer: Viewer<'_>) -> Result<i64, Error> {
        let search = ContentSearch {
            viewer,
            direction: Some(direction),
            ..self.base
        };
        let n = content_search_count_to(self.tx, &search, MOST_COUNTED).await?;
        self.cut_short |= n >= i64::from(MOST_COUNTED);
        Ok(n)
    }
}
