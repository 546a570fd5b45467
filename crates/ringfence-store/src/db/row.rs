//! Rows of an answer, whichever driver gave them.

use super::Error;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// A row of an answer.
#[derive(Debug)]
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
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
