//! Stays of developers at the Developer Portal.

use crate::db::{Error, Row, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::{DeveloperId, SessionId};
use ringfence_core::time::Timestamp;

const TABLE: &str = "developer_sessions";

/// A stay of one developer in one browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeveloperSession {
    /// What the developer sees it under.
    pub id: SessionId,
    /// Who signed in.
    pub developer_id: DeveloperId,
    /// The developer's epoch at the time; a later one ends the stay.
    pub epoch: u32,
    /// Where from.
    pub address: String,
    /// The browser's own description.
    pub browser: String,
    /// When.
    pub created_at: Timestamp,
    /// The last request, to the minute.
    pub used_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
}

/// Adds a stay.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_session_insert(
    tx: &mut Tx,
    digest: StoredDigest,
    session: &DeveloperSession,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO developer_sessions (digest, id, developer_id, epoch, address, browser,
             created_at, used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            digest.to_hex().into(),
            session.id.to_string().into(),
            session.developer_id.to_string().into(),
            session.epoch.into(),
            session.address.as_str().into(),
            session.browser.as_str().into(),
            session.created_at.into(),
            session.used_at.into(),
            session.expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The stay whose cookie has that digest.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn developer_session_find(
    tx: &mut Tx,
    digest: StoredDigest,
) -> Result<Option<DeveloperSession>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM developer_sessions WHERE digest = $1",
            &[digest.to_hex().into()],
        )
        .await?;
    row.as_ref().map(session).transpose()
}

/// Somebody's stays, the newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn developer_session_list(
    tx: &mut Tx,
    developer_id: DeveloperId,
) -> Result<Vec<DeveloperSession>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM developer_sessions WHERE developer_id = $1
             ORDER BY created_at DESC, id DESC LIMIT 200",
            &[developer_id.to_string().into()],
        )
        .await?;
    rows.iter().map(session).collect()
}

/// Notes that a stay was used.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_session_touch(
    tx: &mut Tx,
    id: SessionId,
    at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE developer_sessions SET used_at = $2 WHERE id = $1 AND used_at < $2",
        &[id.to_string().into(), at.into()],
    )
    .await?;
    Ok(())
}

/// Ends one stay of somebody; false when they have no such stay.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_session_end(
    tx: &mut Tx,
    developer_id: DeveloperId,
    id: SessionId,
) -> Result<bool, Error> {
    let ended = tx
        .execute(
            "DELETE FROM developer_sessions WHERE id = $1 AND developer_id = $2",
            &[id.to_string().into(), developer_id.to_string().into()],
        )
        .await?;
    Ok(ended == 1)
}

/// Ends somebody's stays but one, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_session_end_others(
    tx: &mut Tx,
    developer_id: DeveloperId,
    kept: Option<SessionId>,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM developer_sessions WHERE developer_id = $1 AND id <> $2",
        &[
            developer_id.to_string().into(),
            kept.map_or_else(String::new, |id| id.to_string()).into(),
        ],
    )
    .await
}

/// Forgets stays that have ended by time, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn developer_session_prune(
    tx: &mut Tx,
    now: Timestamp,
    unused_since: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM developer_sessions WHERE expires_at <= $1 OR used_at <= $2",
        &[now.into(), unused_since.into()],
    )
    .await
}

fn session(row: &Row) -> Result<DeveloperSession, Error> {
    Ok(DeveloperSession {
        id: row.parsed(TABLE, "id", SessionId::parse)?,
        developer_id: row.parsed(TABLE, "developer_id", DeveloperId::parse)?,
        epoch: row.number(TABLE, "epoch")?,
        address: row.text("address")?,
        browser: row.text("browser")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        used_at: Timestamp::from_ms(row.int("used_at")?),
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
    })
}
