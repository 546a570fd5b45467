//! Stylesheet, scripts and pictures, carried in the binary.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, media type and bytes of each.
static ASSETS: &[(&str, &str, &[u8])] = &[
    (
        "ringfence.css",
        CSS,
        include_bytes!("../../assets/ringfence.css"),
    ),
    ("app.js", SCRIPT, include_bytes!("../../assets/app.js")),
    (
        "player.js",
        SCRIPT,
        include_bytes!("../../assets/player.js"),
    ),
    (
        "passkey.js",
        SCRIPT,
        include_bytes!("../../assets/passkey.js"),
    ),
    (
        "form_post.js",
        SCRIPT,
        include_bytes!("../../assets/form_post.js"),
    ),
    (
        "refresh.js",
        SCRIPT,
        include_bytes!("../../assets/refresh.js"),
    ),
    (
        "favicon.svg",
        SVG,
        include_bytes!("../../assets/favicon.svg"),
    ),
];

/// `GET /assets/{name}`.
pub(crate) fn asset_route<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(asset)
}

async fn asset(Path(name): Path<String>) -> Response {
    let Some((_, media_type, bytes)) = ASSETS.iter().find(|(known, _, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        // Pages name the version, so a copy is good as long as it is asked for.
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, *bytes).into_response()
}

/// The address of an asset, with its version; for templates.
pub(crate) fn url(name: &str) -> String {
    let bytes = ASSETS
        .iter()
        .find(|(known, _, _)| *known == name)
        .map_or(&[][..], |(_, _, bytes)| *bytes);
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("/assets/{name}?v={:016x}", hasher.finish())
}
