//! Signing in with a password.

use super::limits::{Door, attempt_begin, attempt_take_back};
use super::{Progress, Visitor, failure_note, proceed};
use crate::caller::person_live;
use crate::context::Ctx;
use crate::error::Error;
use crate::password::{Checked, password_check, password_hash};
use ringfence_core::account::AccountName;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::secret::Secret;
use ringfence_core::user::Username;
use ringfence_store::accounts::account_find_by_name;
use ringfence_store::sign_in::people::{user_ids_by_username, user_password};
use ringfence_store::users::{user_find_by_username, user_password_rehash};

// What nobody has as a name is cut for counting; it cannot be anybody's.
const LONGEST_NAME: usize = 200;

/// What somebody types to sign in.
#[derive(Debug)]
pub struct PasswordAttempt {
    /// Their user name, as typed.
    pub username: String,
    /// The name of their account; needed only when several accounts know that user name.
    pub account: Option<String>,
    /// Their password.
    pub password: Secret<String>,
}

/// Signs somebody in who knows their password.
///
/// # Errors
/// [`Error::Unauthenticated`] for an unknown name, a wrong password and a person who may not act, all alike;
/// [`Error::TooMany`] after many failures.
pub async fn password_sign_in(
    ctx: &Ctx,
    attempt: PasswordAttempt,
    visitor: &Visitor,
) -> Result<Progress, Error> {
    let typed: String = attempt.username.trim().chars().take(LONGEST_NAME).collect();
    let counted = attempt_begin(ctx, Door::People, &typed, visitor).await?;
    let (person, stored) = person_find(ctx, &typed, attempt.account.as_deref()).await?;
    let checked = match password_check(stored.clone(), attempt.password.clone()).await {
        Ok(checked) => checked,
        Err(error) => {
            attempt_take_back(ctx, &counted, false).await?;
            return Err(error);
        }
    };
    let refused = match (person, checked) {
        (Some((user_id, _)), Checked::Right | Checked::RightButOld) => {
            match person_live(ctx, user_id).await {
                Ok(_) => None,
                Err(Error::Unauthenticated) => Some("may_not_act"),
                Err(error) => return Err(error),
            }
        }
        (_, Checked::Wrong) | (None, _) => Some("password_wrong"),
    };
    let (Some((user_id, _)), None) = (person, refused) else {
        tracing::info!(
            reason = refused,
            known = person.is_some(),
            "a sign-in failed"
        );
        if let (Some(person), Some(reason)) = (person, refused) {
            failure_note(ctx, person, (reason, counted.n_failures), visitor).await?;
        }
        return Err(Error::Unauthenticated);
    };
    attempt_take_back(ctx, &counted, true).await?;
    if let (Checked::RightButOld, Some(before)) = (checked, stored) {
        password_rehash(ctx, user_id, &before, attempt.password).await?;
    }
    proceed(ctx, user_id, "password", visitor).await
}

/// The person of a name with their hash. A name that several accounts know is nobody's without the account's.
async fn person_find(
    ctx: &Ctx,
    username: &str,
    account: Option<&str>,
) -> Result<(Option<(UserId, AccountId)>, Option<String>), Error> {
    let mut tx = ctx.db.begin_read().await?;
    let Ok(username) = Username::parse(username) else {
        return Ok((None, None));
    };
    let person = match account.map(str::trim).filter(|name| !name.is_empty()) {
        None => match *user_ids_by_username(&mut tx, &username).await? {
            [only] => Some(only),
            _ => None,
        },
        Some(name) => match AccountName::parse(&name.to_lowercase()) {
            Ok(name) => match account_find_by_name(&mut tx, &name).await? {
                Some(account) => user_find_by_username(&mut tx, account.id, &username)
                    .await?
                    .map(|user| (user.id, user.account_id)),
                None => None,
            },
            Err(_) => None,
        },
    };
    let stored = match person {
        Some((user_id, _)) => user_password(&mut tx, user_id).await?,
        None => None,
    };
    Ok((person, stored))
}

/// Keeps a password under today's parameters. One that is too short by now stays as it is.
pub(crate) async fn password_rehash(
    ctx: &Ctx,
    user_id: UserId,
    before: &str,
    password: Secret<String>,
) -> Result<(), Error> {
    let hash = match password_hash(&*ctx.random, password).await {
        Ok(hash) => hash,
        Err(Error::Invalid(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut tx = ctx.db.begin_write().await?;
    user_password_rehash(&mut tx, user_id, (before, &hash)).await?;
    tx.commit().await?;
    Ok(())
}
