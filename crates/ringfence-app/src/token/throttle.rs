//! Slows those who fail or ask too often, in bounded memory.
//!
//! Failures are counted for each client from each address, for each address, and for
//! each client. The last never refuses by itself, or anybody could lock a client out: it
//! only makes an address that has failed before wait after each failure.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

const N_SHARDS: usize = 16;
const MOST_A_SHARD: usize = 8_192;

/// How many failures, or questions, are free and how fast they are forgiven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How long it takes until one more may come, in milliseconds.
    pub every_ms: u32,
}

/// The bounds of failed authentication.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FailureLimits {
    /// For one client id from one address.
    pub pair: Rate,
    /// For one address.
    pub address: Rate,
    /// For one client id, from where on an address that failed before is slowed at once.
    pub client: Rate,
}

impl Default for FailureLimits {
    fn default() -> Self {
        Self {
            pair: Rate {
                burst: 20,
                every_ms: 3_000,
            },
            address: Rate {
                burst: 300,
                every_ms: 200,
            },
            client: Rate {
                burst: 200,
                every_ms: 1_000,
            },
        }
    }
}

const ONE_AT_A_TIME: Rate = Rate {
    burst: 1,
    every_ms: 3_000,
};
const QUESTIONS: Rate = Rate {
    burst: 200,
    every_ms: 50,
};

#[derive(Clone, Copy, Hash)]
enum Count<'c> {
    Pair(&'c str, Option<IpAddr>),
    Address(IpAddr),
    Client(&'c str),
    Questions(&'c str),
}

/// The counts of one node.
///
/// A count is one instant: that until which all counted so far is forgiven (the
/// theoretical arrival time of the generic cell rate algorithm).
#[derive(Debug)]
pub(in crate::token) struct Throttle {
    limits: FailureLimits,
    hasher: RandomState,
    shards: [Mutex<Shard>; N_SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    /// Until when each count is forgiven, in milliseconds.
    counts: HashMap<u64, u64>,
    swept_ms: u64,
}

impl Throttle {
    pub(in crate::token) fn new(limits: FailureLimits) -> Self {
        Self {
            limits,
            hasher: RandomState::new(),
            shards: Default::default(),
        }
    }

    /// Whether a client may try to authenticate from there; if not, when to try again in seconds.
    pub(in crate::token) fn check(
        &self,
        client: &str,
        from: Option<IpAddr>,
        now_ms: u64,
    ) -> Result<(), u32> {
        let from = from.map(network_of);
        if let Some(address) = from {
            self.admits(Count::Address(address), self.limits.address, now_ms)?;
        }
        let crowded = self
            .admits(Count::Client(client), self.limits.client, now_ms)
            .is_err();
        let pair = if crowded {
            ONE_AT_A_TIME
        } else {
            self.limits.pair
        };
        self.admits(Count::Pair(client, from), pair, now_ms)
    }

    /// Counts a failure.
    pub(in crate::token) fn note_failure(&self, client: &str, from: Option<IpAddr>, now_ms: u64) {
        let from = from.map(network_of);
        self.count(Count::Pair(client, from), self.limits.pair, now_ms);
        self.count(Count::Client(client), self.limits.client, now_ms);
        if let Some(address) = from {
            self.count(Count::Address(address), self.limits.address, now_ms);
        }
    }

    /// Counts a question of an authenticated client, or says when it may ask again in seconds.
    pub(in crate::token) fn take_question(&self, client: &str, now_ms: u64) -> Result<(), u32> {
        self.admits(Count::Questions(client), QUESTIONS, now_ms)?;
        self.count(Count::Questions(client), QUESTIONS, now_ms);
        Ok(())
    }

    fn admits(&self, count: Count<'_>, rate: Rate, now_ms: u64) -> Result<(), u32> {
        let (hash, shard) = self.place(count);
        let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(forgiven_ms) = shard.counts.get(&hash) else {
            return Ok(());
        };
        let every_ms = u64::from(rate.every_ms);
        let free_ms = u64::from(rate.burst.max(1) - 1) * every_ms;
        let wait_ms = forgiven_ms.saturating_sub(now_ms).saturating_sub(free_ms);
        if wait_ms == 0 {
            return Ok(());
        }
        Err(u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX))
    }

    fn count(&self, count: Count<'_>, rate: Rate, now_ms: u64) {
        let (hash, shard) = self.place(count);
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.counts.len() >= MOST_A_SHARD && !shard.counts.contains_key(&hash) {
            shard.make_room(now_ms);
        }
        let forgiven_ms = shard.counts.entry(hash).or_insert(now_ms);
        *forgiven_ms = (*forgiven_ms).max(now_ms) + u64::from(rate.every_ms);
    }

    fn place(&self, count: Count<'_>) -> (u64, &Mutex<Shard>) {
        let hash = self.hasher.hash_one(count);
        let shard = usize::try_from(hash >> 60).unwrap_or_default();
        (hash, &self.shards[shard % N_SHARDS])
    }
}

impl Shard {
    fn make_room(&mut self, now_ms: u64) {
        // A sweep looks at everything, so it runs at most once a second.
        if now_ms >= self.swept_ms + 1_000 || self.swept_ms == 0 {
            self.counts.retain(|_, forgiven_ms| *forgiven_ms > now_ms);
            self.swept_ms = now_ms.max(1);
        }
        if self.counts.len() >= MOST_A_SHARD {
            // Any one has to go; which one is not for the outside to choose, as the hash is keyed.
            let first = self.counts.keys().next().copied();
            first.and_then(|hash| self.counts.remove(&hash));
        }
    }
}

/// An address, or for IPv6 its /64, as one subscriber holds all of that.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, n]))
    }

    fn fail(throttle: &Throttle, client: &str, from: Option<IpAddr>, now_ms: u64) -> bool {
        let admitted = throttle.check(client, from, now_ms).is_ok();
        if admitted {
            throttle.note_failure(client, from, now_ms);
        }
        admitted
    }

    #[test]
    fn a_client_is_slowed_from_the_address_that_fails_and_from_no_other() {
        let throttle = Throttle::new(FailureLimits::default());
        let tried = (0..100)
            .filter(|_| fail(&throttle, "c", address(1), 0))
            .count();
        assert_eq!(tried, 20);
        let wait = throttle.check("c", address(1), 0).unwrap_err();
        assert_eq!(throttle.check("c", address(2), 0), Ok(()));
        assert_eq!(throttle.check("d", address(1), 0), Ok(()));
        assert_eq!(
            throttle.check("c", address(1), u64::from(wait) * 1000),
            Ok(())
        );
    }

    #[test]
    fn an_address_that_tries_many_clients_is_slowed() {
        let throttle = Throttle::new(FailureLimits::default());
        let tried = (0..1_000)
            .filter(|n| fail(&throttle, &n.to_string(), address(1), 0))
            .count();
        assert_eq!(tried, 300);
        assert_eq!(throttle.check("c", address(2), 0), Ok(()));
    }

    #[test]
    fn a_client_tried_from_many_addresses_is_not_locked_out() {
        let throttle = Throttle::new(FailureLimits::default());
        for n in 0..=u8::MAX {
            assert!(fail(&throttle, "c", address(n), 0));
        }
        assert_eq!(
            throttle.check("c", Some(IpAddr::from([198, 51, 100, 1])), 0),
            Ok(())
        );
        assert!(
            throttle.check("c", address(7), 0).is_err(),
            "an address that failed waits"
        );
        assert_eq!(throttle.check("c", address(7), 3_000), Ok(()));
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let throttle = Throttle::new(FailureLimits::default());
        let from = |n: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n]));
        let tried = (0..100)
            .filter(|n| fail(&throttle, "c", from(*n), 0))
            .count();
        assert_eq!(tried, 20);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::new(FailureLimits::default());
        for n in 0..200_000_u32 {
            throttle.note_failure(&n.to_string(), None, 0);
        }
        let held: usize = throttle
            .shards
            .iter()
            .map(|s| s.lock().unwrap().counts.len())
            .sum();
        assert!(held <= N_SHARDS * MOST_A_SHARD);
    }
}
