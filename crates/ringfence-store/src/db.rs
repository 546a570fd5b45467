//! The two drivers behind one face. No other module names SQLite or PostgreSQL.
//!
//! Statements are written once, with `$1` placeholders. [`Db::begin_write`] is
//! `BEGIN IMMEDIATE` on SQLite: a plain `BEGIN` loses most of a crowd of writers to
//! "database is locked".

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Postgres, Row as _, SqlSafeStr as _, SqlStr, Sqlite, Transaction};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;
use thiserror::Error;

/// Which engine answers; asked only where a statement must fork (each fork is listed in a decision file).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// The embedded default.
    Sqlite,
    /// Past one machine.
    Postgres,
}

/// A fault of the store.
#[derive(Debug, Error)]
pub enum Error {
    /// The database cannot be reached, or broke off.
    #[error("the database cannot be reached")]
    Unreachable(#[source] sqlx::Error),
    /// The database refused a statement.
    #[error("the database refused a statement")]
    Refused(#[source] sqlx::Error),
    /// A row with that key exists.
    #[error("a row with that key exists")]
    Duplicate,
    /// The disk is full.
    #[error("no space is left for the database")]
    Full,
    /// A stored value is not what its column holds.
    #[error("a stored value is damaged: {table}.{column}, row {row}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The column.
        column: &'static str,
    },
    /// The schema could not be brought up to date.
    #[error("the schema cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// Reading or writing a file failed.
    #[error("reading or writing a file failed")]
    Io(#[from] std::io::Error),
}

/// A value bound to a placeholder.
#[derive(Clone, Debug)]
pub enum Arg {
    /// `BIGINT`.
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BOOLEAN`.
    Bool(bool),
    /// `BLOB` or `BYTEA`.
    Bytes(Option<Vec<u8>>),
    /// `DOUBLE PRECISION`.
    Real(Option<f64>),
}

/// A database: pools of connections, shared by clones.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
}

#[derive(Clone, Debug)]
enum Pools {
    // SQLite has one writer at a time; a pool of one keeps waiting fair and in-process.
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// An open transaction; dropped without [`Tx::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Tx(Inner);

#[derive(Debug)]
enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A row of an answer.
#[derive(Debug)]
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

/// Waits for the word that something changed. PostgreSQL only; elsewhere it never wakes.
#[derive(Debug)]
pub struct Listener(Option<PgListener>);

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`, and brings the schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached or its schema cannot be brought up to date.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, Error> {
        let pools = if let Some(path) = url.strip_prefix("sqlite:") {
            open_sqlite(Path::new(path.trim_start_matches("//")), max_connections).await?
        } else {
            open_postgres(url, max_connections).await?
        };
        let db = Self { pools };
        db.migrate().await?;
        Ok(db)
    }

    /// Which engine answers.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self.pools {
            Pools::Sqlite { .. } => Dialect::Sqlite,
            Pools::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Begins a transaction that reads one consistent state.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin_read(&self) -> Result<Tx, Error> {
        match &self.pools {
            Pools::Sqlite { read, .. } => Ok(Tx(Inner::Sqlite(read.begin().await.map_err(fault)?))),
            Pools::Postgres(pool) => {
                let sql = SqlStr::from_static("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
                Ok(Tx(Inner::Postgres(
                    pool.begin_with(sql).await.map_err(fault)?,
                )))
            }
        }
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// The database cannot be reached, or another writer held it for too long.
    pub async fn begin_write(&self) -> Result<Tx, Error> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                let sql = SqlStr::from_static("BEGIN IMMEDIATE");
                Ok(Tx(Inner::Sqlite(
                    write.begin_with(sql).await.map_err(fault)?,
                )))
            }
            Pools::Postgres(pool) => Ok(Tx(Inner::Postgres(pool.begin().await.map_err(fault)?))),
        }
    }

    /// Listens for [`Tx::notify`] on a channel.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn listen(&self, channel: &str) -> Result<Listener, Error> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(Listener(None)),
            Pools::Postgres(pool) => {
                let mut listener = PgListener::connect_with(pool).await.map_err(fault)?;
                listener.listen(channel).await.map_err(fault)?;
                Ok(Listener(Some(listener)))
            }
        }
    }

    /// Closes every connection once the transactions under way have ended.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    async fn migrate(&self) -> Result<(), Error> {
        match &self.pools {
            Pools::Sqlite { write, .. } => sqlx::migrate!("migrations/sqlite").run(write).await,
            Pools::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await,
        }
        .map_err(Error::Migrate)
    }
}

async fn open_sqlite(path: &Path, max_connections: u32) -> Result<Pools, Error> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(15))
        .statement_cache_capacity(256);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(15))
        .connect_with(options.clone())
        .await
        .map_err(fault)?;
    let read = SqlitePoolOptions::new()
        .max_connections(max_connections.max(1))
        .acquire_timeout(Duration::from_secs(15))
        .connect_lazy_with(options.read_only(false));
    Ok(Pools::Sqlite { read, write })
}

async fn open_postgres(url: &str, max_connections: u32) -> Result<Pools, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(fault)?
        .application_name("ringfence");
    let pool = PgPoolOptions::new()
        .max_connections(max_connections.max(2))
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .map_err(fault)?;
    Ok(Pools::Postgres(pool))
}

impl Tx {
    /// Which engine answers.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self.0 {
            Inner::Sqlite(_) => Dialect::Sqlite,
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and says how many rows it touched.
    ///
    /// # Errors
    /// The database refused the statement or broke off.
    pub async fn execute(&mut self, sql: &'static str, args: &[Arg]) -> Result<u64, Error> {
        self.execute_built(sql.to_owned(), args).await
    }

    /// Runs a statement whose text was built here, never from outside text.
    ///
    /// # Errors
    /// The database refused the statement or broke off.
    pub async fn execute_built(&mut self, sql: String, args: &[Arg]) -> Result<u64, Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match &mut self.0 {
            Inner::Sqlite(tx) => {
                let done = sqlx::query_with(sql, sqlite_args(args)?)
                    .execute(&mut **tx)
                    .await;
                Ok(done.map_err(fault)?.rows_affected())
            }
            Inner::Postgres(tx) => {
                let done = sqlx::query_with(sql, postgres_args(args)?)
                    .execute(&mut **tx)
                    .await;
                Ok(done.map_err(fault)?.rows_affected())
            }
        }
    }

    /// Runs a query and gives all rows. The statement bounds their number.
    ///
    /// # Errors
    /// The database refused the statement or broke off.
    pub async fn fetch_all(&mut self, sql: &'static str, args: &[Arg]) -> Result<Vec<Row>, Error> {
        self.fetch_all_built(sql.to_owned(), args).await
    }

    /// Runs a query whose text was built here, never from outside text.
    ///
    /// # Errors
    /// The database refused the statement or broke off.
    pub async fn fetch_all_built(&mut self, sql: String, args: &[Arg]) -> Result<Vec<Row>, Error> {
        let sql = AssertSqlSafe(sql).into_sql_str();
        match &mut self.0 {
            Inner::Sqlite(tx) => {
                let rows = sqlx::query_with(sql, sqlite_args(args)?)
                    .fetch_all(&mut **tx)
                    .await;
                Ok(rows.map_err(fault)?.into_iter().map(Row::Sqlite).collect())
            }
            Inner::Postgres(tx) => {
                let rows = sqlx::query_with(sql, postgres_args(args)?)
                    .fetch_all(&mut **tx)
                    .await;
                Ok(rows
                    .map_err(fault)?
                    .into_iter()
                    .map(Row::Postgres)
                    .collect())
            }
        }
    }

    /// Runs a query and gives the first row, if there is one.
    ///
    /// # Errors
    /// The database refused the statement or broke off.
    pub async fn fetch_optional(
        &mut self,
        sql: &'static str,
        args: &[Arg],
    ) -> Result<Option<Row>, Error> {
        Ok(self.fetch_all(sql, args).await?.into_iter().next())
    }

    /// Runs a query that always gives a row.
    ///
    /// # Errors
    /// The database refused the statement or broke off, or gave no row.
    pub async fn fetch_one(&mut self, sql: &'static str, args: &[Arg]) -> Result<Row, Error> {
        self.fetch_optional(sql, args)
            .await?
            .ok_or(Error::Refused(sqlx::Error::RowNotFound))
    }

    /// Wakes listeners on a channel once this transaction has committed.
    ///
    /// # Errors
    /// The database broke off.
    pub async fn notify(&mut self, channel: &'static str) -> Result<(), Error> {
        if self.dialect() == Dialect::Postgres {
            self.fetch_all("SELECT pg_notify($1, '')::TEXT AS done", &[channel.into()])
                .await?;
        }
        Ok(())
    }

    /// Makes everything durable and visible, at once.
    ///
    /// # Errors
    /// The database broke off; nothing may be taken as done.
    pub async fn commit(self) -> Result<(), Error> {
        match self.0 {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        }
        .map_err(fault)
    }
}

impl Listener {
    /// Waits for the next word, however long that takes.
    ///
    /// # Errors
    /// The connection broke off; words may have been missed.
    pub async fn wait(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Some(listener) => listener.recv().await.map(drop).map_err(fault),
            None => std::future::pending().await,
        }
    }
}

// The driver dispatch: one of the workspace's two macros.
macro_rules! column {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        impl Row {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// There is no such column, or it holds another type.
            pub fn $name(&self, column: &str) -> Result<$type, Error> {
                match self {
                    Self::Sqlite(row) => row.try_get(column),
                    Self::Postgres(row) => row.try_get(column),
                }
                .map_err(Error::Refused)
            }
        )*}
    };
}

column! {
    /// A `BIGINT`.
    int: i64;
    /// A `BIGINT` that may be null.
    opt_int: Option<i64>;
    /// A `TEXT`.
    text: String;
    /// A `TEXT` that may be null.
    opt_text: Option<String>;
    /// A `BOOLEAN`.
    bool: bool;
    /// A `BLOB` or `BYTEA`.
    bytes: Vec<u8>;
    /// A `BLOB` or `BYTEA` that may be null.
    opt_bytes: Option<Vec<u8>>;
    /// A `DOUBLE PRECISION`.
    real: f64;
}

impl Row {
    /// A `TEXT` read as a domain type; a value that does not parse is [`Error::Corrupt`].
    ///
    /// # Errors
    /// There is no such column, or its text does not parse.
    pub fn parsed<T, E>(
        &self,
        table: &'static str,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Error> {
        let text = self.text(column)?;
        parse(&text).map_err(|_| Error::Corrupt {
            table,
            row: self.key(),
            column,
        })
    }

    /// As [`Row::parsed`], for a column that may be null.
    ///
    /// # Errors
    /// There is no such column, or its text does not parse.
    pub fn opt_parsed<T, E>(
        &self,
        table: &'static str,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.opt_text(column)? else {
            return Ok(None);
        };
        parse(&text).map(Some).map_err(|_| Error::Corrupt {
            table,
            row: self.key(),
            column,
        })
    }

    /// A `BIGINT` that must fit a smaller type.
    ///
    /// # Errors
    /// There is no such column, or its value does not fit.
    pub fn number<T: TryFrom<i64>>(
        &self,
        table: &'static str,
        column: &'static str,
    ) -> Result<T, Error> {
        T::try_from(self.int(column)?).map_err(|_| Error::Corrupt {
            table,
            row: self.key(),
            column,
        })
    }

    fn key(&self) -> String {
        self.text("id").unwrap_or_default()
    }
}

fn sqlite_args(args: &[Arg]) -> Result<sqlx::sqlite::SqliteArguments, Error> {
    use sqlx::Arguments as _;
    let mut bound = sqlx::sqlite::SqliteArguments::default();
    for arg in args {
        match arg.clone() {
            Arg::Int(v) => bound.add(v),
            Arg::Text(v) => bound.add(v),
            Arg::Bool(v) => bound.add(v),
            Arg::Bytes(v) => bound.add(v),
            Arg::Real(v) => bound.add(v),
        }
        .map_err(|e| Error::Refused(sqlx::Error::Encode(e)))?;
    }
    Ok(bound)
}

fn postgres_args(args: &[Arg]) -> Result<sqlx::postgres::PgArguments, Error> {
    use sqlx::Arguments as _;
    let mut bound = sqlx::postgres::PgArguments::default();
    for arg in args {
        match arg.clone() {
            Arg::Int(v) => bound.add(v),
            Arg::Text(v) => bound.add(v),
            Arg::Bool(v) => bound.add(v),
            Arg::Bytes(v) => bound.add(v),
            Arg::Real(v) => bound.add(v),
        }
        .map_err(|e| Error::Refused(sqlx::Error::Encode(e)))?;
    }
    Ok(bound)
}

fn fault(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Error::Duplicate,
        // SQLITE_FULL is 13; PostgreSQL's disk_full is 53100.
        sqlx::Error::Database(refusal)
            if matches!(refusal.code().as_deref(), Some("13" | "53100")) =>
        {
            Error::Full
        }
        // Class 57P: the server shuts down or starts up; class 08: the connection.
        sqlx::Error::Database(refusal)
            if refusal
                .code()
                .is_some_and(|c| c.starts_with("57P") || c.starts_with("08")) =>
        {
            Error::Unreachable(error)
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Configuration(_) => Error::Unreachable(error),
        _ => Error::Refused(error),
    }
}

impl From<i64> for Arg {
    fn from(v: i64) -> Self {
        Self::Int(Some(v))
    }
}
impl From<u32> for Arg {
    fn from(v: u32) -> Self {
        Self::Int(Some(v.into()))
    }
}
impl From<Option<i64>> for Arg {
    fn from(v: Option<i64>) -> Self {
        Self::Int(v)
    }
}
impl From<&str> for Arg {
    fn from(v: &str) -> Self {
        Self::Text(Some(v.to_owned()))
    }
}
impl From<String> for Arg {
    fn from(v: String) -> Self {
        Self::Text(Some(v))
    }
}
impl From<Option<String>> for Arg {
    fn from(v: Option<String>) -> Self {
        Self::Text(v)
    }
}
impl From<Option<&str>> for Arg {
    fn from(v: Option<&str>) -> Self {
        Self::Text(v.map(str::to_owned))
    }
}
impl From<bool> for Arg {
    fn from(v: bool) -> Self {
        Self::Bool(v)
    }
}
impl From<Vec<u8>> for Arg {
    fn from(v: Vec<u8>) -> Self {
        Self::Bytes(Some(v))
    }
}
impl From<&[u8]> for Arg {
    fn from(v: &[u8]) -> Self {
        Self::Bytes(Some(v.to_vec()))
    }
}
impl From<f64> for Arg {
    fn from(v: f64) -> Self {
        Self::Real(Some(v))
    }
}
impl From<ringfence_core::time::Timestamp> for Arg {
    fn from(v: ringfence_core::time::Timestamp) -> Self {
        Self::Int(Some(v.ms()))
    }
}
impl From<Option<ringfence_core::time::Timestamp>> for Arg {
    fn from(v: Option<ringfence_core::time::Timestamp>) -> Self {
        Self::Int(v.map(ringfence_core::time::Timestamp::ms))
    }
}
