//! Coverage by day: calls, what of them is at home, and gaps by reason.

use crate::db::{Error, Tx};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;
use std::collections::BTreeMap;

/// A day in UTC.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DayCoverage {
    /// Calls by the platform's statistics.
    pub calls: i64,
    /// Calls with content at home.
    pub recorded: i64,
    /// Open gaps by reason.
    pub gaps: BTreeMap<String, i64>,
}

/// The days in which calls of `[from, to)` began that the ledger knows, by number of days since 1970. The bounds are
/// the beginnings of days.
///
/// # Errors
/// The database broke off.
pub async fn days_coverage(
    tx: &mut Tx,
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
) -> Result<BTreeMap<i64, DayCoverage>, Error> {
    let mut days: BTreeMap<i64, DayCoverage> = BTreeMap::new();
    let args = [connection.to_string().into(), from.into(), to.into()];
    let calls = "SELECT started_at / 86400000 AS day, COUNT(*) AS n FROM collect_interactions
         WHERE connection_id = $1 AND started_at >= $2 AND started_at < $3
         GROUP BY started_at / 86400000";
    for row in tx.fetch_all(calls, &args).await? {
        days.entry(row.int("day")?).or_default().calls = row.int("n")?;
    }
    let recorded =
        "SELECT started_at / 86400000 AS day, COUNT(DISTINCT guid) AS n FROM collect_items
         WHERE connection_id = $1 AND started_at >= $2 AND started_at < $3 AND state = 'verified'
         GROUP BY started_at / 86400000";
    for row in tx.fetch_all(recorded, &args).await? {
        days.entry(row.int("day")?).or_default().recorded = row.int("n")?;
    }
    let gaps = "SELECT started_at / 86400000 AS day, reason, COUNT(*) AS n FROM collect_gaps
         WHERE connection_id = $1 AND started_at >= $2 AND started_at < $3 AND closed_at IS NULL
         GROUP BY started_at / 86400000, reason";
    for row in tx.fetch_all(gaps, &args).await? {
        let day = days.entry(row.int("day")?).or_default();
        day.gaps.insert(row.text("reason")?, row.int("n")?);
    }
    Ok(days)
}
