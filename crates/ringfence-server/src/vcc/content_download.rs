//! Interaction Content: one file, or the part of it that is asked for (vcc-api §11.5, RFC 9110 §14, RFC 9530).

use super::error::{Fault, VccError};
use super::interaction_content::{API, content_key};
use super::request::{failed, guid};
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use crate::web::entity::{Entity, Selection};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::contents::{content_read, content_show};
use ringfence_app::interactions::onlooker;
use ringfence_core::id::InteractionId;

/// `GET /interaction-content/interactions/{guid}/content/{contentKey}`, and `HEAD` with it.
pub(crate) fn content_route() -> MethodRouter<App> {
    get(download)
}

async fn download(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, VccError> {
    version(API, &headers)?;
    let id = guid(API, &id, InteractionId::parse)?;
    let key = content_key(&key)?;
    let who = onlooker(&caller.live);
    let item = content_show(&app.ctx, &who, id, &key)
        .await
        .map_err(failed(API))?;
    let entity = Entity::of(&item);
    let size_bytes = item.size_bytes;
    let fault = |fault| Err(VccError { api: API, fault });
    let (range, is_part) = match entity.select(&headers) {
        Selection::Whole => (0..size_bytes, false),
        Selection::Part(range) => (range, true),
        Selection::NotModified => return Ok(entity.not_modified()),
        Selection::Precondition => return fault(Fault::Precondition),
        Selection::Unsatisfiable => return fault(Fault::Range { size_bytes }),
    };
    let pieces = content_read(&app.ctx, &who, (id, &item), range.clone())
        .await
        .map_err(failed(API))?;
    Ok(entity.answer((range, is_part), &item.media_type, pieces))
}
