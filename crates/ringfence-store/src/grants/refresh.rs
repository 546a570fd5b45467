//! Refresh tokens: a digest finds the grant and the token's number in it.

use super::{bytes, id};
use crate::db::{Error, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::GrantId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "refresh_tokens";

/// Which refresh token of which grant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefreshPlace {
    /// The grant.
    pub grant_id: GrantId,
    /// The token's number, from 1.
    pub generation: u32,
}

/// Adds a refresh token; it is forgotten some time after it ends.
///
/// # Errors
/// The database refused it or broke off.
pub async fn refresh_insert(
    tx: &mut Tx,
    digest: StoredDigest,
    place: RefreshPlace,
    expires_at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO refresh_tokens (digest, grant_id, generation, expires_at) VALUES ($1, $2, $3, $4)",
        &[
            digest.0.as_slice().into(),
            bytes(place.grant_id.as_bytes()),
            place.generation.into(),
            expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Where the refresh token of that digest belongs.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn refresh_find(
    tx: &mut Tx,
    digest: StoredDigest,
) -> Result<Option<RefreshPlace>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT grant_id, generation FROM refresh_tokens WHERE digest = $1",
            &[digest.0.as_slice().into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(RefreshPlace {
        grant_id: GrantId::from_bytes(id(&row, TABLE, "grant_id")?),
        generation: row.number(TABLE, "generation")?,
    }))
}

/// Forgets refresh tokens that ended before an instant, at most so many, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn refresh_prune(tx: &mut Tx, before: Timestamp, most: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM refresh_tokens WHERE digest IN
             (SELECT digest FROM refresh_tokens WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        &[before.into(), most.into()],
    )
    .await
}
