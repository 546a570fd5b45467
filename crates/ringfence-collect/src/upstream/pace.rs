//! How fast to ask: one budget for all requests to an account.
//!
//! The platform publishes no figure (vcc-api §6.1). The budget starts at what is known,
//! falls when the platform refuses, and rises slowly while it does not.

use crate::context::Wait;
use ringfence_core::context::Clock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const MINUTE_MS: u64 = 60_000;
const SLOTS: usize = 60;
const SLOWEST: f64 = 6.0;
// What is tried after a refusal that came before a minute was seen.
const FIRST_GUESS: f64 = 40.0;
// After a refusal: this share of what went through in the minute before.
const FALL: f64 = 0.92;
const RISE: f64 = 1.03;
const RISE_EVERY_MS: u64 = 30_000;
// Near a rate that was refused before, wait longer before trying it again.
const NEAR: f64 = 0.97;
const RISE_NEAR_EVERY_MS: u64 = 600_000;
const PROBE: f64 = 1.02;

/// Where a pace starts and how it may move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PaceOptions {
    /// Requests a minute to start with; `None` asks freely until the platform refuses.
    pub per_minute: Option<u32>,
    /// Never faster than this.
    pub ceiling_per_minute: Option<u32>,
    /// Requests that may go out at once after a silence.
    pub burst: u32,
    /// The pause after a refusal that does not say how long.
    pub pause_ms: u64,
}

impl PaceOptions {
    /// For the vendor's hosts: under the 160 a minute of its sample code.
    pub const VENDOR: Self = Self {
        per_minute: Some(150),
        ceiling_per_minute: None,
        burst: 4,
        pause_ms: 10_000,
    };

    /// For every other host.
    pub const OTHER: Self = Self {
        per_minute: None,
        ceiling_per_minute: None,
        burst: 4,
        pause_ms: 1_000,
    };
}

/// The budget, shared by every worker of an account.
#[derive(Debug)]
pub struct Pace {
    options: PaceOptions,
    clock: Arc<dyn Clock>,
    wait: Arc<dyn Wait>,
    state: Mutex<State>,
}

/// When a request was let go; handed back with the platform's refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    sent_at_ms: u64,
}

#[derive(Clone, Debug)]
struct State {
    per_minute: Option<f64>,
    refused_at_rate: Option<f64>,
    next_at_ms: f64,
    blocked_until_ms: u64,
    changed_at_ms: u64,
    refusals_in_a_row: u32,
    rises_in_a_row: u32,
    began_at_ms: u64,
    through: [u32; SLOTS],
    through_second: u64,
}

impl Pace {
    /// A budget at its start.
    #[must_use]
    pub fn new(options: PaceOptions, clock: Arc<dyn Clock>, wait: Arc<dyn Wait>) -> Self {
        let now_ms = clock.monotonic_ms();
        Self {
            options,
            clock,
            wait,
            state: Mutex::new(State::new(options, now_ms)),
        }
    }

    /// Waits until the next request may go out.
    pub async fn acquire(&self) -> Ticket {
        loop {
            let now_ms = self.clock.monotonic_ms();
            let wait_ms = self.lock().take(now_ms, self.options.burst);
            if wait_ms == 0 {
                return Ticket { sent_at_ms: now_ms };
            }
            // The rate may change meanwhile, so long waits look up now and then.
            self.wait.wait(wait_ms.min(5_000)).await;
        }
    }

    /// The platform answered a request.
    pub fn accepted(&self) {
        let now_ms = self.clock.monotonic_ms();
        let ceiling = self.options.ceiling_per_minute.map(f64::from);
        self.lock().accepted(now_ms, ceiling);
    }

    /// The platform refused a request for pace, and says how long to wait, if it does.
    pub fn refused(&self, ticket: Ticket, retry_after_ms: Option<u64>) {
        let now_ms = self.clock.monotonic_ms();
        self.lock()
            .refused(ticket, now_ms, retry_after_ms, self.options);
    }

    /// Requests a minute at present; `None` when nothing has been refused yet.
    #[must_use]
    pub fn per_minute(&self) -> Option<f64> {
        self.lock().per_minute
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds of a process's life and requests a minute are small and positive"
)]
impl State {
    fn new(options: PaceOptions, now_ms: u64) -> Self {
        Self {
            per_minute: options.per_minute.map(f64::from),
            refused_at_rate: None,
            next_at_ms: now_ms as f64,
            blocked_until_ms: 0,
            changed_at_ms: now_ms,
            refusals_in_a_row: 0,
            rises_in_a_row: 0,
            began_at_ms: now_ms,
            through: [0; SLOTS],
            through_second: now_ms / 1000,
        }
    }

    // Zero when the request may go now; else how long to wait.
    fn take(&mut self, now_ms: u64, burst: u32) -> u64 {
        if now_ms < self.blocked_until_ms {
            return self.blocked_until_ms - now_ms;
        }
        if let Some(per_minute) = self.per_minute {
            let interval = MINUTE_MS as f64 / per_minute;
            let now = now_ms as f64;
            let start = self.next_at_ms.max(now);
            let allowed = now + interval * f64::from(burst.saturating_sub(1));
            if start > allowed {
                return ((start - allowed).ceil() as u64).max(1);
            }
            self.next_at_ms = start + interval;
        }
        0
    }

    fn accepted(&mut self, now_ms: u64, ceiling: Option<f64>) {
        self.refusals_in_a_row = 0;
        self.roll(now_ms);
        self.through[(now_ms / 1000) as usize % SLOTS] += 1;
        let Some(rate) = self.per_minute else { return };
        let step = 1.0 + (RISE - 1.0) * f64::from(1_u32 << self.rises_in_a_row.min(3));
        let near = self.refused_at_rate.filter(|bad| rate * step > bad * NEAR);
        let (risen, every) = match near {
            Some(bad) => (bad * PROBE, RISE_NEAR_EVERY_MS),
            None => (rate * step, RISE_EVERY_MS),
        };
        let risen = ceiling.map_or(risen, |c| risen.min(c));
        let long_enough = now_ms.saturating_sub(self.changed_at_ms) >= every;
        if long_enough && f64::from(self.through_in_minute(now_ms)) >= rate * 0.5 {
            self.per_minute = Some(risen);
            self.changed_at_ms = now_ms;
            self.rises_in_a_row = self.rises_in_a_row.saturating_add(1);
            if near.is_some() {
                // If this goes well, the limit has moved and is looked for anew.
                self.refused_at_rate = None;
                self.rises_in_a_row = 0;
            }
        }
    }

    fn refused(
        &mut self,
        ticket: Ticket,
        now_ms: u64,
        asked_ms: Option<u64>,
        options: PaceOptions,
    ) {
        // A platform that says "soon" and then refuses again is not believed the next time.
        let doubled = |refusals: u32| options.pause_ms << refusals.min(5);
        let in_a_row = self.refusals_in_a_row;
        let pause = match asked_ms {
            None => doubled(in_a_row),
            Some(asked) if in_a_row == 0 => asked,
            Some(asked) => asked.max(doubled(in_a_row - 1)),
        };
        self.blocked_until_ms = self.blocked_until_ms.max(now_ms.saturating_add(pause));
        // Requests already under way when the rate changed say nothing about the new rate.
        if ticket.sent_at_ms < self.changed_at_ms && self.per_minute.is_some() {
            return;
        }
        self.refusals_in_a_row = self.refusals_in_a_row.saturating_add(1);
        self.rises_in_a_row = 0;
        // What went through in the last minute is the limit, once a minute has been seen: before,
        // somebody else, or the run before this one, may have used it up.
        let through = f64::from(self.through_in_minute(now_ms));
        let is_known = now_ms.saturating_sub(self.began_at_ms) >= MINUTE_MS;
        let limit = match self.per_minute {
            None => through.max(FIRST_GUESS),
            Some(rate) if is_known => rate.min(through).max(rate * 0.5),
            Some(rate) => rate,
        };
        let fallen = (limit * FALL).max(SLOWEST);
        // Slower than that already: the platform still remembers faster times, which pass.
        if self.per_minute.is_none_or(|rate| rate > through * FALL) {
            self.refused_at_rate = (is_known || through >= limit).then_some(limit.max(SLOWEST));
            self.per_minute = Some(fallen);
        }
        self.changed_at_ms = now_ms;
        // One at a time after a refusal, as if the burst had been spent.
        let interval = MINUTE_MS as f64 / self.per_minute.unwrap_or(fallen);
        let spent = interval * f64::from(options.burst.saturating_sub(1));
        self.next_at_ms = self.blocked_until_ms as f64 + spent;
    }

    fn roll(&mut self, now_ms: u64) {
        let second = now_ms / 1000;
        let passed = second.saturating_sub(self.through_second).min(SLOTS as u64);
        for step in 1..=passed {
            self.through[(self.through_second + step) as usize % SLOTS] = 0;
        }
        if passed == SLOTS as u64 {
            self.through = [0; SLOTS];
        }
        self.through_second = self.through_second.max(second);
    }

    fn through_in_minute(&mut self, now_ms: u64) -> u32 {
        self.roll(now_ms);
        self.through.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: PaceOptions = PaceOptions {
        per_minute: Some(60),
        ceiling_per_minute: None,
        burst: 1,
        pause_ms: 1_000,
    };

    // A platform that lets `limit` requests through in each minute; gives (through, refused).
    fn run(start: Option<u32>, limit: impl Fn(u64) -> u32, minutes: u64) -> (u32, u32) {
        let options = PaceOptions {
            per_minute: start,
            ..OPTIONS
        };
        let mut state = State::new(options, 0);
        let (mut now, mut through, mut refused) = (0_u64, 0, 0);
        let mut recent = std::collections::VecDeque::new();
        while now < minutes * MINUTE_MS {
            let wait = state.take(now, 1);
            if wait > 0 {
                now += wait;
                continue;
            }
            while recent.front().is_some_and(|at| at + MINUTE_MS <= now) {
                recent.pop_front();
            }
            if recent.len() < limit(now) as usize {
                recent.push_back(now);
                through += 1;
                state.accepted(now, None);
            } else {
                refused += 1;
                let free_at = recent.front().map_or(now, |at| at + MINUTE_MS);
                let ticket = Ticket { sent_at_ms: now };
                state.refused(ticket, now, Some(free_at - now), options);
            }
            now += 1;
        }
        (through, refused)
    }

    #[test]
    fn keeps_the_rate_it_was_given() {
        let (through, refused) = run(Some(60), |_| u32::MAX, 1);
        assert!((60..=64).contains(&through), "{through}");
        assert_eq!(refused, 0);
    }

    #[test]
    fn learns_hidden_limits_and_uses_them() {
        for limit in [40, 100, 160] {
            for start in [None, Some(150)] {
                let (through, refused) = run(start, |_| limit, 60);
                let share = f64::from(through) / f64::from(limit * 60);
                assert!(share > 0.9, "{limit} from {start:?}: used {share}");
                let bad = f64::from(refused) / f64::from(through);
                assert!(bad < 0.005, "{limit} from {start:?}: refused {bad}");
            }
        }
    }

    #[test]
    fn follows_a_limit_that_changes_both_ways() {
        let limit = |now: u64| {
            if (20..40).contains(&(now / MINUTE_MS)) {
                40
            } else {
                160
            }
        };
        let (through, refused) = run(Some(150), limit, 90);
        assert!(through > 160 * 70 * 6 / 10, "{through}");
        assert!(refused < through / 100, "{refused}");
    }

    #[test]
    fn a_refusal_without_a_word_pauses_longer_each_time() {
        let mut state = State::new(OPTIONS, 0);
        assert_eq!(state.take(0, 1), 0);
        state.refused(Ticket { sent_at_ms: 0 }, 10, None, OPTIONS);
        assert_eq!(state.take(10, 1), 1_000);
        assert_eq!(state.take(1_010, 1), 0);
        state.refused(Ticket { sent_at_ms: 1_010 }, 1_020, None, OPTIONS);
        assert_eq!(state.blocked_until_ms, 3_020);
    }

    #[test]
    fn a_window_that_is_full_from_before_does_not_slow_it_to_a_crawl() {
        let mut state = State::new(OPTIONS, 0);
        let mut now = 0;
        while now < 2 * MINUTE_MS {
            let wait = state.take(now, 4);
            if wait == 0 {
                state.accepted(now, Some(60.0));
            }
            now += wait.max(1);
        }
        for _ in 0..4 {
            now += state.take(now, 4);
            state.refused(Ticket { sent_at_ms: now }, now, Some(1_000), OPTIONS);
            now += 1_000;
        }
        let rate = state.per_minute.unwrap();
        assert!(rate > 40.0, "four refusals of one full window: {rate}");
    }

    #[test]
    fn a_quota_that_somebody_used_up_before_us_is_found_again() {
        let options = PaceOptions {
            per_minute: None,
            ..OPTIONS
        };
        let mut state = State::new(options, 0);
        assert_eq!(state.take(0, 1), 0);
        state.refused(Ticket { sent_at_ms: 0 }, 5, Some(30_000), options);
        let (mut now, mut through) = (30_005, 0);
        while now < 20 * MINUTE_MS {
            let wait = state.take(now, 1);
            if wait == 0 {
                state.accepted(now, Some(160.0));
                through += 1;
            }
            now += wait.max(1);
        }
        assert!(through > 160 * 20 * 7 / 10, "{through}");
    }

    #[test]
    fn requests_under_way_do_not_slow_it_twice() {
        let mut state = State::new(OPTIONS, 0);
        for at in 0..10 {
            state.take(at * 1_000, 1);
        }
        state.refused(Ticket { sent_at_ms: 9_000 }, 9_500, Some(0), OPTIONS);
        let rate = state.per_minute;
        state.refused(Ticket { sent_at_ms: 8_000 }, 9_600, Some(0), OPTIONS);
        assert_eq!(state.per_minute, rate);
    }
}
