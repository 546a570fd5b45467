//! The two drivers behind one face. Nothing outside this folder names SQLite or PostgreSQL.
//!
//! Statements are written once, with `$1` placeholders. [`Db::begin_write`] is
//! `BEGIN IMMEDIATE` on SQLite: a plain `BEGIN` loses most of a crowd of writers to
//! "database is locked".

mod arg;
mod row;

pub use arg::Arg;
pub use row::Row;

use arg::{postgres_args, sqlite_args};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Postgres, SqlSafeStr as _, SqlStr, Sqlite, Transaction};
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;
use thiserror::Error;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

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

/// Waits for the word that something changed. PostgreSQL only; elsewhere it never wakes.
#[derive(Debug)]
pub struct Listener(Option<PgListener>);

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…`, and brings the schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached or its schema cannot be brought up to date.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, Error> {
        let db = Self::connect(url, max_connections).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens the database and leaves its schema as it is.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, Error> {
        let pools = if let Some(path) = url.strip_prefix("sqlite:") {
            open_sqlite(Path::new(path.trim_start_matches("//")), max_connections).await?
        } else {
            open_postgres(url, max_connections).await?
        };
        Ok(Self { pools })
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
            Pools::Sqlite { write, .. } => SQLITE_MIGRATIONS.run(write).await,
            Pools::Postgres(pool) => POSTGRES_MIGRATIONS.run(pool).await,
        }
        .map_err(Error::Migrate)
    }
}

/// The numbers of the migrations this program knows; both sets have the same ones.
pub(crate) fn migrations_known() -> Vec<i64> {
    let known = SQLITE_MIGRATIONS.iter();
    known.map(|migration| migration.version).collect()
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
