//! Who uses an application, and for how much: written in batches, read by people.

use crate::collect::{flat, placeholders};
use crate::credentials::usage::Tally;
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::{AccountId, ApplicationId};
use ringfence_core::time::Timestamp;

// Rows of one statement.
const ROWS_A_STATEMENT: usize = 500;

/// Uses of an application with the people of one account, gathered since the last flush.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UseDelta {
    /// The application.
    pub application_id: ApplicationId,
    /// The account of the people it acted for; `None` where it acted for nobody.
    pub account_id: Option<AccountId>,
    /// The last use.
    pub at: Timestamp,
    /// The address of the last use.
    pub from: String,
    /// The route of the last use.
    pub route: String,
    /// How many uses there were.
    pub uses: i64,
}

/// A tally to be added to an hour of an application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HourDelta {
    /// The application.
    pub application_id: ApplicationId,
    /// The account of the people it acted for; `None` where it acted for nobody.
    pub account_id: Option<AccountId>,
    /// Hours since 1970 UTC.
    pub hour: i64,
    /// What to add.
    pub tally: Tally,
}

/// The last use of an application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// From which address; empty when it is not known.
    pub from: String,
    /// The route.
    pub route: String,
    /// How often it was used so far.
    pub uses: i64,
}

/// What an application did with the people of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplicationSum {
    /// The application.
    pub application_id: ApplicationId,
    /// Its requests.
    pub tally: Tally,
    /// Its last use there; `None` when it was only refused.
    pub last: Option<LastUse>,
}

/// Adds gathered uses, one for each application and account at most.
///
/// # Errors
/// The database refused it or broke off.
pub async fn application_uses_add(tx: &mut Tx, deltas: &[UseDelta]) -> Result<(), Error> {
    for some in deltas.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO application_uses (application_id, account_id, last_used_at, last_from, last_route, uses)
             VALUES {}
             ON CONFLICT (application_id, account_id) DO UPDATE SET
                 last_used_at = excluded.last_used_at, last_from = excluded.last_from,
                 last_route = excluded.last_route, uses = application_uses.uses + excluded.uses",
            placeholders(some.len(), 6)
        );
        let args = flat(some.iter().map(|delta| {
            vec![
                delta.application_id.to_string().into(),
                account_text(delta.account_id),
                delta.at.into(),
                delta.from.as_str().into(),
                delta.route.as_str().into(),
                delta.uses.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// Adds gathered tallies, one for each application, account and hour at most.
///
/// # Errors
/// The database refused it or broke off.
pub async fn application_hours_add(tx: &mut Tx, deltas: &[HourDelta]) -> Result<(), Error> {
    for some in deltas.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO application_hours (application_id, account_id, hour, tokens, ok, refused, wrong, failed)
             VALUES {}
             ON CONFLICT (application_id, account_id, hour) DO UPDATE SET
                 tokens = application_hours.tokens + excluded.tokens,
                 ok = application_hours.ok + excluded.ok,
                 refused = application_hours.refused + excluded.refused,
                 wrong = application_hours.wrong + excluded.wrong,
                 failed = application_hours.failed + excluded.failed",
            placeholders(some.len(), 8)
        );
        let args = flat(some.iter().map(|delta| {
            let tally = delta.tally;
            vec![
                delta.application_id.to_string().into(),
                account_text(delta.account_id),
                delta.hour.into(),
                tally.tokens.into(),
                tally.ok.into(),
                tally.refused.into(),
                tally.wrong.into(),
                tally.failed.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// The applications that did something with the people of an account from an hour on, the busiest first; of all accounts
/// together when none is given.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn application_sums(
    tx: &mut Tx,
    account_id: Option<AccountId>,
    from_hour: i64,
    limit: u32,
) -> Result<Vec<ApplicationSum>, Error> {
    let mut args: Vec<Arg> = vec![from_hour.into(), limit.into()];
    let mut of = "";
    if account_id.is_some() {
        of = "AND h.account_id = $3";
        args.push(account_text(account_id));
    }
    let sql = format!(
        "SELECT h.application_id, CAST(SUM(h.tokens) AS BIGINT) AS tokens, CAST(SUM(h.ok) AS BIGINT) AS ok,
             CAST(SUM(h.refused) AS BIGINT) AS refused, CAST(SUM(h.wrong) AS BIGINT) AS wrong,
             CAST(SUM(h.failed) AS BIGINT) AS failed
         FROM application_hours h WHERE h.hour >= $1 {of}
         GROUP BY h.application_id
         ORDER BY SUM(h.tokens + h.ok + h.refused + h.wrong + h.failed) DESC, h.application_id LIMIT $2"
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    let mut sums = Vec::with_capacity(rows.len());
    for row in &rows {
        let parse = ApplicationId::parse;
        let application_id = row.parsed("application_hours", "application_id", parse)?;
        sums.push(ApplicationSum {
            application_id,
            tally: tally(row)?,
            last: application_last_use(tx, application_id, account_id).await?,
        });
    }
    Ok(sums)
}

/// The last use of an application with the people of an account, or with anybody's when none is given.
///
/// # Errors
/// The database broke off.
pub async fn application_last_use(
    tx: &mut Tx,
    id: ApplicationId,
    account_id: Option<AccountId>,
) -> Result<Option<LastUse>, Error> {
    let mut args: Vec<Arg> = vec![id.to_string().into()];
    let mut of = "";
    if account_id.is_some() {
        of = "AND account_id = $2";
        args.push(account_text(account_id));
    }
    let sql = format!(
        "SELECT last_used_at, last_from, last_route, CAST(SUM(uses) OVER () AS BIGINT) AS uses
         FROM application_uses WHERE application_id = $1 {of} ORDER BY last_used_at DESC LIMIT 1"
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    let read = |row: &Row| {
        Ok(LastUse {
            at: Timestamp::from_ms(row.int("last_used_at")?),
            from: row.text("last_from")?,
            route: row.text("last_route")?,
            uses: row.int("uses")?,
        })
    };
    rows.first().map(read).transpose()
}

/// Cleans away hours before one, and what belongs to applications that are gone.
///
/// # Errors
/// The database refused it or broke off.
pub async fn application_usage_prune(tx: &mut Tx, before_hour: i64) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM application_hours WHERE hour < $1",
        &[before_hour.into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM application_uses WHERE NOT EXISTS (SELECT 1 FROM applications a
             WHERE a.id = application_uses.application_id)",
        &[],
    )
    .await?;
    Ok(())
}

fn account_text(account_id: Option<AccountId>) -> Arg {
    account_id
        .map(|id| id.to_string())
        .unwrap_or_default()
        .into()
}

fn tally(row: &Row) -> Result<Tally, Error> {
    Ok(Tally {
        tokens: row.int("tokens")?,
        ok: row.int("ok")?,
        refused: row.int("refused")?,
        wrong: row.int("wrong")?,
        failed: row.int("failed")?,
    })
}
