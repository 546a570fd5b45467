//! One pass over a stretch of time: every call is at home, or has one open gap.

use crate::context::CollectCtx;
use crate::coverage::{Causes, OwnerView, Rules, line_of};
use crate::error::Error;
use crate::plan::MAX_ATTEMPTS;
use ringfence_core::gap::GapReason;
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::Place;
use ringfence_store::collect::gaps::{self, Gap};
use ringfence_store::collect::interactions::{self, Accounted, Eligible};
use ringfence_store::collect::items::{self, CollectedItem, ItemState};

const PAGE: i64 = 1_000;
// What is usual for a stratum is learnt from this much time before.
const HISTORY_MS: i64 = 28 * 86_400_000;
// More absent calls than this at once have one cause, which asking for each does not find.
const MAX_PROBES: usize = 20;

/// The double entry of a stretch of time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Balance {
    /// Voice calls by the statistics.
    pub calls: u64,
    /// Those with a verified recording.
    pub recorded: u64,
    /// Those with an open gap.
    pub gaps: u64,
    /// Calls newly found absent without any item, few enough to be asked for one by one.
    pub to_probe: Vec<String>,
}

/// Accounts for the calls that began in `[from, to]`.
///
/// # Errors
/// The store fails.
pub async fn account(
    ctx: &CollectCtx,
    connection: ConnectionId,
    owner: &OwnerView,
    rules: Rules,
    range: (Timestamp, Timestamp),
) -> Result<Balance, Error> {
    let (from, to) = range;
    let eligible = Eligible {
        min_talk_ms: rules.min_talk_ms,
        before: rules.now.plus_ms(-rules.delay_ms),
    };
    let mut tx = ctx.db.begin_read().await?;
    let strata = interactions::interactions_strata(
        &mut tx,
        connection,
        from.plus_ms(-HISTORY_MS),
        to,
        eligible,
    )
    .await?;
    drop(tx);
    let causes = Causes::new(&strata, owner, rules);
    let mut balance = Balance::default();
    let mut absent = Vec::new();
    let mut after = Place::before(from);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page =
            interactions::interactions_accounted(&mut tx, connection, &after, to, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = Place {
            started_at: last.interaction.started_at,
            guid: last.interaction.guid.clone(),
            content_key: String::new(),
        };
        let new = account_page(ctx, connection, &causes, &page, &mut balance).await?;
        if absent.len() <= MAX_PROBES {
            absent.extend(new);
        }
    }
    balance.gaps += account_uncounted(ctx, connection, rules, range).await?;
    if absent.len() <= MAX_PROBES {
        balance.to_probe = absent;
    }
    Ok(balance)
}

async fn account_page(
    ctx: &CollectCtx,
    connection: ConnectionId,
    causes: &Causes<'_>,
    page: &[Accounted],
    balance: &mut Balance,
) -> Result<Vec<String>, Error> {
    let now = causes.rules.now;
    let mut open = Vec::new();
    let mut closed = Vec::new();
    let mut absent = Vec::new();
    for entry in page {
        let call = &entry.interaction;
        if !call.medium.starts_with("Phone") && !call.medium.is_empty() {
            continue;
        }
        balance.calls += 1;
        let state = entry.state.as_deref().and_then(ItemState::parse);
        if state == Some(ItemState::Verified) {
            balance.recorded += 1;
            closed.push(call.guid.clone());
            continue;
        }
        let (reason, detail) = match state {
            Some(_) => of_item(entry.reason.as_deref(), entry.detail.as_deref()),
            None => causes.explain(call),
        };
        balance.gaps += 1;
        if state.is_none() && reason != GapReason::NotEligible {
            absent.push(call.guid.clone());
        }
        open.push(Gap {
            started_at: call.started_at,
            guid: call.guid.clone(),
            reason: reason.as_str().to_owned(),
            detail,
            direction: call.direction.clone(),
            line: line_of(call).to_owned(),
            agent: call.agent.clone(),
            first_seen_at: now,
        });
    }
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(absent);
    };
    let range = (
        first.interaction.started_at.plus_ms(-1_000),
        last.interaction.started_at.plus_ms(1_000),
    );
    let mut tx = ctx.db.begin_write().await?;
    if !absent.is_empty() {
        let known = gaps::gaps_known(&mut tx, connection, range.0, range.1, &absent).await?;
        absent.retain(|guid| !known.contains(guid));
    }
    gaps::gaps_put(&mut tx, connection, &open, now).await?;
    gaps::gaps_close(&mut tx, connection, range.0, range.1, &closed, now).await?;
    tx.commit().await?;
    Ok(absent)
}

// Items that are not at home and whose call the statistics do not have, or cannot be read.
async fn account_uncounted(
    ctx: &CollectCtx,
    connection: ConnectionId,
    rules: Rules,
    range: (Timestamp, Timestamp),
) -> Result<u64, Error> {
    let (from, to) = range;
    let mut n_gaps = 0;
    let mut after = Place::before(from);
    loop {
        let mut tx = ctx.db.begin_write().await?;
        let page = items::items_uncounted(&mut tx, connection, &after, to, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Place {
            started_at: last.started_at,
            guid: last.guid.clone(),
            content_key: last.content_key.clone(),
        };
        let mut open: Vec<Gap> = Vec::new();
        let mut closed = Vec::new();
        for item in &page {
            if item.state == ItemState::Verified {
                closed.push(item.guid.clone());
            } else if open.iter().all(|g| g.guid != item.guid) {
                open.push(gap_of(item, rules.now));
            }
        }
        n_gaps += open.len() as u64;
        gaps::gaps_put(&mut tx, connection, &open, rules.now).await?;
        gaps::gaps_close(&mut tx, connection, from, to, &closed, rules.now).await?;
        tx.commit().await?;
    }
    Ok(n_gaps)
}

fn gap_of(item: &CollectedItem, now: Timestamp) -> Gap {
    let (reason, detail) = of_item(item.reason.as_deref(), Some(&item.detail));
    let outbound = item.direction == "outbound";
    Gap {
        started_at: item.started_at,
        guid: item.guid.clone(),
        reason: reason.as_str().to_owned(),
        detail,
        direction: item.direction.clone(),
        line: if outbound {
            item.connect_from.clone()
        } else {
            item.connect_to.clone()
        },
        agent: item.agents.split(' ').next().map(str::to_owned),
        first_seen_at: now,
    }
}

fn of_item(reason: Option<&str>, detail: Option<&str>) -> (GapReason, String) {
    let reason = reason.and_then(GapReason::parse);
    let detail = detail.unwrap_or_default();
    match reason {
        Some(GapReason::Late) => (
            GapReason::Late,
            format!("fetching it failed and is tried again, {MAX_ATTEMPTS} times in all: {detail}"),
        ),
        Some(reason) => (reason, detail.to_owned()),
        None => (GapReason::DeadLetter, detail.to_owned()),
    }
}
