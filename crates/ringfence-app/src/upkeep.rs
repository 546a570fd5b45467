//! What keeps the store from growing without end.

use crate::context::Ctx;
use crate::error::{Error, chain};
use crate::sweep::blobs_sweep;
use ringfence_store::feed::feed_prune;
use ringfence_store::revocations::revoked_token_prune;
use std::time::Duration;

// A node that was away for longer loads everything anew, which it does on every start anyway.
const FEED_KEPT_SECS: i64 = 86_400;
const EVERY: Duration = Duration::from_secs(600);

/// Cleans away what nobody needs any more.
///
/// # Errors
/// The store refused it or broke off.
pub async fn tidy(ctx: &Ctx) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    revoked_token_prune(&mut tx, ctx.now()).await?;
    feed_prune(&mut tx, ctx.now().plus_secs(-FEED_KEPT_SECS)).await?;
    tx.commit().await?;
    let swept = blobs_sweep(ctx).await?;
    if swept > 0 {
        tracing::info!(
            blobs.swept = swept,
            "removed stored bytes that nothing names"
        );
    }
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
