//! Interaction Content: search, look, delete (vcc-api §11). Downloads are in `content_download`.

pub(crate) use super::content_download::content_route;

use super::Api;
use super::error::VccError;
use super::request::{MetaView, Params, failed, guid, object};
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use ringfence_app::contents::{
    self, BatchFailure, content_delete, interaction_delete, interaction_delete_batch,
};
use ringfence_app::interactions::{
    self, InteractionSearch, interaction_search, interaction_search_page, interaction_show,
    onlooker,
};
use ringfence_core::content::{ContentItem, ContentKey, ContentListing};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::Direction;
use ringfence_core::user::AgentNumber;
use serde::Serialize;
use serde_json::Value;

pub(super) const API: Api = Api::Content;

const LONGEST_PREFIX: usize = 50;

/// `GET /interaction-content/interactions`.
pub(crate) fn search_route() -> MethodRouter<App> {
    get(search)
}

/// `GET /interaction-content/interactions/{guid}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `DELETE /interaction-content/interactions/{guid}`.
pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(remove)
}

/// `DELETE /interaction-content/interactions/{guid}/content/{contentKey}`.
pub(crate) fn content_delete_route() -> MethodRouter<App> {
    delete(content_remove)
}

/// `POST /interaction-content/interactions/delete-batch`.
pub(crate) fn delete_batch_route() -> MethodRouter<App> {
    post(remove_batch)
}

async fn search(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let version = version(API, &headers)?;
    let params = Params::parse(API, query.as_deref());
    let Some(search) = search_read(&params)? else {
        return Ok(Json(SearchView::nothing()).into_response());
    };
    let limits = (interactions::DEFAULT_PAGE, interactions::LARGEST_PAGE);
    let page = params.page(limits.0, limits.1)?;
    if version == 2 {
        let found = interaction_search_page(&app.ctx, &onlooker(&caller.live), &search, page)
            .await
            .map_err(failed(API))?;
        let meta = MetaView::of(&found);
        let items = found.items.iter().map(InteractionView::of).collect();
        return Ok(Json(NumberedView { items, meta }).into_response());
    }
    let token = params.text("continuationToken")?;
    let found = interaction_search(
        &app.ctx,
        &onlooker(&caller.live),
        &search,
        page.limit(),
        token,
    )
    .await
    .map_err(failed(API))?;
    let items = found.interactions.iter().map(InteractionView::of).collect();
    let meta = TokenView {
        next_continuation_token: found.next_token,
    };
    Ok(Json(SearchView { items, meta }).into_response())
}

async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, VccError> {
    version(API, &headers)?;
    let id = guid(API, &id, InteractionId::parse)?;
    let found = interaction_show(&app.ctx, &onlooker(&caller.live), id)
        .await
        .map_err(failed(API))?;
    Ok(Json(InteractionView::of(&found)).into_response())
}

async fn content_remove(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path((id, key)): Path<(String, String)>,
) -> Result<StatusCode, VccError> {
    version(API, &headers)?;
    let id = guid(API, &id, InteractionId::parse)?;
    let key = content_key(&key)?;
    content_delete(&app.ctx, &onlooker(&caller.live), id, &key)
        .await
        .map_err(failed(API))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, VccError> {
    version(API, &headers)?;
    let id = guid(API, &id, InteractionId::parse)?;
    interaction_delete(&app.ctx, &onlooker(&caller.live), id)
        .await
        .map_err(failed(API))?;
    Ok(Json(serde_json::json!({})).into_response())
}

async fn remove_batch(
    State(app): State<App>,
    Caller(caller): Caller,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let ids = batch_ids(body.get("guids"))?;
    let failures = interaction_delete_batch(&app.ctx, &onlooker(&caller.live), &ids)
        .await
        .map_err(failed(API))?;
    let failures = failures.iter().map(FailureView::of).collect();
    Ok(Json(BatchView { failures }).into_response())
}

/// A key of the path. One that cannot be a key is one that does not exist.
pub(super) fn content_key(text: &str) -> Result<ContentKey, VccError> {
    let missing = || ringfence_app::error::Error::NotFound("content".to_owned());
    ContentKey::parse(text).map_err(|_| failed(API)(missing()))
}

// `None` when the query can find nothing: an agent id that no agent can have.
fn search_read(params: &Params) -> Result<Option<InteractionSearch>, VccError> {
    let direction = match params.text("direction")? {
        None => None,
        Some(text) => match Direction::parse(text) {
            Ok(direction @ (Direction::Inbound | Direction::Outbound)) => Some(direction),
            Ok(Direction::Internal) | Err(_) => {
                return Err(params.invalid("direction must be one of inbound, outbound"));
            }
        },
    };
    let search = InteractionSearch {
        from: params.required_instant("start")?,
        until: params.required_instant("end")?,
        agent: None,
        connect_from: prefix(params, "connectFrom")?,
        connect_to: prefix(params, "connectTo")?,
        direction,
        line: None,
        kind: None,
        newest_first: false,
    };
    let Some(agent) = params.text("handlingAgentId")? else {
        return Ok(Some(search));
    };
    let agent = AgentNumber::parse(agent).ok();
    Ok(agent.map(|agent| InteractionSearch {
        agent: Some(agent),
        ..search
    }))
}

// The plus sign of a number that was not encoded arrives as a space, with which no address begins.
fn prefix(params: &Params, name: &str) -> Result<Option<String>, VccError> {
    let Some(text) = params.text(name)? else {
        return Ok(None);
    };
    if text.chars().count() > LONGEST_PREFIX {
        let text = format!("{name} must have 1 to {LONGEST_PREFIX} characters");
        return Err(params.invalid(text));
    }
    Ok(Some(match text.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => text.to_owned(),
    }))
}

fn batch_ids(guids: Option<&Value>) -> Result<Vec<InteractionId>, VccError> {
    let Some(guids) = guids.and_then(Value::as_array) else {
        return Err(VccError::invalid(API, "guids must be a list of GUIDs"));
    };
    if guids.is_empty() || guids.len() > contents::LARGEST_BATCH {
        let text = format!("guids must hold 1 to {} GUIDs", contents::LARGEST_BATCH);
        return Err(VccError::invalid(API, text));
    }
    let mut ids = Vec::with_capacity(guids.len());
    for value in guids {
        let Some(text) = value.as_str() else {
            return Err(VccError::invalid(API, "guids must be a list of GUIDs"));
        };
        ids.push(guid(API, text, InteractionId::parse)?);
    }
    Ok(ids)
}

#[derive(Serialize)]
struct SearchView<'v> {
    items: Vec<InteractionView<'v>>,
    meta: TokenView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenView {
    next_continuation_token: Option<String>,
}

#[derive(Serialize)]
struct NumberedView<'v> {
    items: Vec<InteractionView<'v>>,
    meta: MetaView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InteractionView<'v> {
    guid: String,
    start: String,
    connect_from: &'v str,
    connect_to: &'v str,
    direction: &'static str,
    handling_agents: Vec<AgentView<'v>>,
    content: Vec<ContentView<'v>>,
}

#[derive(Serialize)]
struct AgentView<'v> {
    id: &'v str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ContentView<'v> {
    content_key: &'v str,
    #[serde(rename = "type")]
    kind: &'static str,
    content_type: &'v str,
    content_length: u64,
    last_modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owning_agent: Option<AgentView<'v>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owning_interaction_plan: Option<AgentView<'v>>,
}

#[derive(Serialize)]
struct BatchView<'v> {
    failures: Vec<FailureView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureView<'v> {
    guid: String,
    status_code: u16,
    message: &'v str,
}

impl SearchView<'_> {
    const fn nothing() -> Self {
        Self {
            items: Vec::new(),
            meta: TokenView {
                next_continuation_token: None,
            },
        }
    }
}

impl<'v> InteractionView<'v> {
    fn of(listing: &'v ContentListing) -> Self {
        let agents = listing.agents.iter();
        Self {
            guid: listing.id.to_string(),
            start: listing.started_at.to_iso_secs(),
            connect_from: listing.connect_from.as_str(),
            connect_to: listing.connect_to.as_str(),
            direction: listing.direction.as_str(),
            handling_agents: agents.map(|a| AgentView { id: a.as_str() }).collect(),
            content: listing.items.iter().map(ContentView::of).collect(),
        }
    }
}

impl<'v> ContentView<'v> {
    fn of(item: &'v ContentItem) -> Self {
        let properties = item.properties.as_deref();
        let owner = item.owner_agent.as_ref();
        Self {
            content_key: item.key.as_str(),
            kind: item.kind.as_str(),
            content_type: &item.media_type,
            content_length: item.size_bytes,
            last_modified: item.last_modified.to_iso_secs(),
            properties: properties.and_then(|text| serde_json::from_str(text).ok()),
            owning_agent: owner.map(|a| AgentView { id: a.as_str() }),
            owning_interaction_plan: item.owner_plan.as_deref().map(|id| AgentView { id }),
        }
    }
}

impl<'v> FailureView<'v> {
    fn of(failure: &'v BatchFailure) -> Self {
        Self {
            guid: failure.id.to_string(),
            status_code: StatusCode::FORBIDDEN.as_u16(),
            message: &failure.message,
        }
    }
}
