//! Listing: windows of time, and the pages of content and statistics in each.
//!
//! Pages are cut by time, not by the platform's tokens: the next page is a new search from
//! where the last one ended. Rows that appear or vanish elsewhere then move nothing. Tokens
//! are used only where time does not advance or the order is unknown.

use crate::error::Error;
use crate::upstream::client::{Upstream, UpstreamError};
use crate::upstream::line::{Api, Request};
use crate::upstream::wire::{self, CountedInteraction, ListedInteraction};
use ringfence_core::id::InteractionId;
use ringfence_core::time::Timestamp;
use std::collections::{HashSet, VecDeque};

const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;
// The search takes seven days at most (vcc-api §6.1); the ends are asked for with a second to spare.
const WINDOW_MS: i64 = 7 * DAY_MS - 4 * SECOND_MS;
const FRESH_MS: i64 = DAY_MS;
const CONTENT_PAGE: usize = 1_000;
// Larger pages are allowed, but each is held in memory.
const STATS_PAGES: [usize; 3] = [2_000, 100, 25];
// Duplicates across pages are looked for this many pages back.
const PAGES_REMEMBERED: usize = 8;
const MAX_RESTARTS: u32 = 3;

/// A stretch of time to list. Windows of a run touch and do not overlap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// From here on; exact where the platform tells milliseconds.
    pub from: Timestamp,
    /// Up to here: excluded, except in the last window of a run.
    pub to: Timestamp,
    /// Whether the run ends here.
    pub is_last: bool,
}

impl Window {
    /// Whether a start as told by the platform lies inside.
    ///
    /// A start cut to whole seconds belongs to the window of its second.
    #[must_use]
    pub const fn holds(&self, start: Timestamp) -> bool {
        let cut = start.ms() % SECOND_MS == 0;
        let from = if cut { floor(self.from) } else { self.from };
        start.ms() >= from.ms()
            && (start.ms() < self.to.ms() || (self.is_last && start.ms() == self.to.ms()))
    }

    // Wider than the window, so that neither an exclusive end nor cut milliseconds lose a call.
    const fn asked(&self) -> (Timestamp, Timestamp) {
        (floor(self.from), floor(self.to).plus_ms(SECOND_MS))
    }
}

/// Cuts a run's time into windows: the fresh calls first, then the oldest on.
#[must_use]
pub fn windows(since: Timestamp, until: Timestamp) -> Vec<Window> {
    let mut cut = Vec::new();
    let mut from = since;
    let fresh_from = floor(until.plus_ms(-FRESH_MS));
    while until.ms_since(from) > FRESH_MS.min(WINDOW_MS) && fresh_from > from {
        let to = floor(from.plus_ms(WINDOW_MS)).min(fresh_from);
        cut.push(Window {
            from,
            to,
            is_last: false,
        });
        from = to;
    }
    let fresh = Window {
        from,
        to: until,
        is_last: true,
    };
    cut.insert(0, fresh);
    cut
}

const fn floor(at: Timestamp) -> Timestamp {
    Timestamp::from_secs(at.secs())
}

/// Calls with content, from one answer.
#[derive(Debug)]
pub struct ListedBatch {
    /// The calls that earlier batches did not have.
    pub interactions: Vec<ListedInteraction>,
    /// Items that could not be read.
    pub n_damaged: u64,
    /// Between these instants (the second excluded) the answer shows everything there is.
    pub complete: Option<(Timestamp, Timestamp)>,
    /// Every call of the answer.
    pub present: HashSet<InteractionId>,
}

/// The content search of a window, batch by batch.
#[derive(Debug)]
pub struct ContentPages<'a> {
    upstream: &'a Upstream,
    window: Window,
    from: Timestamp,
    to: Timestamp,
    token: Option<String>,
    recent: VecDeque<HashSet<InteractionId>>,
    in_order: bool,
    restarts: u32,
    done: bool,
}

impl<'a> ContentPages<'a> {
    /// Begins at the first page.
    #[must_use]
    pub fn new(upstream: &'a Upstream, window: Window) -> Self {
        let (from, to) = window.asked();
        Self {
            upstream,
            window,
            from,
            to,
            token: None,
            recent: VecDeque::new(),
            in_order: true,
            restarts: 0,
            done: false,
        }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// The platform refuses or does not answer.
    pub async fn next(&mut self) -> Result<Option<ListedBatch>, Error> {
        if self.done {
            return Ok(None);
        }
        let page = loop {
            let mut request = Request::new(Api::Content, &["interaction-content", "interactions"])
                .with("start", self.from.to_iso_millis())
                .with("end", self.to.to_iso_millis())
                .with("limit", CONTENT_PAGE.to_string());
            if let Some(token) = &self.token {
                request = request.with("continuationToken", token.clone());
            }
            match self.upstream.get_json(&request, wire::listed_page).await {
                Ok(page) => break page,
                // A token that is no longer good: begin this search again.
                Err(UpstreamError::Status {
                    status: 400 | 404 | 410,
                    ..
                }) if self.token.is_some() && self.restarts < MAX_RESTARTS => {
                    self.restarts += 1;
                    self.token = None;
                }
                Err(error) => return Err(refusal(error, "the content search")),
            }
        };
        Ok(Some(self.take(page)))
    }

    fn take(&mut self, page: wire::ListedPage) -> ListedBatch {
        let starts: Vec<Timestamp> = page.interactions.iter().map(|i| i.start).collect();
        let rising = starts.is_sorted();
        let falling = starts.iter().rev().is_sorted();
        let by_token = self.token.take().is_some();
        let begins = self.from;
        let was_in_order = self.in_order;
        let mut ends = None;
        match (&page.next, starts.last().copied()) {
            (None, _) => {
                self.done = true;
                ends = Some(self.window.to.plus_ms(i64::from(self.window.is_last)));
            }
            (Some(_), Some(last)) if rising && !by_token && floor(last) > self.from => {
                ends = Some(floor(last));
                self.from = floor(last);
            }
            (Some(_), Some(last))
                if falling && !rising && !by_token && last.plus_ms(SECOND_MS) < self.to =>
            {
                self.to = last.plus_ms(SECOND_MS);
                self.in_order = false;
            }
            (Some(token), _) => {
                self.token = Some(token.clone());
                self.in_order &= rising;
                // A plateau of equal starts: go on by token, and by time again after it.
            }
        }
        let complete = ends
            .filter(|_| was_in_order && !by_token && page.n_damaged == 0)
            .map(|ends| (begins.max(floor(self.window.from)), ends));
        let present: HashSet<InteractionId> = page.interactions.iter().map(|i| i.guid).collect();
        let mut here = HashSet::new();
        let interactions = page
            .interactions
            .into_iter()
            .filter(|i| self.window.holds(i.start))
            .filter(|i| !self.recent.iter().any(|page| page.contains(&i.guid)))
            .filter(|i| here.insert(i.guid))
            .collect();
        self.recent.push_back(present.clone());
        if self.recent.len() > PAGES_REMEMBERED {
            self.recent.pop_front();
        }
        ListedBatch {
            interactions,
            n_damaged: page.n_damaged,
            complete,
            present,
        }
    }
}

/// The statistics of a window, page by page.
#[derive(Debug)]
pub struct StatsPages<'a> {
    upstream: &'a Upstream,
    window: Window,
    from: Timestamp,
    to: Timestamp,
    page: u64,
    size: usize,
    done: bool,
}

impl<'a> StatsPages<'a> {
    /// Begins at the first page.
    #[must_use]
    pub fn new(upstream: &'a Upstream, window: Window) -> Self {
        let (from, to) = window.asked();
        Self {
            upstream,
            window,
            from,
            to,
            page: 1,
            size: 0,
            done: false,
        }
    }

    /// The next calls; `None` at the end. A call may come twice.
    ///
    /// # Errors
    /// The platform refuses or does not answer.
    pub async fn next(&mut self) -> Result<Option<Vec<CountedInteraction>>, Error> {
        if self.done {
            return Ok(None);
        }
        let page = loop {
            let limit = STATS_PAGES.get(self.size).copied().unwrap_or(25);
            let request =
                counted_request(self.from, self.to, limit).with("page", self.page.to_string());
            match self.upstream.get_json(&request, wire::counted_page).await {
                Ok(page) => break page,
                // The largest page is not documented: try smaller ones.
                Err(UpstreamError::Status { status: 400, .. })
                    if self.size + 1 < STATS_PAGES.len() =>
                {
                    self.size += 1;
                }
                Err(error) => return Err(refusal(error, "the statistics")),
            }
        };
        let limit = STATS_PAGES.get(self.size).copied().unwrap_or(25) as u64;
        let seen_before = (self.page - 1).saturating_mul(limit);
        let all_seen = page
            .total
            .map_or(page.n_items < limit, |n| seen_before + page.n_items >= n);
        let rising = page.interactions.is_sorted_by_key(|i| i.start);
        let last = page.interactions.last().map(|i| floor(i.start));
        if page.n_items == 0 || all_seen {
            self.done = true;
        } else if let Some(last) = last.filter(|&last| rising && last > self.from) {
            self.from = last;
            self.page = 1;
        } else {
            self.page += 1;
        }
        let inside = |call: &CountedInteraction| self.window.holds(call.start);
        Ok(Some(page.interactions.into_iter().filter(inside).collect()))
    }
}

/// The platform's own time, from a request that asks for next to nothing.
///
/// # Errors
/// The platform refuses or does not answer.
pub async fn server_time(upstream: &Upstream, has_stats: bool) -> Result<Timestamp, Error> {
    let now = upstream.server_now();
    let from = now.plus_ms(-SECOND_MS);
    if has_stats {
        let page = upstream
            .get_json(&counted_request(from, now, 1), wire::counted_page)
            .await
            .map_err(|e| refusal(e, "the statistics"))?;
        return Ok(page.up_to.unwrap_or_else(|| upstream.server_now()));
    }
    upstream
        .get_json(&listed_request(from, now), wire::listed_page)
        .await
        .map_err(|e| refusal(e, "the content search"))?;
    Ok(upstream.server_now())
}

/// The latest stretch of time with calls: a month by the statistics, a week by the content.
///
/// # Errors
/// The platform refuses or does not answer.
pub async fn latest(
    upstream: &Upstream,
    has_stats: bool,
    now: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, Error> {
    walk_back(upstream, has_stats, now, true).await
}

/// The stretch of time with calls, to the size of a window.
///
/// Walks back until two years in a row are empty.
///
/// # Errors
/// The platform refuses or does not answer.
pub async fn activity(
    upstream: &Upstream,
    has_stats: bool,
    now: Timestamp,
) -> Result<Option<(Timestamp, Timestamp)>, Error> {
    walk_back(upstream, has_stats, now, false).await
}

async fn walk_back(
    upstream: &Upstream,
    has_stats: bool,
    now: Timestamp,
    to_the_latest: bool,
) -> Result<Option<(Timestamp, Timestamp)>, Error> {
    let step_ms = if has_stats { 30 * DAY_MS } else { WINDOW_MS };
    let give_up_after_ms = 730 * DAY_MS;
    let mut found: Option<(Timestamp, Timestamp)> = None;
    let mut to = now;
    while now.ms_since(to) < 20 * 365 * DAY_MS {
        let from = to.plus_ms(-step_ms);
        let any = if has_stats {
            upstream
                .get_json(&counted_request(from, to, 1), wire::counted_page)
                .await
                .map(|p| p.n_items > 0)
                .map_err(|e| refusal(e, "the statistics"))?
        } else {
            upstream
                .get_json(&listed_request(from, to), wire::listed_page)
                .await
                .map(|p| !p.interactions.is_empty())
                .map_err(|e| refusal(e, "the content search"))?
        };
        if any {
            found = Some((from, found.map_or(to, |(_, last)| last)));
            if to_the_latest {
                break;
            }
        }
        if found.map_or(now, |(first, _)| first).ms_since(from) > give_up_after_ms {
            break;
        }
        to = from;
    }
    Ok(found)
}

fn counted_request(from: Timestamp, to: Timestamp, limit: usize) -> Request {
    Request::new(Api::Stats, &["stats", "interactions"])
        .with("start", from.to_iso_millis())
        .with("end", to.to_iso_millis())
        .with("include", "Started")
        .with("limit", limit.to_string())
}

fn listed_request(from: Timestamp, to: Timestamp) -> Request {
    Request::new(Api::Content, &["interaction-content", "interactions"])
        .with("start", from.to_iso_millis())
        .with("end", to.to_iso_millis())
        .with("limit", "1")
}

/// Turns the platform's refusal into what the caller can do about it.
#[must_use]
pub fn refusal(error: UpstreamError, what: &str) -> Error {
    use crate::upstream::auth::AuthError;
    match error {
        UpstreamError::Auth(AuthError::Unreachable(said)) => Error::Unreachable(said),
        UpstreamError::Auth(AuthError::Scope(_)) => Error::NotAllowed(format!(
            "{error}; of the handoff checklist: the credential has all three scopes"
        )),
        UpstreamError::Auth(AuthError::Credential(_)) => Error::NotAllowed(format!(
            "{error}; of the handoff checklist: the credential exists and is active, and its id and secret were copied right"
        )),
        UpstreamError::Auth(AuthError::Refused(_)) | UpstreamError::TokenNotAccepted => {
            Error::NotAllowed(error.to_string())
        }
        UpstreamError::Status {
            status: 401 | 403,
            message,
        } => Error::NotAllowed(format!("{what}: {message}")),
        UpstreamError::Status { status, message } => {
            Error::Unreachable(format!("{what} answers with status {status}: {message}"))
        }
        UpstreamError::GaveUp { .. } | UpstreamError::Address => {
            Error::Unreachable(format!("{what}: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn windows_touch_and_cover_everything_once() {
        let since = at("2026-03-01T00:00:00.250Z");
        let until = at("2026-03-31T12:00:00.500Z");
        let cut = windows(since, until);
        let mut sorted = cut.clone();
        sorted.sort_by_key(|w| w.from);
        assert_eq!(sorted.first().unwrap().from, since);
        assert_eq!(sorted.last().unwrap().to, until);
        assert_eq!(cut[0], *sorted.last().unwrap(), "fresh calls first");
        for pair in sorted.windows(2) {
            assert_eq!(pair[0].to, pair[1].from);
            assert!(!pair[0].is_last);
        }
        for window in &cut {
            let (from, to) = window.asked();
            assert!(to.ms_since(from) <= 7 * DAY_MS);
        }
        for start in [since, at("2026-03-20T08:00:00Z"), sorted[1].from, until] {
            assert_eq!(
                cut.iter().filter(|w| w.holds(start)).count(),
                1,
                "{start:?}"
            );
        }
        assert_eq!(cut.iter().filter(|w| w.holds(until.plus_ms(1))).count(), 0);
    }

    #[test]
    fn short_and_empty_times_are_one_window() {
        let since = at("2026-03-01T00:00:00Z");
        assert_eq!(windows(since, since.plus_ms(5)).len(), 1);
        assert_eq!(windows(since, since).len(), 1);
        assert_eq!(windows(since, since.plus_ms(DAY_MS)).len(), 1);
        assert_eq!(windows(since, since.plus_ms(DAY_MS + 1_000)).len(), 2);
    }

    #[test]
    fn a_start_cut_to_seconds_belongs_to_the_first_window() {
        let window = Window {
            from: at("2026-03-01T00:00:00.250Z"),
            to: at("2026-03-02T00:00:00Z"),
            is_last: false,
        };
        assert!(window.holds(at("2026-03-01T00:00:00Z")));
        assert!(!window.holds(at("2026-03-01T00:00:00.100Z")));
        assert!(!window.holds(at("2026-03-02T00:00:00Z")));
    }
}
