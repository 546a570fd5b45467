//! The one error of this floor: by what the caller can do about it.

use ringfence_store::blobs::BlobError;
use ringfence_store::db;
use thiserror::Error;

/// Why an act was not done.
#[derive(Debug, Error)]
pub enum Error {
    /// The input is wrong; the text says what to change.
    #[error("{0}")]
    Invalid(String),
    /// Nobody is signed in, or the proof is wrong.
    #[error("not authenticated")]
    Unauthenticated,
    /// The caller may know of the thing and may not do this to it.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or the caller may not know of it.
    #[error("{0} not found")]
    NotFound(String),
    /// It clashes with what is there.
    #[error("{0}")]
    Conflict(String),
    /// It has changed since the caller read it.
    #[error("somebody else changed it in the meantime; look at it again")]
    Stale,
    /// Too many requests.
    #[error("too many requests; try again in {retry_after_secs} s")]
    TooMany {
        /// When to try again, in seconds.
        retry_after_secs: u32,
    },
    /// Something needed cannot be reached, or is full, for the moment.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps a fault of ours.
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(source))
    }

    /// Wraps what a parser said of the caller's input.
    pub fn invalid(reason: impl std::fmt::Display) -> Self {
        Self::Invalid(reason.to_string())
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Unreachable(_) => {
                tracing::warn!(error = %chain(&error), "the database cannot be reached");
                Self::Unavailable("the database cannot be reached".to_owned())
            }
            db::Error::Full => Self::Unavailable(
                "no space is left for the database; free some and try again".to_owned(),
            ),
            db::Error::Duplicate => Self::Conflict("something of that name exists".to_owned()),
            db::Error::Refused(_)
            | db::Error::Corrupt { .. }
            | db::Error::Migrate(_)
            | db::Error::Io(_) => Self::internal(error),
        }
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Full => Self::Unavailable(
                "no space is left for recordings; free some and try again".to_owned(),
            ),
            BlobError::Remote(_) => {
                tracing::warn!(error = %chain(&error), "the object store refused or cannot be reached");
                Self::Unavailable("the object store cannot be reached".to_owned())
            }
            BlobError::Missing(_) | BlobError::Io(_) => Self::internal(error),
        }
    }
}

/// An error and everything that led to it, for the log.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
