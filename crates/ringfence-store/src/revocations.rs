//! Tokens revoked singly, until they would have ended anyway.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{CredentialId, TokenId};
use ringfence_core::time::Timestamp;

/// A token that was revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RevokedToken {
    /// Its `jti`.
    pub id: TokenId,
    /// The credential it was issued to.
    pub credential_id: CredentialId,
    /// When it would have ended.
    pub expires_at: Timestamp,
}

/// Marks a token as revoked; a second time changes nothing. True when it was not before.
///
/// # Errors
/// The database refused it or broke off.
pub async fn revoked_token_insert(
    tx: &mut Tx,
    token: &RevokedToken,
    at: Timestamp,
) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO revoked_tokens (id, credential_id, expires_at, revoked_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[
                token.id.to_string().into(),
                token.credential_id.to_string().into(),
                token.expires_at.into(),
                at.into(),
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The revoked token of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn revoked_token_find(tx: &mut Tx, id: TokenId) -> Result<Option<RevokedToken>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM revoked_tokens WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(revoked_token).transpose()
}

/// Every revoked token that would still live, for the directory.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn revoked_token_load(tx: &mut Tx, now: Timestamp) -> Result<Vec<RevokedToken>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM revoked_tokens WHERE expires_at > $1",
            &[now.into()],
        )
        .await?;
    rows.iter().map(revoked_token).collect()
}

/// Forgets tokens that have ended anyway.
///
/// # Errors
/// The database broke off.
pub async fn revoked_token_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM revoked_tokens WHERE expires_at < $1",
        &[before.into()],
    )
    .await
}

fn revoked_token(row: &Row) -> Result<RevokedToken, Error> {
    Ok(RevokedToken {
        id: row.parsed("revoked_tokens", "id", TokenId::parse)?,
        credential_id: row.parsed("revoked_tokens", "credential_id", CredentialId::parse)?,
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
    })
}
