//! Signing keys; the private part is sealed before it comes here.

use crate::db::{Error, Row, Tx};
use ringfence_core::account::TokenAlg;
use ringfence_core::id::KeyId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "signing_keys";

/// A signing key as stored. Its state follows from the times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredKey {
    /// Its id, the `kid`.
    pub id: KeyId,
    /// What it signs with.
    pub alg: TokenAlg,
    /// The public key, as the core writes it.
    pub public_key: Vec<u8>,
    /// The private key, sealed under the master key.
    pub sealed: Vec<u8>,
    /// When it was first published.
    pub announced_at: Timestamp,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// From when on it signs no more.
    pub retire_at: Option<Timestamp>,
    /// From when on nothing it signed is accepted.
    pub remove_at: Option<Timestamp>,
    /// When it was withdrawn in an emergency.
    pub withdrawn_at: Option<Timestamp>,
}

/// Adds a key.
///
/// # Errors
/// The database refused it or broke off.
pub async fn key_insert(tx: &mut Tx, key: &StoredKey) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO signing_keys (id, alg, public_key, sealed, announced_at, active_from, retire_at, remove_at, withdrawn_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            key.id.to_string().into(),
            key.alg.as_str().into(),
            key.public_key.clone().into(),
            key.sealed.clone().into(),
            key.announced_at.into(),
            key.active_from.into(),
            key.retire_at.into(),
            key.remove_at.into(),
            key.withdrawn_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes back a key's times.
///
/// # Errors
/// The database refused it or broke off.
pub async fn key_times_set(tx: &mut Tx, key: &StoredKey) -> Result<(), Error> {
    tx.execute(
        "UPDATE signing_keys SET active_from = $2, retire_at = $3, remove_at = $4, withdrawn_at = $5 WHERE id = $1",
        &[
            key.id.to_string().into(),
            key.active_from.into(),
            key.retire_at.into(),
            key.remove_at.into(),
            key.withdrawn_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The key of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn key_find(tx: &mut Tx, id: KeyId) -> Result<Option<StoredKey>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM signing_keys WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(key).transpose()
}

/// Every key, oldest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn key_list(tx: &mut Tx) -> Result<Vec<StoredKey>, Error> {
    let rows = tx
        .fetch_all("SELECT * FROM signing_keys ORDER BY announced_at, id", &[])
        .await?;
    rows.iter().map(key).collect()
}

/// Forgets keys whose tokens ended before an instant, and gives their ids.
///
/// # Errors
/// The database broke off.
pub async fn key_prune(tx: &mut Tx, before: Timestamp) -> Result<Vec<KeyId>, Error> {
    let rows = tx
        .fetch_all(
            "DELETE FROM signing_keys WHERE remove_at <= $1 RETURNING id",
            &[before.into()],
        )
        .await?;
    rows.iter()
        .map(|row| row.parsed(TABLE, "id", KeyId::parse))
        .collect()
}

fn key(row: &Row) -> Result<StoredKey, Error> {
    Ok(StoredKey {
        id: row.parsed(TABLE, "id", KeyId::parse)?,
        alg: row.parsed(TABLE, "alg", TokenAlg::parse)?,
        public_key: row.bytes("public_key")?,
        sealed: row.bytes("sealed")?,
        announced_at: Timestamp::from_ms(row.int("announced_at")?),
        active_from: Timestamp::from_ms(row.int("active_from")?),
        retire_at: row.opt_int("retire_at")?.map(Timestamp::from_ms),
        remove_at: row.opt_int("remove_at")?.map(Timestamp::from_ms),
        withdrawn_at: row.opt_int("withdrawn_at")?.map(Timestamp::from_ms),
    })
}
