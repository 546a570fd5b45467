//! What a person checking on an installation asks of its database.

use crate::db::{Dialect, Error, Tx, migrations_known};
use ringfence_core::time::Timestamp;

/// How the database's schema stands to this program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Schema {
    /// Nothing has been made yet; the first start does that.
    Empty,
    /// It is the one this program expects.
    Current,
    /// These migrations are still to be applied; the next start does that.
    Behind(Vec<i64>),
    /// A newer program has applied these.
    Ahead(Vec<i64>),
}

/// Compares the migrations applied with the ones this program knows.
///
/// # Errors
/// The database broke off.
pub async fn schema_compare(tx: &mut Tx) -> Result<Schema, Error> {
    let sql = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    let rows = match tx.fetch_all(sql, &[]).await {
        Ok(rows) => rows,
        // The table is made with the first migration.
        Err(Error::Refused(_)) => return Ok(Schema::Empty),
        Err(fault) => return Err(fault),
    };
    let applied = rows
        .iter()
        .map(|row| row.int("version"))
        .collect::<Result<Vec<i64>, Error>>()?;
    let known = migrations_known();
    let lacking = |from: &[i64], of: &[i64]| -> Vec<i64> {
        let missing = from.iter().filter(|version| !of.contains(version));
        missing.copied().collect()
    };
    let (behind, ahead) = (lacking(&known, &applied), lacking(&applied, &known));
    Ok(if !ahead.is_empty() {
        Schema::Ahead(ahead)
    } else if behind.is_empty() {
        Schema::Current
    } else {
        Schema::Behind(behind)
    })
}

/// The time on the database's machine; `None` when that is this machine.
///
/// # Errors
/// The database broke off.
pub async fn clock_read(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    match tx.dialect() {
        Dialect::Sqlite => Ok(None),
        Dialect::Postgres => {
            let sql = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT AS ms";
            let row = tx.fetch_one(sql, &[]).await?;
            Ok(Some(Timestamp::from_ms(row.int("ms")?)))
        }
    }
}
