//! Interaction Content: one file, or the part of it that is asked for (vcc-api §11.5, RFC 9110 §14, RFC 9530).

use super::entity::{Entity, Selection};
use super::error::{Fault, VccError};
use super::interaction_content::{API, content_key};
use super::request::{failed, guid};
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use futures_util::StreamExt as _;
use ringfence_app::contents::{content_read, content_show};
use ringfence_app::error::chain;
use ringfence_app::interactions::onlooker;
use ringfence_core::content::ContentItem;
use ringfence_core::encoding::base64;
use ringfence_core::id::InteractionId;

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

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
    let item = content_show(&app.ctx, &onlooker(&caller.live), id, &key)
        .await
        .map_err(failed(API))?;
    let size_bytes = item.size_bytes;
    let entity = Entity {
        etag: format!("\"{}\"", item.sha256),
        last_modified: item.last_modified,
        size_bytes,
    };
    let fault = |fault| Err(VccError { api: API, fault });
    let (status, range) = match entity.select(&headers) {
        Selection::Whole => (StatusCode::OK, 0..size_bytes),
        Selection::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Selection::NotModified => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            describe(response.headers_mut(), &item, &entity);
            return Ok(response);
        }
        Selection::Precondition => return fault(Fault::Precondition),
        Selection::Unsatisfiable => return fault(Fault::Range { size_bytes }),
    };
    let pieces = content_read(
        &app.ctx,
        &onlooker(&caller.live),
        (id, &item),
        range.clone(),
    )
    .await
    .map_err(failed(API))?;
    // An error here breaks the connection off, so that no caller takes a part for the whole.
    let pieces = pieces.map(|piece| {
        piece.inspect_err(|error| tracing::error!(error = %chain(error), "a download broke off"))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(headers, &item, &entity);
    let media_type = HeaderValue::from_str(&item.media_type);
    let unknown = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, media_type.unwrap_or(unknown));
    headers.insert(CONTENT_LENGTH, (range.end - range.start).into());
    if status == StatusCode::PARTIAL_CONTENT {
        let last = range.end.saturating_sub(1);
        put(
            headers,
            CONTENT_RANGE,
            &format!("bytes {}-{last}/{size_bytes}", range.start),
        );
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, item: &ContentItem, entity: &Entity) {
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    put(headers, ETAG, &entity.etag);
    put(headers, LAST_MODIFIED, &entity.last_modified.to_http_date());
    // RFC 9530 §3: of the whole file, also when a part of it is sent.
    let digest = base64(item.sha256.as_bytes());
    put(headers, REPR_DIGEST, &format!("sha-256=:{digest}:"));
}

// Every value here is made of ASCII.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
