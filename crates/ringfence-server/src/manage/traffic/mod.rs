//! `/api/v1/…/traffic`, `/refusals` and `/requests`: what was called, why some was refused, and one request explained.

mod view;

use crate::app::App;
use crate::manage::error::{ManageError, Refusals};
use crate::manage::paging::{Page, PageParams, Window};
use crate::manage::query::Query;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{StatusCode, Uri};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::traffic::{
    Breadth, Period, RequestFilter, applications_show, refusals_show, request_explain,
    request_list, traffic_show,
};
use ringfence_core::client::Client;
use ringfence_core::id::{ApplicationId, CredentialId, RequestId};
use utoipa::OpenApi;
use view::{
    ApplicationTrafficView, ExplainedView, RefusalsView, RequestView, TrafficView,
    application_view, explained_view, refusals_view, request_view, traffic_view,
};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(
    account_traffic,
    account_refusals,
    applications,
    requests,
    request,
    traffic
))]
pub(super) struct Api;

pub(crate) fn account_traffic_route() -> MethodRouter<App> {
    get(account_traffic)
}

pub(crate) fn account_refusals_route() -> MethodRouter<App> {
    get(account_refusals)
}

pub(crate) fn applications_route() -> MethodRouter<App> {
    get(applications)
}

pub(crate) fn requests_route() -> MethodRouter<App> {
    get(requests)
}

pub(crate) fn request_route() -> MethodRouter<App> {
    get(request)
}

pub(crate) fn traffic_route() -> MethodRouter<App> {
    get(traffic)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/traffic",
    tag = "Traffic",
    summary = "How many requests, and how they ended",
    description = "Admins only. New requests are in it within two seconds.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("period" = Option<String>, Query, description = "`1h`, `24h`, `7d` or `30d`; `1h` if not given"),
    ),
    responses((status = 200, description = "The traffic", body = TrafficView), Refusals)
)]
async fn account_traffic(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let period = period(&Query::read(&uri, &["period"])?)?;
    let caller = at(&app, &caller, &account).await?;
    let shown = traffic_show(&app.ctx, &caller, Breadth::Account, period).await?;
    Ok(crate::manage::entity::json(
        StatusCode::OK,
        &traffic_view(&shown),
    ))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/refusals",
    tag = "Traffic",
    summary = "Why requests were refused",
    description = "Admins only.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("period" = Option<String>, Query, description = "`1h`, `24h`, `7d` or `30d`; `1h` if not given"),
    ),
    responses((status = 200, description = "The refusals", body = RefusalsView), Refusals)
)]
async fn account_refusals(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let period = period(&Query::read(&uri, &["period"])?)?;
    let caller = at(&app, &caller, &account).await?;
    let shown = refusals_show(&app.ctx, &caller, Breadth::Account, period).await?;
    Ok(crate::manage::entity::json(
        StatusCode::OK,
        &refusals_view(shown),
    ))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/application-traffic",
    operation_id = "application_traffic",
    tag = "Traffic",
    summary = "The applications that acted for people of the account",
    description = "Admins only. The last 30 days, the busiest hundred first.",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The applications", body = Page<ApplicationTrafficView>), Refusals)
)]
async fn applications(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    Query::read(&uri, &[])?;
    let caller = at(&app, &caller, &account).await?;
    let found = applications_show(&app.ctx, &caller, Breadth::Account).await?;
    let page = Page {
        items: found.into_iter().map(application_view).collect(),
        next_cursor: None,
    };
    Ok(crate::manage::entity::json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/requests",
    tag = "Traffic",
    summary = "Requests one by one, the newest first",
    description = "Admins see their account's, supervisors those of their own credentials. Refusals and a bounded sample of others are kept.",
    params(
        ("account" = String, Path, description = "The account's name"),
        PageParams,
        ("clientId" = Option<String>, Query, description = "Only those of this credential"),
        ("applicationId" = Option<String>, Query, description = "Only those of this application"),
        ("route" = Option<String>, Query, description = "Only those on this route: its template"),
        ("reason" = Option<String>, Query, description = "Only those refused for this reason"),
        ("status" = Option<u8>, Query, description = "Only statuses that begin with this digit, 1 to 5"),
        ("refused" = Option<bool>, Query, description = "Only refused ones, or only others"),
    ),
    responses((status = 200, description = "A page", body = Page<RequestView>), Refusals)
)]
async fn requests(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let names = [
        "limit",
        "cursor",
        "clientId",
        "applicationId",
        "route",
        "reason",
        "status",
        "refused",
    ];
    let query = Query::read(&uri, &names)?;
    let caller = at(&app, &caller, &account).await?;
    let place = format!("requests/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let after = window.after.as_deref().map(RequestId::parse).transpose();
    let filter = RequestFilter {
        breadth: Breadth::Account,
        before: after.map_err(|e| ManageError::malformed("?cursor", e))?,
        client: match query.parsed("applicationId", ApplicationId::parse)? {
            Some(id) => Some(Client::Application(id)),
            None => query
                .parsed("clientId", CredentialId::parse)?
                .map(Client::Credential),
        },
        route: query.text("route").map(str::to_owned),
        reason: query.text("reason").map(str::to_owned),
        status_class: query.parsed("status", status_class)?,
        refused: query.flag("refused")?,
    };
    let found = request_list(&app.ctx, &caller, &filter, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |request| request_view(&request))?;
    Ok(crate::manage::entity::json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/requests/{id}",
    tag = "Traffic",
    summary = "One request, explained rule by rule",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("id" = String, Path, description = "The request id, as in `x-request-id`"),
    ),
    responses((status = 200, description = "The request", body = ExplainedView), Refusals)
)]
async fn request(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, id)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let id = RequestId::parse(&id).map_err(|_| ManageError::no_such("request"))?;
    let route_of = |name: &str, method: &str| app.route_named(name, method);
    let found = request_explain(&app.ctx, &caller, id, route_of).await?;
    // An operator may look at everything, but each thing stands under its own account.
    if found.request.account_id != Some(caller.account.id) {
        return Err(ManageError::no_such("request"));
    }
    Ok(crate::manage::entity::json(
        StatusCode::OK,
        &explained_view(found),
    ))
}

#[utoipa::path(
    get,
    path = "/api/v1/traffic",
    tag = "Traffic",
    summary = "The traffic of the whole installation",
    description = "Operators only.",
    params(
        ("period" = Option<String>, Query, description = "`1h`, `24h`, `7d` or `30d`; `1h` if not given"),
    ),
    responses((status = 200, description = "The traffic", body = TrafficView), Refusals)
)]
async fn traffic(
    State(app): State<App>,
    Signed(caller): Signed,
    uri: Uri,
) -> Result<Response, ManageError> {
    let period = period(&Query::read(&uri, &["period"])?)?;
    let shown = traffic_show(&app.ctx, &caller, Breadth::Installation, period).await?;
    Ok(crate::manage::entity::json(
        StatusCode::OK,
        &traffic_view(&shown),
    ))
}

async fn at(app: &App, caller: &Caller, account: &str) -> Result<Caller, Error> {
    let name = ringfence_core::account::AccountName::parse(account);
    let name = name.map_err(|_| Error::NotFound("account".to_owned()))?;
    caller.at_account(&app.ctx, &name).await
}

fn period(query: &Query) -> Result<Period, ManageError> {
    let found = query.parsed("period", |text| {
        Period::parse(text).ok_or("period must be 1h, 24h, 7d or 30d")
    })?;
    Ok(found.unwrap_or_default())
}

fn status_class(text: &str) -> Result<u8, &'static str> {
    let class = text.parse().ok().filter(|class| (1..=5).contains(class));
    class.ok_or("status must be a digit from 1 to 5")
}
