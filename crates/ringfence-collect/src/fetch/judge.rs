//! Whether delivered bytes are the recording.

use crate::error::Error;
use crate::fetch::answer::Delivery;
use crate::fetch::body::{Complete, joined};
use crate::plan::Work;
use ringfence_core::digest::ContentDigest;
use ringfence_core::gap::GapReason;
use ringfence_core::wav::{WavError, WavFacts, WavNote};
use tokio::task::spawn_blocking;

// Talk that a recording may lack without being called short.
const TALK_SLACK_MS: i64 = 3_000;

/// A recording whose bytes are durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// The digest of its bytes.
    pub digest: ContentDigest,
    /// The extension of its file.
    pub extension: &'static str,
    /// Its length.
    pub size_bytes: u64,
    /// What the WAV headers say; `None` for a coding that is not read here.
    pub facts: Option<WavFacts>,
    /// What had to be overlooked.
    pub notes: Vec<String>,
    /// How many offered digests agree.
    pub n_digests: usize,
}

/// What is to become of a delivery.
#[derive(Debug)]
pub enum Judgement {
    /// It is published.
    Good(Stored),
    /// It is not accepted.
    Refused {
        /// Why.
        reason: GapReason,
        /// More about it.
        detail: String,
    },
    /// It is not trusted: fetch it once more.
    Again {
        /// The digest, and the suspicion.
        suspect: (ContentDigest, GapReason),
    },
}

enum Verdict {
    Good(Vec<String>),
    // What the same bytes a second time would mean: a refusal, or a note.
    Suspect {
        reason: GapReason,
        detail: String,
        same_again_is_good: bool,
    },
}

/// Judges a delivery, and publishes it or puts it aside.
///
/// # Errors
/// The disk refuses.
pub async fn judge(
    work: &Work,
    delivery: Delivery,
    before: Option<(ContentDigest, GapReason)>,
    is_last: bool,
) -> Result<Judgement, Error> {
    let end_is_marked = delivery.end_is_marked;
    let complete = joined(spawn_blocking(move || delivery.assembly.complete()).await)?;
    let suspect = match verdict(work, &complete, end_is_marked) {
        Verdict::Good(notes) => return publish(complete, notes).await,
        Verdict::Suspect {
            reason,
            detail,
            same_again_is_good,
        } => {
            let same = before.is_some_and(|(digest, _)| digest == complete.digest);
            if same && same_again_is_good {
                return publish(complete, vec![detail]).await;
            }
            (reason, detail)
        }
    };
    let (reason, detail) = suspect;
    let digest = complete.digest;
    if reason == GapReason::Quarantined || is_last && reason != GapReason::NotAudio {
        tracing::error!(
            interaction.guid = %work.item.guid,
            reason = reason.as_str(),
            %detail,
            "a delivered recording is not trusted and is put aside"
        );
        let part = complete.part;
        joined(spawn_blocking(move || part.quarantine(&digest)).await)?
            .map_err(|e| Error::disk("putting a file aside", e))?;
    }
    if is_last {
        return Ok(Judgement::Refused { reason, detail });
    }
    Ok(Judgement::Again {
        suspect: (digest, reason),
    })
}

fn verdict(work: &Work, complete: &Complete, end_is_marked: bool) -> Verdict {
    let suspect = |reason, detail: String| Verdict::Suspect {
        reason,
        detail,
        same_again_is_good: false,
    };
    if let Err(header) = complete.offered {
        return suspect(
            GapReason::Quarantined,
            format!("the digest offered in {header} differs from that of the bytes"),
        );
    }
    let facts = match &complete.wav {
        Ok(facts) => facts,
        // A real recording in a coding that is not read here is kept, and says so.
        Err(error @ WavError::Unsupported { .. }) => {
            return Verdict::Good(vec![format!("unread: {error}")]);
        }
        Err(error @ WavError::Truncated { .. }) => {
            return suspect(GapReason::Truncated, error.to_string());
        }
        Err(error @ (WavError::Empty | WavError::NotAudio { .. } | WavError::NoSamples)) => {
            return suspect(GapReason::NotAudio, error.to_string());
        }
        Err(error @ WavError::Corrupt(_)) => {
            return suspect(GapReason::Corrupt, error.to_string());
        }
    };
    let notes = facts.notes.iter().map(|n| n.as_str().to_owned()).collect();
    against_talk(work, complete, facts, end_is_marked).unwrap_or(Verdict::Good(notes))
}

// Only for files whose own headers do not tell their length.
fn against_talk(
    work: &Work,
    complete: &Complete,
    facts: &WavFacts,
    end_is_marked: bool,
) -> Option<Verdict> {
    let streamed = |n: &WavNote| matches!(n, WavNote::StreamedLength { .. });
    if !facts.notes.iter().any(streamed) {
        return None;
    }
    let lasts_ms = i64::try_from(facts.duration_ms).unwrap_or(i64::MAX);
    if let Some(talk_ms) = work.talk_ms {
        let missing_ms = talk_ms.saturating_sub(lasts_ms);
        let allowed_ms = TALK_SLACK_MS.max(talk_ms / if end_is_marked { 2 } else { 20 });
        if missing_ms > allowed_ms {
            return Some(Verdict::Suspect {
                reason: GapReason::Truncated,
                detail: format!("short_against_talk: {lasts_ms} ms of {talk_ms} ms of talk"),
                same_again_is_good: end_is_marked,
            });
        }
        return None;
    }
    let short = work.length_hint.is_some_and(|hint| complete.len < hint);
    (short && !end_is_marked).then(|| Verdict::Suspect {
        reason: GapReason::Truncated,
        detail: format!("shorter_than_listed: {} bytes", complete.len),
        same_again_is_good: true,
    })
}

async fn publish(complete: Complete, notes: Vec<String>) -> Result<Judgement, Error> {
    let stored = Stored {
        digest: complete.digest,
        extension: "wav",
        size_bytes: complete.len,
        facts: complete.wav.ok(),
        notes,
        n_digests: complete.offered.unwrap_or_default(),
    };
    let (part, digest, extension) = (complete.part, stored.digest, stored.extension);
    joined(spawn_blocking(move || part.publish(&digest, extension)).await)?
        .map_err(|e| Error::disk("making a file durable", e))?;
    Ok(Judgement::Good(stored))
}
