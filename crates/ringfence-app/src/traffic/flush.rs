//! From memory to the store, and what keeps the store small.

use super::{Answered, CountKey};
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::time::Timestamp;
use ringfence_store::traffic::counts::{
    SlotKey, Span, Tally, counts_add, counts_prune, counts_take,
};
use ringfence_store::traffic::log::{
    LoggedRequest, requests_add, requests_crowded, requests_prune, requests_thin,
};
use std::collections::BTreeMap;

// Charts of a day and shorter look at the last hours by the minute, those of a month by the hour.
const MINUTES_KEPT_SECS: i64 = 2 * 3_600;
const HOURS_KEPT_SECS: i64 = 32 * 86_400;
const DAYS_KEPT_SECS: i64 = 400 * 86_400;
const DAY_SECS: i64 = 86_400;
// Other writers get their turn between batches.
const BATCH: u32 = 2_000;

/// Writes down what was answered since the last time.
///
/// # Errors
/// The store refused it; what was gathered is lost, which design §5 allows.
pub async fn flush(ctx: &Ctx) -> Result<(), Error> {
    let (counts, log) = ctx.traffic.take();
    if counts.is_empty() && log.is_empty() {
        return Ok(());
    }
    let mut slots: BTreeMap<SlotKey, Tally> = BTreeMap::new();
    for (key, tally) in counts {
        slots.entry(slot_key(key)).or_default().merge(tally);
    }
    let slots: Vec<_> = slots.into_iter().collect();
    let log: Vec<_> = log.iter().map(logged).collect();
    let mut tx = ctx.db.begin_write().await?;
    counts_add(&mut tx, &slots).await?;
    requests_add(&mut tx, &log).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts old minutes together to hours and old hours to days, and removes what is past its time or too much.
///
/// # Errors
/// The store refused it or broke off; the next run goes on.
pub async fn tidy(ctx: &Ctx) -> Result<(), Error> {
    let now = ctx.now();
    let ages = [
        (Span::Minute, Span::Hour, MINUTES_KEPT_SECS),
        (Span::Hour, Span::Day, HOURS_KEPT_SECS),
    ];
    for (from, to, kept_secs) in ages {
        // Whole slots of the longer kind only, so that each is written about once.
        roll_up(ctx, from, to, to.slot(now.plus_secs(-kept_secs))).await?;
    }
    let mut tx = ctx.db.begin_write().await?;
    counts_prune(&mut tx, now.plus_secs(-DAYS_KEPT_SECS)).await?;
    tx.commit().await?;
    log_tidy(ctx, now).await
}

async fn roll_up(ctx: &Ctx, from: Span, to: Span, before: Timestamp) -> Result<(), Error> {
    loop {
        let mut tx = ctx.db.begin_write().await?;
        let taken = counts_take(&mut tx, from, before, BATCH).await?;
        let done = taken.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
        let mut slots: BTreeMap<SlotKey, Tally> = BTreeMap::new();
        for (mut key, tally) in taken {
            key.at = to.slot(key.at);
            key.span = to;
            slots.entry(key).or_default().merge(tally);
        }
        let slots: Vec<_> = slots.into_iter().collect();
        counts_add(&mut tx, &slots).await?;
        tx.commit().await?;
        if done {
            return Ok(());
        }
    }
}

async fn log_tidy(ctx: &Ctx, now: Timestamp) -> Result<(), Error> {
    let limits = ctx.traffic.limits();
    let before = now.plus_secs(-i64::from(limits.days_kept) * DAY_SECS);
    loop {
        let mut tx = ctx.db.begin_write().await?;
        let gone = requests_prune(&mut tx, before, BATCH).await?;
        tx.commit().await?;
        if gone < u64::from(BATCH) {
            break;
        }
    }
    let mut tx = ctx.db.begin_read().await?;
    let crowded = requests_crowded(&mut tx, limits.requests_per_account).await?;
    drop(tx);
    for account in crowded {
        loop {
            let mut tx = ctx.db.begin_write().await?;
            let gone = requests_thin(&mut tx, &account, limits.requests_per_account, BATCH).await?;
            tx.commit().await?;
            if gone == 0 {
                break;
            }
        }
    }
    Ok(())
}

fn slot_key(key: CountKey) -> SlotKey {
    SlotKey {
        account_id: key.account_id,
        at: Timestamp::from_ms(key.minute.saturating_mul(60_000)),
        span: Span::Minute,
        route: key.route.to_owned(),
        method: key.method.to_owned(),
        status_class: key.status_class,
        reason: key.reason.to_owned(),
        client: key.client,
    }
}

fn logged(answered: &Answered) -> LoggedRequest {
    let who = answered.who;
    LoggedRequest {
        id: answered.id,
        at: answered.at,
        account_id: who.and_then(|who| who.account_id),
        client: who.map(|who| who.client),
        owner_id: who.and_then(|who| who.owner_id),
        route: answered.route.to_owned(),
        method: answered.method.to_owned(),
        status: answered.status,
        reason: answered.reason.map(str::to_owned),
        duration_us: i64::try_from(answered.took_us).unwrap_or(i64::MAX),
        address: answered.from,
        scopes: who.map(|who| who.scopes.to_string()).unwrap_or_default(),
    }
}
