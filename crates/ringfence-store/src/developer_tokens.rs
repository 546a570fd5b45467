//! Personal tokens of developers, for programs that use the Portal REST API.

use crate::db::{Error, Row, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::developer_scope::DeveloperScopes;
use ringfence_core::id::{DeveloperId, DeveloperTokenId};
use ringfence_core::time::Timestamp;

const TABLE: &str = "developer_tokens";

/// A personal token, but for its text, which nobody keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeveloperToken {
    /// What the developer sees it under.
    pub id: DeveloperTokenId,
    /// Whose it is.
    pub developer_id: DeveloperId,
    /// The developer's epoch at the time; a later one ends the token.
    pub epoch: u32,
    /// What they call it.
    pub name: String,
    /// What it may do.
    pub scopes: DeveloperScopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it does not work.
    pub expires_at: Timestamp,
    /// The last use, to the minute.
    pub used_at: Option<Timestamp>,
}

/// Adds a token.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_token_insert(
    tx: &mut Tx,
    digest: StoredDigest,
    token: &DeveloperToken,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO developer_tokens (digest, id, developer_id, epoch, name, scopes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            digest.to_hex().into(),
            token.id.to_string().into(),
            token.developer_id.to_string().into(),
            token.epoch.into(),
            token.name.as_str().into(),
            token.scopes.to_string().into(),
            token.created_at.into(),
            token.expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The token whose text has that digest.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn developer_token_find(
    tx: &mut Tx,
    digest: StoredDigest,
) -> Result<Option<DeveloperToken>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM developer_tokens WHERE digest = $1",
            &[digest.to_hex().into()],
        )
        .await?;
    row.as_ref().map(token).transpose()
}

/// Somebody's tokens, the newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn developer_token_list(
    tx: &mut Tx,
    developer_id: DeveloperId,
) -> Result<Vec<DeveloperToken>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM developer_tokens WHERE developer_id = $1
             ORDER BY created_at DESC, id DESC LIMIT 200",
            &[developer_id.to_string().into()],
        )
        .await?;
    rows.iter().map(token).collect()
}

/// Notes that a token was used.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_token_touch(
    tx: &mut Tx,
    id: DeveloperTokenId,
    at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE developer_tokens SET used_at = $2 WHERE id = $1 AND COALESCE(used_at, 0) < $2",
        &[id.to_string().into(), at.into()],
    )
    .await?;
    Ok(())
}

/// Deletes one token of somebody; false when they have no such token.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_token_delete(
    tx: &mut Tx,
    developer_id: DeveloperId,
    id: DeveloperTokenId,
) -> Result<bool, Error> {
    let deleted = tx
        .execute(
            "DELETE FROM developer_tokens WHERE id = $1 AND developer_id = $2",
            &[id.to_string().into(), developer_id.to_string().into()],
        )
        .await?;
    Ok(deleted == 1)
}

/// Deletes every token of somebody, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_token_delete_all(
    tx: &mut Tx,
    developer_id: DeveloperId,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM developer_tokens WHERE developer_id = $1",
        &[developer_id.to_string().into()],
    )
    .await
}

/// Forgets tokens that ended long ago, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_token_prune(tx: &mut Tx, ended_before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM developer_tokens WHERE expires_at <= $1",
        &[ended_before.into()],
    )
    .await
}

fn token(row: &Row) -> Result<DeveloperToken, Error> {
    Ok(DeveloperToken {
        id: row.parsed(TABLE, "id", DeveloperTokenId::parse)?,
        developer_id: row.parsed(TABLE, "developer_id", DeveloperId::parse)?,
        epoch: row.number(TABLE, "epoch")?,
        name: row.text("name")?,
        scopes: row.parsed(TABLE, "scopes", DeveloperScopes::parse)?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
        used_at: row.opt_int("used_at")?.map(Timestamp::from_ms),
    })
}
