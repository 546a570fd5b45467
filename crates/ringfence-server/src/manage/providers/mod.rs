//! `/api/v1/accounts/{account}/providers`: OpenID Connect providers of an account, for its admins.

mod view;

use super::accounts::name as account_name;
use super::body::Json;
use super::entity::{EditParams, Match, created, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::idempotency::CreateParams;
use super::paging::Page;
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::caller::Caller;
use ringfence_app::manage::providers as acts;
use ringfence_core::sign_in::account_provider::ProviderName;
use utoipa::OpenApi;
use view::{
    CheckView, ProviderChange, ProviderCreate, ProviderView, edit_of, line_view, new_of, tag, view,
    whole,
};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show_one, edit, remove, check))]
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

pub(crate) fn check_route() -> MethodRouter<App> {
    post(check)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/providers",
    operation_id = "provider_list",
    tag = "Providers",
    summary = "List providers",
    description = "All of them: an account has few.",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = 200, description = "All, by name", body = Page<ProviderView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    Query::read(&uri, &[])?;
    let caller = at(&app, &caller, &account).await?;
    let found = acts::provider_list(&app.ctx, &caller).await?;
    let page = Page {
        items: found.iter().map(|p| view(&app.ctx, &caller, p)).collect(),
        next_cursor: None,
    };
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/providers",
    operation_id = "provider_create",
    tag = "Providers",
    summary = "Make a provider",
    params(("account" = String, Path, description = "The account's name"), CreateParams),
    request_body = ProviderCreate,
    responses((status = 201, description = "It is made", body = ProviderView), Refusals)
)]
async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    Json(body): Json<ProviderCreate>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let made = acts::provider_create(&app.ctx, &caller, new_of(body)?).await?;
    let view = view(&app.ctx, &caller, &made);
    let location = format!(
        "/api/v1/accounts/{}/providers/{}",
        caller.account.name, made.name
    );
    Ok(created(&location, &tag(&made), &view))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/providers/{provider}",
    operation_id = "provider_show",
    tag = "Providers",
    summary = "Show a provider",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("provider" = String, Path, description = "Its name"),
    ),
    responses((status = 200, description = "The provider", body = ProviderView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, provider)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let found = acts::provider_show(&app.ctx, &caller, &name(&provider)?).await?;
    let view = whole(&app.ctx, &caller, &found);
    show(&headers, &tag(&found.provider), &view)
}

#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account}/providers/{provider}",
    operation_id = "provider_edit",
    tag = "Providers",
    summary = "Change a provider, switch it off or on",
    description = "Who is signed in stays so.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("provider" = String, Path, description = "Its name"),
        EditParams,
    ),
    request_body = ProviderChange,
    responses((status = 200, description = "As it is now", body = ProviderView), Refusals)
)]
async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, provider)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<ProviderChange>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let name = name(&provider)?;
    let before = acts::provider_show(&app.ctx, &caller, &name).await?;
    let wanted = Match::read(&headers)?;
    wanted.check(&tag(&before.provider))?;
    let mut edit = edit_of(body)?;
    if wanted != Match::Any {
        edit.expected = Some(before.provider.version);
    }
    acts::provider_edit(&app.ctx, &caller, &name, edit).await?;
    let after = acts::provider_show(&app.ctx, &caller, &name).await?;
    let view = whole(&app.ctx, &caller, &after);
    Ok(tagged(json(StatusCode::OK, &view), &tag(&after.provider)))
}

#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account}/providers/{provider}",
    operation_id = "provider_delete",
    tag = "Providers",
    summary = "Delete a provider",
    description = "Who is signed in stays so. Who comes through the same provider when it is made anew is found anew.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("provider" = String, Path, description = "Its name"),
    ),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn remove(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, provider)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    acts::provider_delete(&app.ctx, &caller, &name(&provider)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/providers/{provider}/check",
    operation_id = "provider_check",
    tag = "Providers",
    summary = "Try the connection to a provider",
    description = "Reads its description and keys, and exchanges a code that is none, to see whether it takes our id and secret.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("provider" = String, Path, description = "Its name"),
        CreateParams,
    ),
    responses((status = 200, description = "What was found", body = CheckView), Refusals)
)]
async fn check(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, provider)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let provider = acts::provider_open(&app.ctx, &caller, &name(&provider)?).await?;
    let lines = app.providers.check(&provider).await;
    let view = CheckView {
        checks: lines.into_iter().map(line_view).collect(),
    };
    Ok(json(StatusCode::OK, &view))
}

async fn at(app: &App, caller: &Caller, account: &str) -> Result<Caller, ManageError> {
    Ok(caller.at_account(&app.ctx, &account_name(account)?).await?)
}

/// The name of a path; what is no name names nothing.
fn name(text: &str) -> Result<ProviderName, ManageError> {
    ProviderName::parse(text).map_err(|_| ManageError::no_such("provider"))
}
