//! Passkeys.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::UserId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "user_passkeys";

/// Somebody's passkey.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passkey {
    /// Its id, as base64url.
    pub id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// What they call it.
    pub name: String,
    /// Its public key, in COSE form.
    pub public_key: Vec<u8>,
    /// How often it has signed, when it counts.
    pub counter: u32,
    /// Whether the authenticator may copy it to their other devices.
    pub synced: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last signed them in.
    pub last_used_at: Option<Timestamp>,
}

/// Keeps a passkey.
///
/// # Errors
/// [`Error::Duplicate`] when there is one of that id.
pub async fn passkey_insert(tx: &mut Tx, passkey: &Passkey) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO user_passkeys (id, user_id, name, public_key, counter, synced, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            passkey.id.as_str().into(),
            passkey.user_id.to_string().into(),
            passkey.name.as_str().into(),
            passkey.public_key.as_slice().into(),
            passkey.counter.into(),
            passkey.synced.into(),
            passkey.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The passkey of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn passkey_find(tx: &mut Tx, id: &str) -> Result<Option<Passkey>, Error> {
    let row = tx
        .fetch_optional("SELECT * FROM user_passkeys WHERE id = $1", &[id.into()])
        .await?;
    row.as_ref().map(passkey).transpose()
}

/// Somebody's passkeys, the oldest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn passkey_list(tx: &mut Tx, user_id: UserId) -> Result<Vec<Passkey>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM user_passkeys WHERE user_id = $1 ORDER BY created_at, id LIMIT 100",
            &[user_id.to_string().into()],
        )
        .await?;
    rows.iter().map(passkey).collect()
}

/// Notes a use; false when another use was quicker, or the passkey is gone.
///
/// # Errors
/// The database refused it or broke off.
pub async fn passkey_use(
    tx: &mut Tx,
    used: &Passkey,
    counter: u32,
    at: Timestamp,
) -> Result<bool, Error> {
    let noted = tx
        .execute(
            "UPDATE user_passkeys SET counter = $3, last_used_at = $4 WHERE id = $1 AND counter = $2",
            &[
                used.id.as_str().into(),
                used.counter.into(),
                counter.into(),
                at.into(),
            ],
        )
        .await?;
    Ok(noted == 1)
}

/// Removes a passkey of somebody; false when they have none of that id.
///
/// # Errors
/// The database refused it or broke off.
pub async fn passkey_delete(tx: &mut Tx, user_id: UserId, id: &str) -> Result<bool, Error> {
    let deleted = tx
        .execute(
            "DELETE FROM user_passkeys WHERE user_id = $1 AND id = $2",
            &[user_id.to_string().into(), id.into()],
        )
        .await?;
    Ok(deleted == 1)
}

/// Removes every passkey of somebody, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn passkey_delete_all(tx: &mut Tx, user_id: UserId) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM user_passkeys WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await
}

fn passkey(row: &Row) -> Result<Passkey, Error> {
    Ok(Passkey {
        id: row.text("id")?,
        user_id: row.parsed(TABLE, "user_id", UserId::parse)?,
        name: row.text("name")?,
        public_key: row.bytes("public_key")?,
        counter: row.number(TABLE, "counter")?,
        synced: row.bool("synced")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        last_used_at: row.opt_int("last_used_at")?.map(Timestamp::from_ms),
    })
}
