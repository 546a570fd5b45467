//! Stays of people at the portals: begun, looked up, ended.
//!
//! The cookie holds 256 random bits, the store only their keyed digest. Whether the person may still act is asked of
//! the directory at every request, so a stay ends within a second of the right to it.

use crate::caller::{Caller, Via, account_seen, caller_named, person_live};
use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::token::grant::end::stay_grants_end;
use ringfence_core::account::AccountName;
use ringfence_core::id::{SessionId, UserId};
use ringfence_core::secret::Handle;
use ringfence_core::time::Timestamp;
use ringfence_store::grants::grants_rebind;
use ringfence_store::sessions::{self as store, Session};
use ringfence_store::sign_in::people::user_login_note;
use serde_json::json;
use std::net::IpAddr;

const PURPOSE: &str = "session";
const TOUCH_EVERY_MS: i64 = 60_000;
const LONGEST_BROWSER: usize = 200;

/// How long people stay signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLimits {
    /// Without a request, in seconds.
    pub idle_secs: u32,
    /// Whatever happens, in seconds.
    pub longest_secs: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle_secs: 8 * 3_600,
            longest_secs: 24 * 3_600,
        }
    }
}

/// How and from where somebody signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// `password`, `password+totp`, `passkey`, `sso:NAME` or `link`.
    pub method: String,
    /// The address.
    pub address: Option<IpAddr>,
    /// The browser's own description.
    pub browser: String,
}

/// Begins a stay of somebody whose proof was checked, and gives what the cookie is to hold.
///
/// # Errors
/// [`Error::Unauthenticated`] when they may not act now.
pub async fn session_begin(ctx: &Ctx, user_id: UserId, how: SignedIn) -> Result<Handle, Error> {
    let (user, home) = person_live(ctx, user_id).await?;
    // Names of accounts' own providers have a dot: whoever keeps one could say that they are anybody.
    let by_account = how
        .method
        .strip_prefix("sso:")
        .is_some_and(|name| name.contains('.'));
    if user.operator && by_account {
        return Err(Error::Unauthenticated);
    }
    let now = ctx.now();
    let handle = Handle::generate(&*ctx.random);
    let session = Session {
        id: SessionId::new(now, &*ctx.random),
        user_id,
        account_id: home.id,
        user_epoch: user.epoch,
        method: how.method,
        address: how.address.map(|a| a.to_string()).unwrap_or_default(),
        browser: how.browser.chars().take(LONGEST_BROWSER).collect(),
        created_at: now,
        used_at: now,
        expires_at: now.plus_secs(i64::from(ctx.settings.session_limits.longest_secs)),
    };
    let mut tx = ctx.db.begin_write().await?;
    store::session_insert(&mut tx, handle.digest(&ctx.digest_key, PURPOSE), &session).await?;
    let note = Note {
        account_id: Some(home.id),
        act: "session.begin",
        subject: session.id.to_string(),
        detail: json!({"method": session.method}),
        actor: &Actor(format!("user:{user_id}")),
    };
    ctx.note(&mut tx, note).await?;
    user_login_note(&mut tx, user_id, now).await?;
    tx.commit().await?;
    Ok(handle)
}

/// The caller behind a cookie's value.
///
/// # Errors
/// [`Error::Unauthenticated`] when the stay has ended, or the person may not act now.
pub async fn session_caller(ctx: &Ctx, cookie: &str) -> Result<Caller, Error> {
    let handle = Handle::parse(cookie).ok_or(Error::Unauthenticated)?;
    let mut tx = ctx.db.begin_read().await?;
    let found = store::session_find(&mut tx, handle.digest(&ctx.digest_key, PURPOSE)).await?;
    drop(tx);
    let session = found.ok_or(Error::Unauthenticated)?;
    let now = ctx.now();
    let idle_ms = i64::from(ctx.settings.session_limits.idle_secs) * 1_000;
    let unused_ms = now.ms() - session.used_at.ms();
    if session.expires_at <= now || unused_ms >= idle_ms {
        return Err(Error::Unauthenticated);
    }
    let (user, home) = person_live(ctx, session.user_id).await?;
    if user.epoch != session.user_epoch {
        return Err(Error::Unauthenticated);
    }
    let mut caller = caller_named(ctx, user, &home, Via::Session(session.id)).await?;
    if session.account_id != home.id && caller.is_operator() {
        caller.account = account_seen(ctx, session.account_id).unwrap_or(home);
    }
    if unused_ms >= TOUCH_EVERY_MS {
        let mut tx = ctx.db.begin_write().await?;
        store::session_touch(&mut tx, session.id, now).await?;
        tx.commit().await?;
    }
    Ok(caller)
}

/// When and how a stay began.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionProof {
    /// The stay.
    pub session_id: SessionId,
    /// When the person proved who they are.
    pub at: Timestamp,
    /// How.
    pub method: String,
}

/// When and how the caller's stay began.
///
/// # Errors
/// [`Error::Forbidden`] for a token; [`Error::Unauthenticated`] when the stay has just ended.
pub async fn session_proof(ctx: &Ctx, caller: &Caller) -> Result<SessionProof, Error> {
    let id = caller.require_session()?;
    let mut tx = ctx.db.begin_read().await?;
    let found = store::session_find_by_id(&mut tx, id).await?;
    let session = found.ok_or(Error::Unauthenticated)?;
    Ok(SessionProof {
        session_id: session.id,
        at: session.created_at,
        method: session.method,
    })
}

/// Ends a stay of the caller's own, and with it what applications may do for them only as long as it lasts.
///
/// # Errors
/// [`Error::NotFound`] when they have no such stay.
pub async fn session_end(ctx: &Ctx, caller: &Caller, id: SessionId) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    let actor = caller.actor();
    let found = store::session_end(&mut tx, caller.user.id, id).await?;
    // What hangs on a stay ends also when the stay has ended by itself meanwhile.
    stay_grants_end(ctx, &mut tx, (caller.user.id, id), &actor).await?;
    if !found {
        ctx.commit(tx).await?;
        return Err(Error::NotFound("session".to_owned()));
    }
    let note = Note {
        account_id: Some(caller.home.id),
        act: "session.end",
        subject: id.to_string(),
        detail: json!({}),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await
}

/// Ends the stay that a browser had before somebody signed in again. When it is the same person, what applications may do
/// for them goes over to the new stay.
///
/// # Errors
/// The store broke off.
pub async fn session_replace(ctx: &Ctx, before: &Caller, by: &Handle) -> Result<(), Error> {
    let old = before.require_session()?;
    let mut tx = ctx.db.begin_write().await?;
    let new = store::session_find(&mut tx, by.digest(&ctx.digest_key, PURPOSE)).await?;
    if let Some(new) = new.filter(|new| new.user_id == before.user.id && new.id != old) {
        grants_rebind(&mut tx, before.user.id, (old, new.id)).await?;
    }
    tx.commit().await?;
    match session_end(ctx, before, old).await {
        // It ended by itself meanwhile.
        Err(Error::NotFound(_)) => Ok(()),
        outcome => outcome,
    }
}

/// Has an operator's stay look at the account of that name.
///
/// # Errors
/// [`Error::NotFound`] when there is none that they may look at.
pub async fn session_account_open(
    ctx: &Ctx,
    caller: &Caller,
    name: &AccountName,
) -> Result<(), Error> {
    let there = caller.at_account(ctx, name).await?;
    let Via::Session(id) = caller.via else {
        return Err(Error::Invalid(
            "only a session has an open account".to_owned(),
        ));
    };
    let mut tx = ctx.db.begin_write().await?;
    store::session_account_set(&mut tx, id, there.account.id).await?;
    let note = Note {
        account_id: Some(there.account.id),
        act: "account.open",
        subject: there.account.id.to_string(),
        detail: json!({}),
        actor: &caller.actor(),
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(())
}
