//! `/api/v1/accounts/{account}/credentials`: API credentials, by the rules of the portal's area of that name.
//!
//! Views and bodies are in [`view`], secrets in [`secrets`], what one can do and has done in [`state`].

mod secrets;
mod state;
mod view;

pub(crate) use secrets::{
    list_route as secrets_route, retire_route as secret_retire_route,
    rotate_route as secret_rotate_route,
};
pub(crate) use state::{checklist_route, effective_route, usage_route};

use super::accounts::name as account_name;
use super::body::Json;
use super::entity::{EditParams, Match, Tag, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::idempotency::CreateParams;
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::caller::Caller;
use ringfence_app::credentials::CredentialEdit;
use ringfence_app::manage::credentials::{
    self as acts, ListRequest, NewOwn, Shown, Tab, edit_check,
};
use ringfence_core::id::CredentialId;
use utoipa::OpenApi;
use view::{
    CredentialChange, CredentialCreate, CredentialView, SecretMade, delivery, expires, line_view,
    made, name, networks, scopes, shown_view,
};

/// What this room adds to the description.
#[derive(OpenApi)]
#[openapi(paths(
    list,
    create,
    show_one,
    edit,
    remove,
    secrets::list,
    secrets::rotate,
    secrets::retire,
    state::effective,
    state::checklist,
    state::usage
))]
pub(super) struct Api;

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn edit_route() -> MethodRouter<App> {
    patch(edit)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(remove)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/credentials",
    operation_id = "credential_list",
    tag = "Credentials",
    summary = "List API credentials",
    description = "An admin sees everybody's, a supervisor their own; for others there is no such list.",
    params(
        ("account" = String, Path, description = "The account's name"),
        PageParams,
        ("q" = Option<String>, Query, description = "A part of the name, client id, owner or scope"),
        ("owner" = Option<String>, Query, description = "`me`: only the caller's own"),
        ("level" = Option<String>, Query, description = "`user` (standard) or `account`: the deprecated ones of the account itself, for admins"),
    ),
    responses((status = 200, description = "A page, the oldest first", body = Page<CredentialView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let query = Query::read(&uri, &["limit", "cursor", "q", "owner", "level"])?;
    let mine = query.parsed("owner", |text| match text {
        "me" => Ok(true),
        _ => Err("the owner is `me`, or left out"),
    })?;
    let tab = query.parsed("level", |text| match text {
        "user" => Ok(Tab::Users),
        "account" => Ok(Tab::Accounts),
        _ => Err("the level is user or account"),
    })?;
    let place = format!("credentials/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let request = ListRequest {
        tab: tab.unwrap_or_default(),
        mine: mine.unwrap_or_default(),
        text: query.text("q").unwrap_or_default().to_owned(),
        ..ListRequest::default()
    };
    let after = window.after.unwrap_or_default();
    let found = acts::credential_slice(&app.ctx, &caller, &request, &after, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |line| line_view(&line))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/credentials",
    operation_id = "credential_create",
    tag = "Credentials",
    summary = "Make an API credential of your own",
    description = "The secret is in this answer and in no other; with `handover` it is behind a link, or sealed to a partner's key, instead. The same `Idempotency-Key` sent again does not show it again.",
    params(("account" = String, Path, description = "The account's name"), CreateParams),
    request_body = CredentialCreate,
    responses((status = 201, description = "It is made", body = SecretMade), Refusals)
)]
async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    Json(body): Json<CredentialCreate>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let new = NewOwn {
        name: name(&body.name)?,
        scopes: scopes(&body.scopes)?,
        networks: networks(&body.networks)?,
        expires_at: body.expires_at.as_deref().map(expires).transpose()?,
    };
    let delivery = delivery(body.handover.as_ref())?;
    let done = acts::credential_create(&app.ctx, &caller, new, &delivery, None).await?;
    made(&app, &caller, &done)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}",
    operation_id = "credential_show",
    tag = "Credentials",
    summary = "Show an API credential",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "Its id, the client id"),
    ),
    responses((status = 200, description = "The credential", body = CredentialView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let shown = acts::credential_show(&app.ctx, &caller, id(&credential)?).await?;
    show(&headers, &tag(&shown), &shown_view(&shown))
}

#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}",
    operation_id = "credential_edit",
    tag = "Credentials",
    summary = "Change an API credential",
    description = "Only its owner, and an admin where it is the account's. A scope taken off ends for tokens already given out.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "Its id, the client id"),
        EditParams,
    ),
    request_body = CredentialChange,
    responses((status = 200, description = "As it is now", body = CredentialView), Refusals)
)]
async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<CredentialChange>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let id = id(&credential)?;
    let before = edit_check(&app.ctx, &caller, id).await?;
    let wanted = Match::read(&headers)?;
    wanted.check(&tag(&before))?;
    let edit = CredentialEdit {
        name: body.name.as_deref().map(name).transpose()?,
        scopes: body.scopes.as_deref().map(scopes).transpose()?,
        networks: body.networks.as_deref().map(networks).transpose()?,
        expires_at: match body.expires_at {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => Some(Some(expires(&text)?)),
        },
        token_ttl_secs: body.token_ttl_secs,
        end_tokens: body.end_tokens.unwrap_or(false),
        version: (wanted != Match::Any).then_some(before.credential.version),
    };
    acts::credential_edit(&app.ctx, &caller, id, edit).await?;
    let after = acts::credential_show(&app.ctx, &caller, id).await?;
    let answer = json(StatusCode::OK, &shown_view(&after));
    Ok(tagged(answer, &tag(&after)))
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}",
    operation_id = "credential_delete",
    tag = "Credentials",
    summary = "Delete an API credential",
    description = "With every secret and every token. An admin deletes any, others their own.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "Its id, the client id"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn remove(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    acts::credential_delete(&app.ctx, &caller, id(&credential)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The caller looking at the account that the path names.
async fn at(app: &App, caller: &Caller, account: &str) -> Result<Caller, ManageError> {
    let name = account_name(account)?;
    Ok(caller.at_account(&app.ctx, &name).await?)
}

fn id(text: &str) -> Result<CredentialId, ManageError> {
    CredentialId::parse(text).map_err(|_| ManageError::no_such("credential"))
}

fn tag(shown: &Shown) -> Tag {
    Tag::version(shown.credential.version)
}
