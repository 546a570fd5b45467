//! `GET /admin/gateway`: how many calls, how they ended, and why some were refused.

use super::{BREADTHS, Tab, breadth_of, duration};
use crate::app::App;
use crate::portal::chart::{BarChart, Column, Series, grouped};
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::listing::ListState;
use crate::portal::page::{redirect, render};
use crate::portal::time::Moment;
use crate::web::person::Signed;
use crate::web::words::sentence;
use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::traffic::{
    ApplicationTraffic, Bar, Ends, Period, RefusalsShown, RouteTraffic, TrafficShown,
    applications_show, refusals_show, traffic_show,
};
use ringfence_app::traffic::reasons::reason_info;
use ringfence_core::time::Timestamp;
use ringfence_core::user::Role;

#[derive(Template)]
#[template(path = "gateway/overview.html")]
struct OverviewPage {
    chrome: Chrome,
    periods: Vec<Tab>,
    breadths: Vec<Tab>,
    title: &'static str,
    /// Whose requests, as the address of the list says it.
    whose: String,
    wide: bool,
    here: String,
    seen_at: Moment,
    n: String,
    answered: String,
    refused: String,
    refused_share: String,
    wrong: String,
    failed: String,
    chart: BarChart,
    bars: Vec<BarRow>,
    apis: Vec<ApiRow>,
    slowest: Vec<ApiRow>,
    reasons: Vec<ReasonRow>,
    credentials: Vec<CredentialRow>,
    refused_applications: Vec<CredentialRow>,
    applications: Vec<ApplicationRow>,
    sample: Option<String>,
}

struct BarRow {
    at: Moment,
    ends: EndCells,
}

struct EndCells {
    n: String,
    answered: String,
    wrong: String,
    refused: String,
    failed: String,
}

struct ApiRow {
    name: String,
    ends: EndCells,
    mean: String,
    longest: String,
}

struct ReasonRow {
    code: String,
    what: String,
    todo: String,
    who: &'static str,
    n: String,
    last_at: Moment,
}

struct CredentialRow {
    id: String,
    name: Option<String>,
    account: String,
    n: String,
    reason: String,
    what: String,
    last_at: Moment,
}

struct ApplicationRow {
    id: String,
    name: Option<String>,
    tokens: String,
    answered: String,
    refused: String,
    wrong: String,
    failed: String,
    last_at: Option<Moment>,
    last_route: String,
}

/// `GET /admin/gateway`.
pub(crate) fn overview_route() -> MethodRouter<App> {
    get(overview)
}

async fn overview(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    // What a supervisor may see of the gateway are the requests of their own credentials.
    if caller.role() == Role::Supervisor && !caller.is_operator() {
        return Ok(redirect("/admin/gateway/requests"));
    }
    let state = ListState::read(&uri);
    let period = Period::parse(state.text("period")).unwrap_or_default();
    let whose = state.text("whose");
    let breadth = breadth_of(whose);
    let traffic = traffic_show(&app.ctx, &caller, breadth, period).await?;
    let refusals = refusals_show(&app.ctx, &caller, breadth, period).await?;
    let applications = applications_show(&app.ctx, &caller, breadth).await?;
    let periods = Period::ALL.map(|one| Tab {
        label: one.title(),
        href: state.with(&[("period", one.as_str())]),
        is_current: one == period,
    });
    let breadths = BREADTHS.map(|(name, label, one)| Tab {
        label,
        href: state.with(&[("whose", name)]),
        is_current: one == breadth,
    });
    let ends = traffic.ends;
    render(&OverviewPage {
        chrome,
        periods: periods.into(),
        breadths: if caller.is_operator() {
            breadths.into()
        } else {
            Vec::new()
        },
        title: period.title(),
        whose: whose.to_owned(),
        wide: !whose.is_empty(),
        here: state.with(&[]),
        seen_at: Moment(app.ctx.now()),
        n: grouped(ends.n()),
        answered: grouped(ends.answered),
        refused: grouped(ends.refused),
        refused_share: share(ends.refused, ends.n()),
        wrong: grouped(ends.wrong),
        failed: grouped(ends.failed),
        chart: chart(&traffic, period),
        bars: bar_rows(&traffic.bars),
        apis: traffic.apis.iter().map(api_row).collect(),
        slowest: traffic.slowest.iter().map(api_row).collect(),
        sample: sample(&app, &traffic),
        credentials: credential_rows(&refusals),
        refused_applications: refused_application_rows(&refusals),
        applications: applications.iter().map(application_row).collect(),
        reasons: reason_rows(&refusals),
    })
}

fn chart(traffic: &TrafficShown, period: Period) -> BarChart {
    let ends = traffic.ends;
    let series = [
        ("Answered", "ok"),
        ("Wrong request (4xx)", "muted"),
        ("Refused", "warn"),
        ("Failed (5xx)", "bad"),
    ];
    let column = |bar: &Bar| Column {
        label: label(bar.at, period),
        counts: vec![
            bar.ends.answered,
            bar.ends.wrong,
            bar.ends.refused,
            bar.ends.failed,
        ],
    };
    BarChart {
        title: format!("Requests, {} (UTC)", period.title().to_lowercase()),
        summary: format!(
            "{} requests: {} answered, {} wrong, {} refused, {} failed. The table below has the numbers.",
            grouped(ends.n()),
            grouped(ends.answered),
            grouped(ends.wrong),
            grouped(ends.refused),
            grouped(ends.failed),
        ),
        series: series.map(|(name, class)| Series { name, class }).into(),
        columns: traffic.bars.iter().map(column).collect(),
    }
}

/// What stands under a bar: the time of day, or the day and month.
fn label(at: Timestamp, period: Period) -> String {
    let iso = at.to_iso_secs();
    let part = |from, to| iso.get(from..to).unwrap_or_default().to_owned();
    match period {
        Period::Hour | Period::Day => part(11, 16),
        Period::Week | Period::Month => part(5, 10),
    }
}

/// The bars in which something happened, the newest first.
fn bar_rows(bars: &[Bar]) -> Vec<BarRow> {
    let busy = bars.iter().rev().filter(|bar| bar.ends.n() > 0);
    busy.map(|bar| BarRow {
        at: Moment(bar.at),
        ends: cells(bar.ends),
    })
    .collect()
}

fn cells(ends: Ends) -> EndCells {
    EndCells {
        n: grouped(ends.n()),
        answered: grouped(ends.answered),
        wrong: grouped(ends.wrong),
        refused: grouped(ends.refused),
        failed: grouped(ends.failed),
    }
}

fn api_row(route: &RouteTraffic) -> ApiRow {
    ApiRow {
        name: route.name.clone(),
        ends: cells(route.ends),
        mean: duration(route.mean_us()),
        longest: duration(route.tally.max_us),
    }
}

fn reason_rows(refusals: &RefusalsShown) -> Vec<ReasonRow> {
    let row = |count: &ringfence_app::manage::traffic::ReasonCount| {
        let info = reason_info(&count.reason);
        ReasonRow {
            code: count.reason.clone(),
            what: info.map_or_else(String::new, |info| sentence(info.what)),
            todo: info.map_or_else(String::new, |info| sentence(info.todo)),
            who: info.map_or("", |info| info.remedy.text()),
            n: grouped(count.n),
            last_at: Moment(count.last_at),
        }
    };
    refusals.reasons.iter().map(row).collect()
}

fn credential_rows(refusals: &RefusalsShown) -> Vec<CredentialRow> {
    let mut rows = Vec::new();
    for refused in &refusals.credentials {
        let info = reason_info(&refused.reason);
        rows.push(CredentialRow {
            id: refused.credential_id.to_string(),
            name: refused.name.clone(),
            account: refused
                .account
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            n: grouped(refused.n),
            reason: refused.reason.clone(),
            what: info.map_or_else(String::new, |info| sentence(info.what)),
            last_at: Moment(refused.last_at),
        });
    }
    rows
}

fn refused_application_rows(refusals: &RefusalsShown) -> Vec<CredentialRow> {
    let mut rows = Vec::new();
    for refused in &refusals.applications {
        let info = reason_info(&refused.reason);
        let account = refused.account.as_ref();
        rows.push(CredentialRow {
            id: refused.application_id.to_string(),
            name: refused.name.clone(),
            account: account.map(ToString::to_string).unwrap_or_default(),
            n: grouped(refused.n),
            reason: refused.reason.clone(),
            what: info.map_or_else(String::new, |info| sentence(info.what)),
            last_at: Moment(refused.last_at),
        });
    }
    rows
}

fn application_row(shown: &ApplicationTraffic) -> ApplicationRow {
    let tally = &shown.tally;
    ApplicationRow {
        id: shown.application_id.to_string(),
        name: shown.name.clone(),
        tokens: grouped(tally.tokens),
        answered: grouped(tally.ok),
        refused: grouped(tally.refused),
        wrong: grouped(tally.wrong),
        failed: grouped(tally.failed),
        last_at: shown.last.as_ref().map(|last| Moment(last.at)),
        last_route: shown
            .last
            .as_ref()
            .map_or_else(String::new, |last| last.route.clone()),
    }
}

/// A part of a whole in percent, or nothing when there is no whole.
fn share(part: i64, whole: i64) -> String {
    if whole == 0 {
        return String::new();
    }
    let tenths = part * 1000 / whole;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// What is only counted and cannot be looked up, in a sentence.
fn sample(app: &App, traffic: &TrafficShown) -> Option<String> {
    let limits = app.ctx.traffic.limits();
    let n = traffic.n_unlogged + traffic.n_refused_unlogged;
    (n > 0).then(|| {
        format!(
            "{} of these requests are counted and cannot be looked up: each node keeps at most {} admitted and {} \
             refused ones a second.",
            grouped(n),
            limits.admitted_per_second,
            limits.refused_per_second
        )
    })
}
