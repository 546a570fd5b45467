//! The record of requests: what was answered, gathered in memory and flushed each second.
//!
//! Everything is counted. Refusals are kept one by one, others up to a bound a second; past the bounds a request is
//! only counted, and the count of those is kept too. Nothing here holds a path, a query, a token or a body.
//! [`reasons`] says what each reason code means, and what to do about it.

mod flush;
mod grant_reasons;
pub mod reasons;
pub mod rules;

pub use flush::{flush, tidy};

use crate::context::Ctx;
use crate::gateway::Who;
use ringfence_core::client::Client;
use ringfence_core::id::{AccountId, RequestId};
use ringfence_core::time::Timestamp;
use ringfence_store::traffic::counts::Tally;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

const N_SHARDS: usize = 16;
// Past this many different counts in one second, further ones are counted together under this name.
const MOST_A_SHARD: usize = 4_096;
/// The route under which requests are counted when there are too many different ones.
pub const ROUTE_OTHER: &str = "other";
/// The route of requests for a token.
pub const ROUTE_TOKEN: &str = "/Auth/connect/token";
/// The route of an application's requests for a token, whichever of its addresses was asked.
pub const ROUTE_VBC_TOKEN: &str = "/token";
/// The route of requests to a path that no rule knows.
pub const ROUTE_NONE: &str = "none";

/// How much is kept of answered requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrafficLimits {
    /// How many admitted requests a second each node keeps one by one.
    pub admitted_per_second: u32,
    /// How many refused ones.
    pub refused_per_second: u32,
    /// For how many days.
    pub days_kept: u32,
    /// How many of each kind an account has at most.
    pub requests_per_account: u32,
}

impl Default for TrafficLimits {
    fn default() -> Self {
        Self {
            admitted_per_second: 50,
            refused_per_second: 500,
            days_kept: 7,
            requests_per_account: 100_000,
        }
    }
}

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// Who made it, when that is known.
    pub who: Option<Who>,
    /// The route's template or name.
    pub route: &'static str,
    /// The method.
    pub method: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Why it was refused, if it was.
    pub reason: Option<&'static str>,
    /// How long the answer took, in microseconds.
    pub took_us: u64,
    /// Where it came from.
    pub from: Option<IpAddr>,
}

/// Notes a request that was answered, and what it means for its application's use.
pub fn answered_note(ctx: &Ctx, answered: Answered) {
    if let Some(who) = answered.who
        && let Client::Application(application_id) = who.client
    {
        ctx.usage.applications.note(application_id, &answered, who);
    }
    ctx.traffic.note(answered);
}

/// What was answered since the last flush. Requests are spread over short locks by their random ids, so that they hardly ever meet.
#[derive(Debug)]
pub struct Traffic {
    shards: [Shard; N_SHARDS],
    /// How many more may be kept one by one until the next flush.
    admitted_left: AtomicU32,
    refused_left: AtomicU32,
    limits: TrafficLimits,
}

// Each on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    counts: HashMap<CountKey, Tally>,
    log: Vec<Answered>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct CountKey {
    account_id: Option<AccountId>,
    client: Option<Client>,
    route: &'static str,
    method: &'static str,
    status_class: u8,
    reason: &'static str,
    minute: i64,
}

impl Traffic {
    /// Starts with nothing kept.
    #[must_use]
    pub fn new(limits: TrafficLimits) -> Self {
        Self {
            shards: Default::default(),
            admitted_left: AtomicU32::new(limits.admitted_per_second),
            refused_left: AtomicU32::new(limits.refused_per_second),
            limits,
        }
    }

    /// How much is kept.
    #[must_use]
    pub const fn limits(&self) -> TrafficLimits {
        self.limits
    }

    /// Notes a request that was answered.
    pub fn note(&self, answered: Answered) {
        let left = match answered.reason {
            Some(_) => &self.refused_left,
            None => &self.admitted_left,
        };
        // A count that is already zero is only read, so that a crowd does not pass one cache line around.
        let logged = left.load(Ordering::Relaxed) > 0
            && left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok();
        let took_us = i64::try_from(answered.took_us).unwrap_or(i64::MAX);
        let tally = Tally {
            n: 1,
            n_unlogged: i64::from(!logged),
            sum_us: took_us,
            max_us: took_us,
        };
        let key = CountKey::of(&answered);
        let shard = &self.shards[usize::from(answered.id.as_bytes()[15]) % N_SHARDS];
        let mut kept = shard.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.counts.get_mut(&key) {
            known.merge(tally);
        } else if kept.counts.len() < MOST_A_SHARD {
            kept.counts.insert(key, tally);
        } else {
            kept.counts
                .entry(key.without_detail())
                .or_default()
                .merge(tally);
        }
        if logged {
            kept.log.push(answered);
        }
    }

    /// Takes out everything, and lets as much be kept again.
    fn take(&self) -> (Vec<(CountKey, Tally)>, Vec<Answered>) {
        let (mut counts, mut log) = (Vec::new(), Vec::new());
        for shard in &self.shards {
            let kept = std::mem::take(&mut *shard.0.lock().unwrap_or_else(PoisonError::into_inner));
            counts.extend(kept.counts);
            log.extend(kept.log);
        }
        let limits = self.limits;
        self.admitted_left
            .store(limits.admitted_per_second, Ordering::Relaxed);
        self.refused_left
            .store(limits.refused_per_second, Ordering::Relaxed);
        (counts, log)
    }
}

impl CountKey {
    fn of(answered: &Answered) -> Self {
        let refused = answered.who.filter(|_| answered.reason.is_some());
        Self {
            account_id: answered.who.and_then(|who| who.account_id),
            // For charts the account is enough; which client is refused is a question of its own.
            client: refused.map(|who| who.client),
            route: answered.route,
            method: answered.method,
            status_class: u8::try_from(answered.status / 100).unwrap_or(0),
            reason: answered.reason.unwrap_or_default(),
            minute: answered.at.ms().div_euclid(60_000),
        }
    }

    const fn without_detail(self) -> Self {
        Self {
            client: None,
            route: ROUTE_OTHER,
            method: "",
            ..self
        }
    }
}

// Ids are random in their last bytes and names are told apart by length, or else by comparison: hashing less is faster.
impl Hash for CountKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let tail = |bytes: &[u8; 16]| {
            let [.., a, b, c, d, e, f, g, h] = *bytes;
            u64::from_le_bytes([a, b, c, d, e, f, g, h])
        };
        let account = self.account_id.map_or(0, |id| tail(id.as_bytes()));
        let client = self.client.map_or(0, |client| tail(client.as_bytes()));
        state.write_u64(account ^ client.rotate_left(17));
        let lengths = (self.route.len() << 16) ^ (self.reason.len() << 8) ^ self.method.len();
        state.write_usize(lengths ^ (usize::from(self.status_class) << 32));
        state.write_i64(self.minute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::WhoScopes;
    use ringfence_core::id::CredentialId;
    use ringfence_core::scope::ScopeSet;

    fn answered(n: u8, reason: Option<&'static str>) -> Answered {
        Answered {
            id: RequestId::from_bytes([n; 16]),
            at: Timestamp::from_ms(120_500),
            who: None,
            route: "/stats/interactions",
            method: "GET",
            status: if reason.is_some() { 403 } else { 200 },
            reason,
            took_us: u64::from(n),
            from: None,
        }
    }

    #[test]
    fn counts_everything_and_keeps_lines_up_to_the_bound() {
        let traffic = Traffic::new(TrafficLimits {
            admitted_per_second: 3,
            refused_per_second: 2,
            ..TrafficLimits::default()
        });
        for n in 1..=10 {
            traffic.note(answered(n, None));
            traffic.note(answered(n, Some("scope_missing")));
        }
        let (counts, log) = traffic.take();
        let of = |reason: &str| {
            let mut all = Tally::default();
            for (_, tally) in counts.iter().filter(|(key, _)| key.reason == reason) {
                all.merge(*tally);
            }
            all
        };
        let whole = |n_unlogged| Tally {
            n: 10,
            n_unlogged,
            sum_us: 55,
            max_us: 10,
        };
        assert_eq!(of(""), whole(7));
        assert_eq!(of("scope_missing"), whole(8));
        assert_eq!(log.iter().filter(|line| line.reason.is_none()).count(), 3);
        assert_eq!(log.iter().filter(|line| line.reason.is_some()).count(), 2);
        assert!(traffic.take().0.is_empty());
        traffic.note(answered(1, None));
        assert_eq!(
            traffic.take().1.len(),
            1,
            "a flush lets lines be kept again"
        );
    }

    #[test]
    fn too_many_different_counts_fall_together() {
        let traffic = Traffic::new(TrafficLimits::default());
        for n in 0..10_000_u16 {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&n.to_be_bytes());
            let mut line = answered(16, Some("scope_missing"));
            line.who = Some(Who {
                account_id: Some(AccountId::from_bytes([1; 16])),
                client: Client::Credential(CredentialId::from_bytes(id)),
                owner_id: None,
                scopes: WhoScopes::Credential(ScopeSet::EMPTY),
            });
            traffic.note(line);
        }
        let (counts, _) = traffic.take();
        assert_eq!(counts.len(), MOST_A_SHARD + 1);
        let n: i64 = counts.iter().map(|(_, tally)| tally.n).sum();
        assert_eq!(n, 10_000, "none is lost");
    }
}
