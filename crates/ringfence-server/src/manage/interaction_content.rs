//! `…/interactions/{guid}/content/{contentKey}`: the bytes of a content item, read, put in and deleted.

use super::accounts::name;
use super::entity::{Tag, created, json, tagged};
use super::error::{ManageError, Refusals};
use super::interactions::{ContentView, content_view, interaction_id};
use super::query::Query;
use crate::app::App;
use crate::web::entity::{Entity, Selection};
use crate::web::person::Signed;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, put};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ringfence_app::contents::content_read;
use ringfence_app::manage::interactions::{NewContent, Put, content_put};
use ringfence_app::manage::recordings::{Manner, onlooker, recording_item_delete, recording_open};
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::encoding::{base64_decode, hex};
use utoipa::OpenApi;

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(read, put_one, delete_one))]
pub(super) struct Api;

const LONGEST_MEDIA_TYPE: usize = 100;
const DIGESTS: [HeaderName; 2] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

pub(crate) fn read_route() -> MethodRouter<App> {
    get(read)
}

pub(crate) fn put_route() -> MethodRouter<App> {
    put(put_one)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(delete_one)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/interactions/{guid}/content/{contentKey}",
    tag = "Recordings",
    operation_id = "content_read",
    summary = "Download content",
    description = "As far as your own permissions reach. Takes `Range`. Written into the audit trail.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("guid" = String, Path, description = "The interaction's id"),
        ("contentKey" = String, Path, description = "The item's key"),
    ),
    responses(
        (status = 200, description = "The bytes", content_type = "application/octet-stream"),
        (status = 206, description = "A part of them", content_type = "application/octet-stream"),
        (status = 416, description = "There is no such part"),
        Refusals
    )
)]
async fn read(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id, key)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let (id, key) = (interaction_id(&id)?, content_key(&key)?);
    let item = recording_open(&app.ctx, &caller, (id, &key), |_| Manner::Download).await?;
    let entity = Entity::of(&item);
    let (range, is_part) = match entity.select(&headers) {
        Selection::Whole => (0..item.size_bytes, false),
        Selection::Part(range) => (range, true),
        Selection::NotModified => return Ok(entity.not_modified()),
        Selection::Precondition => return Err(ManageError::PreconditionFailed),
        Selection::Unsatisfiable => return Ok(entity.unsatisfiable()),
    };
    let who = onlooker(&caller);
    let pieces = content_read(&app.ctx, &who, (id, &item), range.clone()).await?;
    let mut response = entity.answer((range, is_part), &item.media_type, pieces);
    // Whoever put it in chose the media type, and a session opens this in a browser: it must not act as a page of ours.
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    Ok(response)
}

#[utoipa::path(
    put,
    path = "/api/v1/accounts/{account}/interactions/{guid}/content/{contentKey}",
    tag = "Recordings",
    operation_id = "content_put",
    summary = "Put content in",
    description = "For admins. The body is streamed and may be large; with `Content-Digest` or `Repr-Digest` its SHA-256 is checked. Putting the same bytes again changes nothing; other bytes under the key are a conflict, since content never changes. Recordings must be whole WAV files, texts must be JSON.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("guid" = String, Path, description = "The interaction's id"),
        ("contentKey" = String, Path, description = "The item's key: a type that occurs once, such as `callRecording`, or an id"),
        ("type" = Option<String>, Query, description = "The type, where the key is an id"),
    ),
    request_body(content = Vec<u8>, description = "The bytes, with their media type", content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "It is new", body = ContentView),
        (status = 200, description = "It was there just so", body = ContentView),
        Refusals
    )
)]
async fn put_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id, key)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, ManageError> {
    let account = name(&account)?;
    let caller = caller.at_account(&app.ctx, &account).await?;
    let (parts, body) = request.into_parts();
    let id = interaction_id(&id)?;
    let key = ContentKey::parse(&key).map_err(ManageError::value("?contentKey"))?;
    let query = Query::read(&parts.uri, &["type"])?;
    let kind = match query.parsed("type", ContentKind::parse)? {
        Some(kind) => kind,
        None => ContentKind::parse(key.as_str())
            .map_err(|_| ManageError::malformed("?type", "type is required for this key"))?,
    };
    let new = NewContent {
        media_type: media_type(&parts.headers, kind)?,
        sha256: offered_digest(&parts.headers)?,
        key,
        kind,
    };
    let body = Body::into_data_stream(body);
    let (put, item) = content_put(&app.ctx, &caller, id, new, body).await?;
    Ok(match put {
        Put::Created => {
            let key = item.key.as_str();
            let location = format!("/api/v1/accounts/{account}/interactions/{id}/content/{key}");
            created(&location, &tag(&item), &content_view(&item))
        }
        Put::Same | Put::Replaced => {
            tagged(json(StatusCode::OK, &content_view(&item)), &tag(&item))
        }
    })
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/interactions/{guid}/content/{contentKey}",
    tag = "Recordings",
    operation_id = "content_delete",
    summary = "Delete content",
    description = "Needs the permission Delete interaction content. A call recording takes its interaction's screen recordings with it.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("guid" = String, Path, description = "The interaction's id"),
        ("contentKey" = String, Path, description = "The item's key"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn delete_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id, key)): Path<(String, String, String)>,
) -> Result<StatusCode, ManageError> {
    let caller = caller.at_account(&app.ctx, &name(&account)?).await?;
    let (id, key) = (interaction_id(&id)?, content_key(&key)?);
    recording_item_delete(&app.ctx, &caller, id, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

// A key that cannot be one names nothing.
fn content_key(text: &str) -> Result<ContentKey, ManageError> {
    ContentKey::parse(text).map_err(|_| ManageError::no_such("content"))
}

fn tag(item: &ContentItem) -> Tag {
    Tag::text(&item.sha256.to_string())
}

fn media_type(headers: &HeaderMap, kind: ContentKind) -> Result<String, ManageError> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(kind.media_type().to_owned());
    };
    let text = value.to_str().unwrap_or_default().trim();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let token = |part: &str| {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b);
        !part.is_empty() && part.bytes().all(good)
    };
    match essence.split_once('/') {
        Some((kind, sub)) if essence.len() <= LONGEST_MEDIA_TYPE && token(kind) && token(sub) => {
            Ok(essence.to_ascii_lowercase())
        }
        Some(_) | None => Err(ManageError::MediaType),
    }
}

// RFC 9530 §2: a dictionary of algorithms and byte sequences. Others than SHA-256 are passed over.
fn offered_digest(headers: &HeaderMap) -> Result<Option<ContentDigest>, ManageError> {
    let broken = || ManageError::malformed("", "the digest is not sha-256=:BASE64:");
    let mut offered = None;
    for name in &DIGESTS {
        for value in headers.get_all(name) {
            for member in value.to_str().map_err(|_| broken())?.split(',') {
                let (algorithm, bytes) = member.trim().split_once('=').ok_or_else(broken)?;
                if algorithm != "sha-256" {
                    continue;
                }
                let text = bytes.strip_prefix(':').and_then(|b| b.strip_suffix(':'));
                let bytes = text.and_then(base64_decode).ok_or_else(broken)?;
                let digest = ContentDigest::parse(&hex(&bytes)).map_err(|_| broken())?;
                if offered.is_some_and(|earlier| earlier != digest) {
                    return Err(ManageError::malformed(
                        "",
                        "the digests contradict each other",
                    ));
                }
                offered = Some(digest);
            }
        }
    }
    Ok(offered)
}
