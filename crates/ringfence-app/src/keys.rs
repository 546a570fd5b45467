//! Signing keys: made, announced, used, retired and forgotten by schedule, withdrawn by hand.
//!
//! The rules are pure and live in the core's `key_schedule`; here they meet the store.
//! Any number of nodes may do this at once: each looks again under one lock.

use crate::context::{Actor, Change, Ctx};
use crate::directory::follow;
use crate::error::{Error, chain};
use ringfence_core::account::TokenAlg;
use ringfence_core::id::KeyId;
use ringfence_core::jwt::jwk::jwks_json;
use ringfence_core::jwt::key::SigningKey;
use ringfence_core::key_schedule::{KeyPlan, KeySchedule, KeyState, KeyTimes};
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::feed::{FeedKind, feed_lock};
use ringfence_store::keys::{StoredKey, key_insert, key_list, key_prune, key_times_set};
use std::time::Duration;

const ALGORITHMS: [TokenAlg; 2] = [TokenAlg::Rs256, TokenAlg::Es256];

/// A signing key as people see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyView {
    /// Its id, algorithm and times.
    pub times: KeyTimes,
    /// Where it is in its life.
    pub state: KeyState,
}

/// Every signing key, oldest first.
///
/// # Errors
/// The store cannot be read.
pub async fn keys_list(ctx: &Ctx) -> Result<Vec<KeyView>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let now = ctx.now();
    let view = |key: &StoredKey| KeyView {
        times: times(key),
        state: times(key).state(now),
    };
    Ok(key_list(&mut tx).await?.iter().map(view).collect())
}

/// The public keys to publish, as a JSON key set.
///
/// # Errors
/// A key is not of its algorithm.
pub fn keys_publish(ctx: &Ctx) -> Result<String, Error> {
    let snapshot = ctx.directory.look();
    jwks_json(snapshot.published_keys(ctx.now())).map_err(Error::internal)
}

/// Announces a successor of the present key, of one algorithm or of all. It signs once readers have had time to see it.
///
/// # Errors
/// The store refused it, or a key could not be made.
pub async fn keys_rotate(ctx: &Ctx, actor: &Actor, alg: Option<TokenAlg>) -> Result<(), Error> {
    for one in ALGORITHMS
        .into_iter()
        .filter(|one| alg.is_none_or(|alg| alg == *one))
    {
        change(ctx, actor, one, |schedule, keys, now| {
            schedule.rotate(keys, now)
        })
        .await?;
    }
    Ok(())
}

/// Takes a key away: nothing it signed is accepted from now on, and another one signs.
///
/// # Errors
/// There is no such key, the store refused it, or a key could not be made.
pub async fn keys_withdraw(ctx: &Ctx, actor: &Actor, id: KeyId) -> Result<(), Error> {
    let key = keys_list(ctx)
        .await?
        .into_iter()
        .find(|key| key.times.id == id);
    let Some(key) = key else {
        return Err(Error::NotFound("key".to_owned()));
    };
    change(ctx, actor, key.times.alg, |schedule, keys, now| {
        schedule.withdraw(keys, id, now)
    })
    .await
}

/// Does what is due by schedule. The first call on a new store makes the first keys.
///
/// # Errors
/// The store refused it, or a key could not be made.
pub async fn keys_tick(ctx: &Ctx) -> Result<(), Error> {
    let now = ctx.now();
    let known: Vec<KeyTimes> = {
        let snapshot = ctx.directory.look();
        let entry = |key: &std::sync::Arc<crate::directory::snapshot::KeyEntry>| KeyTimes {
            id: key.id,
            alg: key.alg,
            announced_at: key.announced_at,
            active_from: key.active_from,
            retire_at: key.retire_at,
            remove_at: key.remove_at,
            withdrawn_at: key.withdrawn_at,
        };
        snapshot.keys().iter().map(entry).collect()
    };
    for alg in ALGORITHMS {
        if ctx.settings.keys.due(&of_alg(&known, alg), now) != KeyPlan::default() {
            let due = |schedule: &KeySchedule, keys: &[KeyTimes], now| schedule.due(keys, now);
            change(ctx, &Actor::system(), alg, due).await?;
        }
    }
    if known
        .iter()
        .any(|key| key.remove_at.is_some_and(|at| at <= now))
    {
        prune(ctx, now).await?;
    }
    Ok(())
}

/// Does what is due, again and again, until the task is dropped.
pub async fn run(ctx: Ctx) {
    let pause = Duration::from_secs(u64::from(ctx.settings.keys.announce_secs / 4).clamp(1, 30));
    loop {
        tokio::time::sleep(pause).await;
        if let Err(error) = keys_tick(&ctx).await {
            tracing::error!(error = %chain(&error), "signing keys could not be tended; the present ones sign on");
        }
    }
}

/// Plans on what the store holds, makes a key if the plan needs one, and writes the plan if it still holds under the lock.
async fn change(
    ctx: &Ctx,
    actor: &Actor,
    alg: TokenAlg,
    plan_of: impl Fn(&KeySchedule, &[KeyTimes], Timestamp) -> KeyPlan + Send,
) -> Result<(), Error> {
    let mut fresh = None;
    loop {
        let mut tx = ctx.db.begin_write().await?;
        feed_lock(&mut tx).await?;
        let now = ctx.now();
        let stored = key_list(&mut tx).await?;
        let known: Vec<KeyTimes> = stored.iter().map(times).collect();
        let plan = plan_of(&ctx.settings.keys, &of_alg(&known, alg), now);
        if plan.make.is_some() && fresh.is_none() {
            // Making an RSA key takes a tenth of a second or more: not inside a transaction.
            drop(tx);
            fresh = Some(key_generate(KeyId::new(now, &*ctx.random), alg).await?);
            continue;
        }
        if plan == KeyPlan::default() {
            return Ok(());
        }
        for changed in &plan.update {
            let Some(mut key) = stored.iter().find(|key| key.id == changed.id).cloned() else {
                continue;
            };
            (key.active_from, key.retire_at) = (changed.active_from, changed.retire_at);
            (key.remove_at, key.withdrawn_at) = (changed.remove_at, changed.withdrawn_at);
            key_times_set(&mut tx, &key).await?;
            let act = match changed.withdrawn_at {
                Some(_) => "key.withdraw",
                None => "key.reschedule",
            };
            record(ctx, &mut tx, actor, act, changed).await?;
        }
        if let (Some(active_from), Some(signing)) = (plan.make, fresh.as_ref()) {
            let key = key_seal(ctx, signing, now, active_from)?;
            key_insert(&mut tx, &key).await?;
            record(ctx, &mut tx, actor, "key.announce", &times(&key)).await?;
        }
        ctx.commit(tx).await?;
        // This node knows at once; the others follow the feed.
        follow::catch_up(ctx).await?;
        return Ok(());
    }
}

async fn key_generate(id: KeyId, alg: TokenAlg) -> Result<SigningKey, Error> {
    tokio::task::spawn_blocking(move || SigningKey::generate(id, alg))
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)
}

fn key_seal(
    ctx: &Ctx,
    key: &SigningKey,
    now: Timestamp,
    active_from: Timestamp,
) -> Result<StoredKey, Error> {
    let pkcs8 = key.to_pkcs8().map_err(Error::internal)?;
    let place = key.id.as_bytes();
    let sealed = ctx
        .key_sealer
        .seal(&*ctx.random, place, pkcs8.expose())
        .map_err(Error::internal)?;
    Ok(StoredKey {
        id: key.id,
        alg: key.public().alg,
        public_key: key.public().as_bytes().to_vec(),
        sealed,
        announced_at: now,
        active_from,
        retire_at: None,
        remove_at: None,
        withdrawn_at: None,
    })
}

/// Forgets keys of which no token can be left.
async fn prune(ctx: &Ctx, now: Timestamp) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    feed_lock(&mut tx).await?;
    let known: Vec<KeyTimes> = key_list(&mut tx).await?.iter().map(times).collect();
    for id in key_prune(&mut tx, now).await? {
        if let Some(key) = known.iter().find(|key| key.id == id) {
            record(ctx, &mut tx, &Actor::system(), "key.forget", key).await?;
        }
    }
    ctx.commit(tx).await
}

async fn record(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    act: &'static str,
    key: &KeyTimes,
) -> Result<(), Error> {
    let change = Change {
        kind: FeedKind::Key,
        account_id: None,
        act,
        subject: key.id.to_string(),
        detail: serde_json::json!({
            "alg": key.alg.as_str(),
            "active_from": key.active_from.to_iso_secs(),
            "retire_at": key.retire_at.map(Timestamp::to_iso_secs),
        }),
        actor,
    };
    ctx.record(tx, change).await
}

fn of_alg(keys: &[KeyTimes], alg: TokenAlg) -> Vec<KeyTimes> {
    keys.iter().filter(|key| key.alg == alg).copied().collect()
}

fn times(key: &StoredKey) -> KeyTimes {
    KeyTimes {
        id: key.id,
        alg: key.alg,
        announced_at: key.announced_at,
        active_from: key.active_from,
        retire_at: key.retire_at,
        remove_at: key.remove_at,
        withdrawn_at: key.withdrawn_at,
    }
}
