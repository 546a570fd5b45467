//! `/api/v1/accounts`: tenants.

use super::body::Json;
use super::entity::{EditParams, Match, Tag, created, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::idempotency::CreateParams;
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, patch, post};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::accounts::NewAccount;
use ringfence_app::manage::accounts::{
    self as acts, AccountOverview, AccountQuery, account_status_set,
};
use ringfence_core::account::{Account, AccountKind, AccountName, AccountStatus, Region, TokenAlg};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show_one, edit))]
pub(super) struct Api;

/// A tenant: everything belongs to one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Account)]
struct AccountView {
    /// Its id.
    id: String,
    /// Its unique name, which stands in addresses.
    #[schema(example = "acme")]
    name: String,
    /// `emea`, `nam` or `apac`.
    region: &'static str,
    /// `vcc` or `vbc`.
    kind: &'static str,
    /// `active` or `suspended`.
    status: &'static str,
    /// Signature of its tokens: `RS256` or `ES256`.
    token_alg: &'static str,
    /// When it was made.
    created_at: String,
    /// How many people it has; only of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_count: Option<u64>,
    /// How many API credentials it has; only of one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_count: Option<u64>,
}

/// An account to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountCreate {
    /// 1 to 63 characters: a-z, 0-9 and hyphen.
    name: String,
    /// `emea` if not given.
    region: Option<String>,
    /// `vcc` if not given.
    kind: Option<String>,
    /// `RS256` if not given.
    token_alg: Option<String>,
}

/// What to change of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AccountEdit {
    /// `suspended` refuses every token and credential of the account within one second; `active` lets it be used again.
    status: Option<String>,
}

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

const PLACE: &str = "accounts";

#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    operation_id = "account_list",
    tag = "Accounts",
    summary = "List accounts",
    description = "An operator sees all; others see their own.",
    params(
        PageParams,
        ("q" = Option<String>, Query, description = "A part of the name"),
        ("status" = Option<String>, Query, description = "`active` or `suspended`"),
    ),
    responses((status = 200, description = "A page, by name", body = Page<AccountView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    uri: Uri,
) -> Result<Response, ManageError> {
    let query = Query::read(&uri, &["limit", "cursor", "q", "status"])?;
    let window = Window::read(&app.ctx, &query, PLACE)?;
    let wanted = AccountQuery {
        text: query.text("q").unwrap_or_default().to_lowercase(),
        status: query.parsed("status", AccountStatus::parse)?,
    };
    let after = window.after.as_deref();
    let found = acts::account_list(&app.ctx, &caller, &wanted, after, window.limit).await?;
    let page = Page::of(&app.ctx, PLACE, found, |account| view(&account))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    operation_id = "account_create",
    tag = "Accounts",
    summary = "Make an account",
    description = "Operators only.",
    params(CreateParams),
    request_body = AccountCreate,
    responses((status = 201, description = "It is made", body = AccountView), Refusals)
)]
async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<AccountCreate>,
) -> Result<Response, ManageError> {
    let or = |given: Option<String>, default: &str| given.unwrap_or_else(|| default.to_owned());
    let new = NewAccount {
        name: AccountName::parse(&body.name).map_err(ManageError::value("/name"))?,
        region: Region::parse(&or(body.region, "emea")).map_err(ManageError::value("/region"))?,
        kind: AccountKind::parse(&or(body.kind, "vcc")).map_err(ManageError::value("/kind"))?,
        token_alg: TokenAlg::parse(&or(body.token_alg, "RS256"))
            .map_err(ManageError::value("/tokenAlg"))?,
    };
    let account = acts::account_create(&app.ctx, &caller, new).await?;
    let location = format!("/api/v1/accounts/{}", account.name);
    Ok(created(&location, &tag(&account), &view(&account)))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}",
    operation_id = "account_show",
    tag = "Accounts",
    summary = "Show an account",
    params(("account" = String, Path, description = "Its name")),
    responses((status = 200, description = "The account", body = AccountView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let found = acts::account_show(&app.ctx, &caller, &name(&account)?).await?;
    show(&headers, &tag(&found.account), &overview(&found))
}

#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account}",
    operation_id = "account_edit",
    tag = "Accounts",
    summary = "Suspend or resume an account",
    description = "Operators only.",
    params(("account" = String, Path, description = "Its name"), EditParams),
    request_body = AccountEdit,
    responses((status = 200, description = "As it is now", body = AccountView), Refusals)
)]
async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    headers: HeaderMap,
    Json(body): Json<AccountEdit>,
) -> Result<Response, ManageError> {
    let name = name(&account)?;
    let status = body.status.as_deref().map(AccountStatus::parse).transpose();
    let status = status.map_err(ManageError::value("/status"))?;
    let found = acts::account_show(&app.ctx, &caller, &name).await?;
    Match::read(&headers)?.check(&tag(&found.account))?;
    let account = match status {
        // To set a status is the same act whatever came between, so nobody's edit is lost.
        Some(status) => account_status_set(&app.ctx, &caller, &name, status).await?,
        None => Account::clone(&found.account),
    };
    Ok(tagged(
        json(StatusCode::OK, &view(&account)),
        &tag(&account),
    ))
}

/// The name of a path; what is no name names nothing.
pub(super) fn name(text: &str) -> Result<AccountName, ManageError> {
    AccountName::parse(text).map_err(|_| ManageError::no_such("account"))
}

fn tag(account: &Account) -> Tag {
    let status = account.status.as_str();
    Tag::text(&format!("{status}-{}", account.epoch))
}

fn view(account: &Account) -> AccountView {
    AccountView {
        id: account.id.to_string(),
        name: account.name.to_string(),
        region: account.region.as_str(),
        kind: account.kind.as_str(),
        status: account.status.as_str(),
        token_alg: account.token_alg.as_str(),
        created_at: account.created_at.to_iso_millis(),
        user_count: None,
        credential_count: None,
    }
}

fn overview(found: &AccountOverview) -> AccountView {
    AccountView {
        user_count: Some(found.n_users),
        credential_count: Some(found.n_credentials),
        ..view(&found.account)
    }
}
