//! Recordings at the portal: found, looked at, listened to and deleted by people, as far as their own permissions let them.
//!
//! The rule is that of the APIs ([`crate::interactions`]): nobody sees more here than a credential of theirs would. An
//! operator who looks at another account sees none of its content: it belongs to the account's own people.

use crate::caller::Caller;
use crate::contents::{self, content_show};
use crate::context::{Ctx, Note};
use crate::error::Error;
use crate::interactions::{
    InteractionSearch, Onlooker, interaction_not_found, interaction_search_part, interaction_show,
    viewer_person,
};
use crate::manage::slice::Slice;
use crate::sounds::{Sound, sound_of};
use futures_util::StreamExt as _;
use ringfence_core::content::{ContentItem, ContentKey, ContentKind, ContentListing};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Direction, Interaction};
use ringfence_core::permission::{Permission, PermissionSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line, Role};
use ringfence_core::visibility::{Reach, Viewer};
use ringfence_store::groups::group_find;
use ringfence_store::interactions::{ContentSearch, Position, content_search, interaction_find};
use ringfence_store::names::{admin_names, agent_names};
use ringfence_store::sounds::{Hearing, hearing_known, hearing_note};
use serde_json::json;
use std::collections::BTreeMap;

// Requests for parts of one item within this time are one listening.
const LISTENING_SECS: i64 = 15 * 60;
const LOOK_BACK_SECS: i64 = 400 * 86_400;
const ADMINS_NAMED: u32 = 3;
const GROUPS_NAMED: usize = 20;
const SOUNDS_DRAWN: usize = 4;
const TRANSCRIPT_BYTES_MAX: u64 = 1024 * 1024;

/// Names of agents by their numbers, where they have any.
pub type AgentNames = BTreeMap<AgentNumber, String>;

/// What keeps content from a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hidden {
    /// They look at an account that is not theirs.
    OtherAccount,
    /// A feature permission of theirs is No.
    Permission(Permission),
    /// They have no lines, and lines decide.
    NoLines,
    /// Only interactions on these lines are within reach.
    OtherLines(Vec<Line>),
    /// They may reach no group, and groups decide.
    NoGroups,
    /// Only interactions of agents in these groups, by name, are within reach.
    OtherGroups(Vec<String>),
}

/// What a person sees of an account's content, and what they do not.
#[derive(Clone, Debug)]
pub struct Sight {
    /// Whether they can see any content at all.
    pub sees_any: bool,
    /// Whether they may delete what they see.
    pub may_delete: bool,
    /// What they do not see.
    pub hidden: Vec<Hidden>,
    /// Whether they may change permissions themselves.
    pub is_admin: bool,
    /// Some of those who can change it, by name.
    pub admins: Vec<String>,
}

/// Interactions found.
#[derive(Debug, Default)]
pub struct RecordingPage {
    /// They, each with the items the person may see.
    pub interactions: Vec<ContentListing>,
    /// Whether there are more after them.
    pub more: bool,
    /// Names of their agents.
    pub agent_names: AgentNames,
}

/// One interaction with what the person may see of it.
#[derive(Debug)]
pub struct Recording {
    /// What is known of it.
    pub interaction: Interaction,
    /// The items the person may see.
    pub items: Vec<RecordingItem>,
    /// Names of its agents.
    pub agent_names: AgentNames,
}

/// An item of an interaction.
#[derive(Debug)]
pub struct RecordingItem {
    /// The item.
    pub item: ContentItem,
    /// What it sounds like, when it is audio that is read here.
    pub sound: Option<Sound>,
}

/// What somebody does with an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// They listen to it, or look at it.
    Play,
    /// They save it as a file.
    Download,
    /// They read it as text.
    Read,
}

impl Manner {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Play => "play",
            Self::Download => "download",
            Self::Read => "read",
        }
    }
}

/// The caller as somebody who looks at content.
#[must_use]
pub fn onlooker(caller: &Caller) -> Onlooker<'_> {
    let mut viewer = viewer_person(&caller.user);
    if caller.account.id != caller.home.id {
        viewer = Viewer {
            permissions: PermissionSet::EMPTY,
            lines: &[],
            groups: &[],
            ..viewer
        };
    }
    Onlooker {
        account_id: caller.account.id,
        viewer,
        actor: caller.actor(),
    }
}

/// Whether the caller can see any content of the account they look at.
#[must_use]
pub fn recordings_any(caller: &Caller) -> bool {
    sees_any(&onlooker(caller).viewer)
}

fn sees_any(viewer: &Viewer<'_>) -> bool {
    let reaches = match viewer.reach() {
        Reach::Account => true,
        Reach::Lines(_) => !viewer.lines.is_empty(),
        Reach::Groups(_) => !viewer.groups.is_empty(),
    };
    let opens = |direction| {
        ContentKind::ALL
            .into_iter()
            .any(|kind| viewer.kind_opens(direction, kind))
    };
    reaches && Direction::ALL.into_iter().any(opens)
}

/// What the caller sees and does not see, and who can change that.
///
/// # Errors
/// The store cannot be reached.
pub async fn recordings_sight(ctx: &Ctx, caller: &Caller) -> Result<Sight, Error> {
    let who = onlooker(caller);
    let viewer = &who.viewer;
    let mut hidden = Vec::new();
    let mut tx = ctx.db.begin_read().await?;
    if caller.account.id == caller.home.id {
        for permission in [
            Permission::ViewInboundContent,
            Permission::ViewOutboundContent,
            Permission::ViewScreenRecordings,
            Permission::ViewIvrData,
        ] {
            if !viewer.permissions.contains(permission) {
                hidden.push(Hidden::Permission(permission));
            }
        }
        match viewer.reach() {
            Reach::Account => {}
            Reach::Lines(_) if viewer.lines.is_empty() => hidden.push(Hidden::NoLines),
            Reach::Lines(_) => hidden.push(Hidden::OtherLines(viewer.lines.to_vec())),
            Reach::Groups(_) if viewer.groups.is_empty() => hidden.push(Hidden::NoGroups),
            Reach::Groups(_) => {
                let mut names = Vec::new();
                for id in viewer.groups.iter().take(GROUPS_NAMED) {
                    let group = group_find(&mut tx, who.account_id, *id).await?;
                    names.extend(group.map(|group| group.name));
                }
                names.sort();
                hidden.push(Hidden::OtherGroups(names));
            }
        }
    } else {
        hidden.push(Hidden::OtherAccount);
    }
    Ok(Sight {
        sees_any: sees_any(viewer),
        may_delete: viewer.may_delete() && caller.may_write(),
        hidden,
        is_admin: caller.role() == Role::Admin,
        admins: admin_names(&mut tx, who.account_id, ADMINS_NAMED).await?,
    })
}

/// A page of the interactions with content that the caller may see.
///
/// # Errors
/// [`Error::Invalid`] when the window is longer than 7 days or ends before it begins.
pub async fn recordings_search(
    ctx: &Ctx,
    caller: &Caller,
    search: &InteractionSearch,
    offset: u32,
    limit: u32,
) -> Result<RecordingPage, Error> {
    let who = onlooker(caller);
    let mut interactions =
        interaction_search_part(ctx, &who, search, None, (offset, limit + 1)).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = interactions.len() > wanted;
    interactions.truncate(wanted);
    let agents = interactions.iter().flat_map(|i| &i.agents);
    let agent_names = names(ctx, caller, agents).await?;
    Ok(RecordingPage {
        interactions,
        more,
        agent_names,
    })
}

/// When the latest interaction began that the caller may see content of, in the last year or so.
///
/// # Errors
/// The store cannot be reached.
pub async fn recordings_latest(ctx: &Ctx, caller: &Caller) -> Result<Option<Timestamp>, Error> {
    let who = onlooker(caller);
    let search = ContentSearch {
        account_id: who.account_id,
        viewer: who.viewer,
        from: ctx.now().plus_secs(-LOOK_BACK_SECS),
        until: ctx.now().plus_secs(LOOK_BACK_SECS),
        agent: None,
        connect_from: None,
        connect_to: None,
        direction: None,
        line: None,
        kind: None,
        newest_first: true,
    };
    let mut tx = ctx.db.begin_read().await?;
    let found = content_search(&mut tx, &search, None, 0, 1).await?;
    Ok(found.first().map(|listing| listing.started_at))
}

/// The interactions with content that the caller may see, after a key.
///
/// # Errors
/// [`Error::Invalid`] when the window is longer than 7 days or ends before it begins.
pub async fn recordings_slice(
    ctx: &Ctx,
    caller: &Caller,
    search: &InteractionSearch,
    (after, limit): (Option<&str>, u32),
) -> Result<Slice<ContentListing>, Error> {
    let after = after.map(position).transpose()?;
    let part = (0, limit + 1);
    let found = interaction_search_part(ctx, &onlooker(caller), search, after, part).await?;
    Ok(Slice::cut(found, limit, |last| {
        format!("{}:{}", last.started_at.ms(), last.id)
    }))
}

fn position(key: &str) -> Result<Position, Error> {
    let broken = || Error::Invalid("the cursor is not one that this list gave".to_owned());
    let (ms, id) = key.split_once(':').ok_or_else(broken)?;
    Ok(Position {
        started_at: Timestamp::from_ms(ms.parse().map_err(|_| broken())?),
        id: InteractionId::parse(id).map_err(|_| broken())?,
    })
}

/// One interaction, with the items the caller may see and what their audio sounds like.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or the caller may see nothing of it.
pub async fn recording_show(
    ctx: &Ctx,
    caller: &Caller,
    id: InteractionId,
) -> Result<Recording, Error> {
    let listing = interaction_show(ctx, &onlooker(caller), id).await?;
    let mut tx = ctx.db.begin_read().await?;
    let interaction = interaction_find(&mut tx, caller.account.id, id).await?;
    drop(tx);
    let interaction = interaction.ok_or_else(interaction_not_found)?;
    let mut items = Vec::new();
    let mut n_sounds = 0;
    for item in listing.items {
        let sound = if n_sounds < SOUNDS_DRAWN {
            sound_or_none(ctx, &item).await?
        } else {
            None
        };
        n_sounds += usize::from(sound.is_some());
        items.push(RecordingItem { item, sound });
    }
    let agents = interaction.handling_agents();
    let agent_names = names(ctx, caller, agents.into_iter()).await?;
    Ok(Recording {
        interaction,
        items,
        agent_names,
    })
}

// Bytes that are gone are no reason not to show the rest; the player says so when it is used.
async fn sound_or_none(ctx: &Ctx, item: &ContentItem) -> Result<Option<Sound>, Error> {
    match sound_of(ctx, item).await {
        Ok(sound) => Ok(sound),
        Err(Error::Unavailable(_)) => Ok(None),
        Err(Error::Internal(error)) => {
            tracing::warn!(content.sha256 = %item.sha256, error = %error, "a recording could not be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// An item the caller may see, for a use that follows from it and is noted in the audit trail.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that key, or the caller may not see it.
pub async fn recording_open(
    ctx: &Ctx,
    caller: &Caller,
    (id, key): (InteractionId, &ContentKey),
    manner: impl FnOnce(&ContentItem) -> Manner,
) -> Result<ContentItem, Error> {
    let who = onlooker(caller);
    let item = content_show(ctx, &who, id, key).await?;
    let manner = manner(&item);
    hear(ctx, &who, (id, &item), manner).await?;
    Ok(item)
}

/// The text of an item that is not too long to be shown, noted in the audit trail as read.
///
/// # Errors
/// The bytes cannot be reached.
pub async fn recording_text(
    ctx: &Ctx,
    caller: &Caller,
    (id, item): (InteractionId, &ContentItem),
) -> Result<Option<Vec<u8>>, Error> {
    if item.size_bytes > TRANSCRIPT_BYTES_MAX {
        return Ok(None);
    }
    let who = onlooker(caller);
    let mut pieces = contents::content_read(ctx, &who, (id, item), 0..item.size_bytes)
        .await?
        .boxed();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece?);
    }
    hear(ctx, &who, (id, item), Manner::Read).await?;
    Ok(Some(bytes))
}

// A player asks for many parts of one recording; together they are one line of the trail.
async fn hear(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    (id, item): (InteractionId, &ContentItem),
    manner: Manner,
) -> Result<(), Error> {
    let now: Timestamp = ctx.now();
    let since = now.plus_secs(-LISTENING_SECS);
    let actor = format!("{} {}", who.actor.0, manner.as_str());
    let hearing = Hearing {
        account_id: who.account_id,
        interaction_id: id,
        key: &item.key,
        actor: &actor,
    };
    let mut tx = ctx.db.begin_read().await?;
    if hearing_known(&mut tx, hearing, since).await? {
        return Ok(());
    }
    drop(tx);
    let mut tx = ctx.db.begin_write().await?;
    if hearing_note(&mut tx, hearing, since, now).await? {
        let note = Note {
            account_id: Some(who.account_id),
            act: "content.read",
            subject: id.to_string(),
            detail: json!({
                "key": item.key.as_str(),
                "kind": item.kind.as_str(),
                "manner": manner.as_str(),
            }),
            actor: &who.actor,
        };
        ctx.note(&mut tx, note).await?;
    }
    Ok(tx.commit().await?)
}

/// Deletes an item; a call recording takes its interaction's screen recordings with it.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see it; [`Error::Forbidden`] without the permission to delete or under
/// legal hold.
pub async fn recording_item_delete(
    ctx: &Ctx,
    caller: &Caller,
    id: InteractionId,
    key: &ContentKey,
) -> Result<(), Error> {
    require_write(caller)?;
    contents::content_delete(ctx, &onlooker(caller), id, key).await
}

/// Deletes all content of an interaction.
///
/// # Errors
/// [`Error::NotFound`] when the caller may see nothing of it; [`Error::Forbidden`] unless they may see and delete all of
/// it, or under legal hold.
pub async fn recording_delete(ctx: &Ctx, caller: &Caller, id: InteractionId) -> Result<(), Error> {
    require_write(caller)?;
    contents::interaction_delete(ctx, &onlooker(caller), id).await
}

pub(crate) fn require_write(caller: &Caller) -> Result<(), Error> {
    if caller.may_write() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "this needs a token with management:write".to_owned(),
        ))
    }
}

async fn names<'a>(
    ctx: &Ctx,
    caller: &Caller,
    agents: impl Iterator<Item = &'a AgentNumber>,
) -> Result<AgentNames, Error> {
    let mut agents: Vec<AgentNumber> = agents.cloned().collect();
    agents.sort();
    agents.dedup();
    let mut tx = ctx.db.begin_read().await?;
    let found = agent_names(&mut tx, caller.account.id, &agents).await?;
    Ok(found.into_iter().collect())
}
