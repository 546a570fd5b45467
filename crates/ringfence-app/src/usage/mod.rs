//! Uses of credentials, gathered in memory and flushed in batches (design §5); those of applications in [`applications`].

pub mod applications;

use self::applications::{ApplicationUsage, applications_flush};
use crate::context::Ctx;
use crate::error::{Error, chain};
use crate::token::failures_flush;
use crate::token::grant::tally_flush;
use crate::traffic;
use ringfence_core::id::CredentialId;
use ringfence_core::scope::ScopeSet;
use ringfence_core::time::Timestamp;
use ringfence_store::credentials::usage::{
    AddressDelta, HourDelta, ScopeDelta, SecretUseDelta, Tally, addresses_add, hours_add,
    scope_uses_set, secret_uses_add,
};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

const N_SHARDS: usize = 16;
// Past this many different secrets in one second, further ones are not counted until the flush.
const MOST_A_SHARD: usize = 16_384;
// Past this many different addresses of one secret in one second, further ones are not told apart.
const MOST_ADDRESSES: usize = 8;
const MS_AN_HOUR: i64 = 3_600_000;

/// What was used since the last flush. Sixteen short locks, so that callers hardly ever meet.
#[derive(Debug, Default)]
pub struct Usage {
    /// Uses of applications.
    pub applications: ApplicationUsage,
    shards: [Mutex<HashMap<(CredentialId, u32), Use>>; N_SHARDS],
}

/// A secret that is being used.
#[derive(Clone, Copy, Debug)]
pub struct SecretUsed {
    /// Its credential.
    pub credential_id: CredentialId,
    /// Its number.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// From which address.
    pub from: Option<IpAddr>,
}

/// How an admitted call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallEnd {
    /// Below 400.
    Ok,
    /// 400 to 499.
    Wrong,
    /// 500 and above.
    Failed,
}

#[derive(Clone, Debug, Default)]
struct Use {
    // The last use; none when only outcomes came in.
    last: Option<(Timestamp, Option<IpAddr>, &'static str)>,
    noted_at: Timestamp,
    uses: i64,
    addresses: Vec<(IpAddr, Timestamp, i64)>,
    issued: ScopeSet,
    opened: ScopeSet,
    tally: Tally,
}

impl Usage {
    /// Notes a token that was issued with these scopes.
    pub fn token_issued(&self, used: SecretUsed, scopes: ScopeSet) {
        self.change(used, |entry| {
            entry.used(used, "token");
            entry.issued = entry.issued.union(scopes);
            entry.tally.tokens += 1;
        });
    }

    /// Notes a call that was admitted on a route; these scopes opened it.
    pub fn call_admitted(&self, used: SecretUsed, route: &'static str, scopes: ScopeSet) {
        self.change(used, |entry| {
            entry.used(used, route);
            entry.opened = entry.opened.union(scopes);
        });
    }

    /// Notes a call that was not admitted although its token was one of ours.
    pub fn call_refused(&self, used: SecretUsed) {
        self.change(used, |entry| entry.tally.refused += 1);
    }

    /// Notes how an admitted call ended.
    pub fn call_ended(&self, used: SecretUsed, end: CallEnd) {
        self.change(used, |entry| match end {
            CallEnd::Ok => entry.tally.ok += 1,
            CallEnd::Wrong => entry.tally.wrong += 1,
            CallEnd::Failed => entry.tally.failed += 1,
        });
    }

    fn change(&self, used: SecretUsed, change: impl FnOnce(&mut Use)) {
        let key = (used.credential_id, used.number);
        let mut shard = locked(&self.shards[usize::from(key.0.as_bytes()[15]) % N_SHARDS]);
        if shard.len() >= MOST_A_SHARD && !shard.contains_key(&key) {
            return;
        }
        let entry = shard.entry(key).or_default();
        entry.noted_at = used.at;
        change(entry);
    }

    fn take(&self) -> Vec<((CredentialId, u32), Use)> {
        let mut taken = Vec::new();
        for shard in &self.shards {
            taken.extend(std::mem::take(&mut *locked(shard)));
        }
        taken
    }
}

impl Use {
    fn used(&mut self, used: SecretUsed, route: &'static str) {
        self.last = Some((used.at, used.from, route));
        self.uses += 1;
        let Some(address) = used.from else {
            return;
        };
        if let Some(known) = self.addresses.iter_mut().find(|a| a.0 == address) {
            known.1 = used.at;
            known.2 += 1;
        } else if self.addresses.len() < MOST_ADDRESSES {
            self.addresses.push((address, used.at, 1));
        }
    }
}

/// What one flush writes, each thing once.
#[derive(Debug, Default)]
struct Batch {
    secrets: Vec<SecretUseDelta>,
    addresses: Vec<AddressDelta>,
    scopes: Vec<ScopeDelta>,
    hours: Vec<HourDelta>,
}

impl Batch {
    /// Sorts what was gathered by table. The secrets of one credential meet in its scopes and hours.
    fn of(uses: &[((CredentialId, u32), Use)]) -> Self {
        let mut batch = Self::default();
        // In order, so that two nodes lock the same rows one after the other.
        let mut scopes: BTreeMap<CredentialId, (ScopeSet, ScopeSet, Timestamp)> = BTreeMap::new();
        let mut hours: BTreeMap<(CredentialId, i64), Tally> = BTreeMap::new();
        for ((credential_id, number), used) in uses {
            let (credential_id, number) = (*credential_id, *number);
            if let Some((at, from, route)) = used.last {
                batch.secrets.push(SecretUseDelta {
                    credential_id,
                    number,
                    at,
                    from: from.map(|ip| ip.to_string()).unwrap_or_default(),
                    route: route.to_owned(),
                    uses: used.uses,
                });
            }
            for (address, at, uses) in &used.addresses {
                batch.addresses.push(AddressDelta {
                    credential_id,
                    number,
                    address: address.to_string(),
                    at: *at,
                    uses: *uses,
                });
            }
            let known = scopes.entry(credential_id).or_default();
            *known = (
                known.0.union(used.issued),
                known.1.union(used.opened),
                known.2.max(used.noted_at),
            );
            let hour = used.noted_at.ms().div_euclid(MS_AN_HOUR);
            let tally = hours.entry((credential_id, hour)).or_default();
            tally.tokens += used.tally.tokens;
            tally.ok += used.tally.ok;
            tally.refused += used.tally.refused;
            tally.wrong += used.tally.wrong;
            tally.failed += used.tally.failed;
        }
        for (credential_id, (issued, opened, at)) in scopes {
            for scope in issued.union(opened).iter() {
                batch.scopes.push(ScopeDelta {
                    credential_id,
                    scope,
                    issued_at: issued.contains(scope).then_some(at),
                    opened_at: opened.contains(scope).then_some(at),
                });
            }
        }
        for ((credential_id, hour), tally) in hours {
            if tally != Tally::default() {
                batch.hours.push(HourDelta {
                    credential_id,
                    hour,
                    tally,
                });
            }
        }
        batch
    }
}

/// Writes down what was used since the last time, and what failed.
///
/// # Errors
/// The store refused it; these uses are lost, which design §5 allows.
pub async fn flush(ctx: &Ctx) -> Result<(), Error> {
    let mut uses = ctx.usage.take();
    // Sorted, so that the secrets of one credential land in one batch and nodes lock rows in one order.
    uses.sort_unstable_by_key(|(key, _)| *key);
    for some in uses.chunks(500) {
        let batch = Batch::of(some);
        let mut tx = ctx.db.begin_write().await?;
        secret_uses_add(&mut tx, &batch.secrets).await?;
        addresses_add(&mut tx, &batch.addresses).await?;
        scope_uses_set(&mut tx, &batch.scopes).await?;
        hours_add(&mut tx, &batch.hours).await?;
        tx.commit().await?;
    }
    applications_flush(ctx).await?;
    failures_flush(ctx).await?;
    tally_flush(ctx).await?;
    traffic::flush(ctx).await
}

/// Flushes every second until the task is dropped.
pub async fn run(ctx: Ctx) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(error) = flush(&ctx).await {
            tracing::warn!(error = %chain(&error), "usage of the last second was not written down");
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
