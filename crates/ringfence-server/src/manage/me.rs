//! `/api/v1/me`: the caller themselves, and where they are signed in.

use super::entity::json;
use super::error::{ManageError, Refusals};
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get};
use http::StatusCode;
use ringfence_app::caller::Via;
use ringfence_app::session::session_end;
use ringfence_app::sign_in::me::{Stay, stays};
use ringfence_core::id::SessionId;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(me, sessions, session_delete))]
pub(super) struct Api;

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Me)]
struct MeView {
    /// The person's id.
    id: String,
    /// Their user name.
    username: String,
    /// How people call them.
    name: String,
    /// `Admin`, `Supervisor`, `Agent` or `Wallboard`, in their own account.
    role: &'static str,
    /// Whether they run the installation.
    operator: bool,
    /// The account they belong to.
    account: String,
    /// The account they look at: another one when an operator has opened it.
    open_account: String,
    /// The session that asks; null for a token.
    session_id: Option<String>,
    /// The credential whose token asks; null for a session.
    credential_id: Option<String>,
    /// Whether the caller may change anything.
    may_write: bool,
}

/// A browser that is signed in as the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
struct SessionView {
    /// Its id.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// How it began: `password`, `password+totp`, `passkey`, `link`, `sso:NAME`.
    method: String,
    /// Where from.
    address: String,
    /// The browser's own description.
    browser: String,
    /// When it began.
    created_at: String,
    /// The last request, to the minute.
    used_at: String,
    /// When it ends at the latest.
    expires_at: String,
}

/// Every session of the caller.
#[derive(Debug, Serialize, ToSchema)]
struct SessionsView {
    /// The sessions, the newest first.
    items: Vec<SessionView>,
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(me)
}

pub(crate) fn sessions_route() -> MethodRouter<App> {
    get(sessions)
}

pub(crate) fn session_delete_route() -> MethodRouter<App> {
    delete(session_delete)
}

#[utoipa::path(
    get,
    path = "/api/v1/me",
    tag = "Me",
    summary = "Who calls",
    responses((status = 200, description = "The caller", body = MeView), Refusals)
)]
async fn me(Signed(caller): Signed) -> Response {
    let (session_id, credential_id) = match caller.via {
        Via::Session(id) => (Some(id.to_string()), None),
        Via::Token { credential_id, .. } => (None, Some(credential_id.to_string())),
    };
    let view = MeView {
        id: caller.user.id.to_string(),
        username: caller.username.as_str().to_owned(),
        name: caller.name.clone(),
        role: caller.user.role.as_str(),
        operator: caller.is_operator(),
        account: caller.home.name.as_str().to_owned(),
        open_account: caller.account.name.as_str().to_owned(),
        session_id,
        credential_id,
        may_write: caller.may_write(),
    };
    json(StatusCode::OK, &view)
}

#[utoipa::path(
    get,
    path = "/api/v1/me/sessions",
    tag = "Me",
    summary = "Where the caller is signed in",
    responses((status = 200, description = "Every session that has not ended", body = SessionsView), Refusals)
)]
async fn sessions(State(app): State<App>, Signed(caller): Signed) -> Result<Response, ManageError> {
    let items = stays(&app.ctx, &caller).await?.into_iter().map(view);
    let items = items.collect();
    Ok(json(StatusCode::OK, &SessionsView { items }))
}

#[utoipa::path(
    delete,
    path = "/api/v1/me/sessions/{sessionId}",
    tag = "Me",
    summary = "End a session of the caller",
    params(("sessionId" = String, Path, description = "The session")),
    responses((status = 204, description = "It has ended"), Refusals)
)]
async fn session_delete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<Response, ManageError> {
    let id = SessionId::parse(&id).map_err(|_| ManageError::no_such("session"))?;
    session_end(&app.ctx, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn view(stay: Stay) -> SessionView {
    SessionView {
        id: stay.id.to_string(),
        current: stay.current,
        method: stay.method,
        address: stay.address,
        browser: stay.browser,
        created_at: stay.created_at.to_iso_millis(),
        used_at: stay.used_at.to_iso_millis(),
        expires_at: stay.expires_at.to_iso_millis(),
    }
}
