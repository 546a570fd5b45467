//! `GET /admin/gateway/requests`: requests one by one, the newest first.

use super::{BREADTHS, breadth_of, duration};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::listing::{LINES, ListState};
use crate::portal::page::{redirect, render, render_as};
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::caller::Caller;
use ringfence_app::manage::traffic::{
    LoggedRequest, RequestFilter, api_of, client_names, request_list,
};
use ringfence_app::traffic::reasons::reasons;
use ringfence_core::client::Client;
use ringfence_core::id::RequestId;
use ringfence_core::user::Role;

#[derive(Template)]
#[template(path = "gateway/requests.html")]
struct RequestsPage {
    chrome: Chrome,
    own_only: bool,
    breadths: Vec<Choice>,
    shows: Vec<Choice>,
    statuses: Vec<Choice>,
    reasons: Vec<Choice>,
    credential: String,
    credential_error: Option<&'static str>,
    id: String,
    id_error: Option<&'static str>,
    is_filtered: bool,
    lines: Vec<Line>,
    newest: Option<String>,
    older: Option<String>,
    days: u32,
    admitted_per_second: u32,
}

struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

struct Line {
    at: Moment,
    id: String,
    method: String,
    route: String,
    api: String,
    status: u16,
    class: &'static str,
    reason: Option<String>,
    client: Option<ClientCell>,
    duration: String,
    address: String,
}

struct ClientCell {
    name: String,
    is_application: bool,
}

/// `GET /admin/gateway/requests`.
pub(crate) fn requests_route() -> MethodRouter<App> {
    get(requests)
}

async fn requests(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let id = state.text("id");
    if let Ok(id) = RequestId::parse(id) {
        return Ok(redirect(&format!("/admin/gateway/requests/{id}")));
    }
    let filter = filter(&state);
    let credential = state.text("credential");
    let no_credential = !credential.is_empty() && filter.client.is_none();
    let found = request_list(&app.ctx, &caller, &filter, LINES).await?;
    let names = client_names(&app.ctx, &found.items).await?;
    let name_of = |request: &LoggedRequest| {
        let client = request.client?;
        let name = names.iter().find(|(known, _)| *known == client);
        Some(ClientCell {
            name: name.map_or_else(|| client.to_string(), |(_, name)| name.clone()),
            is_application: client.application().is_some(),
        })
    };
    let lines = found.items.iter().map(|r| line(r, name_of(r))).collect();
    let limits = app.ctx.traffic.limits();
    let page = RequestsPage {
        chrome,
        own_only: caller.role() == Role::Supervisor && !caller.is_operator(),
        breadths: breadths(&caller, &state),
        shows: choices(
            &state,
            "show",
            &[
                ("", "All requests"),
                ("refused", "Refused"),
                ("admitted", "Not refused"),
            ],
        ),
        statuses: choices(
            &state,
            "status",
            &[
                ("", "Any status"),
                ("2", "2xx answered"),
                ("3", "3xx elsewhere"),
                ("4", "4xx wrong or refused"),
                ("5", "5xx failed"),
            ],
        ),
        reasons: reason_choices(&state),
        credential: credential.to_owned(),
        credential_error: no_credential.then_some(
            "A credential’s id has 36 characters, such as 0190a1b2-3333-4d5e-8f60-7a8b9c0d0001; an application’s has app: before it",
        ),
        id: id.to_owned(),
        id_error: (!id.is_empty()).then_some(
            "A request id has 36 characters. Each answer carries one in the header x-request-id",
        ),
        is_filtered: ["show", "status", "reason", "credential"]
            .iter()
            .any(|name| !state.text(name).is_empty()),
        lines,
        newest: filter.before.map(|_| state.with(&[("before", "")])),
        older: found.next.map(|next| state.with(&[("before", &next)])),
        days: limits.days_kept,
        admitted_per_second: limits.admitted_per_second,
    };
    if page.id_error.is_some() || page.credential_error.is_some() {
        return render_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    render(&page)
}

fn filter(state: &ListState) -> RequestFilter {
    let some = |name| Some(state.text(name).to_owned()).filter(|text| !text.is_empty());
    RequestFilter {
        breadth: breadth_of(state.text("whose")),
        before: RequestId::parse(state.text("before")).ok(),
        client: Client::parse(state.text("credential")).ok(),
        route: some("route"),
        reason: some("reason"),
        status_class: state
            .text("status")
            .parse()
            .ok()
            .filter(|class| (1..=5).contains(class)),
        refused: match state.text("show") {
            "refused" => Some(true),
            "admitted" => Some(false),
            _ => None,
        },
    }
}

fn line(request: &LoggedRequest, client: Option<ClientCell>) -> Line {
    Line {
        at: Moment(request.at),
        id: request.id.to_string(),
        method: request.method.clone(),
        api: api_of(&request.route).to_owned(),
        route: request.route.clone(),
        status: request.status,
        class: status_class(request),
        reason: request.reason.clone(),
        client,
        duration: duration(request.duration_us),
        address: request.address.map(|a| a.to_string()).unwrap_or_default(),
    }
}

/// The look of a status: refused and wrong warn, failed is bad.
pub(super) fn status_class(request: &LoggedRequest) -> &'static str {
    match (request.status, &request.reason) {
        (500.., _) => "bad",
        (_, Some(_)) => "warn",
        (400..500, None) => "muted",
        (_, None) => "ok",
    }
}

fn choices(state: &ListState, name: &str, all: &[(&str, &str)]) -> Vec<Choice> {
    let chosen = state.text(name);
    let choice = |(value, label): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        is_chosen: *value == chosen,
    };
    all.iter().map(choice).collect()
}

fn reason_choices(state: &ListState) -> Vec<Choice> {
    let mut codes: Vec<&str> = reasons().flat_map(|r| r.codes).copied().collect();
    codes.sort_unstable();
    let mut all = vec![("", "Any reason")];
    all.extend(codes.into_iter().map(|code| (code, code)));
    choices(state, "reason", &all)
}

fn breadths(caller: &Caller, state: &ListState) -> Vec<Choice> {
    if !caller.is_operator() {
        return Vec::new();
    }
    choices(
        state,
        "whose",
        &BREADTHS.map(|(value, label, _)| (value, label)),
    )
}
