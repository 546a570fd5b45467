//! Requests by time slot, route, status class and reason.

use super::account_text;
use crate::collect::{flat, placeholders};
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::client::Client;
use ringfence_core::id::AccountId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "traffic_counts";
const ROWS_A_STATEMENT: usize = 500;
const COLUMNS: usize = 12;

/// How long a slot is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Span {
    /// As counted.
    Minute,
    /// After some hours.
    Hour,
    /// After a month.
    Day,
}

/// What is counted together.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SlotKey {
    /// The account; `None` for requests without a valid token.
    pub account_id: Option<AccountId>,
    /// When the slot begins.
    pub at: Timestamp,
    /// How long it is.
    pub span: Span,
    /// The route's template or name.
    pub route: String,
    /// The method.
    pub method: String,
    /// The first digit of the status.
    pub status_class: u8,
    /// The reason code; empty when it was not refused.
    pub reason: String,
    /// The credential or application, for refusals only.
    pub client: Option<Client>,
}

/// How many there were.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Requests.
    pub n: i64,
    /// Those of which no line was kept.
    pub n_unlogged: i64,
    /// Their durations together, in microseconds.
    pub sum_us: i64,
    /// The longest, in microseconds.
    pub max_us: i64,
}

/// Which counts are summed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CountsOf {
    /// Everybody's.
    All,
    /// One account's; `None` for requests without a valid token.
    Account(Option<AccountId>),
}

/// Requests of one bucket of a chart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BucketCount {
    /// When the bucket begins.
    pub at: Timestamp,
    /// The route's template or name.
    pub route: String,
    /// The first digit of the status.
    pub status_class: u8,
    /// Whether these were refused.
    pub refused: bool,
    /// How many.
    pub tally: Tally,
}

/// Requests refused for one reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReasonCount {
    /// The reason code.
    pub reason: String,
    /// How many.
    pub n: i64,
    /// The slot of the last one.
    pub last_at: Timestamp,
}

/// Requests refused to one credential or application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientCount {
    /// The account it acted for; `None` for an application that acted for nobody.
    pub account_id: Option<AccountId>,
    /// Which it is.
    pub client: Client,
    /// How many.
    pub n: i64,
    /// The most frequent reason's code; of equals, the first by name.
    pub reason: String,
    /// The slot of the last one.
    pub last_at: Timestamp,
}

/// Which clients are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientKind {
    /// API credentials.
    Credentials,
    /// Applications.
    Applications,
}

impl Tally {
    /// Adds others to these.
    pub fn merge(&mut self, other: Self) {
        self.n += other.n;
        self.n_unlogged += other.n_unlogged;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }
}

/// Adds to the counts. No key may stand there twice, and they must be sorted: nodes then never wait for each other in a ring.
///
/// # Errors
/// The database refused it or broke off.
pub async fn counts_add(tx: &mut Tx, counts: &[(SlotKey, Tally)]) -> Result<(), Error> {
    for part in counts.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO traffic_counts (account_id, at, span_secs, route, method, status_class, reason,
                 credential_id, n, n_unlogged, sum_us, max_us)
             VALUES {}
             ON CONFLICT (account_id, at, span_secs, route, method, status_class, reason, credential_id)
             DO UPDATE SET n = traffic_counts.n + excluded.n,
                 n_unlogged = traffic_counts.n_unlogged + excluded.n_unlogged,
                 sum_us = traffic_counts.sum_us + excluded.sum_us,
                 max_us = CASE WHEN excluded.max_us > traffic_counts.max_us
                     THEN excluded.max_us ELSE traffic_counts.max_us END",
            placeholders(part.len(), COLUMNS)
        );
        let args = flat(part.iter().map(|(key, tally)| count_args(key, *tally)));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// Takes out slots of one length that begin before an instant, at most so many, for them to be added again as longer ones.
///
/// # Errors
/// The database refused it or broke off, or a row is damaged.
pub async fn counts_take(
    tx: &mut Tx,
    span: Span,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<(SlotKey, Tally)>, Error> {
    let rows = tx
        .fetch_all(
            "DELETE FROM traffic_counts
             WHERE (account_id, at, span_secs, route, method, status_class, reason, credential_id) IN (
                 SELECT account_id, at, span_secs, route, method, status_class, reason, credential_id
                 FROM traffic_counts WHERE span_secs = $1 AND at < $2 ORDER BY at LIMIT $3)
             RETURNING account_id, at, span_secs, route, method, status_class, reason, credential_id,
                 n, n_unlogged, sum_us, max_us",
            &[span.secs().into(), before.into(), limit.into()],
        )
        .await?;
    rows.iter().map(count_read).collect()
}

/// Sums by bucket, route and status class, oldest first. Buckets are counted from the epoch.
///
/// # Errors
/// The database refused it or broke off.
pub async fn counts_by_bucket(
    tx: &mut Tx,
    of: CountsOf,
    from: Timestamp,
    bucket_ms: i64,
) -> Result<Vec<BucketCount>, Error> {
    let (filter, mut args) = of.filter(from);
    args.push(bucket_ms.max(1).into());
    let n = args.len();
    let sql = format!(
        "SELECT bucket, route, status_class, refused, CAST(SUM(n) AS BIGINT) AS n,
             CAST(SUM(n_unlogged) AS BIGINT) AS n_unlogged, CAST(SUM(sum_us) AS BIGINT) AS sum_us,
             MAX(max_us) AS max_us
         FROM (SELECT at - at % ${n} AS bucket, route, status_class,
                 CAST(CASE WHEN reason = '' THEN 0 ELSE 1 END AS BIGINT) AS refused, n, n_unlogged, sum_us, max_us
             FROM traffic_counts WHERE {filter}) slots
         GROUP BY bucket, route, status_class, refused ORDER BY bucket, route LIMIT 50000"
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    let read = |row: &Row| {
        Ok(BucketCount {
            at: Timestamp::from_ms(row.int("bucket")?),
            route: row.text("route")?,
            status_class: row.number(TABLE, "status_class")?,
            refused: row.int("refused")? == 1,
            tally: tally_read(row)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Refusals by reason, the most frequent first.
///
/// # Errors
/// The database refused it or broke off.
pub async fn counts_by_reason(
    tx: &mut Tx,
    of: CountsOf,
    from: Timestamp,
) -> Result<Vec<ReasonCount>, Error> {
    let (filter, args) = of.filter(from);
    let sql = format!(
        "SELECT reason, CAST(SUM(n) AS BIGINT) AS n, MAX(at) AS last_at FROM traffic_counts
         WHERE {filter} AND reason <> '' GROUP BY reason ORDER BY 2 DESC, reason LIMIT 100"
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    let read = |row: &Row| {
        Ok(ReasonCount {
            reason: row.text("reason")?,
            n: row.int("n")?,
            last_at: Timestamp::from_ms(row.int("last_at")?),
        })
    };
    rows.iter().map(read).collect()
}

/// The credentials, or the applications, that were refused most often.
///
/// # Errors
/// The database refused it or broke off, or a row is damaged.
pub async fn counts_by_client(
    tx: &mut Tx,
    (of, kind): (CountsOf, ClientKind),
    from: Timestamp,
    limit: u32,
) -> Result<Vec<ClientCount>, Error> {
    let (filter, mut args) = of.filter(from);
    let these = match kind {
        ClientKind::Credentials => "credential_id NOT LIKE 'app:%'",
        ClientKind::Applications => "credential_id LIKE 'app:%'",
    };
    args.push(limit.into());
    let n = args.len();
    // The most frequent reason of each comes first within it; the outer sums go over all.
    let sql = format!(
        "SELECT account_id, credential_id, reason, CAST(total AS BIGINT) AS total, last_at FROM (
             SELECT account_id, credential_id, reason,
                 SUM(SUM(n)) OVER (PARTITION BY account_id, credential_id) AS total,
                 MAX(MAX(at)) OVER (PARTITION BY account_id, credential_id) AS last_at,
                 ROW_NUMBER() OVER (PARTITION BY account_id, credential_id ORDER BY SUM(n) DESC, reason) AS place
             FROM traffic_counts WHERE {filter} AND reason <> '' AND credential_id <> '' AND {these}
             GROUP BY account_id, credential_id, reason) ranked
         WHERE place = 1 ORDER BY total DESC, credential_id LIMIT ${n}"
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    let read = |row: &Row| {
        Ok(ClientCount {
            account_id: empty_or(row, "account_id", AccountId::parse)?,
            client: row.parsed(TABLE, "credential_id", Client::parse)?,
            n: row.int("total")?,
            reason: row.text("reason")?,
            last_at: Timestamp::from_ms(row.int("last_at")?),
        })
    };
    rows.iter().map(read).collect()
}

/// Removes slots of days that begin before an instant.
///
/// # Errors
/// The database refused it or broke off.
pub async fn counts_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM traffic_counts WHERE span_secs = $1 AND at < $2",
        &[Span::Day.secs().into(), before.into()],
    )
    .await
}

impl Span {
    /// Its length.
    #[must_use]
    pub const fn secs(self) -> i64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The beginning of the slot that an instant lies in.
    #[must_use]
    pub const fn slot(self, at: Timestamp) -> Timestamp {
        let ms = self.secs() * 1000;
        Timestamp::from_ms(at.ms() - at.ms().rem_euclid(ms))
    }
}

impl CountsOf {
    fn filter(self, from: Timestamp) -> (&'static str, Vec<Arg>) {
        match self {
            Self::All => ("at >= $1", vec![from.into()]),
            Self::Account(account_id) => (
                "at >= $1 AND account_id = $2",
                vec![from.into(), account_text(account_id).into()],
            ),
        }
    }
}

fn count_args(key: &SlotKey, tally: Tally) -> Vec<Arg> {
    let client = key.client.map(|client| client.to_string());
    vec![
        account_text(key.account_id).into(),
        key.at.into(),
        key.span.secs().into(),
        key.route.as_str().into(),
        key.method.as_str().into(),
        i64::from(key.status_class).into(),
        key.reason.as_str().into(),
        client.unwrap_or_default().into(),
        tally.n.into(),
        tally.n_unlogged.into(),
        tally.sum_us.into(),
        tally.max_us.into(),
    ]
}

fn count_read(row: &Row) -> Result<(SlotKey, Tally), Error> {
    let span = match row.int("span_secs")? {
        60 => Span::Minute,
        3_600 => Span::Hour,
        86_400 => Span::Day,
        _ => {
            return Err(Error::Corrupt {
                table: TABLE,
                row: String::new(),
                column: "span_secs",
            });
        }
    };
    let key = SlotKey {
        account_id: empty_or(row, "account_id", AccountId::parse)?,
        at: Timestamp::from_ms(row.int("at")?),
        span,
        route: row.text("route")?,
        method: row.text("method")?,
        status_class: row.number(TABLE, "status_class")?,
        reason: row.text("reason")?,
        client: empty_or(row, "credential_id", Client::parse)?,
    };
    Ok((key, tally_read(row)?))
}

fn tally_read(row: &Row) -> Result<Tally, Error> {
    Ok(Tally {
        n: row.int("n")?,
        n_unlogged: row.int("n_unlogged")?,
        sum_us: row.int("sum_us")?,
        max_us: row.int("max_us")?,
    })
}

fn empty_or<T, E>(
    row: &Row,
    column: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, Error> {
    if row.text(column)?.is_empty() {
        return Ok(None);
    }
    row.parsed(TABLE, column, parse).map(Some)
}
