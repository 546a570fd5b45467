//! Developers: signing in with a password, and changing it.
//!
//! Counted like people's, under keys of their own: no name somebody types at the other door counts here.

use super::Visitor;
use super::limits::{Door, attempt_begin, attempt_take_back, known_begin, known_forget};
use crate::context::Ctx;
use crate::developer_caller::DeveloperCaller;
use crate::developer_session::developer_session_begin;
use crate::developers::{DeveloperEdit, developer_change, note};
use crate::error::Error;
use crate::password::{Checked, password_check, password_hash};
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::secret::{Handle, Secret};
use ringfence_store::developers as store;
use ringfence_store::feed::feed_lock;
use serde_json::json;

// What nobody has as a name is cut for counting; it cannot be anybody's.
const LONGEST_NAME: usize = 200;
const PASSWORD: &str = "own developer password";

/// What a developer types to sign in.
#[derive(Debug)]
pub struct DeveloperAttempt {
    /// Their name, as typed.
    pub username: String,
    /// Their password.
    pub password: Secret<String>,
}

/// Signs a developer in who knows their password, and gives what the cookie is to hold.
///
/// # Errors
/// [`Error::Unauthenticated`] for an unknown name, a wrong password and a developer who may not act, all alike;
/// [`Error::TooMany`] after many failures.
pub async fn developer_sign_in(
    ctx: &Ctx,
    attempt: DeveloperAttempt,
    visitor: &Visitor,
) -> Result<Handle, Error> {
    let typed: String = attempt.username.trim().chars().take(LONGEST_NAME).collect();
    let counted = attempt_begin(ctx, Door::Developers, &typed, visitor).await?;
    let (developer, stored) = developer_of_name(ctx, &typed).await?;
    let checked = match password_check(stored.clone(), attempt.password.clone()).await {
        Ok(checked) => checked,
        Err(error) => {
            attempt_take_back(ctx, &counted, false).await?;
            return Err(error);
        }
    };
    let refused = match (&developer, checked) {
        (Some(developer), Checked::Right | Checked::RightButOld) if developer.active => None,
        (Some(_), Checked::Right | Checked::RightButOld) => Some("may_not_act"),
        (_, Checked::Wrong) | (None, _) => Some("password_wrong"),
    };
    let (Some(developer), None) = (&developer, refused) else {
        let known = developer.is_some();
        tracing::info!(reason = refused, known, "a developer's sign-in failed");
        if let (Some(developer), Some(reason)) = (&developer, refused) {
            failure_note(ctx, developer, (reason, counted.n_failures), visitor).await?;
        }
        return Err(Error::Unauthenticated);
    };
    attempt_take_back(ctx, &counted, true).await?;
    if let (Checked::RightButOld, Some(before)) = (checked, stored) {
        rehash(ctx, developer, &before, attempt.password).await?;
    }
    developer_session_begin(ctx, developer, visitor).await
}

/// Changes the caller's own password. Their other stays end; personal tokens go on.
///
/// # Errors
/// [`Error::Invalid`] when the old one is wrong or the new one too short; [`Error::TooMany`] after many wrong ones.
pub async fn developer_password_change(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    old: Secret<String>,
    new: Secret<String>,
) -> Result<(), Error> {
    let kept = caller.require_session()?;
    let id = caller.developer.id;
    let mut tx = ctx.db.begin_read().await?;
    let stored = store::developer_password(&mut tx, id).await?;
    drop(tx);
    known_begin(ctx, id, PASSWORD).await?;
    match password_check(stored, old).await? {
        Checked::Right | Checked::RightButOld => {}
        Checked::Wrong => return Err(Error::Invalid("the password is wrong".to_owned())),
    }
    let mut tx = ctx.db.begin_write().await?;
    known_forget(ctx, &mut tx, id, PASSWORD).await?;
    tx.commit().await?;
    let edit = DeveloperEdit {
        password: Some(new),
        ..DeveloperEdit::default()
    };
    developer_change(ctx, &caller.actor(), (id, Some(kept)), edit).await?;
    Ok(())
}

async fn developer_of_name(
    ctx: &Ctx,
    typed: &str,
) -> Result<(Option<Developer>, Option<String>), Error> {
    let mut tx = ctx.db.begin_read().await?;
    let Ok(username) = DeveloperName::parse(typed) else {
        return Ok((None, None));
    };
    let Some(developer) = store::developer_find_by_name(&mut tx, &username).await? else {
        return Ok((None, None));
    };
    let stored = store::developer_password(&mut tx, developer.id).await?;
    Ok((Some(developer), stored))
}

/// Keeps a password under today's parameters. One that is too short by now stays as it is.
async fn rehash(
    ctx: &Ctx,
    developer: &Developer,
    before: &str,
    password: Secret<String>,
) -> Result<(), Error> {
    let hash = match password_hash(&*ctx.random, password).await {
        Ok(hash) => hash,
        Err(Error::Invalid(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut tx = ctx.db.begin_write().await?;
    // Somebody may have set another one meanwhile, or be about to.
    feed_lock(&mut tx).await?;
    if store::developer_password(&mut tx, developer.id)
        .await?
        .as_deref()
        == Some(before)
    {
        store::developer_password_set(&mut tx, developer.id, &hash).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The first failure and then each doubling get a line, as with people.
async fn failure_note(
    ctx: &Ctx,
    developer: &Developer,
    (reason, n_failures): (&'static str, u32),
    visitor: &Visitor,
) -> Result<(), Error> {
    if !n_failures.is_power_of_two() {
        return Ok(());
    }
    let mut tx = ctx.db.begin_write().await?;
    let detail = json!({
        "reason": reason,
        "count": n_failures,
        "last_from": visitor.address.map(|a| a.to_string()),
    });
    let unknown = crate::context::Actor("unknown".to_owned());
    note(
        ctx,
        &mut tx,
        &unknown,
        ("developer_sign_in.failed", developer, detail),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
