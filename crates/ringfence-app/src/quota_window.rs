//! How many calls may be made in a minute that begins with the first of them (vbc-api §2.6).
//!
//! Applications are limited so: each access token by the application's quota, and all of an application's calls of a
//! suite by the plan of its subscription. A call that is refused counts nowhere. A key whose minute is over is the same
//! as one never seen, so what is kept grows with the tokens used within a minute and no further.

use ringfence_core::id::{ApplicationId, TokenId};
use ringfence_core::suite::Suite;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a window is, in milliseconds.
pub const WINDOW_MS: u64 = 60_000;

/// Whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowKey {
    /// An application's of one suite, by the plan of its subscription.
    Plan(ApplicationId, Suite),
    /// An access token's of all suites together, by its application's quota.
    Token(TokenId),
}

/// A window in which no call is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSpent {
    /// Whose.
    pub key: WindowKey,
    /// How long until the next one, in milliseconds; at least 1.
    pub wait_ms: u64,
}

const N_SHARDS: usize = 64;
/// Past this many keys in a shard, those whose minute is over are forgotten.
const SWEEP_AT: usize = 4_096;

/// The windows of a node.
#[derive(Debug)]
pub struct Windows {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Debug)]
struct Shard {
    windows: HashMap<WindowKey, Window>,
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_ms: u64,
    n_calls: u32,
}

impl Default for Windows {
    fn default() -> Self {
        let shard = || {
            Mutex::new(Shard {
                windows: HashMap::new(),
                sweep_at: SWEEP_AT,
            })
        };
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(shard).take(N_SHARDS).collect(),
        }
    }
}

impl WindowSpent {
    /// In how many whole seconds one call is allowed again; at least 1.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a wait is at most a window of a minute"
    )]
    pub const fn retry_after_secs(self) -> u32 {
        self.wait_ms.div_ceil(1_000) as u32
    }
}

impl WindowKey {
    /// The limit's name in reason codes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Plan(..) => "quota_plan",
            Self::Token(_) => "quota_application",
        }
    }
}

impl Windows {
    /// Takes one call from each limit, or from none when one of them is used up.
    ///
    /// # Errors
    /// The first limit that is used up.
    pub fn take(&self, wanted: &[(WindowKey, u32)], monotonic_ms: u64) -> Result<(), WindowSpent> {
        for (index, (key, limit)) in wanted.iter().enumerate() {
            if let Err(wait_ms) = self.take_one(*key, *limit, monotonic_ms) {
                for (key, _) in wanted.iter().take(index) {
                    self.give_back(*key);
                }
                return Err(WindowSpent { key: *key, wait_ms });
            }
        }
        Ok(())
    }

    /// Takes one call, or says for how many milliseconds none is left.
    fn take_one(&self, key: WindowKey, limit: u32, now_ms: u64) -> Result<(), u64> {
        let mut shard = self.shard(key);
        let fresh = Window {
            began_ms: now_ms,
            n_calls: 0,
        };
        let window = shard.windows.get(&key).copied();
        let window = window.filter(|w| !w.over(now_ms)).unwrap_or(fresh);
        if window.n_calls >= limit {
            return Err((window.began_ms + WINDOW_MS).saturating_sub(now_ms).max(1));
        }
        let counted = Window {
            n_calls: window.n_calls + 1,
            ..window
        };
        shard.windows.insert(key, counted);
        if shard.windows.len() > shard.sweep_at {
            shard.windows.retain(|_, window| !window.over(now_ms));
            shard.sweep_at = (shard.windows.len() * 2).max(SWEEP_AT);
        }
        Ok(())
    }

    fn give_back(&self, key: WindowKey) {
        if let Some(window) = self.shard(key).windows.get_mut(&key) {
            window.n_calls = window.n_calls.saturating_sub(1);
        }
    }

    fn shard(&self, key: WindowKey) -> MutexGuard<'_, Shard> {
        let number = usize::try_from(self.hasher.hash_one(key) % N_SHARDS as u64).unwrap_or(0);
        self.shards[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    const fn over(self, now_ms: u64) -> bool {
        now_ms >= self.began_ms.saturating_add(WINDOW_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u8) -> WindowKey {
        WindowKey::Token(TokenId::from_bytes([number; 16]))
    }

    fn plan(number: u8) -> WindowKey {
        WindowKey::Plan(ApplicationId::from_bytes([number; 16]), Suite::Provisioning)
    }

    #[test]
    fn vbc_2_6_a_window_begins_with_the_first_call_of_a_key() {
        let windows = Windows::default();
        let wanted = [(token(1), 10)];
        for n in 0..10 {
            assert_eq!(windows.take(&wanted, 5_000 + n * 1_000), Ok(()), "{n}");
        }
        let spent = windows.take(&wanted, 15_000).unwrap_err();
        assert_eq!((spent.key, spent.wait_ms), (token(1), 50_000));
        assert!(windows.take(&wanted, 64_999).is_err());
        assert_eq!(windows.take(&[(token(2), 10)], 64_999), Ok(()));
        assert_eq!(windows.take(&wanted, 65_000), Ok(()));
        // The next one is as long again.
        for _ in 0..9 {
            assert_eq!(windows.take(&wanted, 65_001), Ok(()));
        }
        assert_eq!(windows.take(&wanted, 65_001).unwrap_err().wait_ms, 59_999);
    }

    #[test]
    fn a_refused_call_counts_nowhere() {
        let windows = Windows::default();
        assert_eq!(windows.take(&[(plan(1), 3), (token(1), 1)], 0), Ok(()));
        for _ in 0..5 {
            let spent = windows.take(&[(plan(1), 3), (token(1), 1)], 1).unwrap_err();
            assert_eq!(spent.key, token(1));
        }
        for _ in 0..2 {
            assert_eq!(windows.take(&[(plan(1), 3)], 2), Ok(()));
        }
        assert_eq!(windows.take(&[(plan(1), 3)], 2).unwrap_err().key, plan(1));
    }

    #[test]
    fn forgets_keys_whose_minute_is_over() {
        let windows = Windows::default();
        for n in 0..600_000_u64 {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            let key = WindowKey::Token(TokenId::from_bytes(bytes));
            assert_eq!(windows.take(&[(key, 10)], n), Ok(()));
        }
        let kept = |shard: &Mutex<Shard>| shard.lock().unwrap().windows.len();
        let n_kept: usize = windows.shards.iter().map(kept).sum();
        assert!(n_kept <= N_SHARDS * (SWEEP_AT + 1), "{n_kept}");
    }

    #[test]
    fn eight_callers_share_one_window() {
        let windows = Windows::default();
        let wanted = [(token(1), 1_000)];
        let n_allowed: usize = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..500)
                            .filter(|_| windows.take(&wanted, 7).is_ok())
                            .count()
                    })
                })
                .collect();
            callers.into_iter().map(|c| c.join().unwrap()).sum()
        });
        assert_eq!(n_allowed, 1_000);
    }
}
