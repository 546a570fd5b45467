//! The public keys (RFC 7517).

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::token::TokenError;

use super::error::Refusal;
use crate::app::App;

pub(crate) async fn jwks_show(State(app): State<App>) -> Result<Response, Refusal> {
    let json = app::keys::keys_publish(&app.ctx).map_err(TokenError::Internal)?;
    // Readers see a new key well before it signs.
    let cache = format!(
        "public, max-age={}",
        app.ctx.settings.keys.jwks_max_age_secs()
    );
    let headers = [
        (CONTENT_TYPE, "application/jwk-set+json".to_owned()),
        (CACHE_CONTROL, cache),
    ];
    Ok((headers, json).into_response())
}
