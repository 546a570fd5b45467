//! `/api/v1/…/traffic`, `/refusals` and `/requests`: what was called, why some was refused, and one request explained.

use super::error::{ManageError, Refusals};
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{StatusCode, Uri};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::traffic::{
    Breadth, Ends, Explained, LoggedRequest, Outcome, Period, RefusalsShown, RequestFilter,
    RouteTraffic, Step, TrafficShown, api_of, refusals_show, request_explain, request_list,
    traffic_show,
};
use ringfence_app::traffic::reasons::reason_info;
use ringfence_core::id::{CredentialId, RequestId};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(account_traffic, account_refusals, requests, request, traffic))]
pub(super) struct Api;

/// How requests ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ends)]
struct EndsView {
    /// Answered with a status below 400.
    answered: i64,
    /// Admitted, and answered with 400 to 499.
    wrong: i64,
    /// Refused.
    refused: i64,
    /// Admitted, and failed with 500 or above.
    failed: i64,
}

/// Traffic of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Traffic)]
struct TrafficView {
    /// From when on.
    from: String,
    /// How long one interval is.
    interval_seconds: i64,
    /// All together.
    total: EndsView,
    /// Requests that are counted and cannot be looked up one by one.
    not_kept: i64,
    /// One for each interval, the oldest first.
    intervals: Vec<IntervalView>,
    /// By API, the busiest first.
    apis: Vec<RouteView>,
    /// By route, the slowest first.
    slowest: Vec<RouteView>,
}

/// The requests of one interval.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrafficInterval)]
struct IntervalView {
    /// When it begins.
    at: String,
    #[serde(flatten)]
    ends: EndsView,
}

/// The requests of one API or route.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RouteTraffic)]
struct RouteView {
    /// The API's name, or the route's template.
    name: String,
    #[serde(flatten)]
    ends: EndsView,
    /// The mean duration.
    mean_microseconds: i64,
    /// The longest duration.
    longest_microseconds: i64,
}

/// Refusals of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrafficRefusals)]
struct RefusalsView {
    /// By reason, the most frequent first.
    reasons: Vec<ReasonView>,
    /// The credentials refused most often.
    credentials: Vec<RefusedView>,
}

/// Refusals for one reason.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusalReason)]
struct ReasonView {
    /// The reason code.
    reason: String,
    /// What happened.
    what: &'static str,
    /// What to do.
    todo: &'static str,
    /// Who can.
    who: &'static str,
    /// How many.
    count: i64,
    /// About when last.
    last_at: String,
}

/// A credential that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusedCredential)]
struct RefusedView {
    /// Its id.
    client_id: String,
    /// Its name; null when it was deleted.
    name: Option<String>,
    /// How often.
    count: i64,
    /// The most frequent reason.
    reason: String,
    /// About when last.
    last_at: String,
}

/// One request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoggedRequest)]
struct RequestView {
    /// Its id, as in `x-request-id`.
    id: String,
    /// When it came.
    at: String,
    /// The credential; null when the token did not tell.
    client_id: Option<String>,
    /// The API.
    api: String,
    /// The route's template or name.
    route: String,
    /// The method.
    method: String,
    /// The status of the answer.
    status: u16,
    /// Why it was refused; null when it was not.
    reason: Option<String>,
    /// How long the answer took.
    duration_microseconds: i64,
    /// Where it came from.
    address: Option<String>,
    /// The scopes of its token.
    scopes: Vec<String>,
}

/// One request with its full explanation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedRequest)]
struct ExplainedView {
    #[serde(flatten)]
    request: RequestView,
    /// What the reason means.
    what: Option<&'static str>,
    /// What to do.
    todo: Option<&'static str>,
    /// Who can put it right.
    who: Option<String>,
    /// The scopes of which one is needed.
    needed_scopes: Vec<String>,
    /// Each rule, in the order in which they are asked.
    rules: Vec<RuleView>,
}

/// One rule of a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedRule)]
struct RuleView {
    /// The rule.
    rule: &'static str,
    /// What it said then: `passed`, `failed` or `notReached`.
    outcome: &'static str,
    /// How it stands now; null where that cannot be known without the token.
    now: Option<NowView>,
}

/// How a rule stands now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleNow)]
struct NowView {
    /// Whether it would be met.
    holds: bool,
    /// In a sentence.
    text: String,
    /// Who can change it.
    who: String,
}

pub(crate) fn account_traffic_route() -> MethodRouter<App> {
    get(account_traffic)
}

pub(crate) fn account_refusals_route() -> MethodRouter<App> {
    get(account_refusals)
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
    Ok(super::entity::json(StatusCode::OK, &traffic_view(&shown)))
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
    Ok(super::entity::json(StatusCode::OK, &refusals_view(shown)))
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
        "limit", "cursor", "clientId", "route", "reason", "status", "refused",
    ];
    let query = Query::read(&uri, &names)?;
    let caller = at(&app, &caller, &account).await?;
    let place = format!("requests/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let after = window.after.as_deref().map(RequestId::parse).transpose();
    let filter = RequestFilter {
        breadth: Breadth::Account,
        before: after.map_err(|e| ManageError::malformed("?cursor", e))?,
        credential_id: query.parsed("clientId", CredentialId::parse)?,
        route: query.text("route").map(str::to_owned),
        reason: query.text("reason").map(str::to_owned),
        status_class: query.parsed("status", status_class)?,
        refused: query.flag("refused")?,
    };
    let found = request_list(&app.ctx, &caller, &filter, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |request| request_view(&request))?;
    Ok(super::entity::json(StatusCode::OK, &page))
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
    Ok(super::entity::json(StatusCode::OK, &explained_view(found)))
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
    Ok(super::entity::json(StatusCode::OK, &traffic_view(&shown)))
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

fn traffic_view(shown: &TrafficShown) -> TrafficView {
    TrafficView {
        from: shown.from.to_iso_millis(),
        interval_seconds: shown.bar_secs,
        total: ends_view(shown.ends),
        not_kept: shown.n_unlogged + shown.n_refused_unlogged,
        intervals: shown
            .bars
            .iter()
            .map(|bar| IntervalView {
                at: bar.at.to_iso_millis(),
                ends: ends_view(bar.ends),
            })
            .collect(),
        apis: shown.apis.iter().map(route_view).collect(),
        slowest: shown.slowest.iter().map(route_view).collect(),
    }
}

fn route_view(route: &RouteTraffic) -> RouteView {
    RouteView {
        name: route.name.clone(),
        ends: ends_view(route.ends),
        mean_microseconds: route.mean_us(),
        longest_microseconds: route.tally.max_us,
    }
}

fn ends_view(ends: Ends) -> EndsView {
    EndsView {
        answered: ends.answered,
        wrong: ends.wrong,
        refused: ends.refused,
        failed: ends.failed,
    }
}

fn refusals_view(shown: RefusalsShown) -> RefusalsView {
    let mut reasons = Vec::new();
    for count in shown.reasons {
        let info = reason_info(&count.reason);
        reasons.push(ReasonView {
            what: info.map_or("", |info| info.what),
            todo: info.map_or("", |info| info.todo),
            who: info.map_or("", |info| info.remedy.text()),
            reason: count.reason,
            count: count.n,
            last_at: count.last_at.to_iso_millis(),
        });
    }
    let mut credentials = Vec::new();
    for refused in shown.credentials {
        credentials.push(RefusedView {
            client_id: refused.credential_id.to_string(),
            name: refused.name,
            count: refused.n,
            reason: refused.reason,
            last_at: refused.last_at.to_iso_millis(),
        });
    }
    RefusalsView {
        reasons,
        credentials,
    }
}

fn request_view(request: &LoggedRequest) -> RequestView {
    RequestView {
        id: request.id.to_string(),
        at: request.at.to_iso_millis(),
        client_id: request.credential_id.map(|id| id.to_string()),
        api: api_of(&request.route).to_owned(),
        route: request.route.clone(),
        method: request.method.clone(),
        status: request.status,
        reason: request.reason.clone(),
        duration_microseconds: request.duration_us,
        address: request.address.map(|address| address.to_string()),
        scopes: words(&request.scopes),
    }
}

fn explained_view(found: Explained) -> ExplainedView {
    ExplainedView {
        request: request_view(&found.request),
        what: found.reason.map(|reason| reason.what),
        todo: found.reason.map(|reason| reason.todo),
        who: found.changer,
        needed_scopes: words(&found.needed.to_string()),
        rules: found.steps.into_iter().map(rule_view).collect(),
    }
}

fn rule_view(step: Step) -> RuleView {
    RuleView {
        rule: step.rule.title(),
        outcome: match step.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotReached => "notReached",
        },
        now: step.now.map(|now| NowView {
            holds: now.holds,
            text: now.text,
            who: now.changer,
        }),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
