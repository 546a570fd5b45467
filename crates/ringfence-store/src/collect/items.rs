//! Content items: how the collection of each stands. And what their source no longer has.

use super::{Place, flat, placeholders};
use crate::db::{Error, Row, Tx};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "collect_items";

/// How the collection of an item stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ItemState {
    /// At home, checked.
    Verified,
    /// At home once, found damaged since: to be fetched again.
    Damaged,
    /// Not fetched because something failed: to be tried again.
    Failed,
    /// What the platform gives is not accepted.
    Refused,
    /// Its source no longer has it.
    Gone,
}

impl ItemState {
    /// The word in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Damaged => "damaged",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Gone => "gone",
        }
    }

    /// Reads the word; `None` is no state.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Verified,
            Self::Damaged,
            Self::Failed,
            Self::Refused,
            Self::Gone,
        ]
        .into_iter()
        .find(|s| s.as_str() == text)
    }
}

/// A content item as the ledger has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectedItem {
    /// When its interaction began, as the content API tells it.
    pub started_at: Timestamp,
    /// Its interaction.
    pub guid: String,
    /// Its key.
    pub content_key: String,
    /// When it was last replaced at its source, in milliseconds; 0 when unknown.
    pub version: i64,
    /// Its type.
    pub kind: String,
    /// Its media type as listed.
    pub media_type: String,
    /// `inbound`, `outbound` or `internal`.
    pub direction: String,
    /// Who called.
    pub connect_from: String,
    /// Who was called.
    pub connect_to: String,
    /// The agents, separated by spaces.
    pub agents: String,
    /// How its collection stands.
    pub state: ItemState,
    /// Why it is not at home.
    pub reason: Option<String>,
    /// More about it.
    pub detail: String,
    /// How often it was tried in vain.
    pub attempts: i64,
}

/// An item that its source no longer has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// When its interaction began.
    pub started_at: Timestamp,
    /// Its interaction.
    pub guid: String,
    /// Its key.
    pub content_key: String,
    /// When that was noticed.
    pub seen_at: Timestamp,
    /// How.
    pub reason: String,
    /// The copy at home, where there is one.
    pub sha256: Option<String>,
}

/// Adds items or writes them back.
///
/// # Errors
/// The database broke off.
pub async fn items_put(
    tx: &mut Tx,
    connection: ConnectionId,
    items: &[CollectedItem],
    at: Timestamp,
) -> Result<(), Error> {
    for some in items.chunks(500) {
        let sql = format!(
            "INSERT INTO collect_items (connection_id, started_at, guid, content_key, version, kind, media_type, direction,
                 connect_from, connect_to, agents, state, reason, detail, attempts, first_seen_at, updated_at)
             VALUES {}
             ON CONFLICT (connection_id, started_at, guid, content_key) DO UPDATE
             SET version = excluded.version, kind = excluded.kind, media_type = excluded.media_type,
                 direction = excluded.direction, connect_from = excluded.connect_from, connect_to = excluded.connect_to,
                 agents = excluded.agents, state = excluded.state, reason = excluded.reason, detail = excluded.detail,
                 attempts = excluded.attempts, updated_at = excluded.updated_at",
            placeholders(some.len(), 17)
        );
        let args = flat(some.iter().map(|item| {
            vec![
                connection.to_string().into(),
                item.started_at.into(),
                item.guid.as_str().into(),
                item.content_key.as_str().into(),
                item.version.into(),
                item.kind.as_str().into(),
                item.media_type.as_str().into(),
                item.direction.as_str().into(),
                item.connect_from.as_str().into(),
                item.connect_to.as_str().into(),
                item.agents.as_str().into(),
                item.state.as_str().into(),
                item.reason.as_deref().into(),
                item.detail.as_str().into(),
                item.attempts.into(),
                at.into(),
                at.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// A page of the items of interactions begun in `[place, to)`, in order.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn items_page(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &Place,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<CollectedItem>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_items
         WHERE connection_id = $1 AND (started_at, guid, content_key) > ($2, $3, $4) AND started_at < $5
         ORDER BY started_at, guid, content_key LIMIT $6",
        &[
            connection.to_string().into(),
            after.started_at.into(),
            after.guid.as_str().into(),
            after.content_key.as_str().into(),
            to.into(),
            limit.into(),
        ],
    )
    .await?
    .iter()
    .map(item)
    .collect()
}

/// The items of some interactions that began in `[from, to]`.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn items_of(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
    guids: &[String],
) -> Result<Vec<CollectedItem>, Error> {
    let mut found = Vec::new();
    for some in guids.chunks(500) {
        let marks: Vec<String> = (4..some.len() + 4).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT * FROM collect_items
             WHERE connection_id = $1 AND started_at >= $2 AND started_at <= $3 AND guid IN ({})
             ORDER BY started_at, guid, content_key",
            marks.join(", ")
        );
        let mut args = vec![connection.to_string().into(), from.into(), to.into()];
        args.extend(some.iter().map(|g| g.as_str().into()));
        for row in tx.fetch_all_built(sql, &args).await? {
            found.push(item(&row)?);
        }
    }
    Ok(found)
}

/// A page of the items begun in `[place, to]` that have, or had, a gap of their own, because the statistics do not have
/// their call: those not at home, and those at home whose gap is still open.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn items_uncounted(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &Place,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<CollectedItem>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_items i
         WHERE i.connection_id = $1 AND (i.started_at, i.guid, i.content_key) > ($2, $3, $4) AND i.started_at <= $5
           AND (i.state <> 'verified' OR EXISTS (
               SELECT 1 FROM collect_gaps g
               WHERE g.connection_id = i.connection_id AND g.started_at = i.started_at AND g.guid = i.guid
                 AND g.closed_at IS NULL))
           AND NOT EXISTS (
               SELECT 1 FROM collect_interactions s
               WHERE s.connection_id = i.connection_id AND s.guid = i.guid
                 AND s.started_at >= i.started_at - 1000 AND s.started_at <= i.started_at + 1000)
         ORDER BY i.started_at, i.guid, i.content_key LIMIT $6",
        &[
            connection.to_string().into(),
            after.started_at.into(),
            after.guid.as_str().into(),
            after.content_key.as_str().into(),
            to.into(),
            limit.into(),
        ],
    )
    .await?
    .iter()
    .map(item)
    .collect()
}

/// A page of the items that are to be tried again, oldest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn items_to_retry(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &Place,
    max_attempts: i64,
    limit: i64,
) -> Result<Vec<CollectedItem>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_items
         WHERE connection_id = $1 AND state <> 'verified' AND state <> 'gone' AND attempts < $2
           AND (started_at, guid, content_key) > ($3, $4, $5)
         ORDER BY started_at, guid, content_key LIMIT $6",
        &[
            connection.to_string().into(),
            max_attempts.into(),
            after.started_at.into(),
            after.guid.as_str().into(),
            after.content_key.as_str().into(),
            limit.into(),
        ],
    )
    .await?
    .iter()
    .map(item)
    .collect()
}

/// How many items there are in each state.
///
/// # Errors
/// The database broke off.
pub async fn items_count(
    tx: &mut Tx,
    connection: ConnectionId,
) -> Result<Vec<(String, i64)>, Error> {
    tx.fetch_all(
        "SELECT state, COUNT(*) AS n FROM collect_items WHERE connection_id = $1 GROUP BY state ORDER BY state",
        &[connection.to_string().into()],
    )
    .await?
    .iter()
    .map(|row| Ok((row.text("state")?, row.int("n")?)))
    .collect()
}

/// Says that an item which was at home is to be fetched again.
///
/// # Errors
/// The database broke off.
pub async fn item_damaged(
    tx: &mut Tx,
    connection: ConnectionId,
    place: &Place,
    detail: &str,
    at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE collect_items SET state = 'damaged', reason = 'corrupt', detail = $5, attempts = 0, updated_at = $6
         WHERE connection_id = $1 AND started_at = $2 AND guid = $3 AND content_key = $4",
        &[
            connection.to_string().into(),
            place.started_at.into(),
            place.guid.as_str().into(),
            place.content_key.as_str().into(),
            detail.into(),
            at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Notes that a source no longer has an item; the first word stays.
///
/// # Errors
/// The database broke off.
pub async fn tombstone_put(
    tx: &mut Tx,
    connection: ConnectionId,
    stone: &Tombstone,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO collect_tombstones (connection_id, started_at, guid, content_key, seen_at, reason, sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (connection_id, started_at, guid, content_key) DO NOTHING",
        &[
            connection.to_string().into(),
            stone.started_at.into(),
            stone.guid.as_str().into(),
            stone.content_key.as_str().into(),
            stone.seen_at.into(),
            stone.reason.as_str().into(),
            stone.sha256.as_deref().into(),
        ],
    )
    .await?;
    Ok(())
}

/// A page of tombstones, in order.
///
/// # Errors
/// The database broke off.
pub async fn tombstones_page(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &Place,
    limit: i64,
) -> Result<Vec<Tombstone>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_tombstones
         WHERE connection_id = $1 AND (started_at, guid, content_key) > ($2, $3, $4)
         ORDER BY started_at, guid, content_key LIMIT $5",
        &[
            connection.to_string().into(),
            after.started_at.into(),
            after.guid.as_str().into(),
            after.content_key.as_str().into(),
            limit.into(),
        ],
    )
    .await?
    .iter()
    .map(|row| {
        Ok(Tombstone {
            started_at: Timestamp::from_ms(row.int("started_at")?),
            guid: row.text("guid")?,
            content_key: row.text("content_key")?,
            seen_at: Timestamp::from_ms(row.int("seen_at")?),
            reason: row.text("reason")?,
            sha256: row.opt_text("sha256")?,
        })
    })
    .collect()
}

fn item(row: &Row) -> Result<CollectedItem, Error> {
    let guid = row.text("guid")?;
    let state = row.text("state")?;
    let state = ItemState::parse(&state).ok_or_else(|| Error::Corrupt {
        table: TABLE,
        row: guid.clone(),
        column: "state",
    })?;
    Ok(CollectedItem {
        started_at: Timestamp::from_ms(row.int("started_at")?),
        guid,
        content_key: row.text("content_key")?,
        version: row.int("version")?,
        kind: row.text("kind")?,
        media_type: row.text("media_type")?,
        direction: row.text("direction")?,
        connect_from: row.text("connect_from")?,
        connect_to: row.text("connect_to")?,
        agents: row.text("agents")?,
        state,
        reason: row.opt_text("reason")?,
        detail: row.text("detail")?,
        attempts: row.int("attempts")?,
    })
}
