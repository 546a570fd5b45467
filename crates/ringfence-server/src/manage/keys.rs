//! `/api/v1/keys`: signing keys, for operators.

use super::body::Json;
use super::entity::json;
use super::error::{ManageError, Refusals};
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;
use ringfence_app::keys::KeyView;
use ringfence_app::manage::keys as acts;
use ringfence_core::account::TokenAlg;
use ringfence_core::id::KeyId;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, rotate, show_one, withdraw))]
pub(super) struct Api;

/// A signing key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SigningKey)]
struct View {
    /// Its id, as in the header of the tokens it signs.
    kid: String,
    /// `RS256` or `ES256`.
    alg: &'static str,
    /// `announced`, `in use`, `retired`, `removed` or `withdrawn`.
    state: &'static str,
    /// When it was first published.
    announced_at: String,
    /// From when on it signs.
    active_from: String,
    /// From when on it signs no more.
    retire_at: Option<String>,
    /// From when on nothing it signed is accepted.
    remove_at: Option<String>,
    /// When it was withdrawn.
    withdrawn_at: Option<String>,
}

/// Every signing key.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SigningKeys)]
struct ListView {
    /// The keys, oldest first.
    items: Vec<View>,
}

/// Which keys to rotate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rotation {
    /// `RS256` or `ES256`; both if not given.
    alg: Option<String>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn rotate_route() -> MethodRouter<App> {
    post(rotate)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn withdraw_route() -> MethodRouter<App> {
    post(withdraw)
}

#[utoipa::path(
    get,
    path = "/api/v1/keys",
    operation_id = "key_list",
    tag = "Signing keys",
    summary = "List signing keys",
    description = "Operators only.",
    responses((status = 200, description = "Every key", body = ListView), Refusals)
)]
async fn list(State(app): State<App>, Signed(caller): Signed) -> Result<Response, ManageError> {
    let (keys, _) = acts::key_list(&app.ctx, &caller).await?;
    let items = keys.iter().map(view).collect();
    Ok(json(StatusCode::OK, &ListView { items }))
}

#[utoipa::path(
    post,
    path = "/api/v1/keys/rotate",
    operation_id = "key_rotate",
    tag = "Signing keys",
    summary = "Announce a successor now",
    description = "Operators only. It signs once every reader of the key set has had time to see it.",
    request_body = Rotation,
    responses((status = 200, description = "Every key as it is now", body = ListView), Refusals)
)]
async fn rotate(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<Rotation>,
) -> Result<Response, ManageError> {
    let alg = body.alg.as_deref().map(TokenAlg::parse).transpose();
    let alg = alg.map_err(ManageError::value("/alg"))?;
    acts::key_rotate(&app.ctx, &caller, alg).await?;
    let (keys, _) = acts::key_list(&app.ctx, &caller).await?;
    let items = keys.iter().map(view).collect();
    Ok(json(StatusCode::OK, &ListView { items }))
}

#[utoipa::path(
    get,
    path = "/api/v1/keys/{kid}",
    operation_id = "key_show",
    tag = "Signing keys",
    summary = "Show a signing key",
    description = "Operators only.",
    params(("kid" = String, Path, description = "Its id")),
    responses((status = 200, description = "The key", body = View), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(kid): Path<String>,
) -> Result<Response, ManageError> {
    let key = acts::key_show(&app.ctx, &caller, id(&kid)?).await?;
    Ok(json(StatusCode::OK, &view(&key)))
}

#[utoipa::path(
    post,
    path = "/api/v1/keys/{kid}/withdraw",
    operation_id = "key_withdraw",
    tag = "Signing keys",
    summary = "Take a signing key away in an emergency",
    description = "Operators only. Every token it signed is refused within one second, and another key signs.",
    params(("kid" = String, Path, description = "Its id")),
    responses((status = 200, description = "The key as it is now", body = View), Refusals)
)]
async fn withdraw(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(kid): Path<String>,
) -> Result<Response, ManageError> {
    let id = id(&kid)?;
    acts::key_withdraw(&app.ctx, &caller, id).await?;
    let key = acts::key_show(&app.ctx, &caller, id).await?;
    Ok(json(StatusCode::OK, &view(&key)))
}

fn id(text: &str) -> Result<KeyId, ManageError> {
    KeyId::parse(text).map_err(|_| ManageError::no_such("key"))
}

fn view(key: &KeyView) -> View {
    let times = &key.times;
    View {
        kid: times.id.to_string(),
        alg: times.alg.as_str(),
        state: key.state.as_str(),
        announced_at: times.announced_at.to_iso_millis(),
        active_from: times.active_from.to_iso_millis(),
        retire_at: times.retire_at.map(|at| at.to_iso_millis()),
        remove_at: times.remove_at.map(|at| at.to_iso_millis()),
        withdrawn_at: times.withdrawn_at.map(|at| at.to_iso_millis()),
    }
}
