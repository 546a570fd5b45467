//! Stays of developers at the Developer Portal: begun, looked up, listed, ended.
//!
//! As with [`crate::session`], the cookie holds 256 random bits and the store only their keyed digest. The developer is
//! read from the store with the stay, so both end at once wherever they are changed.

use crate::context::{Ctx, Note};
use crate::developer_caller::{DeveloperCaller, DeveloperVia};
use crate::error::Error;
use crate::sign_in::Visitor;
use crate::sign_in::me::Stay;
use ringfence_core::developer::Developer;
use ringfence_core::id::SessionId;
use ringfence_core::secret::Handle;
use ringfence_store::db::Tx;
use ringfence_store::developer_sessions::{self as store, DeveloperSession};
use ringfence_store::developers::{developer_find, developer_login_note};
use serde_json::json;
use std::sync::Arc;

const PURPOSE: &str = "developer session";
const TOUCH_EVERY_MS: i64 = 60_000;
const LONGEST_BROWSER: usize = 200;

/// Begins a stay of a developer whose proof was checked, and gives what the cookie is to hold.
///
/// # Errors
/// [`Error::Unauthenticated`] when they may not act.
pub async fn developer_session_begin(
    ctx: &Ctx,
    developer: &Developer,
    visitor: &Visitor,
) -> Result<Handle, Error> {
    let now = ctx.now();
    let handle = Handle::generate(&*ctx.random);
    let limits = ctx.settings.session_limits;
    let session = DeveloperSession {
        id: SessionId::new(now, &*ctx.random),
        developer_id: developer.id,
        epoch: developer.epoch,
        address: visitor.address.map(|a| a.to_string()).unwrap_or_default(),
        browser: visitor.browser.chars().take(LONGEST_BROWSER).collect(),
        created_at: now,
        used_at: now,
        expires_at: now.plus_secs(i64::from(limits.longest_secs)),
    };
    let mut tx = ctx.db.begin_write().await?;
    // They may have been disabled while the proof was looked at.
    let live = developer_find(&mut tx, developer.id).await?;
    if live.is_none_or(|live| !live.active || live.epoch != developer.epoch) {
        return Err(Error::Unauthenticated);
    }
    let digest = handle.digest(&ctx.digest_key, PURPOSE);
    store::developer_session_insert(&mut tx, digest, &session).await?;
    developer_login_note(&mut tx, developer.id, now).await?;
    let caller = DeveloperCaller {
        developer: Arc::new(developer.clone()),
        via: DeveloperVia::Session(session.id),
    };
    note(
        ctx,
        &mut tx,
        &caller,
        ("developer_session.begin", session.id),
    )
    .await?;
    tx.commit().await?;
    Ok(handle)
}

/// The developer behind a cookie's value.
///
/// # Errors
/// [`Error::Unauthenticated`] when the stay has ended, or the developer may not act now.
pub async fn developer_of_cookie(ctx: &Ctx, cookie: &str) -> Result<DeveloperCaller, Error> {
    let handle = Handle::parse(cookie).ok_or(Error::Unauthenticated)?;
    let mut tx = ctx.db.begin_read().await?;
    let digest = handle.digest(&ctx.digest_key, PURPOSE);
    let found = store::developer_session_find(&mut tx, digest).await?;
    let session = found.ok_or(Error::Unauthenticated)?;
    let developer = developer_find(&mut tx, session.developer_id).await?;
    drop(tx);
    let developer = developer.ok_or(Error::Unauthenticated)?;
    let now = ctx.now();
    if !developer.active || developer.epoch != session.epoch || !is_live(ctx, &session) {
        return Err(Error::Unauthenticated);
    }
    if now.ms() - session.used_at.ms() >= TOUCH_EVERY_MS {
        let mut tx = ctx.db.begin_write().await?;
        store::developer_session_touch(&mut tx, session.id, now).await?;
        tx.commit().await?;
    }
    Ok(DeveloperCaller {
        developer: Arc::new(developer),
        via: DeveloperVia::Session(session.id),
    })
}

/// The caller's stays that have not ended, the newest first.
///
/// # Errors
/// The store broke off.
pub async fn developer_session_list(
    ctx: &Ctx,
    caller: &DeveloperCaller,
) -> Result<Vec<Stay>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let sessions = store::developer_session_list(&mut tx, caller.developer.id).await?;
    let live = sessions
        .into_iter()
        .filter(|s| is_live(ctx, s) && s.epoch == caller.developer.epoch);
    let stay = |s: DeveloperSession| Stay {
        id: s.id,
        method: "password".to_owned(),
        address: s.address,
        browser: s.browser,
        created_at: s.created_at,
        used_at: s.used_at,
        expires_at: s.expires_at,
        current: caller.session_id() == Some(s.id),
    };
    Ok(live.map(stay).collect())
}

/// Ends a stay of the caller's own.
///
/// # Errors
/// [`Error::NotFound`] when they have no such stay.
pub async fn developer_session_end(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: SessionId,
) -> Result<(), Error> {
    caller.require_session()?;
    let mut tx = ctx.db.begin_write().await?;
    if !store::developer_session_end(&mut tx, caller.developer.id, id).await? {
        return Err(Error::NotFound("session".to_owned()));
    }
    note(ctx, &mut tx, caller, ("developer_session.end", id)).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends every stay of the caller but the one that asks, and gives how many.
///
/// # Errors
/// [`Error::Forbidden`] for a token.
pub async fn developer_session_end_others(
    ctx: &Ctx,
    caller: &DeveloperCaller,
) -> Result<u64, Error> {
    let kept = caller.require_session()?;
    let mut tx = ctx.db.begin_write().await?;
    let id = caller.developer.id;
    let n_ended = store::developer_session_end_others(&mut tx, id, Some(kept)).await?;
    if n_ended > 0 {
        note(ctx, &mut tx, caller, ("developer_session.end_others", kept)).await?;
    }
    tx.commit().await?;
    Ok(n_ended)
}

fn is_live(ctx: &Ctx, session: &DeveloperSession) -> bool {
    let now = ctx.now();
    let idle_ms = i64::from(ctx.settings.session_limits.idle_secs) * 1_000;
    session.expires_at > now && now.ms() - session.used_at.ms() < idle_ms
}

async fn note(
    ctx: &Ctx,
    tx: &mut Tx,
    caller: &DeveloperCaller,
    (act, id): (&'static str, SessionId),
) -> Result<(), Error> {
    let note = Note {
        account_id: None,
        act,
        subject: id.to_string(),
        detail: json!({"developer": caller.developer.username.as_str()}),
        actor: &caller.actor(),
    };
    ctx.note(tx, note).await
}
