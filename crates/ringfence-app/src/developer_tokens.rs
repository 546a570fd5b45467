//! Personal tokens of developers: made once, listed, deleted, and looked up when a program brings one.

use crate::context::{Actor, Ctx};
use crate::developer_caller::{DeveloperCaller, DeveloperVia};
use crate::developers::note;
use crate::error::Error;
use ringfence_core::developer::Developer;
use ringfence_core::developer_scope::DeveloperScopes;
use ringfence_core::id::DeveloperTokenId;
use ringfence_core::secret::{Handle, Secret};
use ringfence_core::time::Timestamp;
use ringfence_store::developer_tokens::{self as store, DeveloperToken};
use ringfence_store::developers::developer_find;
use serde_json::json;
use std::sync::Arc;

/// What every personal token begins with.
pub const PREFIX: &str = "rfd_";
/// How long a personal token may live, in days.
pub const LONGEST_DAYS: u32 = 365;

const PURPOSE: &str = "developer token";
const LONGEST_NAME: usize = 70;
const MOST: usize = 100;
const TOUCH_EVERY_MS: i64 = 60_000;

/// What a personal token is made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewDeveloperToken {
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scopes: DeveloperScopes,
    /// How long it lives, in days.
    pub days: u32,
}

/// A token just made, with its text, which is given this once.
#[derive(Debug)]
pub struct MadeToken {
    /// The token.
    pub token: DeveloperToken,
    /// Its text.
    pub text: Secret<String>,
}

/// Makes a personal token of a developer.
///
/// # Errors
/// [`Error::Invalid`] for a name or life that cannot be; [`Error::Conflict`] when they have too many.
pub async fn developer_token_make(
    ctx: &Ctx,
    actor: &Actor,
    developer: &Developer,
    new: NewDeveloperToken,
) -> Result<MadeToken, Error> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::Invalid(format!(
            "the name of a token has 1 to {LONGEST_NAME} characters"
        )));
    }
    if new.scopes.is_empty() {
        return Err(Error::Invalid("choose at least one scope".to_owned()));
    }
    if !(1..=LONGEST_DAYS).contains(&new.days) {
        return Err(Error::Invalid(format!(
            "a token lives for 1 to {LONGEST_DAYS} days"
        )));
    }
    let now = ctx.now();
    let handle = Handle::generate(&*ctx.random);
    let mut tx = ctx.db.begin_write().await?;
    let live = developer_find(&mut tx, developer.id).await?;
    let live = live.filter(|live| live.active);
    let live = live.ok_or_else(|| Error::Conflict("the developer is disabled".to_owned()))?;
    if store::developer_token_list(&mut tx, live.id).await?.len() >= MOST {
        return Err(Error::Conflict(format!(
            "there are {MOST} tokens already; delete one that is not used"
        )));
    }
    let token = DeveloperToken {
        id: DeveloperTokenId::new(now, &*ctx.random),
        developer_id: live.id,
        epoch: live.epoch,
        name: name.to_owned(),
        scopes: new.scopes,
        created_at: now,
        expires_at: now.plus_secs(i64::from(new.days) * 86_400),
        used_at: None,
    };
    let digest = handle.digest(&ctx.digest_key, PURPOSE);
    store::developer_token_insert(&mut tx, digest, &token).await?;
    let detail = json!({
        "token": token.id.to_string(),
        "scopes": token.scopes.to_string(),
        "expires_at": token.expires_at.to_iso_secs(),
    });
    note(
        ctx,
        &mut tx,
        actor,
        ("developer_token.create", &live, detail),
    )
    .await?;
    tx.commit().await?;
    let text = Secret::new(format!("{PREFIX}{}", handle.expose()));
    Ok(MadeToken { token, text })
}

/// The caller's tokens, the newest first.
///
/// # Errors
/// The store broke off.
pub async fn developer_token_list(
    ctx: &Ctx,
    caller: &DeveloperCaller,
) -> Result<Vec<DeveloperToken>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    Ok(store::developer_token_list(&mut tx, caller.developer.id).await?)
}

/// Deletes a token of the caller's own; it is refused from now on.
///
/// # Errors
/// [`Error::Forbidden`] for a token; [`Error::NotFound`] when they have no such token.
pub async fn developer_token_delete(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: DeveloperTokenId,
) -> Result<(), Error> {
    caller.require_session()?;
    let mut tx = ctx.db.begin_write().await?;
    if !store::developer_token_delete(&mut tx, caller.developer.id, id).await? {
        return Err(Error::NotFound("token".to_owned()));
    }
    let detail = json!({"token": id.to_string()});
    let (actor, developer) = (caller.actor(), &*caller.developer);
    note(
        ctx,
        &mut tx,
        &actor,
        ("developer_token.delete", developer, detail),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// The developer behind a personal token.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is none, has run out, or its developer may not act now.
pub async fn developer_of_token(ctx: &Ctx, text: &str) -> Result<DeveloperCaller, Error> {
    let handle = text.strip_prefix(PREFIX).and_then(Handle::parse);
    let handle = handle.ok_or(Error::Unauthenticated)?;
    let mut tx = ctx.db.begin_read().await?;
    let digest = handle.digest(&ctx.digest_key, PURPOSE);
    let found = store::developer_token_find(&mut tx, digest).await?;
    let token = found.ok_or(Error::Unauthenticated)?;
    let developer = developer_find(&mut tx, token.developer_id).await?;
    drop(tx);
    let developer = developer.ok_or(Error::Unauthenticated)?;
    let now = ctx.now();
    if !developer.active || developer.epoch != token.epoch || token.expires_at <= now {
        return Err(Error::Unauthenticated);
    }
    if is_due(token.used_at, now) {
        let mut tx = ctx.db.begin_write().await?;
        store::developer_token_touch(&mut tx, token.id, now).await?;
        tx.commit().await?;
    }
    Ok(DeveloperCaller {
        developer: Arc::new(developer),
        via: DeveloperVia::Token {
            token_id: token.id,
            scopes: token.scopes,
        },
    })
}

fn is_due(used_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none_or(|at| now.ms() - at.ms() >= TOUCH_EVERY_MS)
}
