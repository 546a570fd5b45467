//! Secrets on their way to a partner by a link, and the requests that made secrets.

use crate::db::{Error, Tx};
use ringfence_core::id::{CredentialId, UserId};
use ringfence_core::time::Timestamp;

const TABLE: &str = "handovers";

/// A secret that waits behind a link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handover {
    /// Derived from the link; 64 hex digits.
    pub id: String,
    /// The credential.
    pub credential_id: CredentialId,
    /// The secret's number.
    pub number: u32,
    /// The secret, sealed under a key that only the link yields; empty once it was opened.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it, as in the audit trail.
    pub created_by: String,
    /// From when on it does not open.
    pub expires_at: Timestamp,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// The address it was opened from.
    pub opened_from: Option<String>,
}

/// Adds a link.
///
/// # Errors
/// The database refused it or broke off.
pub async fn handover_insert(tx: &mut Tx, handover: &Handover) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO handovers (id, credential_id, number, sealed, created_at, created_by, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            handover.id.as_str().into(),
            handover.credential_id.to_string().into(),
            handover.number.into(),
            handover.sealed.as_slice().into(),
            handover.created_at.into(),
            handover.created_by.as_str().into(),
            handover.expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The link of that id, whatever its state.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn handover_find(tx: &mut Tx, id: &str) -> Result<Option<Handover>, Error> {
    let row = tx
        .fetch_optional("SELECT * FROM handovers WHERE id = $1", &[id.into()])
        .await?;
    row.map(|row| handover(&row)).transpose()
}

/// The last links made for a credential, the newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn handover_list(tx: &mut Tx, id: CredentialId) -> Result<Vec<Handover>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM handovers WHERE credential_id = $1 ORDER BY created_at DESC, id LIMIT 10",
            &[id.to_string().into()],
        )
        .await?;
    rows.iter().map(handover).collect()
}

/// Opens a link, once. False when somebody was faster, or its time is over; what it sealed is gone afterwards.
///
/// # Errors
/// The database refused it or broke off.
pub async fn handover_open(
    tx: &mut Tx,
    id: &str,
    now: Timestamp,
    from: Option<&str>,
) -> Result<bool, Error> {
    let opened = tx
        .execute(
            "UPDATE handovers SET opened_at = $2, opened_from = $3, sealed = $4
             WHERE id = $1 AND opened_at IS NULL AND expires_at > $2",
            &[
                id.into(),
                now.into(),
                from.into(),
                [0_u8; 0].as_slice().into(),
            ],
        )
        .await?;
    Ok(opened == 1)
}

/// Removes what links sealed whose time is over, and the links themselves a while later.
///
/// # Errors
/// The database refused it or broke off.
pub async fn handover_prune(
    tx: &mut Tx,
    now: Timestamp,
    forget_before: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE handovers SET sealed = $2 WHERE expires_at <= $1 AND opened_at IS NULL",
        &[now.into(), [0_u8; 0].as_slice().into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM handovers WHERE expires_at < $1",
        &[forget_before.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM secret_requests WHERE at < $1",
        &[forget_before.into()],
    )
    .await?;
    Ok(())
}

/// Notes that a person's request made a secret. False when that request has made one already.
///
/// # Errors
/// The database refused it or broke off.
pub async fn secret_request_take(
    tx: &mut Tx,
    user_id: UserId,
    nonce: &str,
    (credential_id, number): (CredentialId, u32),
    at: Timestamp,
) -> Result<bool, Error> {
    let taken = tx
        .execute(
            "INSERT INTO secret_requests (user_id, nonce, credential_id, number, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
            &[
                user_id.to_string().into(),
                nonce.into(),
                credential_id.to_string().into(),
                number.into(),
                at.into(),
            ],
        )
        .await?;
    Ok(taken == 1)
}

/// The credential and the number of the secret that a request made.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn secret_request_find(
    tx: &mut Tx,
    user_id: UserId,
    nonce: &str,
) -> Result<Option<(CredentialId, u32)>, Error> {
    const TABLE: &str = "secret_requests";
    let row = tx
        .fetch_optional(
            "SELECT * FROM secret_requests WHERE user_id = $1 AND nonce = $2",
            &[user_id.to_string().into(), nonce.into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let id = row.parsed(TABLE, "credential_id", CredentialId::parse)?;
    Ok(Some((id, row.number(TABLE, "number")?)))
}

fn handover(row: &crate::db::Row) -> Result<Handover, Error> {
    Ok(Handover {
        id: row.text("id")?,
        credential_id: row.parsed(TABLE, "credential_id", CredentialId::parse)?,
        number: row.number(TABLE, "number")?,
        sealed: row.bytes("sealed")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        created_by: row.text("created_by")?,
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
        opened_at: row.opt_int("opened_at")?.map(Timestamp::from_ms),
        opened_from: row.opt_text("opened_from")?,
    })
}
