//! `POST /Auth/connect/token` (RFC 6749 §3.2).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::token::{ScopeRefusal, TokenError, TokenRequest};

use super::error::{JSON, NO_STORE, Refusal};
use super::request::{ClientRequest, when_due};
use crate::app::App;

/// The answer to a token request.
#[derive(serde::Serialize)]
struct TokenView {
    access_token: String,
    expires_in: i64,
    token_type: &'static str,
    scope: String,
}

pub(crate) async fn token_issue(State(app): State<App>, request: Request) -> Response {
    match issue(&app, request).await {
        Ok(view) => {
            app.metrics.token_issued("client_credentials");
            (NO_STORE, JSON, Json(view)).into_response()
        }
        Err(error) => {
            let refusal = Refusal::from(error);
            app.metrics.token_refused(refusal.code());
            refusal.into_response()
        }
    }
}

async fn issue(app: &App, request: Request) -> Result<TokenView, TokenError> {
    let request = ClientRequest::read(app, request).await?;
    let read_at = request.read_at;
    let text = |name| request.form.get(name).map(str::to_owned);
    let (grant_type, scope) = (text("grant_type"), text("scope"));
    let request = TokenRequest {
        proof: request.proof,
        origin: request.origin,
        grant_type,
        scope,
    };
    let mut issued = app::token::token_issue(&app.ctx, &request);
    // A credential made or changed on the command line a moment ago is used right away.
    if matches!(
        issued,
        Err(TokenError::InvalidClient | TokenError::InvalidScope(ScopeRefusal::Value(_)))
    ) && app::directory::follow::look_again(&app.ctx).await
    {
        issued = app::token::token_issue(&app.ctx, &request);
    }
    let token = when_due(read_at, issued).await?;
    Ok(TokenView {
        access_token: token.access_token.expose().clone(),
        expires_in: token.expires_in_secs,
        token_type: "Bearer",
        scope: token.scope.to_string(),
    })
}
