//! An audit trail on its way out as a file.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use ringfence_app::audit::TrailExport;
use ringfence_app::context::Ctx;
use ringfence_app::error::chain;

/// Streams an export as a file to keep. If the store breaks off, so does the file, and it does not prove itself.
pub(crate) fn trail_body(ctx: &Ctx, export: TrailExport, whose: &str) -> Response {
    let lines = stream::unfold((ctx.clone(), export), |(ctx, mut export)| async move {
        match export.next(&ctx).await {
            Ok(Some(text)) => Some((Ok(Bytes::from(text)), (ctx, export))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "an export of the audit trail broke off");
                Some((Err(std::io::Error::other(error)), (ctx, export)))
            }
        }
    });
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The name of an account has letters, digits and hyphens only.
    let name = format!("attachment; filename=\"audit-{whose}.jsonl\"");
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
