//! `POST /token` of applications (vbc-api §3.2 to §3.4).

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::gateway::Who;
use ringfence_app::token::TokenError;
use ringfence_app::token::grant::{GrantRequest, GrantedTokens};
use ringfence_core::secret::Secret;

use super::error::{Asked, Refusal};
use crate::app::App;
use crate::oauth::error::NO_STORE;
use crate::oauth::request::{ApplicationRequest, when_due};
use crate::web::record::{CallMark, ReasonCode};

/// The name of all its paths in the record of requests.
const ROUTE: &str = ringfence_app::traffic::ROUTE_VBC_TOKEN;

/// The answer with tokens; the platform's order of keys.
#[derive(serde::Serialize)]
struct TokensView {
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    token_type: &'static str,
    expires_in: i64,
}

pub(crate) async fn tokens_grant(State(app): State<App>, request: Request) -> Response {
    let by_header = request.headers().contains_key(AUTHORIZATION);
    let (result, told) = match ApplicationRequest::read(&app, request).await {
        Ok(request) => granted(&app, request).await,
        Err(error) => (Err(error), None),
    };
    let who = told.as_ref().and_then(|told| told.who);
    let response = match result {
        Ok(tokens) => {
            let grant = told.as_ref().and_then(|told| told.grant_type);
            app.metrics
                .token_issued(grant.map_or("none", |g| g.as_str()));
            (NO_STORE, Json(view(&tokens))).into_response()
        }
        Err(error) => {
            let reason = told.and_then(|told| told.reason);
            let reason = ReasonCode(reason.unwrap_or(error.reason()));
            let refusal = Refusal::new(&app, Asked::Tokens, error, by_header);
            app.metrics.token_refused(refusal.code());
            let mut response = refusal.into_response();
            response.extensions_mut().insert(reason);
            response
        }
    };
    CallMark { route: ROUTE, who }.put(response)
}

/// What the record is told beside the answer.
struct Recorded {
    who: Option<Who>,
    grant_type: Option<ringfence_core::application::GrantType>,
    reason: Option<&'static str>,
}

async fn granted(
    app: &App,
    request: ApplicationRequest,
) -> (Result<GrantedTokens, TokenError>, Option<Recorded>) {
    let read_at = request.read_at;
    let outcome = app::token::grant::token_grant(&app.ctx, &grant_request(request)).await;
    let recorded = Recorded {
        who: outcome.who(),
        grant_type: outcome.grant_type,
        reason: outcome.reason,
    };
    (when_due(read_at, outcome.result).await, Some(recorded))
}

fn grant_request(request: ApplicationRequest) -> GrantRequest {
    let form = &request.form;
    let text = |name| form.get(name).map(str::to_owned);
    let secret = |name| form.get(name).map(|value| Secret::new(value.to_owned()));
    GrantRequest {
        grant_type: text("grant_type"),
        scope: text("scope"),
        code: secret("code"),
        redirect_uri: text("redirect_uri"),
        code_verifier: secret("code_verifier"),
        username: text("username"),
        password: secret("password"),
        refresh_token: secret("refresh_token"),
        proof: request.proof,
        origin: request.origin,
    }
}

fn view(tokens: &GrantedTokens) -> TokensView {
    let exposed = |secret: &Secret<String>| secret.expose().clone();
    TokensView {
        access_token: exposed(&tokens.access_token),
        refresh_token: tokens.refresh_token.as_ref().map(exposed),
        scope: tokens.scope.to_string(),
        id_token: tokens.id_token.as_ref().map(exposed),
        token_type: "Bearer",
        expires_in: tokens.expires_in_secs,
    }
}
