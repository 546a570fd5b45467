//! `/api/v1/connections`: remote accounts collected from, their runs, coverage and gaps. Operators only.

use super::entity::json;
use super::error::{ManageError, Refusals};
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{StatusCode, Uri};
use ringfence_app::manage::collections::{self as acts, Connection, Day, Overview, Run};
use ringfence_app::manage::gaps::{self as gap_acts, Gap, GapSearch};
use ringfence_app::manage::slice::Slice;
use ringfence_core::gap::GapReason;
use ringfence_core::id::RunId;
use ringfence_core::interaction::Direction;
use ringfence_core::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, show_one, runs, run, coverage, gaps, gaps_csv))]
pub(super) struct Api;

const DAYS: i64 = 35;

/// A remote account that recordings are collected from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Connection)]
struct ConnectionView {
    /// Its id.
    id: String,
    /// Its unique name.
    name: String,
    /// Root of the remote APIs.
    api_url: String,
    /// The client id used there.
    client_id: String,
    /// The user name of that credential's owner, where it is known.
    owner: Option<String>,
    /// From when on everything has been listed.
    listed_from: Option<String>,
    /// Up to when everything has been listed.
    listed_until: Option<String>,
    /// When it was added.
    created_at: String,
    /// Its latest run; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<RunView>,
    /// Open gaps.
    gap_count: u64,
    /// Recordings at home; only of one connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_count: Option<u64>,
    /// Their bytes; only of one connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    recording_bytes: Option<u64>,
}

/// A collection run. When it has ended, listed = fetched + alreadyHad + refused + failed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Run)]
struct RunView {
    /// Its id.
    id: String,
    /// `running`, `interrupted`, `done` or `failed`.
    state: &'static str,
    /// When it began.
    started_at: String,
    /// When it ended.
    ended_at: Option<String>,
    /// The time it covers: from.
    since: String,
    /// The time it covers: to.
    until: String,
    /// Content items shown by the platform; null before the first window is done, as are the next four.
    listed: Option<u64>,
    /// Brought home.
    fetched: Option<u64>,
    /// At home before.
    already_had: Option<u64>,
    /// Not accepted.
    refused: Option<u64>,
    /// Not fetched because something went wrong.
    failed: Option<u64>,
    /// Whether everything adds up; null while it runs.
    balanced: Option<bool>,
    /// Windows of time done, while it runs.
    windows_done: Option<u64>,
    /// Windows of time in all, while it runs.
    windows: Option<u64>,
    /// What it failed with.
    error: Option<String>,
    /// What else somebody should know.
    notes: Vec<String>,
}

/// Coverage of a day in UTC.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CoverageDay)]
struct DayView {
    /// The day.
    date: String,
    /// Calls by the platform's statistics.
    calls: u64,
    /// Calls with content at home.
    recorded: u64,
    /// Open gaps by reason.
    gaps: BTreeMap<String, u64>,
}

/// A list that has no pages.
#[derive(Debug, Serialize, ToSchema)]
struct Whole<T> {
    items: Vec<T>,
}

/// A call that should have a recording at home and has none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Gap)]
struct GapView {
    /// The call.
    guid: String,
    /// When it began.
    start: String,
    /// One word of a closed list.
    reason: String,
    /// What that means.
    explanation: &'static str,
    /// The likely cause, and how to make sure.
    detail: String,
    /// `inbound`, `outbound` or `internal`.
    direction: String,
    /// The line.
    line: String,
    /// The agent.
    agent: Option<String>,
    /// When the gap was first seen.
    first_seen: String,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn runs_route() -> MethodRouter<App> {
    get(runs)
}

pub(crate) fn run_route() -> MethodRouter<App> {
    get(run)
}

pub(crate) fn coverage_route() -> MethodRouter<App> {
    get(coverage)
}

pub(crate) fn gaps_route() -> MethodRouter<App> {
    get(gaps)
}

pub(crate) fn gaps_csv_route() -> MethodRouter<App> {
    get(gaps_csv)
}

#[utoipa::path(
    get,
    path = "/api/v1/connections",
    tag = "Collections",
    operation_id = "connection_list",
    summary = "List connections",
    description = "Operators only: connections belong to the installation. `ringfence connection add` makes one.",
    responses((status = 200, description = "All, by name", body = Whole<ConnectionView>), Refusals)
)]
async fn list(State(app): State<App>, Signed(caller): Signed) -> Result<Response, ManageError> {
    let found = acts::connections_list(&app.ctx, &caller).await?;
    let items = found.iter().map(overview).collect();
    Ok(json(StatusCode::OK, &Whole { items }))
}

#[utoipa::path(
    get,
    path = "/api/v1/connections/{connection}",
    tag = "Collections",
    operation_id = "connection_show",
    summary = "Show a connection",
    params(("connection" = String, Path, description = "Its name")),
    responses((status = 200, description = "The connection", body = ConnectionView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<String>,
) -> Result<Response, ManageError> {
    let found = acts::connection_show(&app.ctx, &caller, &name).await?;
    let n_gaps = found.reasons.iter().map(|(_, n)| n).sum();
    let view = ConnectionView {
        recording_count: Some(found.recordings),
        recording_bytes: Some(found.bytes),
        ..connection(&found.connection, n_gaps)
    };
    Ok(json(StatusCode::OK, &view))
}

#[utoipa::path(
    get,
    path = "/api/v1/connections/{connection}/runs",
    tag = "Collections",
    operation_id = "run_list",
    summary = "List runs",
    params(("connection" = String, Path, description = "The connection's name"), PageParams),
    responses((status = 200, description = "A page, newest first", body = Page<RunView>), Refusals)
)]
async fn runs(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let query = Query::read(&uri, &["limit", "cursor"])?;
    let place = format!("connections/{name}/runs");
    let window = Window::read(&app.ctx, &query, &place)?;
    let offset = window.after.as_deref().map_or(Ok(0), str::parse);
    let offset: u32 = offset.map_err(|_| ManageError::malformed("?cursor", "not a cursor"))?;
    let found = acts::runs_list(&app.ctx, &caller, &name, offset, window.limit).await?;
    let next = offset.saturating_add(window.limit);
    let found = Slice::cut(found, window.limit, |_| next.to_string());
    let page = Page::of(&app.ctx, &place, found, |run| run_view(&run))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/connections/{connection}/runs/{run}",
    tag = "Collections",
    operation_id = "run_show",
    summary = "Show a run",
    params(
        ("connection" = String, Path, description = "The connection's name"),
        ("run" = String, Path, description = "The run's id"),
    ),
    responses((status = 200, description = "The run", body = RunView), Refusals)
)]
async fn run(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let id = RunId::parse(&id).map_err(|_| ManageError::no_such("run"))?;
    let found = acts::run_show(&app.ctx, &caller, &name, id).await?;
    Ok(json(StatusCode::OK, &run_view(&found)))
}

#[utoipa::path(
    get,
    path = "/api/v1/connections/{connection}/coverage",
    tag = "Collections",
    operation_id = "coverage_show",
    summary = "Coverage by day",
    params(
        ("connection" = String, Path, description = "The connection's name"),
        ("days" = Option<i64>, Query, description = "How many days, 1 to 92; 35 if not given"),
        ("until" = Option<String>, Query, description = "An instant of the last day; the last one listed if not given"),
    ),
    responses((status = 200, description = "Each day, oldest first", body = Whole<DayView>), Refusals)
)]
async fn coverage(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let query = Query::read(&uri, &["days", "until"])?;
    let days = query.parsed("days", str::parse::<i64>)?.unwrap_or(DAYS);
    let until = query.parsed("until", Timestamp::parse)?;
    let found = acts::coverage_show(&app.ctx, &caller, &name, until, days).await?;
    let items = found.into_iter().map(day).collect();
    Ok(json(StatusCode::OK, &Whole { items }))
}

#[utoipa::path(
    get,
    path = "/api/v1/connections/{connection}/gaps",
    tag = "Collections",
    operation_id = "gap_list",
    summary = "List open gaps",
    params(
        ("connection" = String, Path, description = "The connection's name"),
        ("reason" = Option<String>, Query, description = "One reason"),
        ("direction" = Option<String>, Query, description = "`inbound`, `outbound` or `internal`"),
        ("prefix" = Option<String>, Query, description = "How the guid, line or agent begins"),
        ("start" = Option<String>, Query, description = "Calls begun at or after this instant"),
        ("end" = Option<String>, Query, description = "Calls begun before this instant"),
        PageParams,
    ),
    responses((status = 200, description = "A page, oldest call first", body = Page<GapView>), Refusals)
)]
async fn gaps(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let (query, search) = read_search(&uri)?;
    let place = format!("connections/{name}/gaps");
    let window = Window::read(&app.ctx, &query, &place)?;
    let part = (window.after.as_deref(), window.limit);
    let found = gap_acts::gaps_slice(&app.ctx, &caller, &name, &search, part).await?;
    let page = Page::of(&app.ctx, &place, found, gap)?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/connections/{connection}/gaps.csv",
    tag = "Collections",
    operation_id = "gap_csv",
    summary = "All open gaps as CSV",
    description = "Takes the filters of the list. Cells that a spreadsheet would take for a formula begin with an apostrophe.",
    params(("connection" = String, Path, description = "The connection's name")),
    responses((status = 200, description = "One line a gap", content_type = "text/csv"), Refusals)
)]
async fn gaps_csv(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let (_, search) = read_search(&uri)?;
    let lines = gap_acts::gaps_csv(&app.ctx, &caller, &name, search).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"gaps.csv\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

fn read_search(uri: &Uri) -> Result<(Query, GapSearch), ManageError> {
    let known = [
        "limit",
        "cursor",
        "reason",
        "direction",
        "prefix",
        "start",
        "end",
    ];
    let query = Query::read(uri, &known)?;
    let reason = query.parsed("reason", |text| {
        GapReason::parse(text).ok_or("there is no such reason")
    })?;
    let search = GapSearch {
        from: query.parsed("start", Timestamp::parse)?,
        until: query.parsed("end", Timestamp::parse)?,
        reason: reason.map(|reason| reason.as_str().to_owned()),
        direction: query
            .parsed("direction", Direction::parse)?
            .map(|direction| direction.as_str().to_owned()),
        prefix: query.text("prefix").map(str::to_owned),
        newest_first: false,
    };
    Ok((query, search))
}

fn overview(found: &Overview) -> ConnectionView {
    ConnectionView {
        last_run: found.last_run.as_ref().map(run_view),
        ..connection(&found.connection, found.n_gaps)
    }
}

fn connection(connection: &Connection, n_gaps: u64) -> ConnectionView {
    ConnectionView {
        id: connection.id.to_string(),
        name: connection.name.clone(),
        api_url: connection.api_url.clone(),
        client_id: connection.client_id.clone(),
        owner: connection.owner.clone(),
        listed_from: connection.origin_at.map(Timestamp::to_iso_millis),
        listed_until: connection.cursor_at.map(Timestamp::to_iso_millis),
        created_at: connection.created_at.to_iso_millis(),
        last_run: None,
        gap_count: n_gaps,
        recording_count: None,
        recording_bytes: None,
    }
}

fn run_view(run: &Run) -> RunView {
    let counts = run.counts.as_ref();
    RunView {
        id: run.id.to_string(),
        state: run.state.as_str(),
        started_at: run.started_at.to_iso_millis(),
        ended_at: run.ended_at.map(Timestamp::to_iso_millis),
        since: run.since_at.to_iso_millis(),
        until: run.until_at.to_iso_millis(),
        listed: counts.map(|c| c.listed),
        fetched: counts.map(|c| c.fetched),
        already_had: counts.map(|c| c.already_had),
        refused: counts.map(|c| c.refused),
        failed: counts.map(|c| c.failed),
        balanced: run.balanced,
        windows_done: run.windows.map(|(done, _)| done),
        windows: run.windows.map(|(_, all)| all),
        error: run.error.clone(),
        notes: run.notes.clone(),
    }
}

fn day(day: Day) -> DayView {
    DayView {
        date: day.start.to_iso_date(),
        calls: day.calls,
        recorded: day.recorded,
        gaps: day.gaps.into_iter().collect(),
    }
}

fn gap(gap: Gap) -> GapView {
    let known = GapReason::parse(&gap.reason);
    GapView {
        guid: gap.guid,
        start: gap.started_at.to_iso_millis(),
        explanation: known.map_or("", GapReason::explanation),
        reason: gap.reason,
        detail: gap.detail,
        direction: gap.direction,
        line: gap.line,
        agent: gap.agent,
        first_seen: gap.first_seen_at.to_iso_millis(),
    }
}
