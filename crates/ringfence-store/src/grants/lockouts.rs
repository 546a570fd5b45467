//! Wrong passwords at the token service, counted over all nodes.

use crate::db::{Error, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::sign_in::patience::Failures;
use ringfence_core::time::Timestamp;

const TABLE: &str = "password_lockouts";

/// The wrong passwords of a name, if there were any.
///
/// # Errors
/// The database broke off.
pub async fn lockout_find(tx: &mut Tx, key: StoredDigest) -> Result<Option<Failures>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT n, last_at FROM password_lockouts WHERE key = $1",
            &[key.0.as_slice().into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Failures {
        n: row.number(TABLE, "n")?,
        last_at: Timestamp::from_ms(row.int("last_at")?),
    }))
}

/// Counts one more wrong password of a name and gives how many there are. Those before `since` are forgotten.
///
/// # Errors
/// The database refused it or broke off.
pub async fn lockout_count(
    tx: &mut Tx,
    key: StoredDigest,
    (since, now): (Timestamp, Timestamp),
) -> Result<u32, Error> {
    let row = tx
        .fetch_one(
            "INSERT INTO password_lockouts (key, n, last_at) VALUES ($1, 1, $3)
             ON CONFLICT (key) DO UPDATE SET
                 n = CASE WHEN password_lockouts.last_at < $2 THEN 1 ELSE password_lockouts.n + 1 END,
                 last_at = $3
             RETURNING n",
            &[key.0.as_slice().into(), since.into(), now.into()],
        )
        .await?;
    row.number(TABLE, "n")
}

/// Forgets the wrong passwords of a name.
///
/// # Errors
/// The database refused it or broke off.
pub async fn lockout_forget(tx: &mut Tx, key: StoredDigest) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM password_lockouts WHERE key = $1",
        &[key.0.as_slice().into()],
    )
    .await?;
    Ok(())
}

/// Forgets wrong passwords of before an instant, and gives how many names had some.
///
/// # Errors
/// The database refused it or broke off.
pub async fn lockout_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM password_lockouts WHERE last_at < $1",
        &[before.into()],
    )
    .await
}
