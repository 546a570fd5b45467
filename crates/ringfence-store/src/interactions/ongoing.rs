//! What agents do now, as far as calls tell.

use super::Statement;
use super::read::events;
use crate::db::{Error, Tx};
use ringfence_core::id::{AccountId, ChannelId, InteractionId};
use ringfence_core::interaction::Direction;
use ringfence_core::statistics::{AgentActivity, OngoingChannel};
use ringfence_core::time::Timestamp;
use ringfence_core::user::AgentNumber;

/// A page of an account's agents by number, archived ones as well, and how many there are.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn agent_activity_page(
    tx: &mut Tx,
    account_id: AccountId,
    offset: i64,
    limit: u32,
) -> Result<(Vec<AgentActivity>, i64), Error> {
    let account = account_id.to_string();
    let total = tx
        .fetch_one(
            "SELECT COUNT(*) AS n FROM users WHERE account_id = $1 AND agent IS NOT NULL",
            &[account.as_str().into()],
        )
        .await?
        .int("n")?;
    let rows = tx
        .fetch_all(
            "SELECT u.id, u.agent, (SELECT i.ended_at FROM interaction_agents a
                 JOIN interactions i ON i.account_id = a.account_id AND i.id = a.interaction_id
                 WHERE a.account_id = u.account_id AND a.agent = u.agent
                 ORDER BY a.started_at DESC, a.interaction_id DESC LIMIT 1) AS last_ended_at
             FROM users u WHERE u.account_id = $1 AND u.agent IS NOT NULL
             ORDER BY u.agent LIMIT $2 OFFSET $3",
            &[account.into(), limit.into(), offset.into()],
        )
        .await?;
    let mut agents = Vec::with_capacity(rows.len());
    for row in &rows {
        agents.push(AgentActivity {
            agent: row.parsed("users", "agent", AgentNumber::parse)?,
            last_ended_at: row.opt_int("last_ended_at")?.map(Timestamp::from_ms),
        });
    }
    Ok((agents, total))
}

/// The channels on which these agents take part in interactions that go on, by start of the interaction.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn ongoing_channels(
    tx: &mut Tx,
    account_id: AccountId,
    agents: &[AgentNumber],
) -> Result<Vec<OngoingChannel>, Error> {
    const TABLE: &str = "channels";
    if agents.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Statement::default();
    let account = sql.bind(account_id.to_string());
    let agents = sql.bind_all(agents.iter().map(AgentNumber::as_str));
    // CROSS JOIN has SQLite begin with the few interactions that go on.
    sql.push(&format!(
        "SELECT c.agent, c.interaction_id, c.id, c.offset_ms, c.events,
             i.started_at, i.direction, i.medium, i.medium_manager
         FROM interactions i CROSS JOIN channels c
         WHERE c.account_id = i.account_id AND c.interaction_id = i.id AND i.account_id = {account} AND i.ended_at IS NULL AND c.duration_ms IS NULL AND c.agent IN ({agents})
         ORDER BY i.started_at, i.id, c.position"
    ));
    let rows = tx.fetch_all_built(sql.text, &sql.args).await?;
    let mut channels = Vec::with_capacity(rows.len());
    for row in &rows {
        channels.push(OngoingChannel {
            agent: row.parsed(TABLE, "agent", AgentNumber::parse)?,
            interaction_id: row.parsed(TABLE, "interaction_id", InteractionId::parse)?,
            channel_id: row.parsed(TABLE, "id", ChannelId::parse)?,
            started_at: Timestamp::from_ms(row.int("started_at")?),
            offset_ms: row.number(TABLE, "offset_ms")?,
            direction: row.parsed("interactions", "direction", Direction::parse)?,
            medium: row.text("medium")?,
            medium_manager: row.text("medium_manager")?,
            events: row.parsed(TABLE, "events", |t| events(t).ok_or(()))?,
        });
    }
    Ok(channels)
}
