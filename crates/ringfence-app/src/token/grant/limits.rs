//! What slows the password grant: wrong passwords for a name and from an address, and one check of a name at a time.

use crate::token::throttle::Throttle;
use crate::token::{FailureLimits, Rate, TokenError};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Wrong passwords that are free, and how fast they are forgiven; each name is locked well before its own limit.
const WRONG_PASSWORDS: FailureLimits = FailureLimits {
    pair: Rate {
        burst: 20,
        every_ms: 6_000,
    },
    address: Rate {
        burst: 60,
        every_ms: 2_000,
    },
    client: Rate {
        burst: 60,
        every_ms: 6_000,
    },
};

type Key = [u8; 32];

/// What is remembered of names and addresses, in bounded memory.
#[derive(Debug)]
pub(super) struct Limits {
    wrong: Throttle,
    // Those who check the password of one name stand in line, so that guesses side by side are no more than the lock-out
    // allows one after another.
    turns: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
}

/// A place in the line of a name.
pub(super) struct Turn<'l> {
    limits: &'l Limits,
    key: Key,
    slot: Arc<tokio::sync::Mutex<()>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wrong: Throttle::new(WRONG_PASSWORDS),
            turns: Mutex::default(),
        }
    }
}

impl Limits {
    /// Whether another password may be tried for the name from there.
    pub(super) fn check(
        &self,
        name: &str,
        from: Option<IpAddr>,
        now_ms: u64,
    ) -> Result<(), TokenError> {
        let checked = self.wrong.check(name, from, now_ms);
        checked.map_err(|retry_after_secs| TokenError::TooManyFailures { retry_after_secs })
    }

    /// Counts a wrong password.
    pub(super) fn note_wrong(&self, name: &str, from: Option<IpAddr>, now_ms: u64) {
        self.wrong.note_failure(name, from, now_ms);
    }

    /// A place in the line of a name; [`Turn::come`] waits until it is its turn.
    pub(super) fn turn(&self, key: Key) -> Turn<'_> {
        let slot = Arc::clone(self.turns().entry(key).or_default());
        Turn {
            limits: self,
            key,
            slot,
        }
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<Key, Arc<tokio::sync::Mutex<()>>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Waits for its turn, which lasts as long as what this gives.
    pub(super) async fn come(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.slot.lock().await
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut turns = self.limits.turns();
        // Places are taken under this lock, so the map's and this one are the last two.
        if Arc::strong_count(&self.slot) == 2 {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_forgotten_when_nobody_stands_in_them() {
        let limits = Limits::default();
        let first = limits.turn([1; 32]);
        let second = limits.turn([1; 32]);
        let other = limits.turn([2; 32]);
        let now = first.come().await;
        assert!(second.slot.try_lock().is_err());
        assert!(other.slot.try_lock().is_ok());
        drop(now);
        drop(first);
        drop(other);
        assert_eq!(limits.turns().len(), 1);
        drop(second);
        assert_eq!(limits.turns().len(), 0);
    }
}
