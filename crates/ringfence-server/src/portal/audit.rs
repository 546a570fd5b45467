//! The audit trail: who did what, in sentences, and the file that proves itself.

use super::choice::{Choice, choices};
use super::chrome::Chrome;
use super::error::PortalError;
use super::faults::Faults;
use super::listing::ListState;
use super::page::render;
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use crate::web::trail::trail_body;
use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::audit::{
    AuditFilter, AuditView, Trail, actor_named, audit_end, audit_export, audit_list, subject_named,
};
use ringfence_core::audit::AuditPlace;
use ringfence_core::time::Timestamp;

const LINES: u32 = 50;

#[derive(Template)]
#[template(path = "directory/audit.html")]
struct AuditPage {
    chrome: Chrome,
    whole: bool,
    is_operator: bool,
    account: String,
    faults: Faults,
    nouns: Vec<Choice>,
    actor: String,
    subject: String,
    since: String,
    until: String,
    filtered: bool,
    clear: &'static str,
    export: &'static str,
    lines: Vec<Line>,
    first: Option<String>,
    next: Option<String>,
    end: AuditPlace,
}

struct Line {
    seq: i64,
    at: Moment,
    actor: String,
    deed: String,
    subject: String,
    account: String,
    act: String,
    actor_text: String,
    subject_text: String,
    detail: String,
    digest: String,
}

const NOUNS: [(&str, &str); 12] = [
    ("", "Everything"),
    ("account", "Accounts"),
    ("connection", "Connections"),
    ("content", "Content"),
    ("credential", "Credentials"),
    ("group", "Groups"),
    ("interaction", "Interactions"),
    ("key", "Signing keys"),
    ("recordings", "Recordings"),
    ("session", "Sessions"),
    ("token", "Tokens"),
    ("user", "Users"),
];

/// `GET /admin/audit`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/audit/export`: the file of the account.
pub(crate) fn export_route() -> MethodRouter<App> {
    get(export)
}

/// `GET /admin/audit/installation`: every line, for operators.
pub(crate) fn whole_list_route() -> MethodRouter<App> {
    get(whole_list)
}

/// `GET /admin/audit/installation/export`.
pub(crate) fn whole_export_route() -> MethodRouter<App> {
    get(whole_export)
}

async fn list(
    State(app): State<App>,
    signed: Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    page(&app, signed, chrome, (&uri, Trail::Account)).await
}

async fn whole_list(
    State(app): State<App>,
    signed: Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    page(&app, signed, chrome, (&uri, Trail::Installation)).await
}

async fn export(State(app): State<App>, Signed(caller): Signed) -> Result<Response, PortalError> {
    let export = audit_export(&app.ctx, &caller, Trail::Account).await?;
    Ok(trail_body(&app.ctx, export, caller.account.name.as_str()))
}

async fn whole_export(
    State(app): State<App>,
    Signed(caller): Signed,
) -> Result<Response, PortalError> {
    let export = audit_export(&app.ctx, &caller, Trail::Installation).await?;
    Ok(trail_body(&app.ctx, export, "installation"))
}

async fn page(
    app: &App,
    Signed(caller): Signed,
    chrome: Chrome,
    (uri, trail): (&Uri, Trail),
) -> Result<Response, PortalError> {
    let end = audit_end(&app.ctx, &caller, trail).await?;
    let state = ListState::read(uri);
    let mut faults = Faults::default();
    let given = |name| Some(state.text(name)).filter(|text| !text.is_empty());
    let filter = AuditFilter {
        account_id: None,
        act: given("act").map(str::to_owned),
        actor: match given("actor") {
            Some(text) => Some(actor_named(&app.ctx, &caller, text).await?),
            None => None,
        },
        subject: match given("subject") {
            Some(text) => Some(subject_named(&app.ctx, &caller, text).await?),
            None => None,
        },
        since: given("since").and_then(|text| instant(text, "since", &mut faults)),
        until: given("until").and_then(|text| instant(text, "until", &mut faults)),
    };
    let before: Option<i64> = given("before").and_then(|text| text.parse().ok());
    let found = audit_list(&app.ctx, &caller, trail, &filter, (before, LINES)).await?;
    let whole = trail == Trail::Installation;
    let (clear, export) = if whole {
        (
            "/admin/audit/installation",
            "/admin/audit/installation/export",
        )
    } else {
        ("/admin/audit", "/admin/audit/export")
    };
    render(&AuditPage {
        chrome,
        whole,
        is_operator: caller.is_operator(),
        account: caller.account.name.as_str().to_owned(),
        faults,
        nouns: choices(NOUNS, state.text("act")),
        actor: state.text("actor").to_owned(),
        subject: state.text("subject").to_owned(),
        since: state.text("since").to_owned(),
        until: state.text("until").to_owned(),
        filtered: ["act", "actor", "subject", "since", "until"]
            .iter()
            .any(|name| !state.text(name).is_empty()),
        clear,
        export,
        lines: found.items.into_iter().map(line).collect(),
        first: before.map(|_| state.with(&[("before", "")])),
        next: found.next.map(|key| state.with(&[("before", &key)])),
        end,
    })
}

// A day is its first moment in UTC; an instant is taken as it is.
fn instant(text: &str, field: &'static str, faults: &mut Faults) -> Option<Timestamp> {
    let day = format!("{text}T00:00:00Z");
    let minute = format!("{text}:00Z");
    let read = [text, &minute, &day];
    let found = read.iter().find_map(|text| Timestamp::parse(text).ok());
    if found.is_none() {
        faults.add(
            field,
            "write the day as 2026-03-02, or an instant as 2026-03-02T09:15Z",
        );
    }
    found
}

fn line(found: AuditView) -> Line {
    let entry = found.line.entry;
    Line {
        seq: found.line.place.seq,
        at: Moment(entry.at),
        actor: found.actor,
        deed: found.deed,
        subject: found.subject,
        account: found.account.unwrap_or_default(),
        act: entry.act.into_owned(),
        actor_text: entry.actor,
        subject_text: entry.subject,
        detail: entry.detail,
        digest: found.line.place.digest.to_string(),
    }
}
