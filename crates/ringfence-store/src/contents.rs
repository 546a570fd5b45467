//! Content items: the rows; the bytes lie in [`crate::blobs`].

use crate::db::{Error, Row, Tx};
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::time::Timestamp;
use ringfence_core::user::AgentNumber;

const TABLE: &str = "content_items";

/// Adds an item unless the interaction has one of that key; says whether it was added.
/// Its bytes are in the blob store already.
///
/// # Errors
/// The interaction or the blob does not exist, or the database broke off.
pub async fn content_insert(
    tx: &mut Tx,
    account_id: AccountId,
    interaction_id: InteractionId,
    item: &ContentItem,
) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO content_items (account_id, interaction_id, key, kind, media_type, size_bytes, sha256,
                 last_modified, owner_agent, owner_plan, properties, legal_hold)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (account_id, interaction_id, key) DO NOTHING",
            &[
                account_id.to_string().into(),
                interaction_id.to_string().into(),
                item.key.as_str().into(),
                item.kind.as_str().into(),
                item.media_type.as_str().into(),
                i64::try_from(item.size_bytes).unwrap_or(i64::MAX).into(),
                item.sha256.to_string().into(),
                item.last_modified.into(),
                item.owner_agent.as_ref().map(AgentNumber::as_str).into(),
                item.owner_plan.as_deref().into(),
                item.properties.as_deref().into(),
                item.legal_hold.into(),
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The item of that key.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn content_find(
    tx: &mut Tx,
    account_id: AccountId,
    interaction_id: InteractionId,
    key: &ContentKey,
) -> Result<Option<ContentItem>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM content_items WHERE account_id = $1 AND interaction_id = $2 AND key = $3",
            &[
                account_id.to_string().into(),
                interaction_id.to_string().into(),
                key.as_str().into(),
            ],
        )
        .await?;
    row.as_ref().map(content_from_row).transpose()
}

/// All items of an interaction, by key.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn content_list(
    tx: &mut Tx,
    account_id: AccountId,
    interaction_id: InteractionId,
) -> Result<Vec<ContentItem>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM content_items WHERE account_id = $1 AND interaction_id = $2 ORDER BY key",
            &[
                account_id.to_string().into(),
                interaction_id.to_string().into(),
            ],
        )
        .await?;
    rows.iter().map(content_from_row).collect()
}

/// Removes an item that is not under legal hold; says whether it did. The sweeper
/// removes its bytes once nothing names them any more.
///
/// # Errors
/// The database broke off.
pub async fn content_delete(
    tx: &mut Tx,
    account_id: AccountId,
    interaction_id: InteractionId,
    key: &ContentKey,
) -> Result<bool, Error> {
    let gone = tx
        .execute(
            "DELETE FROM content_items
             WHERE account_id = $1 AND interaction_id = $2 AND key = $3 AND NOT legal_hold",
            &[
                account_id.to_string().into(),
                interaction_id.to_string().into(),
                key.as_str().into(),
            ],
        )
        .await?;
    Ok(gone == 1)
}

/// Sets or lifts the legal hold of an item; says whether there is one.
///
/// # Errors
/// The database broke off.
pub async fn content_hold_set(
    tx: &mut Tx,
    account_id: AccountId,
    interaction_id: InteractionId,
    key: &ContentKey,
    hold: bool,
) -> Result<bool, Error> {
    let touched = tx
        .execute(
            "UPDATE content_items SET legal_hold = $4 WHERE account_id = $1 AND interaction_id = $2 AND key = $3",
            &[
                account_id.to_string().into(),
                interaction_id.to_string().into(),
                key.as_str().into(),
                hold.into(),
            ],
        )
        .await?;
    Ok(touched == 1)
}

/// Reads a row of `content_items`.
///
/// # Errors
/// The row is damaged.
pub fn content_from_row(row: &Row) -> Result<ContentItem, Error> {
    Ok(ContentItem {
        key: row.parsed(TABLE, "key", ContentKey::parse)?,
        kind: row.parsed(TABLE, "kind", ContentKind::parse)?,
        media_type: row.text("media_type")?,
        size_bytes: row.number(TABLE, "size_bytes")?,
        sha256: row.parsed(TABLE, "sha256", ContentDigest::parse)?,
        last_modified: Timestamp::from_ms(row.int("last_modified")?),
        owner_agent: row.opt_parsed(TABLE, "owner_agent", AgentNumber::parse)?,
        owner_plan: row.opt_text("owner_plan")?,
        properties: row.opt_text("properties")?,
        legal_hold: row.bool("legal_hold")?,
    })
}
