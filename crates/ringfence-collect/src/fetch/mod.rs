//! Fetching one recording: as often as it takes, never accepting what is not whole.
//!
//! [`fetch_item`] is the loop; [`answer`] reads one answer into [`body`]; [`judge`] decides
//! whether the bytes are the recording.

pub mod answer;
pub mod body;
pub mod judge;

use crate::context::CollectCtx;
use crate::error::Error;
use crate::fetch::answer::{Given, Held};
use crate::fetch::judge::{Judgement, Stored};
use crate::list::refusal;
use crate::plan::Work;
use crate::sink::Sink;
use crate::upstream::client::{Tries, Upstream, UpstreamError};
use crate::upstream::line::{Api, Request};
use ringfence_core::digest::ContentDigest;
use ringfence_core::gap::GapReason;
use std::sync::Arc;

// Whole deliveries that are judged before an item is refused.
const DELIVERIES: u32 = 2;
// Times that a download may begin anew because it could not be continued.
const MAX_RESTARTS: u32 = 6;
// Bytes after which a broken download counts as getting on.
const PROGRESS_BYTES: u64 = 256 << 10;

/// What fetching needs.
#[derive(Clone, Debug)]
pub struct Site {
    /// The context.
    pub ctx: CollectCtx,
    /// The platform.
    pub upstream: Arc<Upstream>,
    /// Where the bytes go.
    pub sink: Arc<dyn Sink>,
}

/// How fetching an item ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is durable and checked.
    Fetched(Stored),
    /// What the platform gives is not accepted, or it gives nothing.
    Refused {
        /// Why.
        reason: GapReason,
        /// More about it.
        detail: String,
    },
    /// Its source no longer has it.
    Gone,
    /// It could not be had this time.
    Failed {
        /// What happened last.
        detail: String,
    },
}

#[derive(Default)]
struct Progress {
    held: Option<Held>,
    deliveries: u32,
    restarts: u32,
    suspect: Option<(ContentDigest, GapReason)>,
}

/// Fetches one item and makes it durable.
///
/// # Errors
/// Going on with other items makes no sense: no token, or the disk refuses.
pub async fn fetch_item(site: &Site, work: &Work) -> Result<Outcome, Error> {
    let mut tries = Tries::default();
    let mut progress = Progress::default();
    // Two such segments would change the path.
    if matches!(work.item.content_key.as_str(), "." | "..") {
        return Ok(refused(GapReason::DeadLetter, "its key is no key"));
    }
    loop {
        let base = Request::new(
            Api::Content,
            &[
                "interaction-content",
                "interactions",
                &work.item.guid,
                "content",
                &work.item.content_key,
            ],
        );
        let request = match &progress.held {
            Some(held) => held.continued(base),
            None => base,
        };
        let answer = match site.upstream.attempt(&request, &mut tries).await {
            Ok(Some(answer)) => answer,
            Ok(None) => continue,
            Err(error) => return given_up(error),
        };
        let given = answer::read(site, answer, progress.held.take()).await?;
        if let Some(outcome) = settle(site, work, given, &mut progress, &mut tries).await? {
            return Ok(outcome);
        }
    }
}

// Nothing means: ask again.
async fn settle(
    site: &Site,
    work: &Work,
    given: Given,
    progress: &mut Progress,
    tries: &mut Tries,
) -> Result<Option<Outcome>, Error> {
    match given {
        Given::Whole(delivery) => {
            progress.deliveries += 1;
            let last = progress.deliveries >= DELIVERIES;
            let before = progress.suspect.take();
            let judged = judge::judge(work, *delivery, before, last).await?;
            match judged {
                Judgement::Good(stored) => return Ok(Some(Outcome::Fetched(stored))),
                Judgement::Refused { reason, detail } => return Ok(Some(refused(reason, &detail))),
                Judgement::Again { suspect } => progress.suspect = Some(suspect),
            }
            Ok(None)
        }
        Given::NoAudio(detail) => {
            progress.deliveries += 1;
            if progress.deliveries >= DELIVERIES {
                return Ok(Some(refused(GapReason::NotAudio, &detail)));
            }
            again(site, tries, detail).await
        }
        Given::Broken { held, fault, got } => {
            progress.held = held.map(|h| *h);
            if got >= PROGRESS_BYTES {
                *tries = Tries::default();
            }
            again(site, tries, fault).await
        }
        Given::Anew(why) => {
            progress.restarts += 1;
            if progress.restarts > MAX_RESTARTS {
                return Ok(Some(Outcome::Failed {
                    detail: why.to_owned(),
                }));
            }
            Ok(None)
        }
        Given::Gone => Ok(Some(Outcome::Gone)),
        Given::Hidden(said) => Ok(Some(refused(
            GapReason::PermissionSuspected,
            &format!(
                "listed, but not given out (403 {said}): the owner's permissions differ between listing and content"
            ),
        ))),
        Given::Odd(status, said) => Ok(Some(refused(
            GapReason::DeadLetter,
            &format!("status {status} {said}"),
        ))),
    }
}

async fn again(site: &Site, tries: &mut Tries, fault: String) -> Result<Option<Outcome>, Error> {
    match site.upstream.failed(tries, fault, None).await {
        Ok(()) => Ok(None),
        Err(error) => given_up(error).map(Some),
    }
}

fn given_up(error: UpstreamError) -> Result<Outcome, Error> {
    match error {
        UpstreamError::GaveUp { .. } => Ok(Outcome::Failed {
            detail: error.to_string(),
        }),
        UpstreamError::Address => Ok(refused(GapReason::DeadLetter, "its key is no key")),
        UpstreamError::Auth(_) | UpstreamError::TokenNotAccepted | UpstreamError::Status { .. } => {
            Err(refusal(error, "the content"))
        }
    }
}

fn refused(reason: GapReason, detail: &str) -> Outcome {
    Outcome::Refused {
        reason,
        detail: detail.to_owned(),
    }
}
