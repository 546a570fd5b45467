//! How many calls may be made: the generic cell rate algorithm over keys in memory.
//!
//! Each key has one number, the time at which its allowance is whole again. A key whose time has passed is the same as
//! one never seen, so forgetting it loses nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use ringfence_core::id::{AccountId, CredentialId, TokenId};

/// So many calls in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many calls, all of which may come at once.
    pub n_calls: u32,
    /// In how many seconds they are earned back.
    pub per_secs: u32,
}

impl Rate {
    /// So many calls a minute.
    #[must_use]
    pub const fn per_minute(n_calls: u32) -> Self {
        Self {
            n_calls,
            per_secs: 60,
        }
    }

    fn span_us(self) -> u64 {
        u64::from(self.per_secs) * 1_000_000
    }

    fn step_us(self) -> u64 {
        (self.span_us() / u64::from(self.n_calls.max(1))).max(1)
    }
}

/// What kind of work a call is, where a profile limits kinds apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaClass {
    /// Limited only with all the rest.
    General,
    /// Reads interaction content.
    ContentRead,
    /// Deletes interaction content.
    ContentDelete,
}

/// The limits that apply to every call; an absent one does not limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// All calls of an account together.
    pub account: Option<Rate>,
    /// All calls of a credential.
    pub credential: Option<Rate>,
    /// All calls with one token.
    pub token: Option<Rate>,
    /// An account's calls of each route.
    pub route: Option<Rate>,
    /// An account's reads of interaction content.
    pub content_read: Option<Rate>,
    /// An account's deletes of interaction content.
    pub content_delete: Option<Rate>,
}

impl Limits {
    /// The default profile: 10,000 calls a minute for each account.
    #[must_use]
    pub const fn open() -> Self {
        Self {
            account: Some(Rate::per_minute(10_000)),
            credential: None,
            token: None,
            route: None,
            content_read: None,
            content_delete: None,
        }
    }

    /// The platform's own figures (vcc-api §6.1). The fair-use figure is not published; a thousand a minute stands for it.
    #[must_use]
    pub const fn vcc() -> Self {
        Self {
            account: Some(Rate::per_minute(1_000)),
            credential: None,
            token: None,
            route: None,
            content_read: Some(Rate::per_minute(160)),
            content_delete: Some(Rate::per_minute(16)),
        }
    }

    /// No limit at all.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            account: None,
            credential: None,
            token: None,
            route: None,
            content_read: None,
            content_delete: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::open()
    }
}

/// Whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaKey {
    /// An account's.
    Account(AccountId),
    /// A credential's.
    Credential(CredentialId),
    /// A token's.
    Token(TokenId),
    /// An account's of one route.
    Route(AccountId, &'static str),
    /// An account's of one class.
    Class(AccountId, QuotaClass),
}

impl QuotaKey {
    /// The limit's name in reason codes.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Account(_) => "quota_account",
            Self::Credential(_) => "quota_credential",
            Self::Token(_) => "quota_token",
            Self::Route(..) => "quota_route",
            Self::Class(_, QuotaClass::ContentRead) => "quota_content_read",
            Self::Class(_, QuotaClass::ContentDelete) => "quota_content_delete",
            Self::Class(_, QuotaClass::General) => "quota_class",
        }
    }
}

/// A limit that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted {
    /// Whose.
    pub key: QuotaKey,
    /// In how many whole seconds one call is allowed again; at least 1.
    pub retry_after_secs: u32,
}

const N_SHARDS: usize = 64;
/// Past this many keys in a shard, those whose time has passed are forgotten.
const SWEEP_AT: usize = 4_096;

/// The counts of a node: many short locks, so that callers hardly ever meet.
#[derive(Debug)]
pub struct Quotas {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Debug)]
struct Shard {
    whole_at_us: HashMap<QuotaKey, u64>,
    sweep_at: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        let shard = || {
            Mutex::new(Shard {
                whole_at_us: HashMap::new(),
                sweep_at: SWEEP_AT,
            })
        };
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(shard).take(N_SHARDS).collect(),
        }
    }
}

impl Quotas {
    /// Takes one call from each limit, or from none when one of them is used up.
    ///
    /// # Errors
    /// The first limit that is used up.
    pub fn take(
        &self,
        wanted: impl Iterator<Item = (QuotaKey, Rate)> + Clone,
        monotonic_ms: u64,
    ) -> Result<(), Exhausted> {
        let now_us = monotonic_ms.saturating_mul(1_000);
        for (index, (key, rate)) in wanted.clone().enumerate() {
            if let Err(wait_us) = self.take_one(key, rate, now_us) {
                for (key, rate) in wanted.take(index) {
                    self.give_back(key, rate);
                }
                let retry_after_secs =
                    u32::try_from(wait_us.div_ceil(1_000_000)).unwrap_or(u32::MAX);
                return Err(Exhausted {
                    key,
                    retry_after_secs: retry_after_secs.max(1),
                });
            }
        }
        Ok(())
    }

    /// How many calls are left of a limit at this moment; nothing is taken.
    #[must_use]
    pub fn left(&self, key: QuotaKey, rate: Rate, monotonic_ms: u64) -> u32 {
        let now_us = monotonic_ms.saturating_mul(1_000);
        let whole_at = self.with_shard(key, |shard| shard.whole_at_us.get(&key).copied());
        let behind = whole_at.unwrap_or(0).saturating_sub(now_us);
        let left = rate.span_us().saturating_sub(behind) / rate.step_us();
        u32::try_from(left).unwrap_or(u32::MAX).min(rate.n_calls)
    }

    /// Takes one call, or says for how many microseconds none is left.
    fn take_one(&self, key: QuotaKey, rate: Rate, now_us: u64) -> Result<(), u64> {
        self.with_shard(key, |shard| {
            let whole_at = shard
                .whole_at_us
                .get(&key)
                .copied()
                .unwrap_or(0)
                .max(now_us);
            let after = whole_at.saturating_add(rate.step_us());
            let latest = now_us.saturating_add(rate.span_us());
            if after > latest || rate.n_calls == 0 {
                return Err(after.saturating_sub(latest).max(1));
            }
            shard.whole_at_us.insert(key, after);
            if shard.whole_at_us.len() > shard.sweep_at {
                shard.whole_at_us.retain(|_, whole_at| *whole_at > now_us);
                shard.sweep_at = (shard.whole_at_us.len() * 2).max(SWEEP_AT);
            }
            Ok(())
        })
    }

    fn give_back(&self, key: QuotaKey, rate: Rate) {
        self.with_shard(key, |shard| {
            if let Some(whole_at) = shard.whole_at_us.get_mut(&key) {
                *whole_at = whole_at.saturating_sub(rate.step_us());
            }
        });
    }

    fn with_shard<T>(&self, key: QuotaKey, act: impl FnOnce(&mut Shard) -> T) -> T {
        let number = usize::try_from(self.hasher.hash_one(key) % N_SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        act(&mut shard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> QuotaKey {
        QuotaKey::Account(AccountId::from_bytes([n; 16]))
    }

    fn take(quotas: &Quotas, wanted: &[(QuotaKey, Rate)], at_ms: u64) -> Result<(), Exhausted> {
        quotas.take(wanted.iter().copied(), at_ms)
    }

    #[test]
    fn allows_the_rate_at_once_and_earns_it_back() {
        let quotas = Quotas::default();
        let limit = [(account(1), Rate::per_minute(60))];
        for n in 0..60 {
            assert_eq!(take(&quotas, &limit, 5_000), Ok(()), "call {n}");
        }
        let refused = take(&quotas, &limit, 5_000).unwrap_err();
        assert_eq!(refused.retry_after_secs, 1);
        assert_eq!(quotas.left(limit[0].0, limit[0].1, 5_000), 0);
        assert_eq!(quotas.left(limit[0].0, limit[0].1, 15_000), 10);
        assert_eq!(quotas.left(account(3), limit[0].1, 5_000), 60);
        assert!(take(&quotas, &limit, 5_999).is_err());
        assert_eq!(take(&quotas, &limit, 6_000), Ok(()));
        assert!(take(&quotas, &limit, 6_000).is_err());
        assert_eq!(take(&quotas, &[(account(2), limit[0].1)], 6_000), Ok(()));
    }

    #[test]
    fn retry_after_is_long_enough() {
        let quotas = Quotas::default();
        let limit = [(account(1), Rate::per_minute(4))];
        for _ in 0..4 {
            assert_eq!(take(&quotas, &limit, 0), Ok(()));
        }
        let refused = take(&quotas, &limit, 1_000).unwrap_err();
        assert_eq!(refused.retry_after_secs, 14);
        assert!(take(&quotas, &limit, 14_999).is_err());
        assert_eq!(take(&quotas, &limit, 15_000), Ok(()));
    }

    #[test]
    fn a_refused_call_is_taken_from_no_limit() {
        let quotas = Quotas::default();
        let wide = (account(1), Rate::per_minute(2));
        let narrow = (account(2), Rate::per_minute(1));
        assert_eq!(take(&quotas, &[wide, narrow], 0), Ok(()));
        let refused = take(&quotas, &[wide, narrow], 0).unwrap_err();
        assert_eq!(refused.key, narrow.0);
        assert_eq!(take(&quotas, &[wide], 0), Ok(()));
        assert!(take(&quotas, &[wide], 0).is_err());
    }

    #[test]
    fn forgets_keys_whose_time_has_passed() {
        let quotas = Quotas::default();
        for n in 0..600_000_u32 {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            let key = QuotaKey::Token(TokenId::from_bytes(bytes));
            let at_ms = u64::from(n);
            assert_eq!(take(&quotas, &[(key, Rate::per_minute(60))], at_ms), Ok(()));
        }
        let kept = |shard: &Mutex<Shard>| shard.lock().unwrap().whole_at_us.len();
        let n_kept: usize = quotas.shards.iter().map(kept).sum();
        assert!(n_kept <= N_SHARDS * (SWEEP_AT + 1), "{n_kept}");
    }

    #[test]
    fn eight_callers_share_one_allowance() {
        let quotas = Quotas::default();
        let limit = [(account(1), Rate::per_minute(1_000))];
        let n_allowed: usize = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        (0..500)
                            .filter(|_| take(&quotas, &limit, 7).is_ok())
                            .count()
                    })
                })
                .collect();
            callers
                .into_iter()
                .map(|caller| caller.join().unwrap())
                .sum()
        });
        assert_eq!(n_allowed, 1_000);
    }
}
