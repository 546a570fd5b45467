//! Slows those who fail, over all nodes.
//!
//! An attempt is counted as failed before its proof is looked at, and taken back when the proof was right: many
//! attempts at the same moment are many failures, not one.

use super::Visitor;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::credential::StoredDigest;
use ringfence_core::sign_in::patience::{CROWD, Failures, Patience};
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::sign_in::failures::{
    failures_forget, failures_lock, failures_set, failures_take_back,
};
use std::net::{IpAddr, Ipv6Addr};

/// An attempt that was let through and counted.
#[derive(Debug)]
pub(super) struct Attempt {
    address: StoredDigest,
    name: StoredDigest,
    pair: StoredDigest,
    /// How many failures the name has, wherever they came from, this one included.
    pub(super) n_failures: u32,
}

/// Whose names an attempt is for. The same name at two doors is two names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Door {
    /// Users of accounts.
    People,
    /// Developers.
    Developers,
}

impl Door {
    const fn label(self) -> &'static str {
        match self {
            Self::People => "",
            Self::Developers => "developer ",
        }
    }
}

/// Lets an attempt for a name through, or says when to come back.
pub(super) async fn attempt_begin(
    ctx: &Ctx,
    door: Door,
    name: &str,
    visitor: &Visitor,
) -> Result<Attempt, Error> {
    let from = visitor.address.map(network_of);
    let from = from.map_or_else(|| "nowhere".to_owned(), |a| a.to_string());
    let key = |what: String| ctx.digest_key.digest(&format!("sign-in failures:{what}"));
    let name = name.to_lowercase();
    let mut attempt = Attempt {
        address: key(format!("address:{from}")),
        name: key(format!("{}name:{name}", door.label())),
        pair: key(format!("{}pair:{from}:{name}", door.label())),
        n_failures: 0,
    };
    let now = ctx.now();
    // Rows are locked in this order everywhere, so nobody waits for somebody who waits for them.
    let mut tx = ctx.db.begin_write().await?;
    let of_address = failures_lock(&mut tx, attempt.address, now).await?;
    let of_name = failures_lock(&mut tx, attempt.name, now).await?;
    let of_pair = failures_lock(&mut tx, attempt.pair, now).await?;
    let crowded = of_name.counting(now) >= CROWD;
    let patience = if crowded {
        Patience::CROWDED
    } else {
        Patience::NAME_FROM_ADDRESS
    };
    let wait_secs = of_pair
        .wait_secs(patience, now)
        .max(of_address.wait_secs(Patience::ADDRESS, now));
    if wait_secs > 0 {
        return Err(Error::TooMany {
            retry_after_secs: wait_secs,
        });
    }
    count(&mut tx, attempt.address, of_address, now).await?;
    attempt.n_failures = count(&mut tx, attempt.name, of_name, now).await?;
    count(&mut tx, attempt.pair, of_pair, now).await?;
    tx.commit().await?;
    Ok(attempt)
}

/// Takes an attempt back: its proof was right, or was never looked at.
pub(super) async fn attempt_take_back(
    ctx: &Ctx,
    attempt: &Attempt,
    right: bool,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    failures_take_back(&mut tx, attempt.address).await?;
    failures_take_back(&mut tx, attempt.name).await?;
    if right {
        failures_forget(&mut tx, attempt.pair).await?;
    } else {
        failures_take_back(&mut tx, attempt.pair).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Lets somebody who is known already give one more proof, or says when to come back. Gives how many failed, this one
/// included, until [`known_forget`].
pub(super) async fn known_begin(
    ctx: &Ctx,
    who: impl std::fmt::Display,
    what: &'static str,
) -> Result<u32, Error> {
    let key = known_key(ctx, who, what);
    let now = ctx.now();
    let mut tx = ctx.db.begin_write().await?;
    let failures = failures_lock(&mut tx, key, now).await?;
    let wait_secs = failures.wait_secs(Patience::NAME_FROM_ADDRESS, now);
    if wait_secs > 0 {
        return Err(Error::TooMany {
            retry_after_secs: wait_secs,
        });
    }
    let n_failures = count(&mut tx, key, failures, now).await?;
    tx.commit().await?;
    Ok(n_failures)
}

/// Forgets the failures of somebody whose proof was right, in the transaction of what it allows.
pub(super) async fn known_forget(
    ctx: &Ctx,
    tx: &mut Tx,
    who: impl std::fmt::Display,
    what: &'static str,
) -> Result<(), Error> {
    Ok(failures_forget(tx, known_key(ctx, who, what)).await?)
}

fn known_key(ctx: &Ctx, who: impl std::fmt::Display, what: &'static str) -> StoredDigest {
    ctx.digest_key
        .digest(&format!("sign-in failures:{what}:{who}"))
}

async fn count(
    tx: &mut Tx,
    key: StoredDigest,
    failures: Failures,
    now: Timestamp,
) -> Result<u32, Error> {
    let n = failures.counting(now).saturating_add(1);
    failures_set(tx, key, Failures { n, last_at: now }).await?;
    Ok(n)
}

/// An address, or for IPv6 its /64, as one subscriber holds all of that.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}
