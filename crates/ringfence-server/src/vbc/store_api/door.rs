//! The door of the Portal REST API: a developer's stay and a request of our own pages, or a personal token.

use super::error::{Noun, StoreError};
use crate::app::App;
use crate::web::developer::developer_of_call;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::error::Error;
use ringfence_core::developer::DeveloperScope;

/// What the layer in front of one operation knows.
#[derive(Clone, Debug)]
pub(crate) struct DeveloperGate {
    /// The state of all rooms.
    pub(crate) app: App,
    /// One of these must be among a token's scopes.
    pub(crate) scopes: &'static [DeveloperScope],
}

/// The layer in front of every operation: the handler finds who calls in [`crate::web::developer::SignedDeveloper`].
pub(crate) async fn developer_api_pass(
    State(gate): State<DeveloperGate>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let brings_token = parts.headers.contains_key(AUTHORIZATION);
    match developer_of_call(&gate.app, &parts).await {
        Ok(caller) if may(&caller, gate.scopes) => {
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(_) => {
            let needed = scope_text(gate.scopes);
            let text = format!("The token lacks the scope {needed}.");
            let challenge = format!(
                "Bearer realm=\"ringfence\", error=\"insufficient_scope\", \
                 error_description=\"{text}\", scope=\"{needed}\""
            );
            challenged(StoreError::forbidden(&text), &challenge)
        }
        Err(Error::Unauthenticated) if brings_token => {
            let text = "The developer token is wrong, has expired or was deleted.";
            let challenge = format!(
                "Bearer realm=\"ringfence\", error=\"invalid_token\", error_description=\"{text}\""
            );
            challenged(StoreError::unauthorized(text), &challenge)
        }
        Err(Error::Unauthenticated) => {
            let text = "Sign in at the Developer Portal, or send a developer token.";
            let challenge = format!(
                "Bearer realm=\"ringfence\", scope=\"{}\"",
                scope_text(gate.scopes)
            );
            challenged(StoreError::unauthorized(text), &challenge)
        }
        Err(error) => StoreError::of(Noun::Application, &error).into_response(),
    }
}

fn may(caller: &DeveloperCaller, scopes: &[DeveloperScope]) -> bool {
    scopes.iter().any(|scope| caller.may(*scope))
}

fn scope_text(scopes: &[DeveloperScope]) -> String {
    let values: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    values.join(" ")
}

fn challenged(error: StoreError, challenge: &str) -> Response {
    let mut response = error.into_response();
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}
