//! What can be seen: the latest month with calls, by the statistics and by the content.

use super::{CheckResult, Sheet};
use crate::context::CollectCtx;
use crate::lane::collected;
use crate::list::{self, ContentPages, StatsPages, Window};
use crate::plan::is_audio;
use crate::upstream::access::STATS_SCOPE;
use crate::upstream::client::{Tries, Upstream};
use crate::upstream::line::{Api, Line, Request};
use crate::upstream::wire::ListedInteraction;
use reqwest::header::RANGE;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::interactions::CollectedInteraction;

const DAY_MS: i64 = 86_400_000;
// A sample of calls tells enough; more would cost requests.
const MAX_SAMPLE: usize = 5_000;

#[derive(Default)]
pub(super) struct Evidence {
    pub(super) calls: Vec<CollectedInteraction>,
    pub(super) listed: Vec<ListedInteraction>,
    range: Option<(Timestamp, Timestamp)>,
    pub(super) now: Timestamp,
    has_stats: bool,
}

// The last month in which there were calls: by the statistics, and by what can be seen.
pub(super) async fn evidence(
    ctx: &CollectCtx,
    line: &Line,
    content: &Upstream,
    sheet: &mut Sheet,
) -> Evidence {
    let mut evidence = Evidence::default();
    let stats = Upstream::new(ctx, line, &[STATS_SCOPE]).ok();
    let stats = match stats {
        Some(stats) if stats.tokens().token().await.is_ok() => Some(stats),
        Some(_) | None => None,
    };
    match &stats {
        None => sheet.set(
            "statistics",
            CheckResult::Fail,
            "needs the scope stats; without it nobody can tell whether recordings are missing",
        ),
        Some(stats) => match list::server_time(stats, true).await {
            Ok(now) => {
                evidence.now = now;
                evidence.has_stats = true;
                sheet.set("statistics", CheckResult::Pass, "they can be read");
            }
            Err(error) => sheet.set("statistics", CheckResult::Fail, error.to_string()),
        },
    }
    if !evidence.has_stats {
        match list::server_time(content, false).await {
            Ok(now) => evidence.now = now,
            Err(error) => {
                sheet.set("content", CheckResult::Fail, error.to_string());
                return evidence;
            }
        }
    }
    let door = stats
        .as_ref()
        .filter(|_| evidence.has_stats)
        .unwrap_or(content);
    let Ok(Some((from, to))) = list::latest(door, evidence.has_stats, evidence.now).await else {
        return evidence;
    };
    evidence.range = Some((from, to));
    if let Some(stats) = stats.as_ref().filter(|_| evidence.has_stats) {
        let mut pages = StatsPages::new(stats, window(from, to));
        while let Ok(Some(page)) = pages.next().await {
            evidence.calls.extend(page.iter().map(collected));
            if evidence.calls.len() >= MAX_SAMPLE {
                break;
            }
        }
    }
    let mut from = from;
    while from < to && evidence.listed.len() < MAX_SAMPLE {
        let end = from.plus_ms(6 * DAY_MS).min(to);
        let mut pages = ContentPages::new(content, window(from, end));
        loop {
            match pages.next().await {
                Ok(Some(batch)) if evidence.listed.len() < MAX_SAMPLE => {
                    evidence.listed.extend(batch.interactions);
                }
                Ok(_) => break,
                Err(error) => {
                    sheet.set("content", CheckResult::Fail, error.to_string());
                    return evidence;
                }
            }
        }
        from = end;
    }
    evidence
}

const fn window(from: Timestamp, to: Timestamp) -> Window {
    Window {
        from,
        to,
        is_last: true,
    }
}

pub(super) async fn judge_recordings(content: &Upstream, evidence: &Evidence, sheet: &mut Sheet) {
    if sheet.0.contains_key("content") {
        return;
    }
    let sample = evidence
        .listed
        .iter()
        .find_map(|i| i.content.iter().find(|c| is_audio(c)).map(|c| (i, c)));
    let Some((interaction, item)) = sample else {
        let advice = match evidence.range {
            None => "there were no calls in two years: nothing to see yet",
            Some(_) if evidence.calls.is_empty() => {
                "no recording can be seen: make a recorded call and check again"
            }
            Some(_) => {
                "there are calls, but not one recording can be seen: recording is off, or the owner's permissions hide it all"
            }
        };
        let result = if evidence.calls.is_empty() {
            CheckResult::Unknown
        } else {
            CheckResult::Fail
        };
        sheet.set("recording-enabled", CheckResult::Unknown, advice);
        sheet.set("content", result, advice);
        return;
    };
    sheet.set(
        "recording-enabled",
        CheckResult::Pass,
        format!(
            "{} calls with recordings can be seen",
            evidence.listed.len()
        ),
    );
    let mut request = Request::new(
        Api::Content,
        &[
            "interaction-content",
            "interactions",
            &interaction.guid.to_string(),
            "content",
            &item.key,
        ],
    );
    request.headers.push((RANGE, "bytes=0-1023".to_owned()));
    let mut tries = Tries::default();
    let answer = loop {
        match content.attempt(&request, &mut tries).await {
            Ok(Some(answer)) => break Ok(answer.status().as_u16()),
            Ok(None) => {}
            Err(error) => break Err(error),
        }
    };
    match answer {
        Ok(200 | 206) => sheet.set(
            "content",
            CheckResult::Pass,
            "the first bytes of a recording were read",
        ),
        Ok(status) => sheet.set(
            "content",
            CheckResult::Fail,
            format!("a recording that is listed is not given out (status {status})"),
        ),
        Err(error) => sheet.set("content", CheckResult::Fail, error.to_string()),
    }
}
