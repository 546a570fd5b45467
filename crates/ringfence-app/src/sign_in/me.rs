//! What people do about their own ways in: their stays, their password.

use super::limits::{known_begin, known_forget};
use crate::caller::{Caller, Via};
use crate::context::{Change, Ctx, Note};
use crate::error::Error;
use crate::password::{Checked, password_check, password_hash};
use crate::token::grant::end::{grants_end, password_grants_end};
use ringfence_core::id::SessionId;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::feed::{FeedKind, feed_lock};
use ringfence_store::grants::Whose;
use ringfence_store::sessions::{session_end_others, session_list};
use ringfence_store::sign_in::links::link_revoke;
use ringfence_store::sign_in::people::user_password;
use ringfence_store::sign_in::{passkeys, totp};
use ringfence_store::users::user_password_set;
use serde_json::json;

const PASSWORD: &str = "own password";

/// A stay, as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stay {
    /// Its id.
    pub id: SessionId,
    /// How they signed in.
    pub method: String,
    /// Where from.
    pub address: String,
    /// The browser's own description.
    pub browser: String,
    /// When.
    pub created_at: Timestamp,
    /// The last request, to the minute.
    pub used_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Somebody's ways in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WaysIn {
    /// Whether they have a password.
    pub password: bool,
    /// Since when they have an authenticator app.
    pub totp_since: Option<Timestamp>,
    /// How many recovery codes they have left.
    pub n_recovery_codes: i64,
    /// Their passkeys.
    pub passkeys: Vec<OwnPasskey>,
}

/// A passkey, as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnPasskey {
    /// Its id.
    pub id: String,
    /// What they call it.
    pub name: String,
    /// Whether it is on several of their devices.
    pub synced: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last signed them in.
    pub last_used_at: Option<Timestamp>,
}

impl Caller {
    /// Lets people pass and no programs.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a token.
    pub fn require_session(&self) -> Result<SessionId, Error> {
        match self.via {
            Via::Session(id) => Ok(id),
            Via::Token { .. } => Err(Error::Forbidden(
                "a person does this after signing in, not a program".to_owned(),
            )),
        }
    }
}

/// The caller's stays that have not ended, the newest first.
///
/// # Errors
/// The store broke off.
pub async fn stays(ctx: &Ctx, caller: &Caller) -> Result<Vec<Stay>, Error> {
    let limits = ctx.settings.session_limits;
    let now = ctx.now();
    let unused_since = now.plus_secs(-i64::from(limits.idle_secs));
    let mut tx = ctx.db.begin_read().await?;
    let sessions = session_list(&mut tx, caller.user.id).await?;
    let live = sessions.into_iter().filter(|s| {
        s.expires_at > now && s.used_at > unused_since && s.user_epoch == caller.user.epoch
    });
    let stays = live.map(|s| Stay {
        id: s.id,
        method: s.method,
        address: s.address,
        browser: s.browser,
        created_at: s.created_at,
        used_at: s.used_at,
        expires_at: s.expires_at,
        current: caller.via == Via::Session(s.id),
    });
    Ok(stays.collect())
}

/// Ends every stay of the caller but the one that asks, and gives how many.
///
/// # Errors
/// The store broke off.
pub async fn stays_end_others(ctx: &Ctx, caller: &Caller) -> Result<u64, Error> {
    let kept = caller.require_session()?;
    let mut tx = ctx.db.begin_write().await?;
    let n_ended = session_end_others(&mut tx, caller.user.id, Some(kept)).await?;
    let whose = Whose::OtherStays(caller.user.id, kept);
    grants_end(ctx, &mut tx, whose, "signed_out", &caller.actor()).await?;
    if n_ended > 0 {
        own_note(ctx, &mut tx, caller, "session.end_others").await?;
    }
    ctx.commit(tx).await?;
    Ok(n_ended)
}

/// The caller's ways in.
///
/// # Errors
/// The store broke off.
pub async fn ways_in(ctx: &Ctx, caller: &Caller) -> Result<WaysIn, Error> {
    let id = caller.user.id;
    let mut tx = ctx.db.begin_read().await?;
    let app = totp::totp_find(&mut tx, id).await?;
    let own = passkeys::passkey_list(&mut tx, id).await?.into_iter();
    Ok(WaysIn {
        password: user_password(&mut tx, id).await?.is_some(),
        totp_since: app.map(|app| app.created_at),
        n_recovery_codes: totp::recovery_code_count(&mut tx, id).await?,
        passkeys: own
            .map(|p| OwnPasskey {
                id: p.id,
                name: p.name,
                synced: p.synced,
                created_at: p.created_at,
                last_used_at: p.last_used_at,
            })
            .collect(),
    })
}

/// Changes the caller's password. Their other stays and what applications may do for them end, and links made for them stop working.
///
/// # Errors
/// [`Error::Invalid`] when the old one is wrong or the new one too short; [`Error::TooMany`] after many wrong ones.
pub async fn password_change(
    ctx: &Ctx,
    caller: &Caller,
    old: Secret<String>,
    new: Secret<String>,
) -> Result<(), Error> {
    let kept = caller.require_session()?;
    own_password(ctx, caller, old).await?;
    let hash = password_hash(&*ctx.random, new).await?;
    let mut tx = ctx.db.begin_write().await?;
    feed_lock(&mut tx).await?;
    user_password_set(&mut tx, caller.user.id, Some(&hash)).await?;
    session_end_others(&mut tx, caller.user.id, Some(kept)).await?;
    password_grants_end(ctx, &mut tx, caller.user.id, &caller.actor()).await?;
    link_revoke(&mut tx, caller.user.id).await?;
    let change = Change {
        kind: FeedKind::User,
        account_id: Some(caller.home.id),
        act: "user.password",
        subject: caller.user.id.to_string(),
        detail: json!({"by": "themselves"}),
        actor: &caller.actor(),
    };
    ctx.record(&mut tx, change).await?;
    ctx.commit(tx).await?;
    Ok(())
}

/// Asks a signed-in person for their password once more. Somebody without one, who came through a provider or by
/// passkey, has nothing to give.
pub(super) async fn own_password(
    ctx: &Ctx,
    caller: &Caller,
    password: Secret<String>,
) -> Result<(), Error> {
    caller.require_session()?;
    let mut tx = ctx.db.begin_read().await?;
    let stored = user_password(&mut tx, caller.user.id).await?;
    drop(tx);
    if stored.is_none() {
        return Ok(());
    }
    known_begin(ctx, caller.user.id, PASSWORD).await?;
    match password_check(stored, password).await? {
        Checked::Right | Checked::RightButOld => {}
        Checked::Wrong => return Err(Error::Invalid("the password is wrong".to_owned())),
    }
    let mut tx = ctx.db.begin_write().await?;
    known_forget(ctx, &mut tx, caller.user.id, PASSWORD).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes what somebody did about their own ways in.
pub(super) async fn own_note(
    ctx: &Ctx,
    tx: &mut Tx,
    caller: &Caller,
    act: &'static str,
) -> Result<(), Error> {
    let note = Note {
        account_id: Some(caller.home.id),
        act,
        subject: caller.user.id.to_string(),
        detail: json!({}),
        actor: &caller.actor(),
    };
    ctx.note(tx, note).await
}
