//! From interactions to rows.

use crate::db::{Arg, Error, Tx};
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::interaction::{Channel, ChannelEvent, Interaction, PlanMapping, QueueVisit};
use ringfence_core::user::AgentNumber;
use serde_json::{Value, json};

/// Adds an interaction unless the account has one of that id; says whether it was added.
///
/// # Errors
/// The database refused it or broke off.
pub async fn interaction_insert(tx: &mut Tx, interaction: &Interaction) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO interactions (account_id, id, conversation_id, started_at, ended_at, processed_at,
                 direction, medium, medium_manager, service_name, connect_from, connect_to, line,
                 categorized_at, outcome, plan)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             ON CONFLICT (account_id, id) DO NOTHING",
            &columns(interaction),
        )
        .await?;
    if added == 0 {
        return Ok(false);
    }
    insert_parts(tx, interaction).await?;
    Ok(true)
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
    insert_parts(tx, interaction).await?;
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

async fn insert_parts(tx: &mut Tx, interaction: &Interaction) -> Result<(), Error> {
    let mut position = 0_u32;
    for channel in &interaction.channels {
        insert_channel(tx, interaction, position, channel).await?;
        position += 1;
    }
    for agent in interaction.handling_agents() {
        tx.execute(
            "INSERT INTO interaction_agents (account_id, interaction_id, agent, started_at) VALUES ($1, $2, $3, $4)",
            &[
                interaction.account_id.to_string().into(),
                interaction.id.to_string().into(),
                agent.as_str().into(),
                interaction.started_at.into(),
            ],
        )
        .await?;
    }
    position = 0;
    for visit in &interaction.queue_visits {
        insert_queue_visit(tx, interaction, position, visit).await?;
        position += 1;
    }
    Ok(())
}

async fn insert_channel(
    tx: &mut Tx,
    interaction: &Interaction,
    position: u32,
    channel: &Channel,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO channels (account_id, interaction_id, position, id, offset_ms, duration_ms, end_reason,
             integration_type, role, agent, touchpoint, events)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
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
        ],
    )
    .await?;
    Ok(())
}

async fn insert_queue_visit(
    tx: &mut Tx,
    interaction: &Interaction,
    position: u32,
    visit: &QueueVisit,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO queue_visits (account_id, interaction_id, position, queue, kind, entered_at, left_at, plan,
             skills, category, reason, target_ms, role)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
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
        ],
    )
    .await?;
    Ok(())
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
