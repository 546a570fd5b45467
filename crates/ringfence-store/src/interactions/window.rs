//! Interactions and visits to queues that fall into a window of time.

use super::read::{interactions_from_rows, queue_visit_from_row};
use super::{Statement, TABLE};
use crate::db::{Error, Tx};
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::interaction::{Interaction, QueueKind};
use ringfence_core::statistics::{Include, WindowedVisit};
use ringfence_core::time::Timestamp;

/// A window of an account's time; both ends belong to it.
#[derive(Clone, Copy, Debug)]
pub struct StatsWindow {
    /// The account.
    pub account_id: AccountId,
    /// The first instant.
    pub start: Timestamp,
    /// The last instant.
    pub end: Timestamp,
    /// From when on a change counts; not later than `start`.
    pub changed_since: Timestamp,
    /// What must fall into it.
    pub include: Include,
}

/// How many interactions fall into the window.
///
/// # Errors
/// The database broke off.
pub async fn interaction_window_count(tx: &mut Tx, window: &StatsWindow) -> Result<i64, Error> {
    count(tx, interactions("SELECT COUNT(*) AS n", window)).await
}

/// A page of the interactions of the window, by start and id.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn interaction_window_page(
    tx: &mut Tx,
    window: &StatsWindow,
    offset: i64,
    limit: u32,
) -> Result<Vec<Interaction>, Error> {
    let mut sql = interactions("SELECT i.*", window);
    let (limit, offset) = (sql.bind(limit), sql.bind(offset));
    sql.push(&format!(
        " ORDER BY i.started_at, i.id LIMIT {limit} OFFSET {offset}"
    ));
    let rows = tx.fetch_all_built(sql.text, &sql.args).await?;
    interactions_from_rows(tx, window.account_id, &rows).await
}

/// How many interactions go on.
///
/// # Errors
/// The database broke off.
pub async fn ongoing_count(tx: &mut Tx, account_id: AccountId) -> Result<i64, Error> {
    tx.fetch_one(
        "SELECT COUNT(*) AS n FROM interactions WHERE account_id = $1 AND ended_at IS NULL",
        &[account_id.to_string().into()],
    )
    .await?
    .int("n")
}

/// A page of the interactions that go on, by start and id.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn ongoing_page(
    tx: &mut Tx,
    account_id: AccountId,
    offset: i64,
    limit: u32,
) -> Result<Vec<Interaction>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM interactions WHERE account_id = $1 AND ended_at IS NULL
             ORDER BY started_at, id LIMIT $2 OFFSET $3",
            &[account_id.to_string().into(), limit.into(), offset.into()],
        )
        .await?;
    interactions_from_rows(tx, account_id, &rows).await
}

/// How many visits to queues fall into the window: all queues when none are named, all kinds when none is.
///
/// # Errors
/// The database broke off.
pub async fn queue_visit_window_count(
    tx: &mut Tx,
    window: &StatsWindow,
    queues: &[String],
    kind: Option<QueueKind>,
) -> Result<i64, Error> {
    let sql = visits("SELECT COUNT(*) AS n", window, queues, kind);
    count(tx, sql).await
}

/// A page of the visits to queues of the window, by time of entering and name of the queue.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn queue_visit_window_page(
    tx: &mut Tx,
    window: &StatsWindow,
    queues: &[String],
    kind: Option<QueueKind>,
    (offset, limit): (i64, u32),
) -> Result<Vec<WindowedVisit>, Error> {
    let mut sql = visits(
        "SELECT v.*, i.medium, i.medium_manager",
        window,
        queues,
        kind,
    );
    let (limit, offset) = (sql.bind(limit), sql.bind(offset));
    sql.push(&format!(
        " ORDER BY v.entered_at, v.queue, v.interaction_id, v.position LIMIT {limit} OFFSET {offset}"
    ));
    let rows = tx.fetch_all_built(sql.text, &sql.args).await?;
    let mut visits = Vec::with_capacity(rows.len());
    for row in &rows {
        visits.push(WindowedVisit {
            interaction_id: row.parsed("queue_visits", "interaction_id", InteractionId::parse)?,
            medium: row.text("medium")?,
            medium_manager: row.text("medium_manager")?,
            visit: queue_visit_from_row(row)?,
        });
    }
    Ok(visits)
}

fn visits(
    select: &str,
    window: &StatsWindow,
    queues: &[String],
    kind: Option<QueueKind>,
) -> Statement {
    let mut sql = Statement::default();
    let ends = Ends::bind(&mut sql, window);
    let account = &ends.account;
    sql.push(select);
    let entered = ends.within("v.entered_at");
    if window.include == Include::Started {
        sql.push(&format!(
            " FROM queue_visits v JOIN {TABLE} i ON i.account_id = v.account_id AND i.id = v.interaction_id
             WHERE v.account_id = {account} AND {entered}"
        ));
    } else {
        let changed = ends.changed(&mut sql, window, "i.processed_at");
        let found = ends.union(&[
            ("queue_visits", "interaction_id", "s.entered_at"),
            ("queue_visits", "interaction_id", "s.left_at"),
        ]);
        let found = match &changed {
            None => found,
            Some(changed) => {
                let changed = changed.replace("i.", "s.");
                format!(
                    "{found} UNION SELECT s.id FROM {TABLE} s WHERE s.account_id = {account} AND {changed}"
                )
            }
        };
        let left = ends.within("v.left_at");
        let changed = changed.map_or(String::new(), |changed| format!(" OR ({changed})"));
        sql.push(&format!(
            " FROM ({found}) w CROSS JOIN queue_visits v CROSS JOIN {TABLE} i
             WHERE v.account_id = {account} AND v.interaction_id = w.id
                 AND i.account_id = {account} AND i.id = w.id
                 AND (({entered}) OR ({left}){changed})"
        ));
    }
    if !queues.is_empty() {
        let queues = sql.bind_all(queues.iter().map(String::as_str));
        sql.push(&format!(" AND v.queue IN ({queues})"));
    }
    if let Some(kind) = kind {
        let kind = sql.bind(kind.as_str());
        sql.push(&format!(" AND v.kind = {kind}"));
    }
    sql
}

fn interactions(select: &str, window: &StatsWindow) -> Statement {
    let mut sql = Statement::default();
    let ends = Ends::bind(&mut sql, window);
    let account = &ends.account;
    sql.push(select);
    if window.include == Include::Started {
        let started = ends.within("i.started_at");
        sql.push(&format!(
            " FROM {TABLE} i WHERE i.account_id = {account} AND {started}"
        ));
        return sql;
    }
    let mut found = ends.union(&[(TABLE, "id", "s.started_at"), (TABLE, "id", "s.ended_at")]);
    if let Some(changed) = ends.changed(&mut sql, window, "s.processed_at") {
        found.push_str(&format!(
            " UNION SELECT s.id FROM {TABLE} s WHERE s.account_id = {account} AND {changed}"
        ));
    }
    sql.push(&format!(
        " FROM ({found}) w CROSS JOIN {TABLE} i WHERE i.account_id = {account} AND i.id = w.id"
    ));
    sql
}

/// The placeholders of a window. Several conditions joined by OR make SQLite read a whole account in order; each is
/// asked of its own index instead, and CROSS JOIN keeps what was found in front.
struct Ends {
    account: String,
    start: String,
    end: String,
}

impl Ends {
    fn bind(sql: &mut Statement, window: &StatsWindow) -> Self {
        Self {
            account: sql.bind(window.account_id.to_string()),
            start: sql.bind(window.start),
            end: sql.bind(window.end),
        }
    }

    fn within(&self, column: &str) -> String {
        format!("{column} >= {} AND {column} <= {}", self.start, self.end)
    }

    fn changed(&self, sql: &mut Statement, window: &StatsWindow, column: &str) -> Option<String> {
        match window.include {
            Include::Started | Include::StartedOrEnded => None,
            Include::Processed => {
                let since = sql.bind(window.changed_since);
                Some(format!("{column} >= {since} AND {column} <= {}", self.end))
            }
        }
    }

    fn union(&self, parts: &[(&str, &str, &str)]) -> String {
        let select = |(table, id, column): &(&str, &str, &str)| {
            let within = self.within(column);
            format!(
                "SELECT s.{id} AS id FROM {table} s WHERE s.account_id = {} AND {within}",
                self.account
            )
        };
        let parts: Vec<String> = parts.iter().map(select).collect();
        parts.join(" UNION ")
    }
}

async fn count(tx: &mut Tx, sql: Statement) -> Result<i64, Error> {
    let rows = tx.fetch_all_built(sql.text, &sql.args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}
