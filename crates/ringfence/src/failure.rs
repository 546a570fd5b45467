//! How a command ends: its exit code, and what it says when it fails.

use ringfence_app::error::{Error, chain};
use ringfence_collect::error::Error as Collect;
use ringfence_store::db;
use std::process::ExitCode;

/// How a command that did its work ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Done {
    /// Nothing to add.
    Clean,
    /// The work is done and there is something to look at: gaps, refused rows, failed checks.
    Findings,
}

/// What the caller asked for makes no sense; the text says what to change.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Something needed cannot be reached or does not let us in.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreachable(pub(crate) String);

const FINDINGS: u8 = 1;
const USAGE: u8 = 2;
const UNREACHABLE: u8 = 3;
const INTERNAL: u8 = 4;

impl From<Done> for ExitCode {
    fn from(done: Done) -> Self {
        match done {
            Done::Clean => Self::SUCCESS,
            Done::Findings => Self::from(FINDINGS),
        }
    }
}

/// Says on standard error why a command failed, and gives its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    anstream::eprintln!("ringfence: {}", text(error));
    ExitCode::from(code(error))
}

fn text(error: &anyhow::Error) -> String {
    // The act's own words suffice where the caller can mend it; the whole chain helps where only we can.
    match error.downcast_ref::<Error>() {
        Some(Error::Internal(source)) => format!("internal error: {}", chain(&**source)),
        Some(reason) => reason.to_string(),
        None => format!("{error:#}"),
    }
}

fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<Usage>() || cause.is::<crate::config::Error>() {
            return USAGE;
        }
        if cause.is::<Unreachable>()
            || matches!(cause.downcast_ref(), Some(db::Error::Unreachable(_)))
        {
            return UNREACHABLE;
        }
        match cause.downcast_ref::<Error>() {
            Some(Error::Invalid(_) | Error::NotFound(_) | Error::Conflict(_) | Error::Stale) => {
                return USAGE;
            }
            Some(
                Error::Unauthenticated
                | Error::Forbidden(_)
                | Error::TooMany { .. }
                | Error::Unavailable(_),
            ) => {
                return UNREACHABLE;
            }
            Some(Error::Internal(_)) | None => {}
        }
        match cause.downcast_ref::<Collect>() {
            Some(Collect::Invalid(_) | Collect::NotFound(_) | Collect::Exists(_)) => return USAGE,
            Some(Collect::Busy(_) | Collect::NotAllowed(_) | Collect::Unreachable(_)) => {
                return UNREACHABLE;
            }
            Some(
                Collect::Disk { .. }
                | Collect::Store(_)
                | Collect::Table(_)
                | Collect::Unbalanced(_)
                | Collect::Internal(_),
            )
            | None => {}
        }
    }
    INTERNAL
}
