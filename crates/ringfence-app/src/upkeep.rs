//! What keeps the store from growing without end.

use crate::context::Ctx;
use crate::error::{Error, chain};
use crate::sweep::blobs_sweep;
use crate::token::grant::grants_prune;
use crate::traffic;
use ringfence_core::sign_in::patience::FORGOTTEN_AFTER_SECS;
use ringfence_store::applications::usage::application_usage_prune;
use ringfence_store::credentials::handover::handover_prune;
use ringfence_store::credentials::usage::usage_prune;
use ringfence_store::developer_sessions::developer_session_prune;
use ringfence_store::developer_tokens::developer_token_prune;
use ringfence_store::feed::feed_prune;
use ringfence_store::revocations::{revoked_grant_prune, revoked_token_prune};
use ringfence_store::sessions::session_prune;
use ringfence_store::sign_in::failures::failures_prune;
use ringfence_store::sign_in::links::link_prune;
use ringfence_store::sign_in::steps::step_prune;
use std::time::Duration;

// A node that was away for longer loads everything anew, which it does on every start anyway.
const FEED_KEPT_SECS: i64 = 86_400;
const HANDOVER_KEPT_SECS: i64 = 90 * 86_400;
const USAGE_KEPT_HOURS: i64 = 92 * 24;
// A developer sees for a month that a token of theirs has run out.
const TOKENS_SHOWN_SECS: i64 = 30 * 86_400;
const EVERY: Duration = Duration::from_secs(600);

/// Cleans away what nobody needs any more.
///
/// # Errors
/// The store refused it or broke off.
pub async fn tidy(ctx: &Ctx) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    revoked_token_prune(&mut tx, ctx.now()).await?;
    revoked_grant_prune(&mut tx, ctx.now()).await?;
    feed_prune(&mut tx, ctx.now().plus_secs(-FEED_KEPT_SECS)).await?;
    handover_prune(&mut tx, ctx.now(), ctx.now().plus_secs(-HANDOVER_KEPT_SECS)).await?;
    let first_hour = ctx.now().secs() / 3_600 - USAGE_KEPT_HOURS;
    usage_prune(&mut tx, first_hour).await?;
    application_usage_prune(&mut tx, first_hour).await?;
    tx.commit().await?;
    traffic::tidy(ctx).await?;
    sign_in_tidy(ctx).await?;
    grants_prune(ctx).await?;
    let swept = blobs_sweep(ctx).await?;
    if swept > 0 {
        tracing::info!(
            blobs.swept = swept,
            "removed stored bytes that nothing names"
        );
    }
    Ok(())
}

/// Forgets stays that have ended, links and steps that do not work any more, and failures of long ago.
async fn sign_in_tidy(ctx: &Ctx) -> Result<(), Error> {
    let now = ctx.now();
    let unused_since = now.plus_secs(-i64::from(ctx.settings.session_limits.idle_secs));
    let mut tx = ctx.db.begin_write().await?;
    session_prune(&mut tx, now, unused_since).await?;
    developer_session_prune(&mut tx, now, unused_since).await?;
    developer_token_prune(&mut tx, now.plus_secs(-TOKENS_SHOWN_SECS)).await?;
    link_prune(&mut tx, now).await?;
    step_prune(&mut tx, now).await?;
    failures_prune(&mut tx, now.plus_secs(-FORGOTTEN_AFTER_SECS)).await?;
    tx.commit().await?;
    Ok(())
}

/// Tidies every ten minutes until the task is dropped.
pub async fn run(ctx: Ctx) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = tidy(&ctx).await {
            tracing::warn!(error = %chain(&error), "the store could not be tidied; the next try is in ten minutes");
        }
    }
}
