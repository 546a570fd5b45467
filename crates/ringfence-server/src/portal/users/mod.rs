//! Users: who belongs to the account, what they may do, and what a change takes away before it is made.

mod create;
mod edit;
mod invite;
mod list;
mod show;
mod switch;

pub(crate) use create::{create_form_route, create_route};
pub(crate) use edit::{edit_form_route, edit_route};
pub(crate) use invite::{invite_route, lost_device_route};
pub(crate) use list::list_route;
pub(crate) use show::show_route;
pub(crate) use switch::{switch_form_route, switch_route};

use super::error::PortalError;
use ringfence_app::error::Error;
use ringfence_core::id::UserId;
use ringfence_core::user::{Role, User};

/// What the licences are called.
const ROLES: [(&str, &str); 4] = [
    ("Admin", "Admin"),
    ("Supervisor", "Supervisor"),
    ("Agent", "Agent"),
    ("Wallboard", "Wallboard"),
];

/// A state in a badge.
#[derive(Clone, Copy, Debug)]
struct StateBadge {
    kind: &'static str,
    text: &'static str,
}

fn badge(user: &User) -> StateBadge {
    let (kind, text) = match (user.active, user.locked) {
        (false, _) => ("bad", "Disabled"),
        (true, true) => ("warn", "Locked"),
        (true, false) => ("ok", "Active"),
    };
    StateBadge { kind, text }
}

fn id(text: &str) -> Result<UserId, PortalError> {
    UserId::parse(text).map_err(|_| Error::NotFound("user".to_owned()).into())
}

/// What a licence lets its holder's credentials do, in a sentence.
const fn licence_text(role: Role) -> &'static str {
    match role {
        Role::Admin => "Credentials of an Admin may hold every scope.",
        Role::Supervisor => {
            "Credentials of a Supervisor may read users and interaction content, and nothing else."
        }
        Role::Agent | Role::Wallboard => "No credential of theirs works.",
    }
}
