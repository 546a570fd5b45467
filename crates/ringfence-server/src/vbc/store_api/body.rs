//! JSON bodies, bounded. Members that we do not know are left alone: clients send back what they were given.

use super::error::StoreError;
use crate::app::App;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

const BODY_BYTES_MAX: usize = 64 * 1024;

/// The body of a request, as a type.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = StoreError;

    async fn from_request(request: Request, _: &App) -> Result<Self, StoreError> {
        let declared = request.headers().get(CONTENT_TYPE);
        let essence = declared.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(StoreError::media_type());
        }
        let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await;
        let bytes = bytes.map_err(|_| StoreError::too_large())?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(StoreError::bad_request)
    }
}
