//! Who somebody is at upstream providers.

use crate::db::{Error, Tx};
use ringfence_core::id::UserId;
use ringfence_core::time::Timestamp;

/// Who is behind a subject of an issuer.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn identity_find(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT user_id FROM user_identities WHERE issuer = $1 AND subject = $2",
            &[issuer.into(), subject.into()],
        )
        .await?;
    row.map(|row| row.parsed("user_identities", "user_id", UserId::parse))
        .transpose()
}

/// Keeps who is behind a subject; false when the person or the subject has another partner at that issuer.
///
/// # Errors
/// The database refused it or broke off.
pub async fn identity_insert(
    tx: &mut Tx,
    (issuer, subject): (&str, &str),
    user_id: UserId,
    at: Timestamp,
) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO user_identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[
                issuer.into(),
                subject.into(),
                user_id.to_string().into(),
                at.into(),
            ],
        )
        .await?;
    Ok(added == 1)
}
