//! Forgets codes, grants and refresh tokens that are long over, a few at a time: there may be millions.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::grants::codes::code_prune;
use ringfence_store::grants::grant_prune;
use ringfence_store::grants::lockouts::lockout_prune;
use ringfence_store::grants::refresh::refresh_prune;

// Each batch is a transaction of its own, so that others come in between.
const BATCH: u32 = 2_000;
// Past its end a refresh token is still told as expired, and its second use still shows.
const REFRESH_KEPT_SECS: i64 = 86_400;

#[derive(Clone, Copy)]
enum What {
    Codes,
    Grants,
    RefreshTokens,
}

/// Forgets what is long over.
///
/// # Errors
/// The store refused it or broke off; the next run goes on.
pub(crate) async fn grants_prune(ctx: &Ctx) -> Result<(), Error> {
    let now = ctx.now();
    for what in [What::Codes, What::RefreshTokens, What::Grants] {
        loop {
            let mut tx = ctx.db.begin_write().await?;
            let n = batch_prune(&mut tx, what, now).await?;
            tx.commit().await?;
            if n < u64::from(BATCH) {
                break;
            }
        }
    }
    let mut tx = ctx.db.begin_write().await?;
    let locked_until = now.plus_secs(-i64::from(ctx.settings.vbc.lockout_secs));
    lockout_prune(&mut tx, locked_until).await?;
    tx.commit().await?;
    Ok(())
}

async fn batch_prune(tx: &mut Tx, what: What, now: Timestamp) -> Result<u64, Error> {
    Ok(match what {
        What::Codes => code_prune(tx, now, BATCH).await?,
        What::RefreshTokens => refresh_prune(tx, now.plus_secs(-REFRESH_KEPT_SECS), BATCH).await?,
        What::Grants => grant_prune(tx, now, BATCH).await?,
    })
}
