//! How long failed attempts make the next one wait: a few are free, then each doubles the wait.
//!
//! Failures are counted for a name from an address, for the address, and for the name. The
//! last never refuses by itself, or a stranger could lock a person out: it only takes the
//! free attempts from addresses that have failed before.

use crate::time::Timestamp;

/// Failures older than this are forgotten, in seconds.
pub const FORGOTTEN_AFTER_SECS: i64 = 86_400;

/// From how many failures on, wherever they came from, an address that failed before has no free attempts for the name.
pub const CROWD: u32 = 20;

/// The attempts that failed so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failures {
    /// How many.
    pub n: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// How many failures are free, and how long the wait may become.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Failures that cost no wait.
    pub free: u32,
    /// The longest wait, in seconds.
    pub longest_secs: u32,
}

impl Patience {
    /// For one name from one address, or for the codes of one person.
    pub const NAME_FROM_ADDRESS: Self = Self {
        free: 5,
        longest_secs: 900,
    };
    /// For one name from one address when the name is tried from everywhere.
    pub const CROWDED: Self = Self {
        free: 1,
        longest_secs: 900,
    };
    /// For one address, whatever the names: an office may share it.
    pub const ADDRESS: Self = Self {
        free: 50,
        longest_secs: 60,
    };
}

impl Failures {
    /// How many still count.
    #[must_use]
    pub fn counting(self, now: Timestamp) -> u32 {
        if self.last_at.plus_secs(FORGOTTEN_AFTER_SECS) <= now {
            0
        } else {
            self.n
        }
    }

    /// For how many seconds more the next attempt must wait; 0 when it may be made now.
    #[must_use]
    pub fn wait_secs(self, patience: Patience, now: Timestamp) -> u32 {
        let n = self.counting(now);
        if n < patience.free {
            return 0;
        }
        let doublings = (n - patience.free).min(31);
        let wait_secs = (1_u32 << doublings).min(patience.longest_secs);
        let left_ms = self.last_at.plus_secs(wait_secs.into()).ms() - now.ms();
        let left_secs = (left_ms.max(0) + 999) / 1000;
        u32::try_from(left_secs).map_or(wait_secs, |left| left.min(wait_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(n: u32, after_ms: i64) -> u32 {
        let failures = Failures {
            n,
            last_at: Timestamp::from_ms(1_000_000),
        };
        failures.wait_secs(
            Patience::NAME_FROM_ADDRESS,
            Timestamp::from_ms(1_000_000 + after_ms),
        )
    }

    #[test]
    fn a_few_are_free_and_then_each_doubles_the_wait() {
        assert_eq!(wait(4, 0), 0);
        assert_eq!(wait(5, 0), 1);
        assert_eq!(wait(6, 0), 2);
        assert_eq!(wait(9, 0), 16);
        assert_eq!(wait(9, 15_001), 1);
        assert_eq!(wait(9, 16_000), 0);
        assert_eq!(wait(40, 0), 900);
        assert_eq!(wait(u32::MAX, 0), 900);
    }

    #[test]
    fn failures_are_forgotten_after_a_day() {
        assert_eq!(wait(40, FORGOTTEN_AFTER_SECS * 1000), 0);
    }

    #[test]
    fn a_clock_that_went_back_does_not_lengthen_the_wait() {
        assert_eq!(wait(9, -3_600_000), 16);
    }
}
