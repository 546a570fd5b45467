//! Collections: connections, a connection with its coverage and runs, and one run. For operators.

use super::chrome::Chrome;
use super::coverage::{CoverageChart, coverage_chart};
use super::error::PortalError;
use super::listing::ListState;
use super::page::render;
use super::recording::size_text;
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::error::Error;
use ringfence_app::manage::collections::{
    Connection, Counts, Overview, Run, RunState, connection_show, connections_list, coverage_show,
    run_show, runs_list,
};
use ringfence_core::gap::{GapClass, GapReason};
use ringfence_core::id::RunId;
use ringfence_core::time::Timestamp;

const RUNS: u32 = 10;
const DAYS: i64 = 35;
const DAY_MS: i64 = 86_400_000;

#[derive(Template)]
#[template(path = "collections/list.html")]
struct ListPage {
    chrome: Chrome,
    rows: Vec<Row>,
    live: bool,
}

#[derive(Template)]
#[template(path = "collections/connection.html")]
struct ConnectionPage {
    chrome: Chrome,
    connection: ConnectionView,
    recordings: String,
    size: String,
    n_gaps: String,
    states: Vec<(String, String)>,
    chart: CoverageChart,
    earlier: String,
    later: Option<String>,
    reasons: Vec<ReasonView>,
    runs: Vec<RunView>,
    newer_runs: Option<String>,
    older_runs: Option<String>,
    live: bool,
}

#[derive(Template)]
#[template(path = "collections/run.html")]
struct RunPage {
    chrome: Chrome,
    connection: String,
    run: RunView,
    causes: Vec<(String, String, String)>,
    live: bool,
}

#[derive(Debug)]
struct Row {
    connection: ConnectionView,
    run: Option<RunView>,
    n_findings: u64,
    findings: String,
    gaps: String,
}

#[derive(Debug)]
struct ConnectionView {
    name: String,
    api_url: String,
    client_id: String,
    owner: Option<String>,
    listed: Option<(Moment, Moment)>,
    at: Moment,
}

#[derive(Debug)]
struct ReasonView {
    reason: String,
    title: &'static str,
    explanation: &'static str,
    kind: &'static str,
    n: String,
}

#[derive(Debug)]
struct RunView {
    id: String,
    state: &'static str,
    kind: &'static str,
    title: &'static str,
    began: Moment,
    ended: Option<Moment>,
    told: Moment,
    since: Moment,
    until: Moment,
    counts: Option<CountsView>,
    /// Windows done and in all, and how much that is in hundredths.
    progress: Option<(u64, u64, u64)>,
    calls: Option<(String, String, String)>,
    balanced: Option<bool>,
    requests: Option<String>,
    error: Option<String>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct CountsView {
    listed: String,
    fetched: String,
    already_had: String,
    refused: String,
    failed: String,
    size: String,
    adds_up: bool,
}

/// `GET /admin/collections`.
pub(crate) fn collections_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/collections/{connection}`.
pub(crate) fn connection_route() -> MethodRouter<App> {
    get(connection)
}

/// `GET /admin/collections/{connection}/runs/{run}`.
pub(crate) fn run_route() -> MethodRouter<App> {
    get(run)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = connections_list(&app.ctx, &caller).await?;
    let rows: Vec<Row> = found.into_iter().map(row).collect();
    let live = rows
        .iter()
        .any(|row| row.run.as_ref().is_some_and(|run| run.state == "running"));
    render(&ListPage { chrome, rows, live })
}

async fn connection(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let detail = connection_show(&app.ctx, &caller, &name).await?;
    // A day that is none is as good as no day: the last one listed.
    let until = Timestamp::parse(&format!("{}T00:00:00Z", state.text("until"))).ok();
    let days = coverage_show(&app.ctx, &caller, &name, until, DAYS).await?;
    let last = days.last().map_or_else(|| app.ctx.now(), |day| day.start);
    let number = state.page().min(1_000);
    let offset = u32::try_from(number - 1).unwrap_or(0) * RUNS;
    let mut runs = runs_list(&app.ctx, &caller, &name, offset, RUNS).await?;
    let more = runs.len() > usize::try_from(RUNS).unwrap_or(usize::MAX);
    runs.truncate(usize::try_from(RUNS).unwrap_or(usize::MAX));
    let until = |at: Timestamp| state.with(&[("until", &at.to_iso_date())]);
    let page = |number: u64| state.with(&[("page", &number.to_string())]);
    let newest = app.ctx.now();
    render(&ConnectionPage {
        chrome,
        recordings: number_text(detail.recordings),
        size: size_text(detail.bytes),
        n_gaps: number_text(detail.reasons.iter().map(|(_, n)| n).sum()),
        states: detail
            .items
            .iter()
            .map(|(state, n)| (state.clone(), number_text(*n)))
            .collect(),
        chart: coverage_chart(&name, &days),
        earlier: until(last.plus_ms(-DAYS * DAY_MS)),
        later: (last.plus_ms(DAY_MS) <= newest)
            .then(|| until(last.plus_ms(DAYS * DAY_MS).min(newest))),
        reasons: detail.reasons.iter().map(reason).collect(),
        live: runs.iter().any(|run| run.state == RunState::Running),
        runs: runs.iter().map(run_view).collect(),
        newer_runs: (number > 1).then(|| page(number - 1)),
        older_runs: more.then(|| page(number + 1)),
        connection: connection_view(detail.connection),
    })
}

async fn run(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let id = RunId::parse(&id).map_err(|_| Error::NotFound("run".to_owned()))?;
    let found = run_show(&app.ctx, &caller, &name, id).await?;
    let cause = |(reason, detail, n): &(String, String, u64)| {
        let title = GapReason::parse(reason).map_or("Unknown reason", GapReason::title);
        (title.to_owned(), detail.clone(), number_text(*n))
    };
    render(&RunPage {
        chrome,
        connection: name,
        live: found.state == RunState::Running,
        causes: found.causes.iter().map(cause).collect(),
        run: run_view(&found),
    })
}

fn row(found: Overview) -> Row {
    Row {
        run: found.last_run.as_ref().map(run_view),
        n_findings: found.n_findings,
        findings: number_text(found.n_findings),
        gaps: number_text(found.n_gaps),
        connection: connection_view(found.connection),
    }
}

fn connection_view(connection: Connection) -> ConnectionView {
    let listed = connection.origin_at.zip(connection.cursor_at);
    ConnectionView {
        name: connection.name,
        api_url: connection.api_url,
        client_id: connection.client_id,
        owner: connection.owner,
        listed: listed.map(|(from, to)| (Moment(from), Moment(to))),
        at: Moment(connection.created_at),
    }
}

fn reason((reason, n): &(String, u64)) -> ReasonView {
    let known = GapReason::parse(reason);
    ReasonView {
        reason: reason.clone(),
        title: known.map_or("Unknown reason", GapReason::title),
        explanation: known.map_or("", GapReason::explanation),
        kind: reason_kind(known),
        n: number_text(*n),
    }
}

/// The kind of badge for a reason.
pub(super) fn reason_kind(reason: Option<GapReason>) -> &'static str {
    match reason.map_or(GapClass::Missing, GapReason::class) {
        GapClass::Waiting | GapClass::NotNeeded => "muted",
        GapClass::Hidden => "warn",
        GapClass::Missing => "bad",
    }
}

fn run_view(run: &Run) -> RunView {
    let (kind, title) = match run.state {
        RunState::Running => ("accent", "Running"),
        RunState::Interrupted => ("warn", "Interrupted"),
        RunState::Done if run.balanced == Some(false) => ("bad", "Does not add up"),
        RunState::Done => ("ok", "Done"),
        RunState::Failed => ("bad", "Failed"),
    };
    let progress = run.windows.filter(|(_, all)| *all > 0);
    RunView {
        id: run.id.to_string(),
        state: run.state.as_str(),
        kind,
        title,
        began: Moment(run.started_at),
        ended: run.ended_at.map(Moment),
        told: Moment(run.told_at),
        since: Moment(run.since_at),
        until: Moment(run.until_at),
        counts: run.counts.as_ref().map(counts_view),
        progress: progress.map(|(done, all)| (done, all, done.min(all) * 100 / all)),
        calls: run
            .calls
            .map(|(calls, had, gaps)| (number_text(calls), number_text(had), number_text(gaps))),
        balanced: run.balanced,
        requests: run.requests.map(number_text),
        error: run.error.clone(),
        notes: run.notes.clone(),
    }
}

fn counts_view(counts: &Counts) -> CountsView {
    CountsView {
        listed: number_text(counts.listed),
        fetched: number_text(counts.fetched),
        already_had: number_text(counts.already_had),
        refused: number_text(counts.refused),
        failed: number_text(counts.failed),
        size: size_text(counts.bytes),
        adds_up: counts.is_balanced(),
    }
}

/// A number with a comma at each thousand.
pub(super) fn number_text(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(number_text(n), text);
        }
    }
}
