//! Answers kept for a while, so that a request sent twice is done once.

use crate::db::{Error, Tx};
use ringfence_core::digest::ContentDigest;
use ringfence_core::time::Timestamp;

const TABLE: &str = "idempotency";

/// A request as it was first sent under a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptRequest {
    /// The digest of method, path and body.
    pub digest: ContentDigest,
    /// The answer; `None` while there is none.
    pub answer: Option<KeptAnswer>,
}

/// An answer as it was first given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptAnswer {
    /// Its status.
    pub status: u16,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its JSON; `None` when it carried a secret.
    pub body: Option<String>,
}

/// Takes a key for a request. False when somebody holds it.
///
/// # Errors
/// The database refused it or broke off.
pub async fn idempotency_take(
    tx: &mut Tx,
    (caller, key): (&str, &str),
    digest: ContentDigest,
    at: Timestamp,
) -> Result<bool, Error> {
    let taken = tx
        .execute(
            "INSERT INTO idempotency (caller, request_key, digest, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[
                caller.into(),
                key.into(),
                digest.to_string().into(),
                at.into(),
            ],
        )
        .await?;
    Ok(taken == 1)
}

/// What was sent under a key.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn idempotency_find(
    tx: &mut Tx,
    (caller, key): (&str, &str),
) -> Result<Option<KeptRequest>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT digest, status, location, etag, body FROM idempotency WHERE caller = $1 AND request_key = $2",
            &[caller.into(), key.into()],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let answer = match row.opt_int("status")? {
        None => None,
        Some(_) => Some(KeptAnswer {
            status: row.number(TABLE, "status")?,
            location: row.opt_text("location")?,
            etag: row.opt_text("etag")?,
            body: row.opt_text("body")?,
        }),
    };
    Ok(Some(KeptRequest {
        digest: row.parsed(TABLE, "digest", ContentDigest::parse)?,
        answer,
    }))
}

/// Keeps the answer to a request.
///
/// # Errors
/// The database refused it or broke off.
pub async fn idempotency_answer(
    tx: &mut Tx,
    (caller, key): (&str, &str),
    answer: &KeptAnswer,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE idempotency SET status = $3, location = $4, etag = $5, body = $6
         WHERE caller = $1 AND request_key = $2",
        &[
            caller.into(),
            key.into(),
            i64::from(answer.status).into(),
            answer.location.as_deref().into(),
            answer.etag.as_deref().into(),
            answer.body.as_deref().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Gives a key back: what was asked has not been done.
///
/// # Errors
/// The database refused it or broke off.
pub async fn idempotency_release(tx: &mut Tx, (caller, key): (&str, &str)) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM idempotency WHERE caller = $1 AND request_key = $2",
        &[caller.into(), key.into()],
    )
    .await?;
    Ok(())
}

/// Forgets keys taken before an instant.
///
/// # Errors
/// The database refused it or broke off.
pub async fn idempotency_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM idempotency WHERE created_at < $1",
        &[before.into()],
    )
    .await
}
