//! `POST /Auth/connect/introspect` (RFC 7662).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::token::{Introspection, TokenError};

use super::error::{JSON, NO_STORE, Refusal};
use super::request::{ClientRequest, when_due};
use crate::app::App;

/// What is told about a token that is good for nothing, whatever the reason.
#[derive(serde::Serialize)]
struct InactiveView {
    active: bool,
}

/// What is told about a token that stands.
#[derive(serde::Serialize)]
struct ActiveView {
    active: bool,
    scope: String,
    client_id: String,
    token_type: &'static str,
    exp: i64,
    iat: i64,
    nbf: i64,
    sub: String,
    aud: String,
    iss: String,
    jti: String,
}

pub(crate) async fn token_introspect(
    State(app): State<App>,
    request: Request,
) -> Result<Response, Refusal> {
    let request = ClientRequest::read(&app, request).await?;
    // A `token_type_hint` is not needed: there is one type.
    let token = request
        .form
        .get("token")
        .ok_or(TokenError::InvalidRequest("The token is missing"))?;
    let told = app::token::token_introspect(&app.ctx, &request.proof, request.origin, token);
    let told = when_due(request.read_at, told).await?;
    Ok(match told {
        Introspection::Inactive => {
            (NO_STORE, JSON, Json(InactiveView { active: false })).into_response()
        }
        Introspection::Active { claims, scope } => {
            let view = ActiveView {
                active: true,
                scope: scope.to_string(),
                client_id: claims.client_id.to_string(),
                token_type: "Bearer",
                exp: claims.exp.secs(),
                iat: claims.iat.secs(),
                nbf: claims.nbf.secs(),
                sub: claims.sub,
                aud: claims.aud,
                iss: claims.iss,
                jti: claims.jti.to_string(),
            };
            (NO_STORE, JSON, Json(view)).into_response()
        }
    })
}
