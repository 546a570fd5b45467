//! Runs, and the windows of time they have accounted for.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{ConnectionId, RunId};
use ringfence_core::time::Timestamp;

const TABLE: &str = "collect_runs";

/// A run as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRun {
    /// Its id.
    pub id: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The time it is to cover: from.
    pub since_at: Timestamp,
    /// The time it is to cover: to.
    pub until_at: Timestamp,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// Its report as JSON; `{}` while it runs.
    pub report: String,
}

/// Adds a run, or writes it back.
///
/// # Errors
/// The database broke off.
pub async fn run_put(tx: &mut Tx, connection: ConnectionId, run: &StoredRun) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO collect_runs (connection_id, started_at, id, ended_at, since_at, until_at, state, report)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (connection_id, started_at, id) DO UPDATE
         SET ended_at = excluded.ended_at, since_at = excluded.since_at, until_at = excluded.until_at,
             state = excluded.state, report = excluded.report",
        &[
            connection.to_string().into(),
            run.started_at.into(),
            run.id.to_string().into(),
            run.ended_at.into(),
            run.since_at.into(),
            run.until_at.into(),
            run.state.as_str().into(),
            run.report.as_str().into(),
        ],
    )
    .await?;
    Ok(())
}

/// The latest runs, newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn run_list(
    tx: &mut Tx,
    connection: ConnectionId,
    limit: i64,
) -> Result<Vec<StoredRun>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_runs WHERE connection_id = $1 ORDER BY started_at DESC, id DESC LIMIT $2",
        &[connection.to_string().into(), limit.into()],
    )
    .await?
    .iter()
    .map(run)
    .collect()
}

/// The run of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn run_find(
    tx: &mut Tx,
    connection: ConnectionId,
    id: RunId,
) -> Result<Option<StoredRun>, Error> {
    tx.fetch_optional(
        "SELECT * FROM collect_runs WHERE connection_id = $1 AND id = $2",
        &[connection.to_string().into(), id.to_string().into()],
    )
    .await?
    .map(|row| run(&row))
    .transpose()
}

/// A page of the runs, newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn run_page(
    tx: &mut Tx,
    connection: ConnectionId,
    offset: i64,
    limit: i64,
) -> Result<Vec<StoredRun>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_runs WHERE connection_id = $1
         ORDER BY started_at DESC, id DESC LIMIT $2 OFFSET $3",
        &[connection.to_string().into(), limit.into(), offset.into()],
    )
    .await?
    .iter()
    .map(run)
    .collect()
}

/// Says how far a run has come, as the report of a run that has not ended.
///
/// # Errors
/// The database broke off.
pub async fn run_progress_set(
    tx: &mut Tx,
    connection: ConnectionId,
    id: RunId,
    report: &str,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE collect_runs SET report = $3
         WHERE connection_id = $1 AND id = $2 AND state = 'running'",
        &[
            connection.to_string().into(),
            id.to_string().into(),
            report.into(),
        ],
    )
    .await?;
    Ok(())
}

/// A window has been listed, fetched and accounted for.
///
/// # Errors
/// The database broke off.
pub async fn window_put(
    tx: &mut Tx,
    connection: ConnectionId,
    run: RunId,
    window: (Timestamp, Timestamp),
    listed: i64,
    done_at: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO collect_windows (connection_id, started_at, ended_at, run_id, listed, done_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (connection_id, started_at, ended_at) DO UPDATE
         SET run_id = excluded.run_id, listed = excluded.listed, done_at = excluded.done_at",
        &[
            connection.to_string().into(),
            window.0.into(),
            window.1.into(),
            run.to_string().into(),
            listed.into(),
            done_at.into(),
        ],
    )
    .await?;
    Ok(())
}

fn run(row: &Row) -> Result<StoredRun, Error> {
    Ok(StoredRun {
        id: row.parsed(TABLE, "id", RunId::parse)?,
        started_at: Timestamp::from_ms(row.int("started_at")?),
        ended_at: row.opt_int("ended_at")?.map(Timestamp::from_ms),
        since_at: Timestamp::from_ms(row.int("since_at")?),
        until_at: Timestamp::from_ms(row.int("until_at")?),
        state: row.text("state")?,
        report: row.text("report")?,
    })
}
