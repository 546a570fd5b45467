//! The gaps of a connection: searched, explained, and as CSV. For operators.

use super::chrome::Chrome;
use super::collections::{number_text, reason_kind};
use super::error::PortalError;
use super::listing::ListState;
use super::page::render;
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::gaps::{GAPS_COUNTED, Gap, GapSearch, gaps_csv, gaps_list};
use ringfence_core::gap::GapReason;
use ringfence_core::interaction::Direction;
use ringfence_core::time::Timestamp;

const LINES: u32 = 25;
const MOST_PAGES: u64 = 400;
const DAY_MS: i64 = 86_400_000;

#[derive(Template)]
#[template(path = "collections/gaps.html")]
struct GapsPage {
    chrome: Chrome,
    connection: String,
    filter: Filter,
    reasons: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    csv: String,
    number: u64,
    total: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug)]
struct Filter {
    from: String,
    to: String,
    reason: String,
    direction: String,
    prefix: String,
    order: String,
}

#[derive(Debug)]
struct Row {
    guid: String,
    at: Moment,
    title: String,
    explanation: &'static str,
    kind: &'static str,
    detail: String,
    direction: String,
    line: String,
    agent: String,
    first_seen: Moment,
}

/// `GET /admin/collections/{connection}/gaps`.
pub(crate) fn gaps_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/collections/{connection}/gaps.csv`.
pub(crate) fn gaps_csv_route() -> MethodRouter<App> {
    get(csv)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let (filter, search) = read_filter(&state);
    let number = state.page().min(MOST_PAGES);
    let offset = u32::try_from((number - 1) * u64::from(LINES)).unwrap_or(0);
    let part = (offset, LINES);
    let (mut gaps, total) = gaps_list(&app.ctx, &caller, &name, &search, part).await?;
    let lines = usize::try_from(LINES).unwrap_or(usize::MAX);
    let more = gaps.len() > lines;
    gaps.truncate(lines);
    let page = |number: u64| state.with(&[("page", &number.to_string())]);
    let is_all = i64::try_from(total).is_ok_and(|n| n < GAPS_COUNTED);
    // The same filters, at the other address.
    let csv = state.with(&[]).replacen("/gaps", "/gaps.csv", 1);
    render(&GapsPage {
        chrome,
        filter,
        reasons: GapReason::ALL.map(|r| (r.as_str(), r.title())).into(),
        rows: gaps.into_iter().map(row).collect(),
        csv,
        number,
        total: if is_all {
            number_text(total)
        } else {
            format!("{} or more", number_text(total))
        },
        before: (number > 1).then(|| page(number - 1)),
        after: (more && number < MOST_PAGES).then(|| page(number + 1)),
        connection: name,
    })
}

async fn csv(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, PortalError> {
    let (_, search) = read_filter(&ListState::read(&uri));
    let lines = gaps_csv(&app.ctx, &caller, &name, search).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"gaps.csv\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

// A value that can be none is left out, and so not kept in the form either.
fn read_filter(state: &ListState) -> (Filter, GapSearch) {
    let day = |name: &str| Timestamp::parse(&format!("{}T00:00:00Z", state.text(name))).ok();
    let (from, to) = (day("from"), day("to"));
    let reason = GapReason::parse(state.text("reason")).map(GapReason::as_str);
    let direction = Direction::parse(state.text("direction")).map(Direction::as_str);
    let direction = direction.ok();
    let prefix: String = state.text("q").chars().take(64).collect();
    let date = |at: Option<Timestamp>| at.map(Timestamp::to_iso_date).unwrap_or_default();
    let order = state.text("order");
    let filter = Filter {
        from: date(from),
        to: date(to),
        reason: reason.unwrap_or_default().to_owned(),
        direction: direction.unwrap_or_default().to_owned(),
        prefix: prefix.clone(),
        order: order.to_owned(),
    };
    let search = GapSearch {
        from,
        until: to.map(|to| to.plus_ms(DAY_MS)),
        reason: reason.map(str::to_owned),
        direction: direction.map(str::to_owned),
        prefix: (!prefix.is_empty()).then_some(prefix),
        newest_first: order != "oldest",
    };
    (filter, search)
}

fn row(gap: Gap) -> Row {
    let known = GapReason::parse(&gap.reason);
    Row {
        guid: gap.guid,
        at: Moment(gap.started_at),
        title: known.map_or(gap.reason, |r| r.title().to_owned()),
        explanation: known.map_or("", GapReason::explanation),
        kind: reason_kind(known),
        detail: gap.detail,
        direction: gap.direction,
        line: gap.line,
        agent: gap.agent.unwrap_or_default(),
        first_seen: Moment(gap.first_seen_at),
    }
}
