//! Stays of people at the portals.

use crate::db::{Error, Row, Tx};
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::{AccountId, SessionId, UserId};
use ringfence_core::time::Timestamp;

const TABLE: &str = "sessions";

/// A stay of one person in one browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// What the person sees it under.
    pub id: SessionId,
    /// Who signed in.
    pub user_id: UserId,
    /// The account looked at.
    pub account_id: AccountId,
    /// The person's epoch at the time; a later one ends the stay.
    pub user_epoch: u32,
    /// How they signed in: `password`, `password+totp`, `passkey`, `sso:NAME`, `link`.
    pub method: String,
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
pub async fn session_insert(
    tx: &mut Tx,
    digest: StoredDigest,
    session: &Session,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO sessions (digest, id, user_id, account_id, user_epoch, method, address, browser,
             created_at, used_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            digest.to_hex().into(),
            session.id.to_string().into(),
            session.user_id.to_string().into(),
            session.account_id.to_string().into(),
            session.user_epoch.into(),
            session.method.as_str().into(),
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
pub async fn session_find(tx: &mut Tx, digest: StoredDigest) -> Result<Option<Session>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM sessions WHERE digest = $1",
            &[digest.to_hex().into()],
        )
        .await?;
    row.as_ref().map(session).transpose()
}

/// The stay of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn session_find_by_id(tx: &mut Tx, id: SessionId) -> Result<Option<Session>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM sessions WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(session).transpose()
}

/// Somebody's stays, the newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn session_list(tx: &mut Tx, user_id: UserId) -> Result<Vec<Session>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 200",
            &[user_id.to_string().into()],
        )
        .await?;
    rows.iter().map(session).collect()
}

/// Notes that a stay was used.
///
/// # Errors
/// The database refused it or broke off.
pub async fn session_touch(tx: &mut Tx, id: SessionId, at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE sessions SET used_at = $2 WHERE id = $1 AND used_at < $2",
        &[id.to_string().into(), at.into()],
    )
    .await?;
    Ok(())
}

/// Looks at another account from now on.
///
/// # Errors
/// The database refused it or broke off.
pub async fn session_account_set(
    tx: &mut Tx,
    id: SessionId,
    account_id: AccountId,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE sessions SET account_id = $2 WHERE id = $1",
        &[id.to_string().into(), account_id.to_string().into()],
    )
    .await?;
    Ok(())
}

/// Ends one stay of somebody; false when they have no such stay.
///
/// # Errors
/// The database refused it or broke off.
pub async fn session_end(tx: &mut Tx, user_id: UserId, id: SessionId) -> Result<bool, Error> {
    let ended = tx
        .execute(
            "DELETE FROM sessions WHERE id = $1 AND user_id = $2",
            &[id.to_string().into(), user_id.to_string().into()],
        )
        .await?;
    Ok(ended == 1)
}

/// Ends somebody's stays but one, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn session_end_others(
    tx: &mut Tx,
    user_id: UserId,
    kept: Option<SessionId>,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sessions WHERE user_id = $1 AND id <> $2",
        &[
            user_id.to_string().into(),
            kept.map_or_else(String::new, |id| id.to_string()).into(),
        ],
    )
    .await
}

/// Forgets stays that have ended by time, and gives how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn session_prune(
    tx: &mut Tx,
    now: Timestamp,
    unused_since: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sessions WHERE expires_at <= $1 OR used_at <= $2",
        &[now.into(), unused_since.into()],
    )
    .await
}

fn session(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row.parsed(TABLE, "id", SessionId::parse)?,
        user_id: row.parsed(TABLE, "user_id", UserId::parse)?,
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        user_epoch: row.number(TABLE, "user_epoch")?,
        method: row.text("method")?,
        address: row.text("address")?,
        browser: row.text("browser")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        used_at: Timestamp::from_ms(row.int("used_at")?),
        expires_at: Timestamp::from_ms(row.int("expires_at")?),
    })
}
