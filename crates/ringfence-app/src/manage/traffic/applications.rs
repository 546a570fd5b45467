//! The applications that acted for people, and how much.

use super::{Breadth, application_named, counts_of};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::id::ApplicationId;
use ringfence_store::applications::usage::application_sums;
use ringfence_store::traffic::counts::CountsOf;

use ringfence_store::applications::usage::LastUse;
use ringfence_store::credentials::usage::Tally;

const DAYS: i64 = 30;
const MOST: u32 = 100;

/// What an application did in the last 30 days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplicationTraffic {
    /// Its id.
    pub application_id: ApplicationId,
    /// Its name; `None` when it was deleted.
    pub name: Option<String>,
    /// Tokens it got, and its calls by outcome.
    pub tally: Tally,
    /// Its last use; `None` when it was only refused.
    pub last: Option<LastUse>,
}

/// The applications of the last 30 days, the busiest first.
///
/// # Errors
/// [`Error::NotFound`] for anybody who may not see them.
pub async fn applications_show(
    ctx: &Ctx,
    caller: &Caller,
    breadth: Breadth,
) -> Result<Vec<ApplicationTraffic>, Error> {
    let account_id = match counts_of(caller, breadth)? {
        CountsOf::All => None,
        CountsOf::Account(Some(id)) => Some(id),
        // An application is always known by a token of ours.
        CountsOf::Account(None) => return Ok(Vec::new()),
    };
    let from_hour = ctx.now().secs().div_euclid(3_600) - DAYS * 24;
    let mut tx = ctx.db.begin_read().await?;
    let sums = application_sums(&mut tx, account_id, from_hour, MOST).await?;
    let shown = |sum: ringfence_store::applications::usage::ApplicationSum| ApplicationTraffic {
        application_id: sum.application_id,
        name: application_named(ctx, sum.application_id),
        tally: sum.tally,
        last: sum.last,
    };
    Ok(sums.into_iter().map(shown).collect())
}
