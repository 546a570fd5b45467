//! From rows to interactions.

use super::TABLE;
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::{AccountId, ChannelId, ConversationId, InteractionId};
use ringfence_core::interaction::{
    Address, Channel, ChannelEvent, Direction, Interaction, PartyRole, PlanMapping, QueueKind,
    QueueVisit,
};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use serde_json::Value;
use std::collections::HashMap;

/// The interaction of that id within an account.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn interaction_find(
    tx: &mut Tx,
    account_id: AccountId,
    id: InteractionId,
) -> Result<Option<Interaction>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM interactions WHERE account_id = $1 AND id = $2",
            &[account_id.to_string().into(), id.to_string().into()],
        )
        .await?;
    let found = interactions_from_rows(tx, account_id, &rows).await?;
    Ok(found.into_iter().next())
}

/// Those interactions of an account that have one of these ids, in no order.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn interactions_find(
    tx: &mut Tx,
    account_id: AccountId,
    ids: &[InteractionId],
) -> Result<Vec<Interaction>, Error> {
    let mut found = Vec::new();
    for part in ids.chunks(1000) {
        let (list, args) = id_list(account_id, part);
        let sql = format!("SELECT * FROM interactions WHERE account_id = $1 AND id IN ({list})");
        let rows = tx.fetch_all_built(sql, &args).await?;
        found.extend(interactions_from_rows(tx, account_id, &rows).await?);
    }
    Ok(found)
}

/// Completes rows of `interactions` of one account with channels and queue visits, in
/// the order of the rows, with two queries however many rows there are.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn interactions_from_rows(
    tx: &mut Tx,
    account_id: AccountId,
    rows: &[Row],
) -> Result<Vec<Interaction>, Error> {
    let mut interactions = Vec::with_capacity(rows.len());
    let mut places = HashMap::new();
    for (place, row) in rows.iter().enumerate() {
        let interaction = interaction(account_id, row)?;
        places.insert(interaction.id, place);
        interactions.push(interaction);
    }
    // Both engines take at least 32,766 placeholders in one statement.
    for part in interactions_ids(&interactions).chunks(1000) {
        let (list, args) = id_list(account_id, part);
        let sql = format!(
            "SELECT * FROM channels WHERE account_id = $1 AND interaction_id IN ({list})
             ORDER BY interaction_id, position"
        );
        for row in tx.fetch_all_built(sql, &args).await? {
            let id = row.parsed("channels", "interaction_id", InteractionId::parse)?;
            if let Some(found) = places.get(&id).and_then(|p| interactions.get_mut(*p)) {
                found.channels.push(channel(&row)?);
            }
        }
        let sql = format!(
            "SELECT * FROM queue_visits WHERE account_id = $1 AND interaction_id IN ({list})
             ORDER BY interaction_id, position"
        );
        for row in tx.fetch_all_built(sql, &args).await? {
            let id = row.parsed("queue_visits", "interaction_id", InteractionId::parse)?;
            if let Some(found) = places.get(&id).and_then(|p| interactions.get_mut(*p)) {
                found.queue_visits.push(queue_visit_from_row(&row)?);
            }
        }
    }
    Ok(interactions)
}

fn interactions_ids(interactions: &[Interaction]) -> Vec<InteractionId> {
    interactions.iter().map(|i| i.id).collect()
}

// `$2, $3, …` and the values for them; `$1` is the account.
pub(super) fn id_list(account_id: AccountId, ids: &[InteractionId]) -> (String, Vec<Arg>) {
    let marks: Vec<String> = (2..ids.len() + 2).map(|n| format!("${n}")).collect();
    let mut args = vec![account_id.to_string().into()];
    args.extend(ids.iter().map(|id| Arg::from(id.to_string())));
    (marks.join(", "), args)
}

fn interaction(account_id: AccountId, row: &Row) -> Result<Interaction, Error> {
    Ok(Interaction {
        id: row.parsed(TABLE, "id", InteractionId::parse)?,
        account_id,
        conversation_id: row.parsed(TABLE, "conversation_id", ConversationId::parse)?,
        started_at: Timestamp::from_ms(row.int("started_at")?),
        ended_at: row.opt_int("ended_at")?.map(Timestamp::from_ms),
        processed_at: Timestamp::from_ms(row.int("processed_at")?),
        direction: row.parsed(TABLE, "direction", Direction::parse)?,
        medium: row.text("medium")?,
        medium_manager: row.text("medium_manager")?,
        service_name: row.opt_text("service_name")?,
        connect_from: row.parsed(TABLE, "connect_from", Address::parse)?,
        connect_to: row.parsed(TABLE, "connect_to", Address::parse)?,
        line: row.parsed(TABLE, "line", Line::parse)?,
        categorized_at: row.opt_int("categorized_at")?.map(Timestamp::from_ms),
        outcome: row.opt_text("outcome")?,
        plan: row.opt_parsed(TABLE, "plan", |t| plan(t).ok_or(()))?,
        channels: Vec::new(),
        queue_visits: Vec::new(),
    })
}

fn channel(row: &Row) -> Result<Channel, Error> {
    const TABLE: &str = "channels";
    Ok(Channel {
        id: row.parsed(TABLE, "id", ChannelId::parse)?,
        offset_ms: row.number(TABLE, "offset_ms")?,
        duration_ms: opt_number(row, TABLE, "duration_ms")?,
        end_reason: row.opt_text("end_reason")?,
        integration_type: row.opt_text("integration_type")?,
        role: row.parsed(TABLE, "role", PartyRole::parse)?,
        agent: row.opt_parsed(TABLE, "agent", AgentNumber::parse)?,
        touchpoint: row.opt_parsed(TABLE, "touchpoint", Address::parse)?,
        events: row.parsed(TABLE, "events", |t| events(t).ok_or(()))?,
    })
}

/// Reads a row of `queue_visits`.
///
/// # Errors
/// The row is damaged.
pub fn queue_visit_from_row(row: &Row) -> Result<QueueVisit, Error> {
    const TABLE: &str = "queue_visits";
    Ok(QueueVisit {
        queue: row.text("queue")?,
        kind: row.parsed(TABLE, "kind", QueueKind::parse)?,
        entered_at: Timestamp::from_ms(row.int("entered_at")?),
        left_at: row.opt_int("left_at")?.map(Timestamp::from_ms),
        plan: row.opt_text("plan")?,
        skills: row.parsed(TABLE, "skills", |t| texts(t).ok_or(()))?,
        category: row.opt_text("category")?,
        reason: row.opt_text("reason")?,
        target_ms: opt_number(row, TABLE, "target_ms")?,
        role: row.parsed(TABLE, "role", PartyRole::parse)?,
    })
}

fn opt_number(row: &Row, table: &'static str, column: &'static str) -> Result<Option<u64>, Error> {
    match row.opt_int(column)? {
        Some(_) => row.number(table, column).map(Some),
        None => Ok(None),
    }
}

fn plan(text: &str) -> Option<PlanMapping> {
    let value: Value = serde_json::from_str(text).ok()?;
    let name = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
    Some(PlanMapping {
        address_name: name("addressName")?,
        mapping_name: name("mappingName")?,
        interaction_plan_name: name("interactionPlanName")?,
        reporting_group: name("reportingGroup")?,
    })
}

pub(super) fn events(text: &str) -> Option<Vec<ChannelEvent>> {
    let value: Value = serde_json::from_str(text).ok()?;
    let event = |value: &Value| {
        Some(ChannelEvent {
            kind: value.get("type")?.as_str()?.to_owned(),
            offset_ms: value.get("offset")?.as_u64()?,
            name: value.get("name")?.as_str().map(str::to_owned),
            duration_ms: value.get("duration")?.as_u64(),
        })
    };
    value.as_array()?.iter().map(event).collect()
}

fn texts(text: &str) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(text).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    value.as_array()?.iter().map(text).collect()
}
