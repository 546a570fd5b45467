//! What can go wrong with a collection, by what the caller can do about it.

use thiserror::Error;

/// A collection, a check or a verification could not be carried out.
#[derive(Debug, Error)]
pub enum Error {
    /// The caller asked for something that makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// There is no such connection.
    #[error("there is no connection {0:?}; `ringfence connection list` shows them")]
    NotFound(String),
    /// A connection of that name exists.
    #[error("there is a connection {0:?} already")]
    Exists(String),
    /// Another process works on this connection.
    #[error("another collection of {0:?} is running")]
    Busy(String),
    /// The platform refuses: credential, scope or permission.
    #[error("the platform refuses: {0}")]
    NotAllowed(String),
    /// The platform does not answer, or not in a way that makes sense.
    #[error("the platform cannot be reached: {0}")]
    Unreachable(String),
    /// The corpus cannot be written or read.
    #[error("the corpus cannot be written: {what}")]
    Disk {
        /// What was being done.
        what: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The store fails.
    #[error("the store fails")]
    Store(#[from] ringfence_store::db::Error),
    /// A table file could not be written.
    #[error("a table of the corpus could not be written")]
    Table(#[source] parquet::errors::ParquetError),
    /// The counts of a run do not add up; nothing may be concluded from it.
    #[error("the run does not balance: {0}")]
    Unbalanced(String),
    /// A part of the program failed.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// Wraps a disk error with what was being done.
    #[must_use]
    pub fn disk(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Disk {
            what: what.into(),
            source,
        }
    }
}

impl From<parquet::errors::ParquetError> for Error {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Table(error)
    }
}
