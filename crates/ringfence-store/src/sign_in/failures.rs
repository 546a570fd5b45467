//! Failed attempts, counted over all nodes.

use crate::db::{Error, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::sign_in::patience::Failures;
use ringfence_core::time::Timestamp;

/// The failures of a key. Its row is held until the transaction ends, so that attempts of one key stand in line.
///
/// # Errors
/// The database refused it or broke off.
pub async fn failures_lock(
    tx: &mut Tx,
    key: StoredDigest,
    now: Timestamp,
) -> Result<Failures, Error> {
    let row = tx
        .fetch_one(
            "INSERT INTO sign_in_failures (key, n, last_at) VALUES ($1, 0, $2)
             ON CONFLICT (key) DO UPDATE SET n = sign_in_failures.n RETURNING n, last_at",
            &[key.to_hex().into(), now.into()],
        )
        .await?;
    Ok(Failures {
        n: row.number("sign_in_failures", "n")?,
        last_at: Timestamp::from_ms(row.int("last_at")?),
    })
}

/// Keeps the failures of a key that [`failures_lock`] has given.
///
/// # Errors
/// The database refused it or broke off.
pub async fn failures_set(tx: &mut Tx, key: StoredDigest, failures: Failures) -> Result<(), Error> {
    tx.execute(
        "UPDATE sign_in_failures SET n = $2, last_at = $3 WHERE key = $1",
        &[
            key.to_hex().into(),
            failures.n.into(),
            failures.last_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes back one failure of a key.
///
/// # Errors
/// The database refused it or broke off.
pub async fn failures_take_back(tx: &mut Tx, key: StoredDigest) -> Result<(), Error> {
    tx.execute(
        "UPDATE sign_in_failures SET n = n - 1 WHERE key = $1 AND n > 0",
        &[key.to_hex().into()],
    )
    .await?;
    Ok(())
}

/// Forgets the failures of a key.
///
/// # Errors
/// The database refused it or broke off.
pub async fn failures_forget(tx: &mut Tx, key: StoredDigest) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM sign_in_failures WHERE key = $1",
        &[key.to_hex().into()],
    )
    .await?;
    Ok(())
}

/// Forgets failures of long ago.
///
/// # Errors
/// The database refused it or broke off.
pub async fn failures_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sign_in_failures WHERE last_at < $1",
        &[before.into()],
    )
    .await
}
