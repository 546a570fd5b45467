//! Values bound to placeholders, and how each driver takes them.

use super::Error;
use ringfence_core::time::Timestamp;

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

pub(super) fn sqlite_args(args: &[Arg]) -> Result<sqlx::sqlite::SqliteArguments, Error> {
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

pub(super) fn postgres_args(args: &[Arg]) -> Result<sqlx::postgres::PgArguments, Error> {
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
impl From<Option<Vec<u8>>> for Arg {
    fn from(v: Option<Vec<u8>>) -> Self {
        Self::Bytes(v)
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
impl From<Timestamp> for Arg {
    fn from(v: Timestamp) -> Self {
        Self::Int(Some(v.ms()))
    }
}
impl From<Option<Timestamp>> for Arg {
    fn from(v: Option<Timestamp>) -> Self {
        Self::Int(v.map(Timestamp::ms))
    }
}
