//! Gaps: calls that should have a recording at home and have none.

use super::{Place, flat, placeholders};
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;

/// A gap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gap {
    /// When the call began.
    pub started_at: Timestamp,
    /// The call.
    pub guid: String,
    /// One word of the closed list of reasons.
    pub reason: String,
    /// The likely cause in a sentence, and how to make sure.
    pub detail: String,
    /// `inbound`, `outbound` or `internal`.
    pub direction: String,
    /// The line.
    pub line: String,
    /// The agent.
    pub agent: Option<String>,
    /// When the gap was first seen; kept when it is seen again.
    pub first_seen_at: Timestamp,
}

/// Adds gaps or writes back their reasons; the first sight stays.
///
/// # Errors
/// The database broke off.
pub async fn gaps_put(
    tx: &mut Tx,
    connection: ConnectionId,
    gaps: &[Gap],
    at: Timestamp,
) -> Result<(), Error> {
    for some in gaps.chunks(500) {
        let sql = format!(
            "INSERT INTO collect_gaps (connection_id, started_at, guid, reason, detail, direction, line, agent,
                 first_seen_at, looked_at)
             VALUES {}
             ON CONFLICT (connection_id, started_at, guid) DO UPDATE
             SET reason = excluded.reason, detail = excluded.detail, direction = excluded.direction, line = excluded.line,
                 agent = excluded.agent, looked_at = excluded.looked_at, closed_at = NULL",
            placeholders(some.len(), 10)
        );
        let args = flat(some.iter().map(|gap| {
            vec![
                connection.to_string().into(),
                gap.started_at.into(),
                gap.guid.as_str().into(),
                gap.reason.as_str().into(),
                gap.detail.as_str().into(),
                gap.direction.as_str().into(),
                gap.line.as_str().into(),
                gap.agent.as_deref().into(),
                gap.first_seen_at.into(),
                at.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// Closes the open gaps of some calls begun in `[from, to]`.
///
/// # Errors
/// The database broke off.
pub async fn gaps_close(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
    guids: &[String],
    at: Timestamp,
) -> Result<u64, Error> {
    let mut n_closed = 0;
    for some in guids.chunks(500) {
        let marks: Vec<String> = (5..some.len() + 5).map(|n| format!("${n}")).collect();
        let sql = format!(
            "UPDATE collect_gaps SET closed_at = $2
             WHERE connection_id = $1 AND closed_at IS NULL AND started_at >= $3 AND started_at <= $4 AND guid IN ({})",
            marks.join(", ")
        );
        let mut args = vec![
            connection.to_string().into(),
            at.into(),
            from.into(),
            to.into(),
        ];
        args.extend(some.iter().map(|g| g.as_str().into()));
        n_closed += tx.execute_built(sql, &args).await?;
    }
    Ok(n_closed)
}

/// Which of some calls begun in `[from, to]` have had a gap before, open or closed.
///
/// # Errors
/// The database broke off.
pub async fn gaps_known(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
    guids: &[String],
) -> Result<Vec<String>, Error> {
    let mut known = Vec::new();
    for some in guids.chunks(500) {
        let marks: Vec<String> = (4..some.len() + 4).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT guid FROM collect_gaps
             WHERE connection_id = $1 AND started_at >= $2 AND started_at <= $3 AND guid IN ({})",
            marks.join(", ")
        );
        let mut args = vec![connection.to_string().into(), from.into(), to.into()];
        args.extend(some.iter().map(|g| g.as_str().into()));
        for row in tx.fetch_all_built(sql, &args).await? {
            known.push(row.text("guid")?);
        }
    }
    Ok(known)
}

/// A page of the open gaps of calls begun in `[place, to]`, in order.
///
/// # Errors
/// The database broke off.
pub async fn gaps_page(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &Place,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<Gap>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_gaps
         WHERE connection_id = $1 AND closed_at IS NULL AND (started_at, guid) > ($2, $3) AND started_at <= $4
         ORDER BY started_at, guid LIMIT $5",
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
    .map(gap)
    .collect()
}

/// What to look for among open gaps.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct GapSearch {
    /// Calls begun at or after this instant.
    pub from: Option<Timestamp>,
    /// Calls begun before this instant.
    pub until: Option<Timestamp>,
    /// One word of the list of reasons.
    pub reason: Option<String>,
    /// `inbound`, `outbound` or `internal`.
    pub direction: Option<String>,
    /// How the guid, the line or the agent begins.
    pub prefix: Option<String>,
    /// Whether the latest call comes first.
    pub newest_first: bool,
}

/// The open gaps that a search finds after a place, skipping `offset` of them.
///
/// # Errors
/// The database broke off.
pub async fn gaps_search(
    tx: &mut Tx,
    connection: ConnectionId,
    search: &GapSearch,
    after: Option<&Place>,
    offset: i64,
    limit: i64,
) -> Result<Vec<Gap>, Error> {
    let mut args = Vec::new();
    let mut sql = "SELECT * FROM collect_gaps".to_owned();
    search_conditions(&mut sql, &mut args, connection, search);
    let mut bind = |arg: Arg| {
        args.push(arg);
        format!("${}", args.len())
    };
    let (beyond, way) = if search.newest_first {
        ("<", "DESC")
    } else {
        (">", "ASC")
    };
    if let Some(after) = after {
        let at = bind(after.started_at.into());
        let guid = bind(after.guid.as_str().into());
        sql.push_str(&format!(" AND (started_at, guid) {beyond} ({at}, {guid})"));
    }
    let (limit, offset) = (bind(limit.into()), bind(offset.into()));
    sql.push_str(&format!(
        " ORDER BY started_at {way}, guid {way} LIMIT {limit} OFFSET {offset}"
    ));
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.iter().map(gap).collect()
}

/// How many open gaps a search finds, counted up to `most`.
///
/// # Errors
/// The database broke off.
pub async fn gaps_search_count(
    tx: &mut Tx,
    connection: ConnectionId,
    search: &GapSearch,
    most: i64,
) -> Result<i64, Error> {
    let mut args = Vec::new();
    let mut sql = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM collect_gaps".to_owned();
    search_conditions(&mut sql, &mut args, connection, search);
    args.push(most.into());
    sql.push_str(&format!(" LIMIT ${}) AS found", args.len()));
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

fn search_conditions(
    sql: &mut String,
    args: &mut Vec<Arg>,
    connection: ConnectionId,
    search: &GapSearch,
) {
    let mut add = |condition: &str, arg: Arg| {
        args.push(arg);
        sql.push_str(&condition.replace('?', &format!("${}", args.len())));
    };
    add(
        " WHERE closed_at IS NULL AND connection_id = ?",
        connection.to_string().into(),
    );
    if let Some(from) = search.from {
        add(" AND started_at >= ?", from.into());
    }
    if let Some(until) = search.until {
        add(" AND started_at < ?", until.into());
    }
    if let Some(reason) = &search.reason {
        add(" AND reason = ?", reason.as_str().into());
    }
    if let Some(direction) = &search.direction {
        add(" AND direction = ?", direction.as_str().into());
    }
    if let Some(prefix) = &search.prefix {
        add(
            " AND (substr(guid, 1, length(?)) = ? OR substr(line, 1, length(?)) = ?
              OR substr(agent, 1, length(?)) = ?)",
            prefix.as_str().into(),
        );
    }
}

/// How many open gaps there are for each reason and detail in `[from, to]`, most first.
///
/// # Errors
/// The database broke off.
pub async fn gaps_count(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(String, String, i64)>, Error> {
    tx.fetch_all(
        "SELECT reason, detail, COUNT(*) AS n FROM collect_gaps
         WHERE connection_id = $1 AND closed_at IS NULL AND started_at >= $2 AND started_at <= $3
         GROUP BY reason, detail ORDER BY COUNT(*) DESC, reason, detail LIMIT 1000",
        &[connection.to_string().into(), from.into(), to.into()],
    )
    .await?
    .iter()
    .map(|row| Ok((row.text("reason")?, row.text("detail")?, row.int("n")?)))
    .collect()
}

/// The starts of open gaps that may still close, the ones not looked at for longest first.
///
/// # Errors
/// The database broke off.
pub async fn gaps_to_look_at(
    tx: &mut Tx,
    connection: ConnectionId,
    limit: i64,
) -> Result<Vec<Timestamp>, Error> {
    tx.fetch_all(
        "SELECT started_at FROM collect_gaps
         WHERE connection_id = $1 AND closed_at IS NULL
           AND reason IN ('pending', 'late', 'permission_suspected', 'permission_confirmed', 'not_recorded_policy')
         ORDER BY looked_at, started_at LIMIT $2",
        &[connection.to_string().into(), limit.into()],
    )
    .await?
    .iter()
    .map(|row| row.int("started_at").map(Timestamp::from_ms))
    .collect()
}

fn gap(row: &Row) -> Result<Gap, Error> {
    Ok(Gap {
        started_at: Timestamp::from_ms(row.int("started_at")?),
        guid: row.text("guid")?,
        reason: row.text("reason")?,
        detail: row.text("detail")?,
        direction: row.text("direction")?,
        line: row.text("line")?,
        agent: row.opt_text("agent")?,
        first_seen_at: Timestamp::from_ms(row.int("first_seen_at")?),
    })
}
