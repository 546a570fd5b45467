//! The bytes of an item for the player and for saving: with ranges, and as 16-bit PCM where a browser plays no other.
//!
//! Only sound and pictures are ever shown in place: anything else of somebody's making is saved as a file, so that it
//! cannot act as a page of ours.

use super::error::PortalError;
use super::listing::ListState;
use super::recording::{content_key, interaction_id};
use crate::app::App;
use crate::web::entity::{Entity, Selection};
use crate::web::person::Signed;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::contents::content_read;
use ringfence_app::error::Error;
use ringfence_app::manage::recordings::{Manner, onlooker, recording_open};
use ringfence_app::sounds::{pcm_read, sound_head};
use ringfence_core::content::ContentItem;
use ringfence_core::id::InteractionId;
use ringfence_core::wav::pcm::PcmView;

/// `GET /admin/recordings/{guid}/content/{contentKey}`: `?as=pcm` as 16-bit PCM, `?save` as a file.
pub(crate) fn recording_content_route() -> MethodRouter<App> {
    get(content)
}

async fn content(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((id, key)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, PortalError> {
    let id = interaction_id(&id)?;
    let key = content_key(&key)?;
    let asked = ListState::read(&uri);
    let in_place = |item: &ContentItem| is_shown(item) && asked.text("save").is_empty();
    let manner = |item: &ContentItem| {
        if in_place(item) {
            Manner::Play
        } else {
            Manner::Download
        }
    };
    let item = recording_open(&app.ctx, &caller, (id, &key), manner).await?;
    let in_place = in_place(&item);
    let pcm = if asked.text("as") == "pcm" {
        let head = sound_head(&app.ctx, &item).await?;
        let head = head.ok_or_else(|| {
            Error::Invalid("this is no audio that can be shown as PCM".to_owned())
        })?;
        Some(PcmView::new(head, item.size_bytes))
    } else {
        None
    };
    let entity = match &pcm {
        Some(view) => Entity {
            etag: format!("\"{}-pcm\"", item.sha256),
            last_modified: item.last_modified,
            size_bytes: view.size_bytes(),
            sha256: None,
        },
        None => Entity::of(&item),
    };
    let (range, is_part) = match entity.select(&headers) {
        Selection::Whole => (0..entity.size_bytes, false),
        Selection::Part(range) => (range, true),
        Selection::NotModified => return Ok(entity.not_modified()),
        Selection::Precondition => return Ok(empty(StatusCode::PRECONDITION_FAILED)),
        Selection::Unsatisfiable => return Ok(entity.unsatisfiable()),
    };
    let mut response = if let Some(view) = &pcm {
        let pieces = pcm_read(&app.ctx, &item, view, range.clone()).await?;
        entity.answer((range, is_part), "audio/wav", pieces)
    } else {
        let who = onlooker(&caller);
        let pieces = content_read(&app.ctx, &who, (id, &item), range.clone()).await?;
        let media_type = if in_place {
            &item.media_type
        } else {
            "application/octet-stream"
        };
        entity.answer((range, is_part), media_type, pieces)
    };
    if !in_place {
        let value = HeaderValue::from_str(&format!(
            "attachment; filename=\"{}\"",
            file_name(id, &item)
        ));
        let plain = HeaderValue::from_static("attachment");
        response
            .headers_mut()
            .insert(CONTENT_DISPOSITION, value.unwrap_or(plain));
    }
    Ok(response)
}

fn is_shown(item: &ContentItem) -> bool {
    ["audio/", "video/"]
        .iter()
        .any(|kind| item.media_type.starts_with(kind))
}

// An id, a key and a known ending: nothing that a sender chose freely, but for signs that file systems take.
fn file_name(id: InteractionId, item: &ContentItem) -> String {
    let key: String = item
        .key
        .as_str()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let ending = match item.media_type.as_str() {
        "audio/wav" | "audio/x-wav" => ".wav",
        "application/json" => ".json",
        "video/webm" => ".webm",
        _ => "",
    };
    format!("{id}-{key}{ending}")
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
