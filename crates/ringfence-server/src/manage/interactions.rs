//! `/api/v1/accounts/{account}/interactions`: calls and their content, found, put in and deleted (design §8).

use super::accounts::name;
use super::body::Json;
use super::entity::{Match, Tag, created, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, put};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::interactions::InteractionSearch;
use ringfence_app::manage::interactions::{
    InteractionView as Shown, NewInteraction, Put, interaction_put, interaction_show,
};
use ringfence_app::manage::recordings::{recording_delete, recordings_slice};
use ringfence_core::content::{ContentItem, ContentKind, ContentListing};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Address, Direction, Interaction};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, show_one, put_one, delete_one))]
pub(super) struct Api;

/// A call, chat or the like.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Interaction)]
pub(super) struct InteractionView {
    /// Its id.
    guid: String,
    /// When it began.
    start: String,
    /// How long it lasted; null while it goes on, and left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<Option<u64>>,
    /// `inbound`, `outbound` or `internal`.
    direction: &'static str,
    /// The address that began it.
    connect_from: String,
    /// The address that was contacted.
    connect_to: String,
    /// The line whose permission gates its content.
    line: String,
    /// The numbers of the agents who handled it.
    agent_ids: Vec<String>,
    /// The content that you may see.
    content: Vec<ContentView>,
}

/// A recording, transcript or the like.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Content)]
pub(super) struct ContentView {
    /// Its key.
    content_key: String,
    /// Its type, such as `callRecording`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its media type.
    content_type: String,
    /// How many bytes it has.
    content_length: u64,
    /// When it was put in place.
    last_modified: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    sha256: String,
    /// Whether it must not be deleted.
    legal_hold: bool,
}

/// A call, as a row of an import's manifest tells it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct InteractionPut {
    /// When it began.
    #[schema(example = "2026-03-02T09:15:30.250Z")]
    start: String,
    /// How long it lasted.
    duration_ms: u64,
    /// From the start until two people talked; left out when they never did.
    connected_after_ms: Option<u64>,
    /// `inbound`, `outbound` or `internal`.
    direction: String,
    /// The address that began it.
    connect_from: String,
    /// The address that was contacted.
    connect_to: String,
    /// The number of the agent who handled it.
    agent_id: Option<String>,
    /// The line whose permission gates its content.
    line: String,
    /// The queue it waited in.
    queue: Option<String>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn put_route() -> MethodRouter<App> {
    put(put_one)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(delete_one)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/interactions",
    tag = "Recordings",
    operation_id = "interaction_list",
    summary = "Find interactions with content",
    description = "Those with content that you may see by your own permissions, lines and groups; for a token, those of its credential's owner. The window is at most 7 days.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("start" = String, Query, description = "The earliest start, ISO 8601"),
        ("end" = String, Query, description = "The latest start, ISO 8601; belongs to the window"),
        ("direction" = Option<String>, Query, description = "`inbound` or `outbound`"),
        ("agent" = Option<String>, Query, description = "The number of an agent who handled it"),
        ("line" = Option<String>, Query, description = "The line"),
        ("type" = Option<String>, Query, description = "A type of content, such as `callRecording`"),
        ("order" = Option<String>, Query, description = "`oldest`, which is the default, or `newest` first"),
        PageParams,
    ),
    responses((status = 200, description = "A page, by start", body = Page<InteractionView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let known = [
        "limit",
        "cursor",
        "start",
        "end",
        "direction",
        "agent",
        "line",
        "type",
        "order",
    ];
    let query = Query::read(&uri, &known)?;
    let newest_first = query.parsed("order", |text| match text {
        "oldest" => Ok(false),
        "newest" => Ok(true),
        _ => Err("order must be oldest or newest"),
    })?;
    let instant = |name: &str| {
        let at = query.parsed(name, Timestamp::parse)?;
        let missing = || ManageError::malformed(&format!("?{name}"), format!("{name} is required"));
        at.ok_or_else(missing)
    };
    let search = InteractionSearch {
        from: instant("start")?,
        until: instant("end")?,
        agent: query.parsed("agent", AgentNumber::parse)?,
        connect_from: None,
        connect_to: None,
        direction: query.parsed("direction", Direction::parse)?,
        line: query.parsed("line", Line::parse)?,
        kind: query.parsed("type", ContentKind::parse)?,
        newest_first: newest_first.unwrap_or(false),
    };
    let place = format!("interactions/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let part = (window.after.as_deref(), window.limit);
    let found = recordings_slice(&app.ctx, &caller, &search, part).await?;
    let page = Page::of(&app.ctx, &place, found, |listing| listed(&listing))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/interactions/{guid}",
    tag = "Recordings",
    operation_id = "interaction_show",
    summary = "Show an interaction",
    description = "An admin sees every call; its content only as far as their own permissions reach.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("guid" = String, Path, description = "The interaction's id"),
    ),
    responses((status = 200, description = "The interaction", body = InteractionView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let found = interaction_show(&app.ctx, &caller, interaction_id(&id)?).await?;
    show(&headers, &tag(&found.interaction), &view(&found))
}

#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account}/interactions/{guid}",
    tag = "Recordings",
    operation_id = "interaction_put",
    summary = "Put an interaction in",
    description = "For admins. Putting the same again changes nothing. Another one of that id is a conflict, unless `If-Match` names its version: then this one takes its place, and its content stays.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("guid" = String, Path, description = "The interaction's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to replace"),
    ),
    request_body = InteractionPut,
    responses(
        (status = 201, description = "It is new", body = InteractionView),
        (status = 200, description = "It was there just so, or was replaced", body = InteractionView),
        Refusals
    )
)]
async fn put_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<InteractionPut>,
) -> Result<Response, ManageError> {
    let account = name(&account)?;
    let caller = caller.at_account(&app.ctx, &account).await?;
    let id = interaction_id(&id)?;
    let version = match Match::read(&headers) {
        Ok(version) => Some(version),
        Err(ManageError::PreconditionMissing) => None,
        Err(error) => return Err(error),
    };
    let is_version = version
        .as_ref()
        .map(|version| move |stored: &Interaction| version.check(&tag(stored)).is_ok());
    let is_version = is_version
        .as_ref()
        .map(|check| check as &(dyn Fn(&Interaction) -> bool + Send + Sync));
    let new = body.read()?;
    let (put, interaction) = interaction_put(&app.ctx, &caller, id, new, is_version).await?;
    let tag = tag(&interaction);
    let view = view(&Shown {
        interaction,
        items: Vec::new(),
    });
    Ok(match put {
        Put::Created => {
            let location = format!("/api/v1/accounts/{account}/interactions/{id}");
            created(&location, &tag, &view)
        }
        Put::Same | Put::Replaced => tagged(json(StatusCode::OK, &view), &tag),
    })
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/interactions/{guid}",
    tag = "Recordings",
    operation_id = "interaction_delete",
    summary = "Delete all content of an interaction",
    description = "Needs the permission Delete interaction content, and that you may see all of its content. What statistics know of the call stays.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("guid" = String, Path, description = "The interaction's id"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn delete_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
) -> Result<StatusCode, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    recording_delete(&app.ctx, &caller, interaction_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An id of the path; what is no id names nothing.
pub(super) fn interaction_id(text: &str) -> Result<InteractionId, ManageError> {
    InteractionId::parse(text).map_err(|_| ManageError::no_such("interaction"))
}

impl InteractionPut {
    fn read(self) -> Result<NewInteraction, ManageError> {
        let agent = self.agent_id.as_deref().map(AgentNumber::parse);
        Ok(NewInteraction {
            started_at: Timestamp::parse(&self.start).map_err(ManageError::value("/start"))?,
            duration_ms: self.duration_ms,
            connected_after_ms: self.connected_after_ms,
            direction: Direction::parse(&self.direction)
                .map_err(ManageError::value("/direction"))?,
            connect_from: Address::parse(&self.connect_from)
                .map_err(ManageError::value("/connectFrom"))?,
            connect_to: Address::parse(&self.connect_to)
                .map_err(ManageError::value("/connectTo"))?,
            agent: agent.transpose().map_err(ManageError::value("/agentId"))?,
            line: Line::parse(&self.line).map_err(ManageError::value("/line"))?,
            queue: self.queue.filter(|queue| !queue.is_empty()),
        })
    }
}

// Each replacement is later than what it replaces.
fn tag(interaction: &Interaction) -> Tag {
    Tag::text(&format!("v{}", interaction.processed_at.ms()))
}

fn view(found: &Shown) -> InteractionView {
    let call = &found.interaction;
    let agents = call.handling_agents();
    InteractionView {
        guid: call.id.to_string(),
        start: call.started_at.to_iso_millis(),
        duration_ms: Some(call.duration_ms()),
        direction: call.direction.as_str(),
        connect_from: call.connect_from.as_str().to_owned(),
        connect_to: call.connect_to.as_str().to_owned(),
        line: call.line.as_str().to_owned(),
        agent_ids: agents.iter().map(|a| a.as_str().to_owned()).collect(),
        content: found.items.iter().map(content_view).collect(),
    }
}

fn listed(listing: &ContentListing) -> InteractionView {
    let agents = listing.agents.iter();
    InteractionView {
        guid: listing.id.to_string(),
        start: listing.started_at.to_iso_millis(),
        duration_ms: None,
        direction: listing.direction.as_str(),
        connect_from: listing.connect_from.as_str().to_owned(),
        connect_to: listing.connect_to.as_str().to_owned(),
        line: listing.line.as_str().to_owned(),
        agent_ids: agents.map(|a| a.as_str().to_owned()).collect(),
        content: listing.items.iter().map(content_view).collect(),
    }
}

/// A content item as callers see it.
pub(super) fn content_view(item: &ContentItem) -> ContentView {
    ContentView {
        content_key: item.key.as_str().to_owned(),
        kind: item.kind.as_str(),
        content_type: item.media_type.clone(),
        content_length: item.size_bytes,
        last_modified: item.last_modified.to_iso_millis(),
        sha256: item.sha256.to_string(),
        legal_hold: item.legal_hold,
    }
}
