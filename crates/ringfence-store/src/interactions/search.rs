//! Interactions with content that somebody may see.
//!
//! The conditions written here are those of `ringfence_core::visibility`; the contract
//! test `visibility` compares the two.

use super::read::id_list;
use super::{Statement, TABLE};
use crate::contents::content_from_row;
use crate::db::{Error, Row, Tx};
use ringfence_core::content::{ContentKind, ContentListing};
use ringfence_core::id::{AccountId, GroupId, InteractionId};
use ringfence_core::interaction::{Address, Direction};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use ringfence_core::visibility::{Reach, Viewer};
use std::collections::HashMap;

/// What to look for; both ends of the window belong to it.
#[derive(Clone, Copy, Debug)]
pub struct ContentSearch<'s> {
    /// The account.
    pub account_id: AccountId,
    /// Who looks.
    pub viewer: Viewer<'s>,
    /// The earliest start.
    pub from: Timestamp,
    /// The latest start.
    pub until: Timestamp,
    /// Only interactions that this agent handled.
    pub agent: Option<&'s AgentNumber>,
    /// Only those begun by an address with this prefix.
    pub connect_from: Option<&'s str>,
    /// Only those to an address with this prefix.
    pub connect_to: Option<&'s str>,
    /// Only those of this direction.
    pub direction: Option<Direction>,
    /// Only those on this line.
    pub line: Option<&'s Line>,
    /// Only those with an item of this kind that may be seen.
    pub kind: Option<ContentKind>,
    /// Whether the latest start comes first.
    pub newest_first: bool,
}

/// A place in the order of a search: by start, then id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The start of the last interaction seen.
    pub started_at: Timestamp,
    /// Its id.
    pub id: InteractionId,
}

/// The next interactions after a position, in the order of the search, skipping `offset` of them.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn content_search(
    tx: &mut Tx,
    search: &ContentSearch<'_>,
    after: Option<Position>,
    offset: i64,
    limit: u32,
) -> Result<Vec<ContentListing>, Error> {
    let Some(mut statement) = conditions("SELECT i.* FROM ", search, after) else {
        return Ok(Vec::new());
    };
    let (start, id) = order(search);
    let way = if search.newest_first { "DESC" } else { "ASC" };
    statement.push(&format!(" ORDER BY {start} {way}, {id} {way}"));
    let limit = statement.bind(limit);
    let offset = statement.bind(offset);
    statement.push(&format!(" LIMIT {limit} OFFSET {offset}"));
    let rows = tx.fetch_all_built(statement.text, &statement.args).await?;
    complete(tx, search.account_id, &rows).await
}

/// How many interactions a search finds.
///
/// # Errors
/// The database broke off.
pub async fn content_search_count(tx: &mut Tx, search: &ContentSearch<'_>) -> Result<i64, Error> {
    let Some(statement) = conditions("SELECT COUNT(*) AS n FROM ", search, None) else {
        return Ok(0);
    };
    let rows = tx.fetch_all_built(statement.text, &statement.args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

/// How many interactions a search finds, counting no further than `most`.
///
/// # Errors
/// The database broke off.
pub async fn content_search_count_to(
    tx: &mut Tx,
    search: &ContentSearch<'_>,
    most: u32,
) -> Result<i64, Error> {
    let Some(mut statement) = conditions("SELECT 1 AS one FROM ", search, None) else {
        return Ok(0);
    };
    let most = statement.bind(most);
    let sql = format!(
        "SELECT COUNT(*) AS n FROM ({} LIMIT {most}) bounded",
        statement.text
    );
    let rows = tx.fetch_all_built(sql, &statement.args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

/// When the newest interaction up to an instant began.
///
/// # Errors
/// The database broke off.
pub async fn newest_start(
    tx: &mut Tx,
    account_id: AccountId,
    until: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let row = tx
        .fetch_one(
            "SELECT MAX(started_at) AS newest FROM interactions WHERE account_id = $1 AND started_at <= $2",
            &[account_id.to_string().into(), until.into()],
        )
        .await?;
    Ok(row.opt_int("newest")?.map(Timestamp::from_ms))
}

/// How many interactions began in a window, and how many of them have a call recording, counting no further than `most`.
///
/// # Errors
/// The database broke off.
pub async fn recorded_count_to(
    tx: &mut Tx,
    account_id: AccountId,
    (from, until): (Timestamp, Timestamp),
    most: u32,
) -> Result<(i64, i64), Error> {
    let row = tx
        .fetch_one(
            "SELECT COUNT(*) AS n, COUNT(recorded) AS recorded FROM (
                 SELECT (SELECT 1 FROM content_items c WHERE c.account_id = i.account_id
                     AND c.interaction_id = i.id AND c.kind = 'callRecording' LIMIT 1) AS recorded
                 FROM interactions i WHERE i.account_id = $1 AND i.started_at >= $2 AND i.started_at <= $3
                 AND i.direction <> 'internal' LIMIT $4) bounded",
            &[
                account_id.to_string().into(),
                from.into(),
                until.into(),
                most.into(),
            ],
        )
        .await?;
    Ok((row.int("n")?, row.int("recorded")?))
}

/// One interaction with its items.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn listing_find(
    tx: &mut Tx,
    account_id: AccountId,
    id: InteractionId,
) -> Result<Option<ContentListing>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM interactions WHERE account_id = $1 AND id = $2",
            &[account_id.to_string().into(), id.to_string().into()],
        )
        .await?;
    Ok(complete(tx, account_id, &rows).await?.into_iter().next())
}

/// The groups that the active agents of an interaction belong to now.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn interaction_agent_groups(
    tx: &mut Tx,
    account_id: AccountId,
    id: InteractionId,
) -> Result<Vec<GroupId>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT DISTINCT m.group_id FROM interaction_agents a
             JOIN users u ON u.account_id = a.account_id AND u.agent = a.agent
             JOIN user_groups m ON m.user_id = u.id
             WHERE a.account_id = $1 AND a.interaction_id = $2 AND u.active",
            &[account_id.to_string().into(), id.to_string().into()],
        )
        .await?;
    rows.iter()
        .map(|row| row.parsed("user_groups", "group_id", GroupId::parse))
        .collect()
}

// An agent's calls are found by the agent's own index, which holds the start as well.
const fn order(search: &ContentSearch<'_>) -> (&'static str, &'static str) {
    if search.agent.is_some() {
        ("f.started_at", "f.interaction_id")
    } else {
        ("i.started_at", "i.id")
    }
}

// `None` when no item of any kind may be seen.
fn conditions(
    select: &str,
    search: &ContentSearch<'_>,
    after: Option<Position>,
) -> Option<Statement> {
    let mut sql = Statement::default();
    sql.push(select);
    let (start, id) = order(search);
    let account = sql.bind(search.account_id.to_string());
    if let Some(agent) = search.agent {
        let agent = sql.bind(agent.as_str());
        sql.push(&format!(
            "interaction_agents f JOIN interactions i ON i.account_id = f.account_id AND i.id = f.interaction_id
             WHERE f.account_id = {account} AND f.agent = {agent}"
        ));
    } else {
        sql.push(&format!("interactions i WHERE i.account_id = {account}"));
    }
    let (mut from, mut until) = (search.from, search.until);
    match after {
        Some(after) if search.newest_first => until = until.min(after.started_at),
        Some(after) => from = from.max(after.started_at),
        None => {}
    }
    let (from, until) = (sql.bind(from), sql.bind(until));
    sql.push(&format!(" AND {start} >= {from} AND {start} <= {until}"));
    if let Some(after) = after {
        let at = sql.bind(after.started_at);
        let last = sql.bind(after.id.to_string());
        let beyond = if search.newest_first { "<" } else { ">" };
        sql.push(&format!(
            " AND ({start} {beyond} {at} OR ({start} = {at} AND {id} {beyond} {last}))"
        ));
    }
    if let Some(line) = search.line {
        let line = sql.bind(line.as_str());
        sql.push(&format!(" AND i.line = {line}"));
    }
    for (column, prefix) in [
        ("i.connect_from", search.connect_from),
        ("i.connect_to", search.connect_to),
    ] {
        if let Some(prefix) = prefix {
            let prefix = sql.bind(prefix);
            sql.push(&format!(
                " AND substr({column}, 1, length({prefix})) = {prefix}"
            ));
        }
    }
    visible(&mut sql, search)?;
    Some(sql)
}

fn visible(sql: &mut Statement, search: &ContentSearch<'_>) -> Option<()> {
    let mut either = Vec::new();
    for direction in Direction::ALL {
        if search.direction.is_some_and(|wanted| wanted != direction) {
            continue;
        }
        let kinds = ContentKind::ALL
            .into_iter()
            .filter(|kind| search.kind.is_none_or(|wanted| wanted == *kind))
            .filter(|kind| search.viewer.kind_opens(direction, *kind))
            .map(ContentKind::as_str);
        let kinds = sql.bind_all(kinds);
        if !kinds.is_empty() {
            let direction = sql.bind(direction.as_str());
            either.push(format!(
                "(i.direction = {direction} AND EXISTS (SELECT 1 FROM content_items c
                  WHERE c.account_id = i.account_id AND c.interaction_id = i.id AND c.kind IN ({kinds})))"
            ));
        }
    }
    if either.is_empty() {
        return None;
    }
    match search.viewer.reach() {
        Reach::Account => {}
        Reach::Lines(user_id) => {
            let user = sql.bind(user_id.to_string());
            sql.push(&format!(
                " AND EXISTS (SELECT 1 FROM user_lines l WHERE l.user_id = {user} AND l.line = i.line)"
            ));
        }
        Reach::Groups(user_id) => {
            let user = sql.bind(user_id.to_string());
            sql.push(&format!(
                " AND EXISTS (SELECT 1 FROM interaction_agents a
                  JOIN users u ON u.account_id = a.account_id AND u.agent = a.agent
                  JOIN user_groups m ON m.user_id = u.id
                  WHERE a.account_id = i.account_id AND a.interaction_id = i.id AND u.active AND m.group_id IN (
                      SELECT o.group_id FROM user_groups o WHERE o.user_id = {user}
                      UNION SELECT p.group_id FROM user_group_permissions p WHERE p.user_id = {user}))"
            ));
        }
    }
    sql.push(&format!(" AND ({})", either.join(" OR ")));
    Some(())
}

async fn complete(
    tx: &mut Tx,
    account_id: AccountId,
    rows: &[Row],
) -> Result<Vec<ContentListing>, Error> {
    let mut listings = rows.iter().map(listing).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<InteractionId> = listings.iter().map(|l| l.id).collect();
    let places: HashMap<InteractionId, usize> =
        ids.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    for part in ids.chunks(1000) {
        let (list, args) = id_list(account_id, part);
        let agents = format!(
            "SELECT interaction_id, agent FROM interaction_agents
             WHERE account_id = $1 AND interaction_id IN ({list}) ORDER BY interaction_id, agent"
        );
        for row in tx.fetch_all_built(agents, &args).await? {
            let id = row.parsed("interaction_agents", "interaction_id", InteractionId::parse)?;
            if let Some(found) = places.get(&id).and_then(|n| listings.get_mut(*n)) {
                let agent = row.parsed("interaction_agents", "agent", AgentNumber::parse)?;
                found.agents.push(agent);
            }
        }
        let items = format!(
            "SELECT * FROM content_items
             WHERE account_id = $1 AND interaction_id IN ({list}) ORDER BY interaction_id, key"
        );
        for row in tx.fetch_all_built(items, &args).await? {
            let id = row.parsed("content_items", "interaction_id", InteractionId::parse)?;
            if let Some(found) = places.get(&id).and_then(|n| listings.get_mut(*n)) {
                found.items.push(content_from_row(&row)?);
            }
        }
    }
    Ok(listings)
}

fn listing(row: &Row) -> Result<ContentListing, Error> {
    Ok(ContentListing {
        id: row.parsed(TABLE, "id", InteractionId::parse)?,
        started_at: Timestamp::from_ms(row.int("started_at")?),
        direction: row.parsed(TABLE, "direction", Direction::parse)?,
        connect_from: row.parsed(TABLE, "connect_from", Address::parse)?,
        connect_to: row.parsed(TABLE, "connect_to", Address::parse)?,
        line: row.parsed(TABLE, "line", Line::parse)?,
        agents: Vec::new(),
        items: Vec::new(),
    })
}
