//! The account's fair-use limit: so many requests in any minute, over all APIs and all clients.

use std::collections::VecDeque;

const MINUTE_MS: i64 = 60_000;

/// Who used the last minute.
#[derive(Debug, Default)]
pub(super) struct Quota {
    used: VecDeque<i64>,
    other_until: Option<i64>,
    other_refused: u64,
    other_admitted: u64,
}

impl Quota {
    /// Admits a request, or says in how many milliseconds one would be.
    pub(super) fn admit(
        &mut self,
        now: i64,
        limit: Option<u32>,
        other_per_minute: u32,
        refusals_count: bool,
    ) -> Result<(), i64> {
        let Some(limit) = limit else { return Ok(()) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.spend_for_other(now, limit, other_per_minute);
        self.forget(now);
        if self.used.len() < limit {
            self.used.push_back(now);
            return Ok(());
        }
        if refusals_count {
            self.used.pop_front();
            self.used.push_back(now);
        }
        let oldest = self
            .used
            .get(self.used.len().saturating_sub(limit))
            .copied()
            .unwrap_or(now);
        Err((oldest + MINUTE_MS - now).max(1))
    }

    /// How many requests of the other client were admitted and refused.
    pub(super) fn other(&self) -> (u64, u64) {
        (self.other_admitted, self.other_refused)
    }

    fn forget(&mut self, now: i64) {
        while self.used.front().is_some_and(|at| now - at >= MINUTE_MS) {
            self.used.pop_front();
        }
    }

    /// The other client's requests since the last look, evenly spread, as if they had come one by one.
    fn spend_for_other(&mut self, now: i64, limit: usize, per_minute: u32) {
        let until = self.other_until.unwrap_or(now);
        if per_minute == 0 {
            self.other_until = None;
            return;
        }
        let step = (MINUTE_MS / i64::from(per_minute)).max(1);
        let mut at = until + step;
        while at <= now {
            self.forget(at);
            if self.used.len() < limit {
                let place = self.used.partition_point(|seen| *seen <= at);
                self.used.insert(place, at);
                self.other_admitted += 1;
            } else {
                self.other_refused += 1;
            }
            at += step;
        }
        self.other_until = Some(at - step);
    }
}
