//! What the ledger has and the platform no longer shows.

use super::{Lane, PAGE};
use crate::commit;
use crate::error::Error;
use crate::list::ListedBatch;
use ringfence_store::collect::Place;
use ringfence_store::collect::items::{self, CollectedItem, ItemState};
use std::collections::HashSet;

// Vanishing items beyond this share look like a lost permission, not like deletion.
const VANISHED_SHARE: usize = 2;
const VANISHED_FEW: usize = 4;

// What the ledger has and a complete answer lacks is gone at its source; the copy at home stays.
pub(super) async fn vanished(lane: &Lane, batch: &ListedBatch) -> Result<(), Error> {
    let Some((from, to)) = batch.complete else {
        return Ok(());
    };
    let ctx = &lane.site.ctx;
    let connection = lane.scope.connection;
    let present: HashSet<String> = batch.present.iter().map(ToString::to_string).collect();
    let mut gone = Vec::new();
    let mut n_known = 0;
    let mut after = Place::before(from);
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let page = items::items_page(&mut tx, connection, &after, to, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { break };
        after = Place {
            started_at: last.started_at,
            guid: last.guid.clone(),
            content_key: last.content_key.clone(),
        };
        n_known += page.len();
        gone.extend(
            page.into_iter()
                .filter(|item| item.state != ItemState::Gone && !present.contains(&item.guid)),
        );
    }
    if gone.is_empty() {
        return Ok(());
    }
    if gone.len() > VANISHED_FEW && gone.len() * VANISHED_SHARE > n_known {
        lane.note(
            "most recordings that could be seen before can no longer be seen: the owner's permissions were probably taken away",
        );
        return Ok(());
    }
    let at = ctx.clock.now();
    let mut tx = ctx.db.begin_write().await?;
    for item in &gone {
        let why = "no longer listed";
        commit::tombstone(&mut tx, connection, item, at, why).await?;
    }
    let lost: Vec<CollectedItem> = gone
        .into_iter()
        .filter(|item| item.state != ItemState::Verified)
        .map(|item| CollectedItem {
            state: ItemState::Gone,
            reason: Some("deleted_at_source".to_owned()),
            detail: "deleted before it could be fetched".to_owned(),
            ..item
        })
        .collect();
    items::items_put(&mut tx, connection, &lost, at).await?;
    tx.commit().await?;
    Ok(())
}
