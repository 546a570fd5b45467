//! `…/generate-token`: a token of the application itself, to try with.

use super::body::Json;
use super::error::{Noun, StoreError};
use super::keys::{Secretive, named};
use super::page::json;
use crate::app::App;
use crate::web::developer::SignedDeveloper;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use http::StatusCode;
use ringfence_app::applications::test_token::{NewTestToken, test_token};
use ringfence_app::error::Error;
use ringfence_core::user_scope::UserScopes;
use serde::Deserialize;
use serde_json::json as value;

/// What a token is made from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenBody {
    consumer_secret: Option<Secretive>,
    validity_period: Option<i64>,
    #[serde(default)]
    scopes: Vec<String>,
    /// A token to be ended with this request; test tokens are not kept, so there is none.
    revoke_token: Option<String>,
}

pub(crate) fn generate_route() -> MethodRouter<App> {
    post(generate)
}

async fn generate(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, key)): Path<(String, String)>,
    Json(body): Json<TokenBody>,
) -> Result<Response, StoreError> {
    let (_, id) = named(&app, &caller, (&id, &key)).await?;
    if body.revoke_token.is_some_and(|token| !token.is_empty()) {
        return Err(StoreError::bad_request(
            "send the token to the revocation endpoint to end it",
        ));
    }
    let Some(secret) = body.consumer_secret else {
        return Err(StoreError::bad_request("consumerSecret is missing"));
    };
    let scope = UserScopes::parse(&body.scopes.join(" ")).map_err(StoreError::bad_request)?;
    let new = NewTestToken {
        secret: secret.into_secret(),
        scope,
        life_secs: body.validity_period,
    };
    let made = test_token(&app.ctx, &caller, id, &new).await;
    let made = made.map_err(|error| match error {
        Error::Unauthenticated => StoreError::unauthorized("The consumer secret is wrong."),
        other => StoreError::of(Noun::Keys, &other),
    })?;
    let body = value!({
        "accessToken": made.access_token.expose(),
        "tokenScopes": made.scope.to_string().split(' ').collect::<Vec<_>>(),
        "validityTime": made.expires_in_secs,
    });
    Ok(json(StatusCode::OK, &body))
}
