//! Steps of a sign-in that a browser carries sealed: each may be taken once.

use crate::db::{Error, Tx};
use ringfence_core::time::Timestamp;

/// Takes a step; true for the one caller who does.
///
/// # Errors
/// The database refused it or broke off.
pub async fn step_take(tx: &mut Tx, id: &str, expires_at: Timestamp) -> Result<bool, Error> {
    let taken = tx
        .execute(
            "INSERT INTO sign_in_steps (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[id.into(), expires_at.into()],
        )
        .await?;
    Ok(taken == 1)
}

/// Forgets steps that nobody could take any more.
///
/// # Errors
/// The database refused it or broke off.
pub async fn step_prune(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sign_in_steps WHERE expires_at <= $1",
        &[now.into()],
    )
    .await
}
