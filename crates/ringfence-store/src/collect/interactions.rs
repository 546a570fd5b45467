//! Calls by the platform's statistics, and what they say about coverage.

use super::{Place, flat, placeholders};
use crate::db::{Error, Row, Tx};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;

/// A call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectedInteraction {
    /// When it began.
    pub started_at: Timestamp,
    /// Its id.
    pub guid: String,
    /// Its conversation.
    pub conversation: Option<String>,
    /// How long it lasted.
    pub duration_ms: Option<i64>,
    /// How long an agent talked.
    pub talk_ms: Option<i64>,
    /// `inbound`, `outbound` or `internal`.
    pub direction: String,
    /// `Phone` and others.
    pub medium: String,
    /// Whether it has ended.
    pub completed: bool,
    /// Who called.
    pub connect_from: String,
    /// Who was called.
    pub connect_to: String,
    /// The service, plan or reporting group.
    pub service: String,
    /// The agent who talked longest.
    pub agent: Option<String>,
}

/// A call and how its recording stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accounted {
    /// The call.
    pub interaction: CollectedInteraction,
    /// The state of its most advanced content item, if the platform shows one.
    pub state: Option<String>,
    /// Why that item is not at home.
    pub reason: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

/// Calls of one direction, line and agent: how many there are and how many can be seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stratum {
    /// `inbound` or `outbound`.
    pub direction: String,
    /// The line: the address on the platform's side.
    pub line: String,
    /// The agent.
    pub agent: Option<String>,
    /// Calls that should have a recording.
    pub n_eligible: i64,
    /// Those of them that have content which can be seen.
    pub n_visible: i64,
}

/// What makes a call one that should have a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Eligible {
    /// Talk of at least this length.
    pub min_talk_ms: i64,
    /// Begun before this instant, so that its recording has had time to appear.
    pub before: Timestamp,
}

/// Adds calls or writes back what changed.
///
/// # Errors
/// The database broke off.
pub async fn interactions_put(
    tx: &mut Tx,
    connection: ConnectionId,
    calls: &[CollectedInteraction],
    seen_at: Timestamp,
) -> Result<(), Error> {
    for some in calls.chunks(500) {
        let sql = format!(
            "INSERT INTO collect_interactions (connection_id, started_at, guid, conversation, duration_ms, talk_ms,
                 direction, medium, completed, connect_from, connect_to, service, agent, first_seen_at, seen_at)
             VALUES {}
             ON CONFLICT (connection_id, started_at, guid) DO UPDATE
             SET conversation = excluded.conversation, duration_ms = excluded.duration_ms, talk_ms = excluded.talk_ms,
                 direction = excluded.direction, medium = excluded.medium, completed = excluded.completed,
                 connect_from = excluded.connect_from, connect_to = excluded.connect_to, service = excluded.service,
                 agent = excluded.agent, seen_at = excluded.seen_at",
            placeholders(some.len(), 15)
        );
        let args = flat(some.iter().map(|call| {
            vec![
                connection.to_string().into(),
                call.started_at.into(),
                call.guid.as_str().into(),
                call.conversation.as_deref().into(),
                call.duration_ms.into(),
                call.talk_ms.into(),
                call.direction.as_str().into(),
                call.medium.as_str().into(),
                call.completed.into(),
                call.connect_from.as_str().into(),
                call.connect_to.as_str().into(),
                call.service.as_str().into(),
                call.agent.as_deref().into(),
                seen_at.into(),
                seen_at.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// How long agents talked in some calls, as `(guid, talk_ms)`. The times may be cut to whole seconds.
///
/// # Errors
/// The database broke off.
pub async fn interactions_talk(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
    guids: &[String],
) -> Result<Vec<(String, i64)>, Error> {
    let mut found = Vec::new();
    for some in guids.chunks(500) {
        let marks: Vec<String> = (4..some.len() + 4).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT guid, talk_ms FROM collect_interactions
             WHERE connection_id = $1 AND started_at >= $2 AND started_at <= $3 AND talk_ms IS NOT NULL
               AND guid IN ({})",
            marks.join(", ")
        );
        let mut args = vec![
            connection.to_string().into(),
            from.plus_ms(-1_000).into(),
            to.plus_ms(1_000).into(),
        ];
        args.extend(some.iter().map(|g| g.as_str().into()));
        for row in tx.fetch_all_built(sql, &args).await? {
            found.push((row.text("guid")?, row.int("talk_ms")?));
        }
    }
    Ok(found)
}

/// A page of the calls begun in `[place, to]`, each with how its recording stands.
///
/// # Errors
/// The database broke off.
pub async fn interactions_accounted(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &Place,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<Accounted>, Error> {
    // The content API may tell the same start cut to whole seconds, so its item is looked
    // for within a second on either side.
    tx.fetch_all(
        "SELECT s.*, i.state AS item_state, i.reason AS item_reason, i.detail AS item_detail
         FROM collect_interactions s
         LEFT JOIN collect_items i ON i.connection_id = s.connection_id
              AND i.started_at >= s.started_at - 1000 AND i.started_at <= s.started_at + 1000 AND i.guid = s.guid
              AND NOT EXISTS (
                  SELECT 1 FROM collect_items better
                  WHERE better.connection_id = i.connection_id
                    AND better.started_at >= s.started_at - 1000 AND better.started_at <= s.started_at + 1000
                    AND better.guid = i.guid
                    AND (CASE better.state WHEN 'verified' THEN 0 ELSE 1 END, better.started_at, better.content_key)
                      < (CASE i.state WHEN 'verified' THEN 0 ELSE 1 END, i.started_at, i.content_key))
         WHERE s.connection_id = $1 AND (s.started_at, s.guid) > ($2, $3) AND s.started_at <= $4
         ORDER BY s.started_at, s.guid LIMIT $5",
        &[
            connection.to_string().into(),
            after.started_at.into(),
            after.guid.as_str().into(),
            to.into(),
            limit.into(),
        ],
    )
    .await?
    .iter()
    .map(|row| {
        Ok(Accounted {
            interaction: interaction(row)?,
            state: row.opt_text("item_state")?,
            reason: row.opt_text("item_reason")?,
            detail: row.opt_text("item_detail")?,
        })
    })
    .collect()
}

/// The strata of the eligible calls begun in `[from, to]`.
///
/// # Errors
/// The database broke off.
pub async fn interactions_strata(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
    eligible: Eligible,
) -> Result<Vec<Stratum>, Error> {
    tx.fetch_all(
        "SELECT direction, line, agent, COUNT(*) AS n_eligible, CAST(SUM(visible) AS BIGINT) AS n_visible
         FROM (
             SELECT s.direction, s.agent,
                    CASE s.direction WHEN 'outbound' THEN s.connect_from ELSE s.connect_to END AS line,
                    CASE WHEN EXISTS (
                        SELECT 1 FROM collect_items i
                        WHERE i.connection_id = s.connection_id AND i.guid = s.guid
                          AND i.started_at >= s.started_at - 1000 AND i.started_at <= s.started_at + 1000
                    ) THEN 1 ELSE 0 END AS visible
             FROM collect_interactions s
             WHERE s.connection_id = $1 AND s.started_at >= $2 AND s.started_at <= $3 AND s.started_at < $4
               AND s.completed AND s.direction <> 'internal' AND (s.medium LIKE 'Phone%' OR s.medium = '')
               AND COALESCE(s.talk_ms, s.duration_ms, 0) >= $5
         ) AS calls
         GROUP BY direction, line, agent
         ORDER BY direction, line, agent",
        &[
            connection.to_string().into(),
            from.into(),
            to.into(),
            eligible.before.into(),
            eligible.min_talk_ms.into(),
        ],
    )
    .await?
    .iter()
    .map(|row| {
        Ok(Stratum {
            direction: row.text("direction")?,
            line: row.text("line")?,
            agent: row.opt_text("agent")?,
            n_eligible: row.int("n_eligible")?,
            n_visible: row.int("n_visible")?,
        })
    })
    .collect()
}

fn interaction(row: &Row) -> Result<CollectedInteraction, Error> {
    Ok(CollectedInteraction {
        started_at: Timestamp::from_ms(row.int("started_at")?),
        guid: row.text("guid")?,
        conversation: row.opt_text("conversation")?,
        duration_ms: row.opt_int("duration_ms")?,
        talk_ms: row.opt_int("talk_ms")?,
        direction: row.text("direction")?,
        medium: row.text("medium")?,
        completed: row.bool("completed")?,
        connect_from: row.text("connect_from")?,
        connect_to: row.text("connect_to")?,
        service: row.text("service")?,
        agent: row.opt_text("agent")?,
    })
}
