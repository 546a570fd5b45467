//! From the platform's pages into the lane: content to be planned, calls and users for the ledger.

use super::{Lane, send};
use crate::commit::Tally;
use crate::error::Error;
use crate::list::{StatsPages, Window};
use crate::plan::{self, Step, Work};
use crate::upstream::access;
use crate::upstream::wire::{CountedInteraction, ListedInteraction};
use ringfence_store::collect::interactions::{self, CollectedInteraction};
use ringfence_store::collect::items;
use ringfence_store::collect::users::{self, CollectedUser};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

pub(super) async fn plan_and_send(
    lane: &Lane,
    listed: &[ListedInteraction],
    works: &mpsc::Sender<Work>,
    days: &mut BTreeSet<String>,
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let from = listed.iter().map(|i| i.start).min().unwrap_or_default();
    let to = listed.iter().map(|i| i.start).max().unwrap_or_default();
    let guids: Vec<String> = listed.iter().map(|i| i.guid.to_string()).collect();
    let connection = lane.scope.connection;
    let mut tx = lane.site.ctx.db.begin_read().await?;
    let range = (from.plus_ms(-1_000), to.plus_ms(1_000));
    let known = items::items_of(&mut tx, connection, range.0, range.1, &guids).await?;
    let talk: HashMap<String, i64> =
        interactions::interactions_talk(&mut tx, connection, from, to, &guids)
            .await?
            .into_iter()
            .collect();
    drop(tx);
    let mut by_guid: HashMap<String, Vec<items::CollectedItem>> = HashMap::new();
    for item in known {
        by_guid.entry(item.guid.clone()).or_default().push(item);
    }
    for interaction in listed {
        let guid = interaction.guid.to_string();
        let known = by_guid.get(&guid).map_or(&[][..], Vec::as_slice);
        days.insert(interaction.start.to_iso_date());
        for step in plan::plan(interaction, known, talk.get(&guid).copied()) {
            match step {
                Step::Fetch(work) => {
                    tally.listed += 1;
                    send(works, *work).await?;
                }
                Step::AlreadyHad => {
                    tally.listed += 1;
                    tally.already_had += 1;
                }
                Step::StillRefused => {
                    tally.listed += 1;
                    tally.refused += 1;
                }
            }
        }
    }
    Ok(tally)
}

pub(super) async fn count(
    lane: &Lane,
    window: Window,
    days: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let mut pages = StatsPages::new(&lane.site.upstream, window);
    loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(()),
            Err(Error::NotAllowed(said)) => {
                lane.has_stats.store(false, Ordering::Relaxed);
                lane.note(&format!(
                    "the statistics are refused, so whether calls are missing cannot be known: {said}"
                ));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let calls: BTreeMap<_, _> = page
            .iter()
            .map(|call| ((call.start, call.guid), collected(call)))
            .collect();
        days.extend(page.iter().map(|call| call.start.to_iso_date()));
        let calls: Vec<CollectedInteraction> = calls.into_values().collect();
        let ctx = &lane.site.ctx;
        let mut tx = ctx.db.begin_write().await?;
        interactions::interactions_put(&mut tx, lane.scope.connection, &calls, ctx.clock.now())
            .await?;
        tx.commit().await?;
    }
}

/// A call of the statistics as the ledger keeps it.
#[must_use]
pub fn collected(call: &CountedInteraction) -> CollectedInteraction {
    CollectedInteraction {
        started_at: call.start,
        guid: call.guid.to_string(),
        conversation: call.conversation_guid.map(|g| g.to_string()),
        duration_ms: call.duration_ms,
        talk_ms: call.talk_ms,
        direction: call.direction.as_str().to_owned(),
        medium: call.medium.clone(),
        completed: call.completed,
        connect_from: call.connect_from.clone(),
        connect_to: call.connect_to.clone(),
        service: call.service.clone(),
        agent: call.agent_id.clone(),
    }
}

/// Reads the users into the ledger.
///
/// # Errors
/// The platform or the store fails.
pub async fn users(lane: &Lane) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for page in 1.. {
        let listed = access::users_page(&lane.site.upstream, page).await?;
        let n_listed = listed.len();
        let new: BTreeMap<String, CollectedUser> = listed
            .into_iter()
            .filter(|user| seen.insert(user.user_id.clone()))
            .map(|user| {
                let collected = CollectedUser {
                    user_id: user.user_id.clone(),
                    username: user.username,
                    name: user.name,
                    email: user.email,
                    role: user.role,
                    active: user.active,
                    agent: user.agent_id,
                };
                (user.user_id, collected)
            })
            .collect();
        if new.is_empty() {
            break;
        }
        let new: Vec<CollectedUser> = new.into_values().collect();
        let ctx = &lane.site.ctx;
        let mut tx = ctx.db.begin_write().await?;
        users::users_put(&mut tx, lane.scope.connection, &new, ctx.clock.now()).await?;
        tx.commit().await?;
        if access::is_last_page(n_listed) {
            break;
        }
    }
    Ok(())
}
