//! `POST /Auth/connect/token` (RFC 6749 §3.2).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::token::TokenRequest;

use super::error::{NO_STORE, Refusal};
use super::request::ClientRequest;
use crate::app::App;

/// The answer to a token request.
#[derive(serde::Serialize)]
struct TokenView {
    access_token: String,
    expires_in: i64,
    token_type: &'static str,
    scope: String,
}

pub(crate) async fn token_issue(
    State(app): State<App>,
    request: Request,
) -> Result<Response, Refusal> {
    let request = ClientRequest::read(&app, request).await?;
    let text = |name| request.form.get(name).map(str::to_owned);
    let (grant_type, scope) = (text("grant_type"), text("scope"));
    let request = TokenRequest {
        proof: request.proof,
        origin: request.origin,
        grant_type,
        scope,
    };
    let token = app::token::token_issue(&app.ctx, &request)?;
    let view = TokenView {
        access_token: token.access_token.expose().clone(),
        expires_in: token.expires_in_secs,
        token_type: "Bearer",
        scope: token.scope.to_string(),
    };
    Ok((NO_STORE, Json(view)).into_response())
}
