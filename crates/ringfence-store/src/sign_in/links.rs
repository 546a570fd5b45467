//! One-time links.

use crate::db::{Error, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::UserId;
use ringfence_core::sign_in::link::LinkPurpose;
use ringfence_core::time::Timestamp;

/// A link that has not been used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whom it is for; nobody yet when it sets a server up.
    pub user_id: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it does not work.
    pub expires_at: Timestamp,
}

/// Keeps a link; those made before for the same purpose and person stop working.
///
/// # Errors
/// The database refused it or broke off.
pub async fn link_insert(tx: &mut Tx, digest: StoredDigest, link: Link) -> Result<(), Error> {
    let user_id = link.user_id.map(|id| id.to_string());
    tx.execute(
        "DELETE FROM sign_in_links WHERE purpose = $1 AND COALESCE(user_id, '') = $2",
        &[
            link.purpose.as_str().into(),
            user_id.clone().unwrap_or_default().into(),
        ],
    )
    .await?;
    tx.execute(
        "INSERT INTO sign_in_links (digest, purpose, user_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        &[
            digest.to_hex().into(),
            link.purpose.as_str().into(),
            user_id.into(),
            link.created_at.into(),
            link.expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Whom a link that still works is for: the outer `None` when there is no such link.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn link_find(
    tx: &mut Tx,
    digest: StoredDigest,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<Option<Option<UserId>>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT user_id FROM sign_in_links WHERE digest = $1 AND purpose = $2 AND expires_at > $3",
            &[digest.to_hex().into(), purpose.as_str().into(), now.into()],
        )
        .await?;
    row.map(|row| row.opt_parsed("sign_in_links", "user_id", UserId::parse))
        .transpose()
}

/// Uses a link up; true for the one caller who does.
///
/// # Errors
/// The database refused it or broke off.
pub async fn link_use(
    tx: &mut Tx,
    digest: StoredDigest,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<bool, Error> {
    let used = tx
        .execute(
            "DELETE FROM sign_in_links WHERE digest = $1 AND purpose = $2 AND expires_at > $3",
            &[digest.to_hex().into(), purpose.as_str().into(), now.into()],
        )
        .await?;
    Ok(used == 1)
}

/// Forgets links that do not work any more.
///
/// # Errors
/// The database refused it or broke off.
pub async fn link_prune(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sign_in_links WHERE expires_at <= $1",
        &[now.into()],
    )
    .await
}

/// Takes back every link of somebody.
///
/// # Errors
/// The database refused it or broke off.
pub async fn link_revoke(tx: &mut Tx, user_id: UserId) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sign_in_links WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await
}
