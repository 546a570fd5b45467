//! Removes bytes that no content item names any more.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_store::blobs::ledger::{blob_forget, blob_sweep_begin};

// An act claims its bytes before it puts them and names them soon after; none takes a day.
const CLAIM_HOLDS_SECS: i64 = 86_400;
const BATCH: u32 = 100;
// After a day another sweeper takes this one for dead; it stops long before that.
const BATCH_TAKES_MS: u64 = 3_600_000;

/// Removes stored bytes that nothing names and nobody has claimed for a day; says how many files went. May run on several nodes at once, and be killed.
///
/// # Errors
/// The store or the place of the bytes cannot be reached; the next run goes on.
pub async fn blobs_sweep(ctx: &Ctx) -> Result<u64, Error> {
    let before = ctx.now().plus_secs(-CLAIM_HOLDS_SECS);
    let mut swept = 0;
    loop {
        let begun = ctx.clock.monotonic_ms();
        let mut tx = ctx.db.begin_write().await?;
        let taken = blob_sweep_begin(&mut tx, before, ctx.now(), BATCH).await?;
        tx.commit().await?;
        if taken.is_empty() {
            return Ok(swept);
        }
        for sha256 in taken {
            if ctx.clock.monotonic_ms().saturating_sub(begun) > BATCH_TAKES_MS {
                return Ok(swept);
            }
            ctx.blobs.remove(sha256).await?;
            let mut tx = ctx.db.begin_write().await?;
            blob_forget(&mut tx, sha256).await?;
            tx.commit().await?;
            swept += 1;
        }
    }
}
