//! `POST /Auth/connect/revocation` (RFC 7009).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::token::TokenError;

use super::error::{NO_STORE, Refusal};
use super::request::{ClientRequest, when_due};
use crate::app::App;

pub(crate) async fn token_revoke(
    State(app): State<App>,
    request: Request,
) -> Result<Response, Refusal> {
    let request = ClientRequest::read(&app, request).await?;
    // A `token_type_hint` is not needed: there is one type.
    let token = request
        .form
        .get("token")
        .ok_or(TokenError::InvalidRequest("The token is missing"))?;
    let done = app::token::token_revoke(&app.ctx, &request.proof, request.origin, token).await;
    when_due(request.read_at, done).await?;
    Ok((StatusCode::OK, NO_STORE).into_response())
}
