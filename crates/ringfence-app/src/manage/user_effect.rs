//! What an edit of a person does to what they and their credentials can do, said before it is done.

use super::users::{credentials_of, user_known, works_for};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::users::{UserEdit, edited};
use ringfence_core::credential::CredentialName;
use ringfence_core::id::{CredentialId, UserId};
use ringfence_core::permission::{PERMISSIONS, Permission};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::user::{Line, User};

/// What an edit does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Effect {
    /// Credentials that lose scopes, or stop working.
    pub credentials: Vec<CredentialEffect>,
    /// What they, and programs that act for them, see less of, in sentences.
    pub less: Vec<String>,
    /// What they see more of, in sentences.
    pub more: Vec<String>,
}

/// What an edit does to one credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialEffect {
    /// Its id.
    pub id: CredentialId,
    /// Its name.
    pub name: CredentialName,
    /// The scopes that worked and will not.
    pub lost: ScopeSet,
    /// Nothing of it works any more.
    pub stops: bool,
}

impl Effect {
    /// Whether anything stops working or is seen no more.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        !self.credentials.is_empty() || !self.less.is_empty()
    }
}

/// What an edit of that person would do now.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such person, or the caller is no admin of it; [`Error::Invalid`] and
/// [`Error::Conflict`] when the edit could not be done.
pub async fn user_effect(
    ctx: &Ctx,
    caller: &Caller,
    id: UserId,
    edit: &UserEdit,
) -> Result<Effect, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let before = user_known(&mut tx, caller, id).await?;
    let after = edited(&before, edit)?;
    let credentials = credentials_of(ctx, &mut tx, &before).await?;
    let mut effect = Effect::default();
    let mut n_readers = 0_usize;
    for own in credentials {
        let left = works_for(&after, own.credential.scopes).intersection(own.works);
        let lost = own.works.difference(left);
        if left.contains(Scope::InteractionContentRead) {
            n_readers += 1;
        }
        if !lost.is_empty() {
            effect.credentials.push(CredentialEffect {
                id: own.credential.id,
                name: own.credential.name,
                lost,
                stops: left.is_empty(),
            });
        }
    }
    if after.may_act() {
        content_effect(&before, &after, n_readers, &mut effect);
    }
    Ok(effect)
}

fn content_effect(before: &User, after: &User, n_readers: usize, effect: &mut Effect) {
    let who = match n_readers {
        0 => "They".to_owned(),
        1 => "They, and the one credential of theirs that reads content,".to_owned(),
        n => format!("They, and the {n} credentials of theirs that read content,"),
    };
    let (held, holds) = (before.permissions_in_force(), after.permissions_in_force());
    for info in &PERMISSIONS {
        match (
            held.contains(info.permission),
            holds.contains(info.permission),
        ) {
            (true, false) => effect
                .less
                .push(format!("{who} no longer {}.", permits(info.permission))),
            (false, true) => effect
                .more
                .push(format!("{who} {}.", permits(info.permission))),
            (true, true) | (false, false) => {}
        }
    }
    // With group access lines decide nothing.
    if !holds.contains(Permission::AccessGroupsContent) {
        let gone = missing(&before.lines, &after.lines);
        if !gone.is_empty() {
            effect
                .less
                .push(format!("{who} no longer see content of the lines {gone}."));
        }
        let new = missing(&after.lines, &before.lines);
        if !new.is_empty() {
            effect
                .more
                .push(format!("{who} see content of the lines {new}."));
        }
    }
}

const fn permits(permission: Permission) -> &'static str {
    match permission {
        Permission::ViewInboundContent => "see content of inbound interactions",
        Permission::ViewOutboundContent => "see content of outbound interactions",
        Permission::AccessGroupsContent => {
            "reach content by the groups they may access, whatever the line; without it the lines decide"
        }
        Permission::ViewScreenRecordings => "see screen recordings",
        Permission::DeleteContent => "delete content that they can see",
        Permission::ViewIvrData => "hear what the IVR data collector recorded",
        Permission::BulkDownload => "export content in bulk",
    }
}

fn missing(from: &[Line], than: &[Line]) -> String {
    const SHOWN: usize = 5;
    let gone: Vec<&str> = from
        .iter()
        .filter(|line| !than.contains(line))
        .map(Line::as_str)
        .collect();
    let mut text = gone
        .iter()
        .take(SHOWN)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if gone.len() > SHOWN {
        text.push_str(&format!(" and {} more", gone.len() - SHOWN));
    }
    text
}
