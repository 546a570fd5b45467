//! Content items: read, and deleted.
//!
//! Whoever may not see an item is told that it does not exist. Legal hold wins over
//! deletion. Deleting takes the row; the sweeper takes the bytes once no row names them.

use crate::context::{Actor, Ctx, Note};
use crate::directory::rights::Live;
use crate::error::{Error, chain};
use crate::interactions::{Onlooker, Seen, interaction_not_found, seen_listing};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use ringfence_core::content::{ContentItem, ContentKey, ContentKind, ContentListing};
use ringfence_core::id::{InteractionId, RequestId};
use ringfence_store::blobs::BlobError;
use ringfence_store::contents as store;
use ringfence_store::db::Tx;
use ringfence_store::leases::{lease_release, lease_take};
use serde_json::json;
use std::ops::Range;

/// Most interactions of one batch.
pub const LARGEST_BATCH: usize = 1_000;

// A batch renews its lease with each part, so this only matters when a node dies under it.
const BATCH_LEASE_SECS: i64 = 30;
const BATCH_PART: usize = 25;

/// An interaction of a batch that was not deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchFailure {
    /// The interaction.
    pub id: InteractionId,
    /// Why; the text is for the caller.
    pub message: String,
}

/// An item the caller may see.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that key, or the caller may not see it.
pub async fn content_show(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    id: InteractionId,
    key: &ContentKey,
) -> Result<ContentItem, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let seen = seen_listing(&mut tx, who, id).await?;
    let (_, item) = visible_item(who, seen, key).ok_or_else(content_not_found)?;
    Ok(item)
}

/// The bytes of an item from [`content_show`], in pieces.
///
/// # Errors
/// [`Error::NotFound`] when the item was deleted meanwhile; [`Error::Unavailable`] when the bytes cannot be reached. The
/// stream fails rather than end early.
pub async fn content_read(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    (id, item): (InteractionId, &ContentItem),
    range: Range<u64>,
) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
    match ctx.blobs.read(item.sha256, range).await {
        Ok(pieces) => Ok(pieces.map(|piece| piece.map_err(blob_error))),
        Err(BlobError::Missing(_)) => {
            let mut tx = ctx.db.begin_read().await?;
            let row = store::content_find(&mut tx, who.account_id, id, &item.key).await?;
            match row {
                // Deleted and swept between the look and the read.
                None => Err(content_not_found()),
                Some(row) => Err(blob_error(BlobError::Missing(row.sha256))),
            }
        }
        Err(error) => Err(blob_error(error)),
    }
}

/// Deletes an item. A call recording takes its interaction's screen recordings with it, even for those who may not see them.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see it; [`Error::Forbidden`] without the permission to delete or under
/// legal hold.
pub async fn content_delete(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    id: InteractionId,
    key: &ContentKey,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    let seen = seen_listing(&mut tx, who, id).await?;
    let (listing, item) = visible_item(who, seen, key).ok_or_else(content_not_found)?;
    if !who.viewer.may_delete() {
        return Err(Error::Forbidden(format!(
            "Not authorized to remove {}",
            item.key.as_str()
        )));
    }
    let with_it = |other: &&ContentItem| {
        other.key == item.key
            || (item.kind == ContentKind::CallRecording
                && other.kind == ContentKind::ScreenRecording)
    };
    let victims: Vec<&ContentItem> = listing.items.iter().filter(with_it).collect();
    remove(&mut tx, who, id, &victims).await?;
    let keys: Vec<&str> = victims.iter().map(|item| item.key.as_str()).collect();
    record(
        ctx,
        &mut tx,
        who,
        "content.delete",
        id,
        json!({"keys": keys}),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Deletes all content of an interaction; what statistics know of it stays.
///
/// # Errors
/// [`Error::NotFound`] when the caller may see nothing of it; [`Error::Forbidden`] unless they may see and delete all of
/// it, or under legal hold.
pub async fn interaction_delete(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    id: InteractionId,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    let seen = seen_listing(&mut tx, who, id).await?;
    let visible = seen.as_ref().is_some_and(|seen| sees_any(who, seen));
    let Some(seen) = seen.filter(|_| visible) else {
        return Err(interaction_not_found());
    };
    remove_all(ctx, &mut tx, who, &seen).await?;
    Ok(tx.commit().await?)
}

/// Deletes all content of each interaction. Ids that do not exist count as deleted. Parts of the list are committed one
/// after the other, and one batch at a time runs in an account.
///
/// # Errors
/// [`Error::Invalid`] when the list is empty or too long; [`Error::TooMany`] while another batch of the account runs.
pub async fn interaction_delete_batch(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    ids: &[InteractionId],
) -> Result<Vec<BatchFailure>, Error> {
    if ids.is_empty() || ids.len() > LARGEST_BATCH {
        return Err(Error::Invalid(format!(
            "guids must hold 1 to {LARGEST_BATCH} GUIDs"
        )));
    }
    let holder = RequestId::new(ctx.now(), &*ctx.random);
    let mut failures = Vec::new();
    for part in ids.chunks(BATCH_PART) {
        let mut tx = ctx.db.begin_write().await?;
        hold_lease(ctx, &mut tx, who, holder).await?;
        for id in part {
            let refused = match seen_listing(&mut tx, who, *id).await? {
                None => None,
                Some(seen) if seen.listing.items.is_empty() => None,
                Some(seen) => match remove_all(ctx, &mut tx, who, &seen).await {
                    Ok(()) => None,
                    Err(Error::Forbidden(message)) => Some(message),
                    Err(error) => return Err(error),
                },
            };
            failures.extend(refused.map(|message| BatchFailure { id: *id, message }));
        }
        tx.commit().await?;
    }
    let mut tx = ctx.db.begin_write().await?;
    lease_release(&mut tx, &lease_name(who), holder).await?;
    tx.commit().await?;
    Ok(failures)
}

fn lease_name(who: &Onlooker<'_>) -> String {
    format!("interaction-delete-batch/{}", who.account_id)
}

async fn hold_lease(
    ctx: &Ctx,
    tx: &mut Tx,
    who: &Onlooker<'_>,
    holder: RequestId,
) -> Result<(), Error> {
    let now = ctx.now();
    let until = now.plus_secs(BATCH_LEASE_SECS);
    match lease_take(tx, &lease_name(who), holder, now, until).await? {
        Ok(()) => Ok(()),
        Err(ends_at) => {
            let secs = ends_at.ms_since(now).max(0) / 1000 + 1;
            Err(Error::TooMany {
                retry_after_secs: u32::try_from(secs).unwrap_or(u32::MAX),
            })
        }
    }
}

fn sees_any(who: &Onlooker<'_>, seen: &Seen) -> bool {
    let viewer = &who.viewer;
    let direction = seen.listing.direction;
    let mut items = seen.listing.items.iter();
    seen.reached && items.any(|item| viewer.kind_opens(direction, item.kind))
}

fn visible_item(
    who: &Onlooker<'_>,
    seen: Option<Seen>,
    key: &ContentKey,
) -> Option<(ContentListing, ContentItem)> {
    let Seen { listing, reached } = seen?;
    let item = listing.items.iter().find(|item| item.key == *key)?.clone();
    (reached && who.viewer.kind_opens(listing.direction, item.kind)).then_some((listing, item))
}

async fn remove_all(ctx: &Ctx, tx: &mut Tx, who: &Onlooker<'_>, seen: &Seen) -> Result<(), Error> {
    let viewer = &who.viewer;
    let id = seen.listing.id;
    let direction = seen.listing.direction;
    let mut items = seen.listing.items.iter();
    let sees_all = seen.reached && items.all(|item| viewer.kind_opens(direction, item.kind));
    if !viewer.may_delete() || !sees_all {
        return Err(Error::Forbidden(format!("Not authorized to remove {id}")));
    }
    let victims: Vec<&ContentItem> = seen.listing.items.iter().collect();
    remove(tx, who, id, &victims).await?;
    let detail = json!({"items": victims.len()});
    record(ctx, tx, who, "interaction.delete", id, detail).await
}

async fn remove(
    tx: &mut Tx,
    who: &Onlooker<'_>,
    id: InteractionId,
    victims: &[&ContentItem],
) -> Result<(), Error> {
    if victims.iter().any(|item| item.legal_hold) {
        return Err(Error::Forbidden(format!("{id} is under legal hold")));
    }
    for item in victims {
        // The statement asks about the hold again. Whatever came between undoes the whole transaction.
        if !store::content_delete(tx, who.account_id, id, &item.key).await? {
            return Err(Error::Conflict(format!("{id} was changed meanwhile")));
        }
    }
    Ok(())
}

async fn record(
    ctx: &Ctx,
    tx: &mut Tx,
    who: &Onlooker<'_>,
    act: &'static str,
    id: InteractionId,
    detail: serde_json::Value,
) -> Result<(), Error> {
    let note = Note {
        account_id: Some(who.account_id),
        act,
        subject: id.to_string(),
        detail,
        actor: &who.actor,
    };
    ctx.note(tx, note).await
}

/// The caller of an API, for the audit trail.
#[must_use]
pub fn caller(live: &Live) -> Actor {
    Actor(format!("credential:{}", live.credential.id))
}

fn content_not_found() -> Error {
    Error::NotFound("content".to_owned())
}

pub(crate) fn blob_error(error: BlobError) -> Error {
    match error {
        BlobError::Remote(_) => {
            tracing::warn!(error = %chain(&error), "the object store cannot be reached");
            Error::Unavailable("the recordings cannot be reached".to_owned())
        }
        BlobError::Missing(_) | BlobError::Io(_) | BlobError::Full => Error::internal(error),
    }
}
