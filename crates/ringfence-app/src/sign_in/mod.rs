//! How people sign in: by password and code, by passkey, through a provider, or by a one-time link.
//!
//! Each way ends in a stay ([`crate::session`]) or in a second step. Every failure gives the same answer at the same
//! cost, is counted over all nodes ([`limits`]) before the proof is looked at, and locks nobody out. [`me`] is what
//! people do about their own ways in.

pub mod developer;
mod limits;
pub mod link;
pub mod me;
pub mod passkey;
mod password;
pub mod sso;
pub(crate) mod step;
pub mod totp;

pub(crate) use password::password_rehash;
pub use password::{PasswordAttempt, password_sign_in};

use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::session::{SignedIn, session_begin};
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::secret::{Handle, Secret};
use ringfence_store::sign_in::totp as store_totp;
use serde_json::json;
use std::net::IpAddr;

/// Who is at the door.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Where from.
    pub address: Option<IpAddr>,
    /// The browser's own description.
    pub browser: String,
}

/// What a right proof leads to.
#[derive(Debug)]
pub enum Progress {
    /// They are in; this is what the cookie holds.
    In(Handle),
    /// They have to give a code; this is what the browser carries until then.
    CodeWanted(Secret<String>),
}

impl Visitor {
    fn signed_in(&self, method: &str) -> SignedIn {
        SignedIn {
            method: method.to_owned(),
            address: self.address,
            browser: self.browser.clone(),
        }
    }
}

/// Goes on after a proof that is one factor only.
async fn proceed(
    ctx: &Ctx,
    user_id: UserId,
    method: &str,
    visitor: &Visitor,
) -> Result<Progress, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let totp = store_totp::totp_find(&mut tx, user_id).await?;
    drop(tx);
    if totp.is_some() {
        return Ok(Progress::CodeWanted(totp::code_want(ctx, user_id, method)?));
    }
    let handle = session_begin(ctx, user_id, visitor.signed_in(method)).await?;
    Ok(Progress::In(handle))
}

/// Writes that a proof of somebody who exists was wrong. The first and then each doubling of their failures get a line,
/// so that nobody can make the trail grow as fast as they can fail.
async fn failure_note(
    ctx: &Ctx,
    (user_id, account_id): (UserId, AccountId),
    (reason, n_failures): (&'static str, u32),
    visitor: &Visitor,
) -> Result<(), Error> {
    if !n_failures.is_power_of_two() {
        return Ok(());
    }
    let mut tx = ctx.db.begin_write().await?;
    let note = Note {
        account_id: Some(account_id),
        act: "sign_in.failed",
        subject: user_id.to_string(),
        detail: json!({
            "reason": reason,
            "count": n_failures,
            "last_from": visitor.address.map(|a| a.to_string()),
        }),
        actor: &Actor("unknown".to_owned()),
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(())
}
