//! From interactions to rows.

use super::TABLE;
use crate::db::{Arg, Error, Tx};
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::interaction::{Channel, ChannelEvent, Interaction, PlanMapping, QueueVisit};
use ringfence_core::user::AgentNumber;
use serde_json::{Value, json};
use std::collections::HashSet;

// Both engines take at least 32,766 placeholders in one statement; texts stay small.
const ROWS_AT_ONCE: usize = 64;

/// Adds an interaction unless the account has one of that id; says whether it was added.
///
/// # Errors
/// The database refused it or broke off.
pub async fn interaction_insert(tx: &mut Tx, interaction: &Interaction) -> Result<bool, Error> {
    let added = interactions_insert(tx, std::slice::from_ref(interaction)).await?;
    Ok(!added.is_empty())
}

/// Adds many interactions with a few statements. Of several with one id the first is added, unless the account has one of that id; gives the ids of those added.
///
/// # Errors
/// The database refused them or broke off.
pub async fn interactions_insert(
    tx: &mut Tx,
    interactions: &[Interaction],
) -> Result<HashSet<InteractionId>, Error> {
    let mut seen = HashSet::new();
    let mut first: Vec<&Interaction> = interactions
        .iter()
        .filter(|interaction| seen.insert(interaction.id))
        .collect();
    // Two imports of the same calls wait for each other in one order, never in a ring.
    first.sort_by_key(|interaction| interaction.id);
    let mut added = HashSet::new();
    for part in first.chunks(ROWS_AT_ONCE) {
        let sql = format!(
            "INSERT INTO interactions (account_id, id, conversation_id, started_at, ended_at, processed_at,
                 direction, medium, medium_manager, service_name, connect_from, connect_to, line,
                 categorized_at, outcome, plan)
             VALUES {} ON CONFLICT (account_id, id) DO NOTHING RETURNING id",
            places(part.len(), 16)
        );
        let args: Vec<Arg> = part.iter().flat_map(|i| columns(i)).collect();
        for row in tx.fetch_all_built(sql, &args).await? {
            added.insert(row.parsed(TABLE, "id", InteractionId::parse)?);
        }
    }
    let new: Vec<&Interaction> = first
        .into_iter()
        .filter(|i| added.contains(&i.id))
        .collect();
    insert_parts(tx, &new).await?;
    Ok(added)
}

/// Puts an interaction in place of the one of that id, or adds it; its content stays. Says whether it was added.
///
/// # Errors
/// The database refused it or broke off.
pub async fn interaction_replace(tx: &mut Tx, interaction: &Interaction) -> Result<bool, Error> {
    if interaction_insert(tx, interaction).await? {
        return Ok(true);
    }
    tx.execute(
        "UPDATE interactions SET conversation_id = $3, started_at = $4, ended_at = $5, processed_at = $6,
             direction = $7, medium = $8, medium_manager = $9, service_name = $10, connect_from = $11,
             connect_to = $12, line = $13, categorized_at = $14, outcome = $15, plan = $16
         WHERE account_id = $1 AND id = $2",
        &columns(interaction),
    )
    .await?;
    for sql in [
        "DELETE FROM channels WHERE account_id = $1 AND interaction_id = $2",
        "DELETE FROM interaction_agents WHERE account_id = $1 AND interaction_id = $2",
        "DELETE FROM queue_visits WHERE account_id = $1 AND interaction_id = $2",
    ] {
        tx.execute(sql, &key(interaction.account_id, interaction.id))
            .await?;
    }
    insert_parts(tx, &[interaction]).await?;
    Ok(false)
}

/// Removes an interaction that has no content items any more; says whether there was one.
///
/// # Errors
/// It still has content items, or the database broke off.
pub async fn interaction_delete(
    tx: &mut Tx,
    account_id: AccountId,
    id: InteractionId,
) -> Result<bool, Error> {
    let gone = tx
        .execute(
            "DELETE FROM interactions WHERE account_id = $1 AND id = $2",
            &key(account_id, id),
        )
        .await?;
    Ok(gone == 1)
}

fn key(account_id: AccountId, id: InteractionId) -> [Arg; 2] {
    [account_id.to_string().into(), id.to_string().into()]
}

fn columns(interaction: &Interaction) -> [Arg; 16] {
    [
        interaction.account_id.to_string().into(),
        interaction.id.to_string().into(),
        interaction.conversation_id.to_string().into(),
        interaction.started_at.into(),
        interaction.ended_at.into(),
        interaction.processed_at.into(),
        interaction.direction.as_str().into(),
        interaction.medium.as_str().into(),
        interaction.medium_manager.as_str().into(),
        interaction.service_name.as_deref().into(),
        interaction.connect_from.as_str().into(),
        interaction.connect_to.as_str().into(),
        interaction.line.as_str().into(),
        interaction.categorized_at.into(),
        interaction.outcome.as_deref().into(),
        interaction.plan.as_ref().map(plan_text).into(),
    ]
}

async fn insert_parts(tx: &mut Tx, interactions: &[&Interaction]) -> Result<(), Error> {
    let mut channels = Vec::new();
    let mut agents = Vec::new();
    let mut visits = Vec::new();
    for interaction in interactions {
        for (position, channel) in (0_u32..).zip(&interaction.channels) {
            channels.push(channel_columns(interaction, position, channel));
        }
        for agent in interaction.handling_agents() {
            agents.push([
                interaction.account_id.to_string().into(),
                interaction.id.to_string().into(),
                agent.as_str().into(),
                interaction.started_at.into(),
            ]);
        }
        for (position, visit) in (0_u32..).zip(&interaction.queue_visits) {
            visits.push(visit_columns(interaction, position, visit));
        }
    }
    insert_rows(
        tx,
        "INSERT INTO channels (account_id, interaction_id, position, id, offset_ms, duration_ms, end_reason,
             integration_type, role, agent, touchpoint, events)",
        &channels,
    )
    .await?;
    insert_rows(
        tx,
        "INSERT INTO interaction_agents (account_id, interaction_id, agent, started_at)",
        &agents,
    )
    .await?;
    insert_rows(
        tx,
        "INSERT INTO queue_visits (account_id, interaction_id, position, queue, kind, entered_at, left_at, plan,
             skills, category, reason, target_ms, role)",
        &visits,
    )
    .await
}

async fn insert_rows<const N: usize>(
    tx: &mut Tx,
    head: &str,
    rows: &[[Arg; N]],
) -> Result<(), Error> {
    for part in rows.chunks(ROWS_AT_ONCE) {
        let sql = format!("{head} VALUES {}", places(part.len(), N));
        tx.execute_built(sql, &part.concat()).await?;
    }
    Ok(())
}

// `($1, $2), ($3, $4)` for two rows of two columns.
fn places(rows: usize, columns: usize) -> String {
    let row = |n: usize| {
        let marks: Vec<String> = (1..=columns)
            .map(|column| format!("${}", n * columns + column))
            .collect();
        format!("({})", marks.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    rows.join(", ")
}

fn channel_columns(interaction: &Interaction, position: u32, channel: &Channel) -> [Arg; 12] {
    [
        interaction.account_id.to_string().into(),
        interaction.id.to_string().into(),
        position.into(),
        channel.id.to_string().into(),
        number(channel.offset_ms).into(),
        channel.duration_ms.map(number).into(),
        channel.end_reason.as_deref().into(),
        channel.integration_type.as_deref().into(),
        channel.role.as_str().into(),
        channel.agent.as_ref().map(AgentNumber::as_str).into(),
        channel.touchpoint.as_ref().map(|t| t.as_str()).into(),
        events_text(&channel.events).into(),
    ]
}

fn visit_columns(interaction: &Interaction, position: u32, visit: &QueueVisit) -> [Arg; 13] {
    [
        interaction.account_id.to_string().into(),
        interaction.id.to_string().into(),
        position.into(),
        visit.queue.as_str().into(),
        visit.kind.as_str().into(),
        visit.entered_at.into(),
        visit.left_at.into(),
        visit.plan.as_deref().into(),
        json!(visit.skills).to_string().into(),
        visit.category.as_deref().into(),
        visit.reason.as_deref().into(),
        visit.target_ms.map(number).into(),
        visit.role.as_str().into(),
    ]
}

// Lengths of time fit 63 bits by far.
fn number(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}

fn plan_text(plan: &PlanMapping) -> String {
    json!({
        "addressName": plan.address_name,
        "mappingName": plan.mapping_name,
        "interactionPlanName": plan.interaction_plan_name,
        "reportingGroup": plan.reporting_group,
    })
    .to_string()
}

fn events_text(events: &[ChannelEvent]) -> String {
    let events = events.iter().map(|event| {
        json!({
            "type": event.kind,
            "offset": event.offset_ms,
            "name": event.name,
            "duration": event.duration_ms,
        })
    });
    Value::Array(events.collect()).to_string()
}
