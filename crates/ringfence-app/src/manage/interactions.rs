//! Interactions and their content, put into an account by its admins' programs (design §8).
//!
//! Putting the same thing again changes nothing and is no error; putting another thing in its place is a conflict.
//! Content never changes: delete it first.

use crate::caller::Caller;
use crate::context::{Ctx, Note};
use crate::error::Error;
use crate::import::call::Call;
use crate::interactions::interaction_not_found;
use crate::manage::recordings::{onlooker, require_write};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Address, Direction, Interaction};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use ringfence_core::wav::reader::WavReader;
use ringfence_store::blobs::StagedBlob;
use ringfence_store::blobs::ledger::blob_claim;
use ringfence_store::contents::{content_find, content_insert};
use ringfence_store::interactions::{interaction_find, interaction_replace};
use serde_json::json;

// JSON is checked as a whole, so it must fit into memory.
const JSON_BYTES_MAX: usize = 8 * 1024 * 1024;
const LONGEST_CALL_MS: u64 = 7 * 86_400_000;

/// What a program says of a call, as a row of an import's manifest does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewInteraction {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it lasted.
    pub duration_ms: u64,
    /// From the start until two people talked; none when they never did.
    pub connected_after_ms: Option<u64>,
    /// Who began it.
    pub direction: Direction,
    /// The address that began it.
    pub connect_from: Address,
    /// The address that was contacted.
    pub connect_to: Address,
    /// The agent who handled it.
    pub agent: Option<AgentNumber>,
    /// The line whose permission gates its content.
    pub line: Line,
    /// The queue it waited in.
    pub queue: Option<String>,
}

/// What a program says of a content item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewContent {
    /// Its key.
    pub key: ContentKey,
    /// What it is.
    pub kind: ContentKind,
    /// Its media type.
    pub media_type: String,
    /// The digest that its bytes must have.
    pub sha256: Option<ContentDigest>,
}

/// What became of a thing that was put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// It was not there before.
    Created,
    /// It was there just so.
    Same,
    /// It took another one's place.
    Replaced,
}

/// An interaction, and those of its items that the caller may see.
#[derive(Clone, Debug)]
pub struct InteractionView {
    /// What is known of it.
    pub interaction: Interaction,
    /// The items.
    pub items: Vec<ContentItem>,
}

/// One interaction: for an admin what is known of every call, and for everybody the items they may see.
///
/// # Errors
/// [`Error::NotFound`] when there is none; for others than admins also when they may see nothing of it.
pub async fn interaction_show(
    ctx: &Ctx,
    caller: &Caller,
    id: InteractionId,
) -> Result<InteractionView, Error> {
    let items = match crate::interactions::interaction_show(ctx, &onlooker(caller), id).await {
        Ok(listing) => listing.items,
        Err(Error::NotFound(_)) if caller.require_admin().is_ok() => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut tx = ctx.db.begin_read().await?;
    let interaction = interaction_find(&mut tx, caller.account.id, id).await?;
    let interaction = interaction.ok_or_else(interaction_not_found)?;
    Ok(InteractionView { interaction, items })
}

/// Puts an interaction. One that is there already is replaced only by a caller who names its version.
///
/// # Errors
/// [`Error::Conflict`] when another one is there; [`Error::Stale`] when it is not the version that the caller named.
pub async fn interaction_put(
    ctx: &Ctx,
    caller: &Caller,
    id: InteractionId,
    new: NewInteraction,
    version: Option<&(dyn Fn(&Interaction) -> bool + Send + Sync)>,
) -> Result<(Put, Interaction), Error> {
    caller.require_admin()?;
    require_write(caller)?;
    check(&new)?;
    let call = Call {
        id,
        started_at: new.started_at,
        duration_ms: new.duration_ms,
        connected_after_ms: new.connected_after_ms,
        direction: new.direction,
        connect_from: new.connect_from,
        connect_to: new.connect_to,
        agent: new.agent,
        line: new.line,
        queue: new.queue,
    };
    let mut tx = ctx.db.begin_write().await?;
    let stored = interaction_find(&mut tx, caller.account.id, id).await?;
    let mut interaction = call.interaction(caller.account.id, ctx.now());
    let put = match (&stored, version) {
        (None, None) => Put::Created,
        (None, Some(_)) => return Err(Error::Stale),
        (Some(stored), Some(is_version)) if !is_version(stored) => return Err(Error::Stale),
        (Some(stored), version) => match (call.contradiction(stored), version) {
            (None, _) => return Ok((Put::Same, stored.clone())),
            (Some(what), None) => {
                return Err(Error::Conflict(format!(
                    "the account has this interaction with another {what}; send its ETag as If-Match to replace it"
                )));
            }
            (Some(_), Some(_)) => {
                // Versions are told apart by this instant.
                interaction.processed_at =
                    interaction.processed_at.max(stored.processed_at.plus_ms(1));
                Put::Replaced
            }
        },
    };
    interaction_replace(&mut tx, &interaction).await?;
    let act = match put {
        Put::Replaced => "interaction.replace",
        Put::Created | Put::Same => "interaction.create",
    };
    let actor = caller.actor();
    let note = Note {
        account_id: Some(caller.account.id),
        act,
        subject: id.to_string(),
        detail: json!({"direction": interaction.direction.as_str()}),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok((put, interaction))
}

fn check(new: &NewInteraction) -> Result<(), Error> {
    if new.duration_ms > LONGEST_CALL_MS {
        return Err(Error::Invalid(
            "durationMs must not be longer than 7 days".to_owned(),
        ));
    }
    if new
        .connected_after_ms
        .is_some_and(|ms| ms > new.duration_ms)
    {
        return Err(Error::Invalid(
            "connectedAfterMs must not be longer than durationMs".to_owned(),
        ));
    }
    Ok(())
}

/// Puts a content item: its bytes are streamed, checked for what they should be, made durable and then shown.
///
/// # Errors
/// [`Error::NotFound`] without such an interaction; [`Error::Conflict`] when the key holds other bytes;
/// [`Error::Invalid`] when the bytes are not what they are said to be, or break off.
pub async fn content_put<E: std::fmt::Display>(
    ctx: &Ctx,
    caller: &Caller,
    id: InteractionId,
    new: NewContent,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<(Put, ContentItem), Error> {
    caller.require_admin()?;
    require_write(caller)?;
    if new.key.as_str() != new.kind.as_str() && new.kind.has_fixed_key() {
        return Err(Error::Invalid(format!(
            "a {} has the key {}",
            new.kind.as_str(),
            new.kind.as_str()
        )));
    }
    let account_id = caller.account.id;
    let mut tx = ctx.db.begin_read().await?;
    if interaction_find(&mut tx, account_id, id).await?.is_none() {
        return Err(interaction_not_found());
    }
    let stored = content_find(&mut tx, account_id, id, &new.key).await?;
    drop(tx);
    if let (Some(stored), Some(named)) = (&stored, new.sha256)
        && stored.sha256 != named
    {
        return Err(other_bytes(&new.key));
    }
    let staged = stage(ctx, &new, body).await?;
    if let Some(stored) = stored {
        return if stored.sha256 == staged.sha256 {
            Ok((Put::Same, stored))
        } else {
            Err(other_bytes(&new.key))
        };
    }
    content_add(ctx, caller, id, new, staged).await
}

async fn content_add(
    ctx: &Ctx,
    caller: &Caller,
    id: InteractionId,
    new: NewContent,
    staged: StagedBlob,
) -> Result<(Put, ContentItem), Error> {
    let now = ctx.now();
    let account_id = caller.account.id;
    let item = ContentItem {
        key: new.key,
        kind: new.kind,
        media_type: new.media_type,
        size_bytes: staged.size_bytes,
        sha256: staged.sha256,
        last_modified: now,
        owner_agent: None,
        owner_plan: None,
        properties: None,
        legal_hold: false,
    };
    let mut tx = ctx.db.begin_write().await?;
    if !blob_claim(&mut tx, item.sha256, item.size_bytes, now).await? {
        return Err(Error::Unavailable(
            "the same bytes are just being deleted; try again".to_owned(),
        ));
    }
    tx.commit().await?;
    ctx.blobs.publish(staged).await?;
    let mut tx = ctx.db.begin_write().await?;
    if !content_insert(&mut tx, account_id, id, &item).await? {
        // Somebody else put one meanwhile.
        let stored = content_find(&mut tx, account_id, id, &item.key).await?;
        return match stored.filter(|stored| stored.sha256 == item.sha256) {
            Some(stored) => Ok((Put::Same, stored)),
            None => Err(other_bytes(&item.key)),
        };
    }
    let actor = caller.actor();
    let note = Note {
        account_id: Some(account_id),
        act: "content.create",
        subject: id.to_string(),
        detail: json!({
            "key": item.key.as_str(),
            "kind": item.kind.as_str(),
            "bytes": item.size_bytes,
            "sha256": item.sha256.to_string(),
        }),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok((Put::Created, item))
}

async fn stage<E: std::fmt::Display>(
    ctx: &Ctx,
    new: &NewContent,
    body: impl Stream<Item = Result<Bytes, E>> + Send,
) -> Result<StagedBlob, Error> {
    let mut body = std::pin::pin!(body);
    let mut writer = ctx.blobs.writer().await?;
    let mut wav = (new.kind.media_type() == "audio/wav").then(WavReader::new);
    let mut text = (new.kind.media_type() == "application/json").then(Vec::new);
    let mut n_bytes = 0_usize;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|e| Error::Invalid(format!("the body broke off: {e}")))?;
        n_bytes = n_bytes.saturating_add(piece.len());
        if let Some(wav) = &mut wav {
            wav.feed(&piece);
            if let Some(refusal) = wav.refusal() {
                return Err(Error::Invalid(refusal.to_string()));
            }
        }
        if let Some(text) = &mut text {
            if n_bytes > JSON_BYTES_MAX {
                return Err(Error::Invalid(format!(
                    "a {} has at most {} MiB",
                    new.kind.as_str(),
                    JSON_BYTES_MAX >> 20
                )));
            }
            text.extend_from_slice(&piece);
        }
        writer.write(&piece).await?;
    }
    if n_bytes == 0 {
        return Err(Error::Invalid("the body is empty".to_owned()));
    }
    if let Some(Err(refusal)) = wav.map(WavReader::finish) {
        return Err(Error::Invalid(refusal.to_string()));
    }
    if let Some(text) = text {
        serde_json::from_slice::<serde::de::IgnoredAny>(&text)
            .map_err(|e| Error::Invalid(format!("the body is not JSON: {e}")))?;
    }
    let staged = writer.finish().await?;
    if let Some(named) = new.sha256.filter(|named| *named != staged.sha256) {
        return Err(Error::Invalid(format!(
            "the digest of the body is {} and not {named}",
            staged.sha256
        )));
    }
    Ok(staged)
}

fn other_bytes(key: &ContentKey) -> Error {
    Error::Conflict(format!(
        "the interaction has other bytes under {}; content never changes: delete it first",
        key.as_str()
    ))
}
