//! Grants ended before their time, with every token of them.

use crate::context::{Actor, Ctx, Note};
use crate::error::{Error, chain};
use crate::grants::{EndingGrant, grant_tokens_end};
use crate::token::TokenError;
use ringfence_core::family::Grant;
use ringfence_core::id::{ApplicationId, GrantId, SessionId, TokenId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::feed::{FeedKind, feed_append, feed_lock};
use ringfence_store::grants::{self as store, Ended, Whose};
use ringfence_store::revocations::{RevokedToken, TokenHolder, revoked_token_insert};
use serde_json::json;

// A token is forgiven this much clock difference after its end, so it must stay revoked as long.
const MAX_SKEW_SECS: i64 = 60;

/// Ends grants in the transaction of what takes them away: a new password, a consent withdrawn, a stay that ends. Gives
/// how many had not ended. The caller commits with [`Ctx::commit`].
///
/// # Errors
/// The store refused it or broke off.
pub async fn grants_end(
    ctx: &Ctx,
    tx: &mut Tx,
    whose: Whose,
    why: &'static str,
    actor: &Actor,
) -> Result<usize, Error> {
    // The feed is locked before grants are, here and wherever both are, so that nobody waits for somebody who waits.
    feed_lock(tx).await?;
    let ended = store::grants_end(tx, whose, ctx.now()).await?;
    for ended in &ended {
        end_record(ctx, tx, *ended, why, actor).await?;
    }
    Ok(ended.len())
}

/// Ends everything that applications may do for somebody, as a new password asks for (checklist 68).
///
/// # Errors
/// The store refused it or broke off.
pub(crate) async fn password_grants_end(
    ctx: &Ctx,
    tx: &mut Tx,
    id: UserId,
    actor: &Actor,
) -> Result<(), Error> {
    grants_end(ctx, tx, Whose::User(id), "password_changed", actor).await?;
    Ok(())
}

/// Ends the grants that last only as long as a stay.
///
/// # Errors
/// The store refused it or broke off.
pub async fn stay_grants_end(
    ctx: &Ctx,
    tx: &mut Tx,
    (user_id, id): (UserId, SessionId),
    actor: &Actor,
) -> Result<(), Error> {
    grants_end(ctx, tx, Whose::Stay(user_id, id), "signed_out", actor).await?;
    Ok(())
}

/// Ends one grant of the caller's choice. False when it had ended, or there is none.
///
/// # Errors
/// The store refused it or broke off.
pub(super) async fn grant_end(
    ctx: &Ctx,
    id: GrantId,
    why: &'static str,
    actor: &Actor,
) -> Result<bool, Error> {
    let mut tx = ctx.db.begin_write().await?;
    if !grant_end_within(ctx, &mut tx, id, why, actor).await? {
        return Ok(false);
    }
    ctx.commit(tx).await?;
    Ok(true)
}

/// As [`grant_end`], within a transaction.
pub(super) async fn grant_end_within(
    ctx: &Ctx,
    tx: &mut Tx,
    id: GrantId,
    why: &'static str,
    actor: &Actor,
) -> Result<bool, Error> {
    feed_lock(tx).await?;
    let Some(ended) = store::grant_end(tx, id, ctx.now()).await? else {
        return Ok(false);
    };
    end_record(ctx, tx, ended, why, actor).await?;
    Ok(true)
}

/// Ends a grant whose token somebody else seems to have. The answer waits until that is durable.
pub(super) async fn grant_end_for(
    ctx: &Ctx,
    id: GrantId,
    why: &'static str,
) -> Result<(), TokenError> {
    match grant_end(ctx, id, why, &Actor::system()).await {
        Ok(true) => {
            tracing::warn!(grant.id = %id, reason = why, "a grant was ended: its token is in two hands");
            Ok(())
        }
        Ok(false) => Ok(()),
        Err(error) => {
            tracing::error!(error = %chain(&error), grant.id = %id, reason = why, "a grant could not be ended");
            Err(TokenError::Unavailable)
        }
    }
}

async fn end_record(
    ctx: &Ctx,
    tx: &mut Tx,
    ended: Ended,
    why: &'static str,
    actor: &Actor,
) -> Result<(), Error> {
    if ended.token_exp.plus_secs(MAX_SKEW_SECS) > ctx.now() {
        let ending = EndingGrant {
            id: ended.id,
            application_id: ended.application_id,
            account_id: ended.account_id,
            last_token_ends_at: ended.token_exp,
        };
        return grant_tokens_end(ctx, tx, ending, why, actor).await;
    }
    // No access token is left that anybody could use, so no node has to hear of it.
    let note = Note {
        account_id: Some(ended.account_id),
        act: "grant.revoke",
        subject: ended.id.to_string(),
        detail: json!({"application_id": ended.application_id.to_string(), "reason": why}),
        actor,
    };
    ctx.note(tx, note).await
}

/// Has the access token refused that a grant has before its next one, if it still lives; comes before the grant is changed,
/// as it locks the feed. Its going is no event of its own, so it has no line in the audit trail.
pub(super) async fn token_end(ctx: &Ctx, tx: &mut Tx, before: &Grant) -> Result<(), Error> {
    let application = before.authorization.application_id;
    token_revoke(ctx, tx, application, (before.token.id, before.token.exp)).await?;
    Ok(())
}

/// Has one access token refused until it ends. True when it was not before.
pub(super) async fn token_revoke(
    ctx: &Ctx,
    tx: &mut Tx,
    application: ApplicationId,
    (id, exp): (TokenId, Timestamp),
) -> Result<bool, Error> {
    let now = ctx.now();
    let revoked = RevokedToken {
        id,
        expires_at: exp.plus_secs(MAX_SKEW_SECS),
    };
    if revoked.expires_at <= now {
        return Ok(false);
    }
    let holder = TokenHolder::Application(application);
    if !revoked_token_insert(tx, &revoked, holder, now).await? {
        return Ok(false);
    }
    feed_append(tx, FeedKind::Token, &id.to_string(), now).await?;
    Ok(true)
}
