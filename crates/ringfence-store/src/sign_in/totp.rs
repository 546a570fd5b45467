//! Authenticator apps and recovery codes.

use crate::db::{Error, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::UserId;
use ringfence_core::time::Timestamp;

/// Somebody's authenticator app.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Totp {
    /// The shared secret, sealed.
    pub sealed: Vec<u8>,
    /// The step of the last code that was taken.
    pub last_step: i64,
    /// Since when.
    pub created_at: Timestamp,
}

/// Somebody's authenticator app, if they have one.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn totp_find(tx: &mut Tx, user_id: UserId) -> Result<Option<Totp>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT sealed, last_step, created_at FROM user_totp WHERE user_id = $1",
            &[user_id.to_string().into()],
        )
        .await?;
    row.map(|row| {
        Ok(Totp {
            sealed: row.bytes("sealed")?,
            last_step: row.int("last_step")?,
            created_at: Timestamp::from_ms(row.int("created_at")?),
        })
    })
    .transpose()
}

/// Keeps somebody's first authenticator app.
///
/// # Errors
/// [`Error::Duplicate`] when they have one.
pub async fn totp_insert(tx: &mut Tx, user_id: UserId, totp: &Totp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO user_totp (user_id, sealed, last_step, created_at) VALUES ($1, $2, $3, $4)",
        &[
            user_id.to_string().into(),
            totp.sealed.as_slice().into(),
            totp.last_step.into(),
            totp.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes the code of a step; true for the one caller who does.
///
/// # Errors
/// The database refused it or broke off.
pub async fn totp_step_take(tx: &mut Tx, user_id: UserId, step: i64) -> Result<bool, Error> {
    let taken = tx
        .execute(
            "UPDATE user_totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
            &[user_id.to_string().into(), step.into()],
        )
        .await?;
    Ok(taken == 1)
}

/// Removes somebody's authenticator app and recovery codes; false when they have no app.
///
/// # Errors
/// The database refused it or broke off.
pub async fn totp_delete(tx: &mut Tx, user_id: UserId) -> Result<bool, Error> {
    tx.execute(
        "DELETE FROM user_recovery_codes WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await?;
    let deleted = tx
        .execute(
            "DELETE FROM user_totp WHERE user_id = $1",
            &[user_id.to_string().into()],
        )
        .await?;
    Ok(deleted == 1)
}

/// Gives somebody exactly these recovery codes.
///
/// # Errors
/// The database refused it or broke off.
pub async fn recovery_codes_set(
    tx: &mut Tx,
    user_id: UserId,
    digests: &[StoredDigest],
) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM user_recovery_codes WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await?;
    for digest in digests {
        tx.execute(
            "INSERT INTO user_recovery_codes (user_id, digest) VALUES ($1, $2)",
            &[user_id.to_string().into(), digest.to_hex().into()],
        )
        .await?;
    }
    Ok(())
}

/// How many recovery codes somebody has left.
///
/// # Errors
/// The database broke off.
pub async fn recovery_code_count(tx: &mut Tx, user_id: UserId) -> Result<i64, Error> {
    tx.fetch_one(
        "SELECT COUNT(*) AS n FROM user_recovery_codes WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await?
    .int("n")
}

/// Uses a recovery code up; true for the one caller who does.
///
/// # Errors
/// The database refused it or broke off.
pub async fn recovery_code_use(
    tx: &mut Tx,
    user_id: UserId,
    digest: StoredDigest,
) -> Result<bool, Error> {
    let used = tx
        .execute(
            "DELETE FROM user_recovery_codes WHERE user_id = $1 AND digest = $2",
            &[user_id.to_string().into(), digest.to_hex().into()],
        )
        .await?;
    Ok(used == 1)
}
