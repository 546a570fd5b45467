//! `…/credentials/{credentialId}/secrets`: who still uses which, rotation, retiring.

use super::super::body::Json;
use super::super::entity::json;
use super::super::error::{ManageError, Refusals};
use super::super::idempotency::CreateParams;
use super::view::{HandoverWish, SecretMade, delivery, expires, made, number};
use super::{at, id};
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use http::StatusCode;
use ringfence_app::manage::credentials::handover::LinkState;
use ringfence_app::manage::credentials::secrets::{
    Advice, LinkView, Rotation, SecretView, credential_rotate, secret_list, secret_retire,
};
use ringfence_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The secrets of a credential, never their text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Secrets)]
pub(super) struct SecretsBody {
    /// The secrets, the newest first.
    secrets: Vec<SecretBody>,
    /// The last links that were made for them.
    links: Vec<LinkBody>,
}

/// A secret and how it is used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Secret)]
struct SecretBody {
    /// Its number within the credential.
    number: u32,
    /// When it was made.
    created_at: String,
    /// From when on it is refused; null means never.
    expires_at: Option<String>,
    /// When it was last used.
    last_used_at: Option<String>,
    /// On which route.
    last_used_route: Option<String>,
    /// How often it was used.
    uses: i64,
    /// The last addresses it was used from.
    addresses: Vec<AddressBody>,
    /// Whether it may go: `only-one`, `newest`, `in-use`, `not-replaced`, `safe` or `over`.
    advice: &'static str,
}

/// An address that a secret was used from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecretAddress)]
struct AddressBody {
    /// The address.
    address: String,
    /// The first use from there.
    first_used_at: String,
    /// The last use from there.
    last_used_at: String,
    /// How many uses there were.
    uses: i64,
}

/// A link that was made for a secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecretLink)]
struct LinkBody {
    /// The secret's number.
    secret: u32,
    /// When it was made.
    created_at: String,
    /// `waiting`, `opened` or `expired`.
    state: &'static str,
    /// When it was opened, or until when it waits.
    at: Option<String>,
    /// The address it was opened from.
    opened_from: Option<String>,
}

/// How to rotate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SecretRotation)]
pub(super) struct RotationBody {
    /// How long the other secrets still work, in seconds; at most 90 days.
    overlap_secs: u32,
    /// From when on the new secret is refused.
    expires_at: Option<String>,
    /// How the secret goes on when it is not to be in the answer.
    handover: Option<HandoverWish>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn rotate_route() -> MethodRouter<App> {
    post(rotate)
}

pub(crate) fn retire_route() -> MethodRouter<App> {
    delete(retire)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}/secrets",
    operation_id = "secret_list",
    tag = "Credentials",
    summary = "List the secrets of a credential",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "The credential's id"),
    ),
    responses((status = 200, description = "The secrets", body = SecretsBody), Refusals)
)]
pub(super) async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let found = secret_list(&app.ctx, &caller, id(&credential)?).await?;
    let body = SecretsBody {
        secrets: found.secrets.iter().map(secret).collect(),
        links: found.links.iter().map(link).collect(),
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}/secrets",
    operation_id = "secret_rotate",
    tag = "Credentials",
    summary = "Add a secret, and let the others run out",
    description = "The new secret is in this answer and in no other; with `handover` it goes on in another way.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "The credential's id"),
        CreateParams,
    ),
    request_body = RotationBody,
    responses((status = 201, description = "It is made", body = SecretMade), Refusals)
)]
pub(super) async fn rotate(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
    Json(body): Json<RotationBody>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let rotation = Rotation {
        overlap_secs: body.overlap_secs,
        expires_at: body.expires_at.as_deref().map(expires).transpose()?,
    };
    let how = delivery(body.handover.as_ref())?;
    let id = id(&credential)?;
    let done = credential_rotate(&app.ctx, &caller, id, rotation, (&how, None)).await?;
    made(&app, &caller, &done)
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}/secrets/{number}",
    operation_id = "secret_retire",
    tag = "Credentials",
    summary = "Retire a secret at once",
    description = "With every token it made. The other secrets keep working.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "The credential's id"),
        ("number" = u32, Path, description = "The secret's number"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
pub(super) async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential, secret)): Path<(String, String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    secret_retire(&app.ctx, &caller, id(&credential)?, number(&secret)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn secret(view: &SecretView) -> SecretBody {
    let iso = Timestamp::to_iso_millis;
    let addresses = view.addresses.iter().map(|a| AddressBody {
        address: a.address.clone(),
        first_used_at: iso(a.first_used_at),
        last_used_at: iso(a.last_used_at),
        uses: a.uses,
    });
    SecretBody {
        number: view.info.number,
        created_at: iso(view.info.created_at),
        expires_at: view.info.expires_at.map(iso),
        last_used_at: view.used.last_used_at.map(iso),
        last_used_route: view.used.last_used_route.clone(),
        uses: view.used.uses,
        addresses: addresses.collect(),
        advice: match view.advice {
            Advice::OnlyOne => "only-one",
            Advice::Newest => "newest",
            Advice::InUse => "in-use",
            Advice::NotReplaced => "not-replaced",
            Advice::Safe => "safe",
            Advice::Over => "over",
        },
    }
}

fn link(view: &LinkView) -> LinkBody {
    let (state, at) = match view.state {
        LinkState::Waiting { expires_at } => ("waiting", Some(expires_at)),
        LinkState::Opened { at } => ("opened", Some(at)),
        LinkState::Expired => ("expired", None),
    };
    LinkBody {
        secret: view.number,
        created_at: view.created_at.to_iso_millis(),
        state,
        at: at.map(Timestamp::to_iso_millis),
        opened_from: view.opened_from.clone(),
    }
}
