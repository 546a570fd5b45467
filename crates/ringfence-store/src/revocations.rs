//! Tokens and grants that were revoked, until they would have ended anyway.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{ApplicationId, CredentialId, GrantId, TokenId};
use ringfence_core::time::Timestamp;

/// A token that was revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RevokedToken {
    /// Its `jti`.
    pub id: TokenId,
    /// When it would have ended.
    pub expires_at: Timestamp,
}

/// Whom a token was issued to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenHolder {
    /// A credential.
    Credential(CredentialId),
    /// An application.
    Application(ApplicationId),
}

/// Marks a token as revoked; a second time changes nothing. True when it was not before.
///
/// # Errors
/// The database refused it or broke off.
pub async fn revoked_token_insert(
    tx: &mut Tx,
    token: &RevokedToken,
    holder: TokenHolder,
    at: Timestamp,
) -> Result<bool, Error> {
    let holder = match holder {
        TokenHolder::Credential(id) => id.to_string(),
        TokenHolder::Application(id) => id.to_string(),
    };
    let added = tx
        .execute(
            "INSERT INTO revoked_tokens (id, credential_id, expires_at, revoked_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[
                token.id.to_string().into(),
                holder.into(),
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
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
    })
}

/// A grant that was revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RevokedGrant {
    /// Its id, which its access tokens name.
    pub id: GrantId,
    /// When the last of its access tokens would have ended.
    pub expires_at: Timestamp,
}

/// Marks a grant as revoked; a second time changes nothing. True when it was not before.
///
/// # Errors
/// The database refused it or broke off.
pub async fn revoked_grant_insert(
    tx: &mut Tx,
    grant: RevokedGrant,
    at: Timestamp,
) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO revoked_grants (id, expires_at, revoked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[
                grant.id.to_string().into(),
                grant.expires_at.into(),
                at.into(),
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The revoked grant of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn revoked_grant_find(tx: &mut Tx, id: GrantId) -> Result<Option<RevokedGrant>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM revoked_grants WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(revoked_grant).transpose()
}

/// Every revoked grant with tokens that would still live, for the directory.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn revoked_grant_load(tx: &mut Tx, now: Timestamp) -> Result<Vec<RevokedGrant>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM revoked_grants WHERE expires_at > $1",
            &[now.into()],
        )
        .await?;
    rows.iter().map(revoked_grant).collect()
}

/// Forgets grants whose tokens have ended anyway.
///
/// # Errors
/// The database broke off.
pub async fn revoked_grant_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM revoked_grants WHERE expires_at < $1",
        &[before.into()],
    )
    .await
}

fn revoked_grant(row: &Row) -> Result<RevokedGrant, Error> {
    Ok(RevokedGrant {
        id: row.parsed("revoked_grants", "id", GrantId::parse)?,
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
    })
}
