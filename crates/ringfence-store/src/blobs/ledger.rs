//! The rows of the blob store: what lies there, and what may be removed.

use crate::db::{Error, Tx};
use ringfence_core::digest::ContentDigest;
use ringfence_core::time::Timestamp;

/// Says that bytes are about to be put under this digest, or named by another item, and
/// keeps the sweeper away from them. False when the sweeper is removing them right now.
///
/// # Errors
/// The database broke off.
pub async fn blob_claim(
    tx: &mut Tx,
    sha256: ContentDigest,
    size_bytes: u64,
    now: Timestamp,
) -> Result<bool, Error> {
    let claimed = tx
        .execute(
            "INSERT INTO blobs (sha256, size_bytes, claimed_at) VALUES ($1, $2, $3)
             ON CONFLICT (sha256) DO UPDATE SET claimed_at = excluded.claimed_at
             WHERE blobs.sweeping_since IS NULL",
            &[
                sha256.to_string().into(),
                i64::try_from(size_bytes).unwrap_or(i64::MAX).into(),
                now.into(),
            ],
        )
        .await?;
    Ok(claimed == 1)
}

/// Marks blobs for removal that no item names and nobody has claimed since `before`.
///
/// `before` lies so far back that any act which claimed them has ended. Gives those to
/// remove, including any marked before that by a sweeper that must have died. The caller removes them long before another could take it for dead: two sweepers at one
/// blob could remove bytes that were put back in between.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn blob_sweep_begin(
    tx: &mut Tx,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<ContentDigest>, Error> {
    // The outer conditions are checked again under the row's lock, against a claim or a
    // mark made meanwhile.
    let rows = tx
        .fetch_all(
            "UPDATE blobs SET sweeping_since = $2
             WHERE claimed_at < $1 AND (sweeping_since IS NULL OR sweeping_since < $1) AND sha256 IN (
                 SELECT b.sha256 FROM blobs b
                 WHERE b.claimed_at < $1 AND (b.sweeping_since IS NULL OR b.sweeping_since < $1)
                     AND NOT EXISTS (SELECT 1 FROM content_items c WHERE c.sha256 = b.sha256)
                 ORDER BY b.claimed_at LIMIT $3)
             RETURNING sha256",
            &[before.into(), now.into(), limit.into()],
        )
        .await?;
    rows.iter()
        .map(|row| row.parsed("blobs", "sha256", ContentDigest::parse))
        .collect()
}

/// Forgets a blob whose bytes have been removed, and what it sounded like.
///
/// # Errors
/// The database broke off.
pub async fn blob_forget(tx: &mut Tx, sha256: ContentDigest) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM content_sounds WHERE sha256 = $1",
        &[sha256.to_string().into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM blobs WHERE sha256 = $1 AND sweeping_since IS NOT NULL",
        &[sha256.to_string().into()],
    )
    .await?;
    Ok(())
}
