//! How much a credential is used: tokens and calls by outcome, for each hour or day.

use super::seen;
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::id::CredentialId;
use ringfence_core::time::Timestamp;
use ringfence_store::credentials::usage::{Tally, hour_list};

/// How finely to tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Step {
    /// The last 48 hours, one by one.
    Hour,
    /// The last 30 days, one by one.
    #[default]
    Day,
}

/// A stretch of time and what happened in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    /// Its first instant.
    pub from: Timestamp,
    /// What happened.
    pub tally: Tally,
}

/// The use of a credential that the caller may see: every stretch, also the empty ones, the oldest first. UTC days.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of.
pub async fn credential_usage(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
    step: Step,
) -> Result<Vec<Bucket>, Error> {
    let this_hour = ctx.now().secs().div_euclid(3_600);
    let (hours, n) = match step {
        Step::Hour => (1, 48),
        Step::Day => (24, 30),
    };
    let first = this_hour.div_euclid(hours) - n + 1;
    let mut tx = ctx.db.begin_read().await?;
    seen(&mut tx, caller, id).await?;
    let known = hour_list(&mut tx, id, first * hours).await?;
    let mut buckets: Vec<Bucket> = (first..first + n)
        .map(|place| Bucket {
            from: Timestamp::from_secs(place * hours * 3_600),
            tally: Tally::default(),
        })
        .collect();
    for (hour, tally) in known {
        let place = usize::try_from(hour.div_euclid(hours) - first);
        if let Some(bucket) = place.ok().and_then(|place| buckets.get_mut(place)) {
            let sum = &mut bucket.tally;
            sum.tokens += tally.tokens;
            sum.ok += tally.ok;
            sum.refused += tally.refused;
            sum.wrong += tally.wrong;
            sum.failed += tally.failed;
        }
    }
    Ok(buckets)
}
