//! Connections: remote accounts to collect from.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "connections";
// Everything that hangs from a connection.
const LEDGER: [&str; 9] = [
    "collect_runs",
    "collect_windows",
    "collect_interactions",
    "collect_items",
    "collect_recordings",
    "collect_manifest",
    "collect_gaps",
    "collect_tombstones",
    "collect_users",
];

/// A connection as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredConnection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Root of the login host.
    pub login_url: String,
    /// Root of the APIs.
    pub api_url: String,
    /// The client id.
    pub client_id: String,
    /// The client secret, sealed.
    pub secret: Vec<u8>,
    /// The user name of the credential's owner, where it is known.
    pub owner: Option<String>,
    /// From when on everything has been listed.
    pub origin_at: Option<Timestamp>,
    /// Up to when everything has been listed.
    pub cursor_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Adds a connection.
///
/// # Errors
/// A connection of that name exists, or the database broke off.
pub async fn connection_insert(tx: &mut Tx, new: &StoredConnection) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO connections (id, name, login_url, api_url, client_id, secret, owner, origin_at, cursor_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            new.id.to_string().into(),
            new.name.as_str().into(),
            new.login_url.as_str().into(),
            new.api_url.as_str().into(),
            new.client_id.as_str().into(),
            new.secret.clone().into(),
            new.owner.as_deref().into(),
            new.origin_at.into(),
            new.cursor_at.into(),
            new.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The connection of that name.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn connection_find(tx: &mut Tx, name: &str) -> Result<Option<StoredConnection>, Error> {
    tx.fetch_optional("SELECT * FROM connections WHERE name = $1", &[name.into()])
        .await?
        .map(|row| connection(&row))
        .transpose()
}

/// Every connection, by name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn connection_list(tx: &mut Tx) -> Result<Vec<StoredConnection>, Error> {
    tx.fetch_all("SELECT * FROM connections ORDER BY name", &[])
        .await?
        .iter()
        .map(connection)
        .collect()
}

/// Says what has been listed without a hole.
///
/// # Errors
/// The database broke off.
pub async fn connection_cursor_set(
    tx: &mut Tx,
    id: ConnectionId,
    origin_at: Timestamp,
    cursor_at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE connections SET origin_at = $2, cursor_at = $3 WHERE id = $1",
        &[id.to_string().into(), origin_at.into(), cursor_at.into()],
    )
    .await?;
    Ok(())
}

/// Removes a connection and everything the ledger holds of it.
///
/// # Errors
/// The database broke off.
pub async fn connection_delete(tx: &mut Tx, id: ConnectionId) -> Result<(), Error> {
    for table in LEDGER {
        tx.execute_built(
            format!("DELETE FROM {table} WHERE connection_id = $1"),
            &[id.to_string().into()],
        )
        .await?;
    }
    tx.execute(
        "DELETE FROM connections WHERE id = $1",
        &[id.to_string().into()],
    )
    .await?;
    Ok(())
}

fn connection(row: &Row) -> Result<StoredConnection, Error> {
    Ok(StoredConnection {
        id: row.parsed(TABLE, "id", ConnectionId::parse)?,
        name: row.text("name")?,
        login_url: row.text("login_url")?,
        api_url: row.text("api_url")?,
        client_id: row.text("client_id")?,
        secret: row.bytes("secret")?,
        owner: row.opt_text("owner")?,
        origin_at: row.opt_int("origin_at")?.map(Timestamp::from_ms),
        cursor_at: row.opt_int("cursor_at")?.map(Timestamp::from_ms),
        created_at: Timestamp::from_ms(row.int("created_at")?),
    })
}
