//! Interactions with content, as far as the caller may see it (vcc-api §5.2, §11).
//!
//! Correct scope with a missing permission is no error: there is only less to see.

use crate::contents::caller;
use crate::context::{Actor, Ctx};
use crate::directory::rights::Live;
use crate::directory::snapshot::UserRights;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use ringfence_core::content::{ContentKind, ContentListing};
use ringfence_core::encoding::{base64url, base64url_decode};
use ringfence_core::id::{AccountId, InteractionId};
use ringfence_core::interaction::Direction;
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use ringfence_core::visibility::{Subject, Viewer};
use ringfence_store::db::Tx;
use ringfence_store::interactions as store;

/// Most interactions a search gives at once.
pub const LARGEST_PAGE: u32 = 1_000;
/// Interactions a search gives when it does not say.
pub const DEFAULT_PAGE: u32 = 25;

const LONGEST_WINDOW_MS: i64 = 7 * 24 * 3_600_000;
// A version byte, nonce, start, id and tag make 65 bytes: 87 characters.
const LONGEST_TOKEN: usize = 128;

/// What to look for. Both ends of the window belong to it, to the instant.
#[derive(Clone, Debug)]
pub struct InteractionSearch {
    /// The earliest start.
    pub from: Timestamp,
    /// The latest start, at most 7 days later.
    pub until: Timestamp,
    /// Only interactions that this agent handled.
    pub agent: Option<AgentNumber>,
    /// Only those begun by an address with this prefix.
    pub connect_from: Option<String>,
    /// Only those to an address with this prefix.
    pub connect_to: Option<String>,
    /// Only those of this direction.
    pub direction: Option<Direction>,
    /// Only those on this line.
    pub line: Option<Line>,
    /// Only those with an item of this kind that may be seen.
    pub kind: Option<ContentKind>,
    /// Whether the latest comes first.
    pub newest_first: bool,
}

/// Somebody who looks at the content of an account: the owner of a credential, or a person at the portal.
#[derive(Clone, Debug)]
pub struct Onlooker<'o> {
    /// The account whose content it is.
    pub account_id: AccountId,
    /// What they may see.
    pub viewer: Viewer<'o>,
    /// Who they are in the audit trail.
    pub actor: Actor,
}

/// Interactions found, and where to go on.
#[derive(Debug)]
pub struct Found {
    /// The interactions, each with the items the caller may see.
    pub interactions: Vec<ContentListing>,
    /// Asks for what follows; none at the end.
    pub next_token: Option<String>,
}

/// The caller as somebody who looks at content.
#[must_use]
pub fn viewer(live: &Live) -> Viewer<'_> {
    match live.owner.as_deref() {
        Some(owner) => viewer_person(owner),
        None => Viewer {
            user_id: None,
            permissions: live.permissions(),
            lines: &[],
            groups: &[],
        },
    }
}

/// A person as somebody who looks at content.
#[must_use]
pub fn viewer_person(user: &UserRights) -> Viewer<'_> {
    Viewer {
        user_id: Some(user.id),
        permissions: user.permissions,
        lines: &user.lines,
        groups: &user.groups,
    }
}

/// The caller of an API, with what its owner may see.
#[must_use]
pub fn onlooker(live: &Live) -> Onlooker<'_> {
    Onlooker {
        account_id: live.account.id,
        viewer: viewer(live),
        actor: caller(live),
    }
}

/// The interactions of a window with content the caller may see, by start and id, after a continuation token.
///
/// # Errors
/// [`Error::Invalid`] when the window is too long or ends before it begins, or the token is not one of ours.
pub async fn interaction_search(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    search: &InteractionSearch,
    limit: u32,
    token: Option<&str>,
) -> Result<Found, Error> {
    check_window(search)?;
    let after = token.map(|token| token_open(ctx, who, token)).transpose()?;
    let search = store_search(who, search);
    let mut tx = ctx.db.begin_read().await?;
    // One more than asked for tells whether anything follows.
    let mut interactions = store::content_search(&mut tx, &search, after, 0, limit + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let next_token = if interactions.len() > wanted {
        interactions.truncate(wanted);
        let last = interactions.last();
        last.map(|last| token_seal(ctx, who, last)).transpose()?
    } else {
        None
    };
    for interaction in &mut interactions {
        keep_open_kinds(&search.viewer, interaction);
    }
    Ok(Found {
        interactions,
        next_token,
    })
}

/// A part of what [`interaction_search`] finds: after a place, skipping some.
///
/// # Errors
/// [`Error::Invalid`] when the window is too long or ends before it begins.
pub(crate) async fn interaction_search_part(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    search: &InteractionSearch,
    after: Option<store::Position>,
    (offset, limit): (u32, u32),
) -> Result<Vec<ContentListing>, Error> {
    check_window(search)?;
    let search = store_search(who, search);
    let mut tx = ctx.db.begin_read().await?;
    let mut interactions =
        store::content_search(&mut tx, &search, after, offset.into(), limit).await?;
    for interaction in &mut interactions {
        keep_open_kinds(&search.viewer, interaction);
    }
    Ok(interactions)
}

/// As [`interaction_search`], by page number.
///
/// # Errors
/// [`Error::Invalid`] when the window is too long or ends before it begins.
pub async fn interaction_search_page(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    search: &InteractionSearch,
    page: PageRequest,
) -> Result<Page<ContentListing>, Error> {
    check_window(search)?;
    let search = store_search(who, search);
    let mut tx = ctx.db.begin_read().await?;
    let total = store::content_search_count(&mut tx, &search).await?;
    let mut interactions =
        store::content_search(&mut tx, &search, None, page.offset(), page.limit()).await?;
    for interaction in &mut interactions {
        keep_open_kinds(&search.viewer, interaction);
    }
    Ok(page.page(interactions, total))
}

/// One interaction with the items the caller may see.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or the caller may see nothing of it.
pub async fn interaction_show(
    ctx: &Ctx,
    who: &Onlooker<'_>,
    id: InteractionId,
) -> Result<ContentListing, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let found = seen_listing(&mut tx, who, id).await?;
    let Some(Seen {
        mut listing,
        reached: true,
    }) = found
    else {
        return Err(interaction_not_found());
    };
    keep_open_kinds(&who.viewer, &mut listing);
    if listing.items.is_empty() {
        return Err(interaction_not_found());
    }
    Ok(listing)
}

/// An interaction, and whether it is within the caller's reach.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The interaction with all its items.
    pub(crate) listing: ContentListing,
    /// Whether the reach gate opens.
    pub(crate) reached: bool,
}

/// The interaction of that id with all its items, and whether the caller reaches it.
pub(crate) async fn seen_listing(
    tx: &mut Tx,
    who: &Onlooker<'_>,
    id: InteractionId,
) -> Result<Option<Seen>, Error> {
    let account_id = who.account_id;
    let Some(listing) = store::listing_find(tx, account_id, id).await? else {
        return Ok(None);
    };
    let agent_groups = store::interaction_agent_groups(tx, account_id, id).await?;
    let subject = Subject {
        direction: listing.direction,
        line: &listing.line,
        agent_groups: &agent_groups,
    };
    let reached = who.viewer.reaches(&subject);
    Ok(Some(Seen { listing, reached }))
}

pub(crate) fn interaction_not_found() -> Error {
    Error::NotFound("interaction".to_owned())
}

fn keep_open_kinds(viewer: &Viewer<'_>, listing: &mut ContentListing) {
    let direction = listing.direction;
    listing
        .items
        .retain(|item| viewer.kind_opens(direction, item.kind));
}

fn store_search<'s>(who: &Onlooker<'s>, search: &'s InteractionSearch) -> store::ContentSearch<'s> {
    store::ContentSearch {
        account_id: who.account_id,
        viewer: who.viewer,
        from: search.from,
        until: search.until,
        agent: search.agent.as_ref(),
        connect_from: search.connect_from.as_deref(),
        connect_to: search.connect_to.as_deref(),
        direction: search.direction,
        line: search.line.as_ref(),
        kind: search.kind,
        newest_first: search.newest_first,
    }
}

fn check_window(search: &InteractionSearch) -> Result<(), Error> {
    if search.until < search.from {
        return Err(Error::Invalid("end must not be before start".to_owned()));
    }
    if search.until.ms_since(search.from) > LONGEST_WINDOW_MS {
        return Err(Error::Invalid(
            "The maximum date range is 7 days".to_owned(),
        ));
    }
    Ok(())
}

// A token says where to go on, never what was asked for, and opens for its own account only.
fn token_place(who: &Onlooker<'_>) -> Vec<u8> {
    format!("interaction-content/{}", who.account_id).into_bytes()
}

fn token_seal(ctx: &Ctx, who: &Onlooker<'_>, last: &ContentListing) -> Result<String, Error> {
    let mut plain = last.started_at.ms().to_be_bytes().to_vec();
    plain.extend_from_slice(last.id.as_bytes());
    let sealed = ctx
        .cursor_sealer
        .seal(&*ctx.random, &token_place(who), &plain)
        .map_err(Error::internal)?;
    Ok(base64url(&sealed))
}

fn token_open(ctx: &Ctx, who: &Onlooker<'_>, token: &str) -> Result<store::Position, Error> {
    let forged = || Error::Invalid("Invalid continuationToken".to_owned());
    if token.len() > LONGEST_TOKEN {
        return Err(forged());
    }
    let sealed = base64url_decode(token).ok_or_else(forged)?;
    let plain = ctx
        .cursor_sealer
        .open(&token_place(who), &sealed)
        .map_err(|_| forged())?;
    let (start, id) = plain.expose().split_first_chunk::<8>().ok_or_else(forged)?;
    let id = <[u8; 16]>::try_from(id).map_err(|_| forged())?;
    Ok(store::Position {
        started_at: Timestamp::from_ms(i64::from_be_bytes(*start)),
        id: InteractionId::from_bytes(id),
    })
}
