//! The audit trail for people: an admin reads what concerns their account, an operator all of it.

use super::slice::Slice;
use crate::audit::{TrailExport, TrailScope, trail_head};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::audit::{AuditLine, AuditPlace};
use ringfence_core::id::{AccountId, CredentialId, GroupId, UserId};
use ringfence_core::user::Username;
pub use ringfence_store::audit::AuditFilter;
use ringfence_store::audit::audit_page;
use ringfence_store::db::Tx;
use ringfence_store::{accounts, credentials, groups, users};
use std::collections::HashMap;

/// Which trail somebody looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trail {
    /// Lines that concern the account they look at.
    Account,
    /// Every line.
    Installation,
}

/// A line in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditView {
    /// The line.
    pub line: AuditLine,
    /// The name of who did it.
    pub actor: String,
    /// What was done: `made the credential`.
    pub deed: String,
    /// The name of the thing; its id when it has none any more.
    pub subject: String,
    /// The name of the account.
    pub account: Option<String>,
}

/// What each act is called. An act that is not listed is shown by its own name.
const DEEDS: &[(&str, &str)] = &[
    ("content.create", "added content of the interaction"),
    ("content.read", "opened content of the interaction"),
    (
        "credential.handover_link",
        "made a hand-over link for the credential",
    ),
    (
        "credential.handover_seal",
        "sealed a secret of the credential for a partner",
    ),
    ("credential.try", "got a token to try out the credential"),
    ("interaction.create", "added the interaction"),
    ("interaction.replace", "replaced the interaction"),
    ("passkey.add", "added a passkey for the user"),
    ("passkey.remove", "removed a passkey of the user"),
    ("session.end_others", "ended all other sessions of the user"),
    ("sign_in.failed", "failed to sign in as the user"),
    ("totp.add", "added an authenticator app for the user"),
    ("totp.remove", "removed the authenticator app of the user"),
    ("user.password", "set the password of the user"),
    ("account.create", "made the account"),
    ("account.open", "opened, as operator, the account"),
    ("account.resume", "resumed the account"),
    ("account.suspend", "suspended the account"),
    ("content.delete", "deleted content of the interaction"),
    ("connection.create", "added the connection"),
    ("connection.delete", "removed the connection"),
    ("credential.create", "made the credential"),
    ("credential.delete", "deleted the credential"),
    ("credential.edit", "changed the credential"),
    (
        "credential.handover",
        "prepared the hand-over of the credential",
    ),
    (
        "credential.handover_open",
        "opened the hand-over link of the credential",
    ),
    ("credential.retire", "retired a secret of the credential"),
    ("credential.rotate", "added a secret to the credential"),
    ("credential.try", "tried a call with the credential"),
    (
        "credential.use_failed",
        "failed to authenticate as the credential",
    ),
    ("consent.deny", "did not allow the application"),
    ("consent.give", "allowed to act for them the application"),
    (
        "consent.withdraw",
        "took back what they had allowed the application",
    ),
    (
        "consent.withdraw_all",
        "disconnected from the account the application",
    ),
    ("grant.revoke", "ended the grant"),
    ("group.create", "made the group"),
    (
        "interaction.delete",
        "deleted all content of the interaction",
    ),
    ("key.announce", "announced the signing key"),
    ("key.forget", "forgot the signing key"),
    ("key.reschedule", "changed the times of the signing key"),
    ("key.withdraw", "withdrew the signing key"),
    ("recordings.import", "imported recordings into the account"),
    (
        "provisioning.account",
        "changed what the Account API tells, id",
    ),
    ("provisioning.extension", "put the extension"),
    ("provisioning.extension_delete", "removed the extension"),
    ("provisioning.location", "put the location"),
    ("provisioning.location_delete", "removed the location"),
    (
        "provisioning.user",
        "changed what the User API tells of the user",
    ),
    (
        "provisioning.import",
        "imported locations, people and extensions into the account",
    ),
    ("session.begin", "signed in, session"),
    ("session.end", "ended the session"),
    ("token.revoke", "revoked the token"),
    ("user.create", "made the user"),
    (
        "user.group_permissions",
        "changed the groups that may be reached by the user",
    ),
    ("user.groups", "changed the groups of the user"),
    ("user.link", "made a sign-in link for the user"),
    ("user.set", "changed the user"),
];

/// The newest lines that fit, before a number.
///
/// # Errors
/// [`Error::NotFound`] for who may not read that trail.
pub async fn audit_list(
    ctx: &Ctx,
    caller: &Caller,
    trail: Trail,
    filter: &AuditFilter,
    (before, limit): (Option<i64>, u32),
) -> Result<Slice<AuditView>, Error> {
    let scope = scope_of(caller, trail)?;
    let mut tx = ctx.db.begin_read().await?;
    let filter = AuditFilter {
        account_id: match scope {
            TrailScope::Installation => filter.account_id,
            TrailScope::Account(id) => Some(id),
        },
        ..filter.clone()
    };
    let before = before.unwrap_or(i64::MAX);
    let lines = audit_page(&mut tx, &filter, before, limit + 1).await?;
    let lines = Slice::cut(lines, limit, |line| line.place.seq.to_string());
    let mut names = Names {
        scope,
        known: HashMap::new(),
    };
    let mut items = Vec::with_capacity(lines.items.len());
    for line in lines.items {
        items.push(view(&mut tx, &mut names, line).await?);
    }
    Ok(Slice {
        items,
        next: lines.next,
    })
}

/// Where the chain ends now: its digest, noted elsewhere, proves of a later export that no line up to here is missing.
///
/// # Errors
/// [`Error::NotFound`] for who may not read that trail.
pub async fn audit_end(ctx: &Ctx, caller: &Caller, trail: Trail) -> Result<AuditPlace, Error> {
    scope_of(caller, trail)?;
    trail_head(ctx).await
}

/// Begins a file of the trail that proves itself.
///
/// # Errors
/// [`Error::NotFound`] for who may not read that trail.
pub async fn audit_export(ctx: &Ctx, caller: &Caller, trail: Trail) -> Result<TrailExport, Error> {
    TrailExport::begin(ctx, scope_of(caller, trail)?).await
}

/// What is written of an actor that somebody names: a user name of the account they look at stands for its person.
///
/// # Errors
/// The store broke off.
pub async fn actor_named(ctx: &Ctx, caller: &Caller, text: &str) -> Result<String, Error> {
    Ok(match user_named(ctx, caller, text).await? {
        Some(id) => format!("user:{id}"),
        None => text.to_owned(),
    })
}

/// What is written of a thing that somebody names: a user name of the account they look at stands for its person.
///
/// # Errors
/// The store broke off.
pub async fn subject_named(ctx: &Ctx, caller: &Caller, text: &str) -> Result<String, Error> {
    let id = user_named(ctx, caller, text).await?;
    Ok(id.map_or_else(|| text.to_owned(), |id| id.to_string()))
}

async fn user_named(ctx: &Ctx, caller: &Caller, text: &str) -> Result<Option<UserId>, Error> {
    let Ok(username) = Username::parse(text) else {
        return Ok(None);
    };
    let mut tx = ctx.db.begin_read().await?;
    let found = users::user_find_by_username(&mut tx, caller.account.id, &username).await?;
    Ok(found.map(|user| user.id))
}

fn scope_of(caller: &Caller, trail: Trail) -> Result<TrailScope, Error> {
    match trail {
        Trail::Account => {
            caller.require_admin()?;
            Ok(TrailScope::Account(caller.account.id))
        }
        Trail::Installation => {
            caller.require_operator()?;
            Ok(TrailScope::Installation)
        }
    }
}

/// Names that were looked up for this page.
struct Names {
    scope: TrailScope,
    known: HashMap<String, Option<String>>,
}

async fn view(tx: &mut Tx, names: &mut Names, line: AuditLine) -> Result<AuditView, Error> {
    let entry = &line.entry;
    let noun = entry.act.split('.').next().unwrap_or_default();
    let deed = DEEDS.iter().find(|(act, _)| *act == entry.act);
    let account = entry.account_id.map(|id| format!("account:{id}"));
    let actor = match &*entry.actor {
        "cli" => "Somebody at the command line".to_owned(),
        "system" => "Ringfence itself".to_owned(),
        "unknown" => "Somebody unknown".to_owned(),
        other => name_of(tx, names, other)
            .await?
            .unwrap_or_else(|| other.to_owned()),
    };
    let noun = if noun == "recordings" {
        "account"
    } else {
        noun
    };
    let subject = name_of(tx, names, &format!("{noun}:{}", entry.subject)).await?;
    Ok(AuditView {
        actor,
        deed: deed.map_or_else(
            || format!("did {} to", entry.act),
            |(_, deed)| (*deed).to_owned(),
        ),
        subject: subject.unwrap_or_else(|| entry.subject.clone()),
        account: match account {
            Some(key) => name_of(tx, names, &key).await?,
            None => None,
        },
        line,
    })
}

// Names of another account are told to nobody who reads an account's own trail.
async fn name_of(tx: &mut Tx, names: &mut Names, key: &str) -> Result<Option<String>, Error> {
    if let Some(known) = names.known.get(key) {
        return Ok(known.clone());
    }
    let told = |of: AccountId| match names.scope {
        TrailScope::Installation => true,
        TrailScope::Account(id) => id == of,
    };
    let name = match key.split_once(':') {
        Some(("user", id)) => match UserId::parse(id) {
            Ok(id) => users::user_find(tx, id)
                .await?
                .filter(|user| told(user.account_id))
                .map(|user| user.username.as_str().to_owned()),
            Err(_) => None,
        },
        Some(("credential", id)) => match CredentialId::parse(id) {
            Ok(id) => credentials::credential_find(tx, id)
                .await?
                .filter(|credential| told(credential.account_id))
                .map(|credential| format!("“{}”", credential.name.as_str())),
            Err(_) => None,
        },
        Some(("account", id)) => match AccountId::parse(id) {
            Ok(id) => accounts::account_find(tx, id)
                .await?
                .map(|account| account.name.as_str().to_owned()),
            Err(_) => None,
        },
        Some(("group", id)) => match (GroupId::parse(id), names.scope) {
            (Ok(id), TrailScope::Account(account)) => groups::group_find(tx, account, id)
                .await?
                .map(|group| group.name),
            (Ok(_) | Err(_), TrailScope::Installation | TrailScope::Account(_)) => None,
        },
        Some(_) | None => None,
    };
    names.known.insert(key.to_owned(), name.clone());
    Ok(name)
}
