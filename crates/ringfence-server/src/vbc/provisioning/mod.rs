//! The Provisioning suite: the Account, Extension and User APIs, which only read (vbc-api §5).
//!
//! The gateway has admitted the call before a handler here runs. A handler reads the path and the query ([`request`]),
//! calls one act of the app, and wraps the outcome in the envelope of [`view`]; refusals take their bodies in
//! [`refusal`] alone. Each path answers with and without the version.

mod refusal;
mod request;
mod view;

use self::refusal::{ApiError, failed};
use self::request::{Base, account_key, extension_search, person_search};
use self::view::{AccountView, Embedded, ExtensionView, LocationView, UserView, linked, paged};
use super::error::{TENANT, other_method};
use crate::app::App;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::Uri;
use http::header::CACHE_CONTROL;
use ringfence_app::gateway::user::AdmittedUser;
use ringfence_app::provisioning::{self as acts, Viewer};
use ringfence_core::id::RequestId;
use ringfence_core::provisioning::number::Number;
use ringfence_core::suite::Suite;
use ringfence_core::user_scope::UserScope;
use serde_json::json;

/// `GET …/accounts/{account_id}`.
pub(crate) fn account_route() -> MethodRouter<App> {
    get(account).fallback(other_method)
}

/// `GET …/accounts/{account_id}/locations`.
pub(crate) fn locations_route() -> MethodRouter<App> {
    get(locations).fallback(other_method)
}

/// `GET …/accounts/{account_id}/locations/{location_id}`.
pub(crate) fn location_route() -> MethodRouter<App> {
    get(location).fallback(other_method)
}

/// `GET …/accounts/{account_id}/extensions`.
pub(crate) fn extensions_route() -> MethodRouter<App> {
    get(extensions).fallback(other_method)
}

/// `GET …/accounts/{account_id}/extensions/{external_id}`.
pub(crate) fn extension_route() -> MethodRouter<App> {
    get(extension).fallback(other_method)
}

/// `GET …/accounts/{account_id}/users`.
pub(crate) fn users_route() -> MethodRouter<App> {
    get(users).fallback(other_method)
}

/// `GET …/accounts/{account_id}/users/{user_id}`.
pub(crate) fn user_route() -> MethodRouter<App> {
    get(user).fallback(other_method)
}

/// `GET /.well-known/oauth-protected-resource/t/vbc.prod/provisioning`.
pub(crate) fn metadata_route() -> MethodRouter<App> {
    get(metadata)
}

async fn account(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    uri: Uri,
    Path(account): Path<String>,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::bare)?;
    let found = acts::account_show(&app.ctx, viewer(&caller), key).await;
    let found = found.map_err(failed(ApiError::bare))?;
    let base = Base::of(&app, &uri, found.number);
    let account = AccountView::of(&found);
    Ok(linked(base.href(""), Embedded::Account(account)))
}

async fn locations(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    uri: Uri,
    Path(account): Path<String>,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::bare)?;
    let found = acts::location_list(&app.ctx, viewer(&caller), key).await;
    let found = found.map_err(failed(ApiError::bare))?;
    let base = Base::of(&app, &uri, found.account);
    let locations = found.found.iter().map(LocationView::of).collect();
    Ok(linked(
        base.href("/locations"),
        Embedded::Locations(locations),
    ))
}

async fn location(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    uri: Uri,
    Path((account, location)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::bare)?;
    let number = Number::parse(&location).ok();
    let found = acts::location_show(&app.ctx, viewer(&caller), key, number).await;
    let found = found.map_err(failed(ApiError::bare))?;
    let base = Base::of(&app, &uri, found.account);
    let href = base.href(&format!("/locations/{}", found.found.number));
    let location = LocationView::of(&found.found);
    Ok(linked(href, Embedded::Location(location)))
}

async fn extensions(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    Extension(id): Extension<RequestId>,
    uri: Uri,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::worded)?;
    let (search, paging) = extension_search(query.as_deref()).map_err(ApiError::query(id))?;
    let page = paging.page();
    let found = acts::extension_list(&app.ctx, viewer(&caller), key, &search, page).await;
    let found = found.map_err(failed(ApiError::worded))?;
    let base = Base::of(&app, &uri, found.account);
    let list = found.found.items.iter().map(ExtensionView::listed);
    let embedded = Embedded::Extensions(list.collect());
    let href = base.href("/extensions");
    Ok(paged(&href, &paging, &found.found, embedded))
}

async fn extension(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    uri: Uri,
    Path((account, extension)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::worded)?;
    let found = acts::extension_show(&app.ctx, viewer(&caller), key, &extension).await;
    let found = found.map_err(failed(ApiError::worded))?;
    let base = Base::of(&app, &uri, found.account);
    // As the platform's own samples do, whichever id was asked for (vbc-api §5.2).
    let number = found.found.extension.number.as_str();
    let href = base.href(&format!("/extensions/{number}"));
    let extension = ExtensionView::single(&found.found);
    Ok(linked(href, Embedded::Extension(extension)))
}

async fn users(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    Extension(id): Extension<RequestId>,
    uri: Uri,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::worded)?;
    let (search, paging) = person_search(query.as_deref()).map_err(ApiError::query(id))?;
    let page = paging.page();
    let found = acts::person_list(&app.ctx, viewer(&caller), key, &search, page).await;
    let found = found.map_err(failed(ApiError::worded))?;
    let base = Base::of(&app, &uri, found.account);
    let users = found.found.items.iter().map(UserView::of);
    let embedded = Embedded::Users(users.collect());
    let href = base.href("/users");
    Ok(paged(&href, &paging, &found.found, embedded))
}

async fn user(
    State(app): State<App>,
    Extension(caller): Extension<AdmittedUser>,
    uri: Uri,
    Path((account, user)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let key = account_key(&account).map_err(ApiError::worded)?;
    let number = Number::parse(&user).ok();
    let found = acts::person_show(&app.ctx, viewer(&caller), key, number).await;
    let found = found.map_err(failed(ApiError::worded))?;
    let base = Base::of(&app, &uri, found.account);
    let href = base.href(&format!("/users/{}", found.found.person.number));
    Ok(linked(href, Embedded::User(UserView::of(&found.found))))
}

/// What a program may find out about the API before it has a token (RFC 9728 §2).
async fn metadata(State(app): State<App>) -> Response {
    use axum::response::IntoResponse as _;
    let url = &app.ctx.settings.public_url;
    let context = Suite::Provisioning.context();
    let body = json!({
        "resource": format!("{url}{TENANT}{context}"),
        "authorization_servers": [app.ctx.token.vbc_issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": [UserScope::Openid.as_str()],
        "resource_name": Suite::Provisioning.name(),
    });
    ([(CACHE_CONTROL, "public, max-age=300")], axum::Json(body)).into_response()
}

fn viewer(caller: &AdmittedUser) -> Viewer {
    Viewer {
        account_id: caller.live.account.id,
        role: caller.live.user.role,
    }
}
