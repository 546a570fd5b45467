//! How the collection of a connection stands, from the ledger alone: no request is sent.

use crate::connection::{Connection, ConnectionName, connection_show};
use crate::context::CollectCtx;
use crate::error::Error;
use crate::report::{OpenGaps, open_gaps};
use ringfence_core::time::Timestamp;
use ringfence_store::collect::interactions::{Eligible, Stratum, interactions_strata};
use ringfence_store::collect::items;
use ringfence_store::collect::recordings;
use ringfence_store::collect::runs::{self, StoredRun};

const RUNS_SHOWN: i64 = 5;
const MIN_TALK_MS: i64 = 1_000;

/// How a collection stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// The connection.
    pub connection: Connection,
    /// Recordings at home.
    pub recordings: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Content items in each state.
    pub items: Vec<(String, i64)>,
    /// The latest runs, newest first.
    pub runs: Vec<StoredRun>,
    /// Open gaps.
    pub gaps: OpenGaps,
}

/// Coverage of a stretch of time.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// The connection.
    pub connection: Connection,
    /// From.
    pub since: Timestamp,
    /// To.
    pub until: Timestamp,
    /// Calls that should have a recording, and those that can be seen, by direction, line and agent.
    pub strata: Vec<Stratum>,
    /// Open gaps.
    pub gaps: OpenGaps,
}

/// Tells how the collection of a connection stands.
///
/// # Errors
/// There is no such connection, or the store fails.
pub async fn collect_status(ctx: &CollectCtx, name: &ConnectionName) -> Result<Status, Error> {
    let connection = connection_show(ctx, name).await?;
    let mut tx = ctx.db.begin_read().await?;
    let (recordings, bytes) = recordings::recordings_total(&mut tx, connection.id).await?;
    let items = items::items_count(&mut tx, connection.id).await?;
    let runs = runs::run_list(&mut tx, connection.id, RUNS_SHOWN).await?;
    drop(tx);
    let all = (Timestamp::from_ms(i64::MIN), Timestamp::from_ms(i64::MAX));
    let gaps = open_gaps(ctx, connection.id, all.0, all.1).await?;
    Ok(Status {
        connection,
        recordings,
        bytes,
        items,
        runs,
        gaps,
    })
}

/// Tells what is missing in a stretch of time, and why.
///
/// # Errors
/// There is no such connection, or the store fails.
pub async fn collect_coverage(
    ctx: &CollectCtx,
    name: &ConnectionName,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<Coverage, Error> {
    let connection = connection_show(ctx, name).await?;
    let since = since.unwrap_or_else(|| Timestamp::from_ms(i64::MIN));
    let until = until.unwrap_or_else(|| Timestamp::from_ms(i64::MAX));
    let eligible = Eligible {
        min_talk_ms: MIN_TALK_MS,
        before: Timestamp::from_ms(i64::MAX),
    };
    let mut tx = ctx.db.begin_read().await?;
    let strata = interactions_strata(&mut tx, connection.id, since, until, eligible).await?;
    drop(tx);
    let gaps = open_gaps(ctx, connection.id, since, until).await?;
    Ok(Coverage {
        connection,
        since,
        until,
        strata,
        gaps,
    })
}
