//! `POST /Auth/connect/token` (RFC 6749 §3.2).

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::gateway::Who;
use ringfence_app::token::{ScopeRefusal, TokenError, TokenRequest};
use ringfence_app::traffic::ROUTE_TOKEN;

use super::error::{JSON, NO_STORE, Refusal};
use super::request::{ClientRequest, when_due};
use crate::app::App;
use crate::web::record::{CallMark, ReasonCode};

/// The answer to a token request.
#[derive(serde::Serialize)]
struct TokenView {
    access_token: String,
    expires_in: i64,
    token_type: &'static str,
    scope: String,
}

pub(crate) async fn token_issue(State(app): State<App>, request: Request) -> Response {
    let mut who = None;
    let mut reason = None;
    let response = match issue(&app, request, &mut who, &mut reason).await {
        Ok(view) => {
            app.metrics.token_issued("client_credentials");
            (NO_STORE, JSON, Json(view)).into_response()
        }
        Err(error) => {
            let reason = ReasonCode(reason.unwrap_or(error.reason()));
            let refusal = Refusal::from(error);
            app.metrics.token_refused(refusal.code());
            let mut response = refusal.into_response();
            response.extensions_mut().insert(reason);
            response
        }
    };
    let route = ROUTE_TOKEN;
    CallMark { route, who }.put(response)
}

/// Issues a token; leaves for the record who asked and the true reason of a refusal.
async fn issue(
    app: &App,
    request: Request,
    who: &mut Option<Who>,
    reason: &mut Option<&'static str>,
) -> Result<TokenView, TokenError> {
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
    let mut told = app::token::token_issue_told(&app.ctx, &request);
    // A credential made or changed on the command line a moment ago is used right away.
    if matches!(
        told.result,
        Err(TokenError::InvalidClient | TokenError::InvalidScope(ScopeRefusal::Value(_)))
    ) && app::directory::follow::look_again(&app.ctx).await
    {
        told = app::token::token_issue_told(&app.ctx, &request);
    }
    (*who, *reason) = (told.who, told.reason);
    let token = when_due(read_at, told.result).await?;
    Ok(TokenView {
        access_token: token.access_token.expose().clone(),
        expires_in: token.expires_in_secs,
        token_type: "Bearer",
        scope: token.scope.to_string(),
    })
}
