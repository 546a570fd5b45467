//! Recordings: the search, as far as the person's own permissions reach.

use super::chrome::Chrome;
use super::error::PortalError;
use super::listing::ListState;
use super::page::{redirect, render, render_as};
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use crate::web::words::sentence;
use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::error::Error;
use ringfence_app::interactions::InteractionSearch;
use ringfence_app::manage::recordings::{
    AgentNames, Hidden, RecordingPage, Sight, recordings_latest, recordings_search,
    recordings_sight,
};
use ringfence_core::content::{ContentKind, ContentListing};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::Direction;
use ringfence_core::permission::Permission;
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};

const LINES: u32 = 25;
const MOST_PAGES: u64 = 400;
const DAY_MS: i64 = 86_400_000;
const DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "recordings/list.html")]
struct ListPage {
    chrome: Chrome,
    filter: Filter,
    faults: Vec<FieldFault>,
    sight: SightView,
    kinds: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    before: Option<String>,
    after: Option<String>,
    number: u64,
    /// The address of the week of the latest recording, where this week has none.
    latest: Option<(String, Moment)>,
}

/// What stands in the filter.
#[derive(Debug, Default)]
struct Filter {
    from: String,
    to: String,
    direction: String,
    agent: String,
    line: String,
    kind: String,
    order: String,
    guid: String,
}

/// What is wrong with a field.
#[derive(Debug)]
struct FieldFault {
    field: &'static str,
    text: String,
}

#[derive(Debug)]
struct Row {
    id: String,
    at: Moment,
    direction: &'static str,
    from: String,
    to: String,
    line: String,
    agents: String,
    kinds: String,
}

/// What a person does not see, in sentences.
#[derive(Debug)]
pub(super) struct SightView {
    pub(super) sees_any: bool,
    pub(super) may_delete: bool,
    pub(super) hidden: Vec<HiddenView>,
    pub(super) is_admin: bool,
    pub(super) admins: String,
}

/// Something a person does not see, and by which rule.
#[derive(Debug)]
pub(super) struct HiddenView {
    pub(super) what: String,
    pub(super) why: String,
}

/// `GET /admin/recordings`.
pub(crate) fn recordings_route() -> MethodRouter<App> {
    get(list)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    if let Ok(id) = InteractionId::parse(state.text("guid")) {
        return Ok(redirect(&format!("/admin/recordings/{id}")));
    }
    let sight = recordings_sight(&app.ctx, &caller).await?;
    let (filter, search, mut faults) = read_filter(&state, app.ctx.now());
    let number = state.page().min(MOST_PAGES);
    let offset = u32::try_from((number - 1) * u64::from(LINES)).unwrap_or(u32::MAX);
    let found = if faults.is_empty() && sight.sees_any {
        match recordings_search(&app.ctx, &caller, &search, offset, LINES).await {
            Ok(found) => found,
            Err(Error::Invalid(text)) => {
                let text = sentence(&text);
                faults.push(FieldFault { field: "to", text });
                RecordingPage::default()
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        RecordingPage::default()
    };
    let nothing = found.interactions.is_empty() && faults.is_empty() && sight.sees_any;
    let latest = if nothing {
        recordings_latest(&app.ctx, &caller).await?
    } else {
        None
    };
    let status = if faults.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = |number: u64| state.with(&[("page", &number.to_string())]);
    let view = ListPage {
        chrome,
        before: (number > 1).then(|| page(number - 1)),
        after: (found.more && number < MOST_PAGES).then(|| page(number + 1)),
        number,
        latest: latest.map(|at| (week_of(&state, at), Moment(at))),
        rows: rows(&found),
        filter,
        faults,
        sight: SightView::of(&sight),
        kinds: ContentKind::ALL.map(|k| (k.as_str(), kind_title(k))).into(),
    };
    if status == StatusCode::OK {
        render(&view)
    } else {
        render_as(status, &view)
    }
}

fn week_of(state: &ListState, at: Timestamp) -> String {
    let day = |at: Timestamp| at.to_iso_date();
    let first = at.plus_ms(-(DAYS - 1) * DAY_MS);
    state.with(&[("from", &day(first)), ("to", &day(at))])
}

fn rows(found: &RecordingPage) -> Vec<Row> {
    let row = |listing: &ContentListing| Row {
        id: listing.id.to_string(),
        at: Moment(listing.started_at),
        direction: listing.direction.as_capitalised(),
        from: listing.connect_from.as_str().to_owned(),
        to: listing.connect_to.as_str().to_owned(),
        line: listing.line.as_str().to_owned(),
        agents: agents_text(&listing.agents, &found.agent_names),
        kinds: kinds_text(listing),
    };
    found.interactions.iter().map(row).collect()
}

/// Agents by name and number.
pub(super) fn agents_text<'a>(
    agents: impl IntoIterator<Item = &'a AgentNumber>,
    names: &AgentNames,
) -> String {
    let text = |agent: &AgentNumber| match names.get(agent) {
        Some(name) => format!("{name} ({})", agent.as_str()),
        None => agent.as_str().to_owned(),
    };
    let agents: Vec<String> = agents.into_iter().map(text).collect();
    agents.join(", ")
}

fn kinds_text(listing: &ContentListing) -> String {
    let mut kinds: Vec<&str> = listing.items.iter().map(|i| kind_title(i.kind)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.join(", ")
}

fn read_filter(state: &ListState, now: Timestamp) -> (Filter, InteractionSearch, Vec<FieldFault>) {
    let text = |name: &str| state.text(name).to_owned();
    let mut filter = Filter {
        from: text("from"),
        to: text("to"),
        direction: text("direction"),
        agent: text("agent"),
        line: text("line"),
        kind: text("type"),
        order: text("order"),
        guid: text("guid"),
    };
    let mut faults = Vec::new();
    if !filter.guid.is_empty() {
        let text =
            "An interaction id has 36 characters, such as 0190a1b2-3333-4d5e-8f60-7a8b9c0d0001.";
        fault(&mut faults, "guid", text);
    }
    let (from, until) = read_days(&mut filter, now, &mut faults);
    let mut search = InteractionSearch {
        from,
        until,
        agent: None,
        connect_from: None,
        connect_to: None,
        direction: None,
        line: None,
        kind: None,
        newest_first: filter.order != "oldest",
    };
    if !filter.direction.is_empty() {
        match Direction::parse(&filter.direction) {
            Ok(direction) => search.direction = Some(direction),
            Err(_) => fault(&mut faults, "direction", "Choose one of the directions."),
        }
    }
    if !filter.agent.is_empty() {
        match AgentNumber::parse(&filter.agent) {
            Ok(agent) => search.agent = Some(agent),
            Err(error) => fault(&mut faults, "agent", &sentence(&error.to_string())),
        }
    }
    if !filter.line.is_empty() {
        match Line::parse(&filter.line) {
            Ok(line) => search.line = Some(line),
            Err(error) => fault(&mut faults, "line", &sentence(&error.to_string())),
        }
    }
    if !filter.kind.is_empty() {
        match ContentKind::parse(&filter.kind) {
            Ok(kind) => search.kind = Some(kind),
            Err(_) => fault(&mut faults, "type", "Choose one of the types."),
        }
    }
    (filter, search, faults)
}

// Whole days in UTC, 7 at most; without any, the week that ends today.
fn read_days(
    filter: &mut Filter,
    now: Timestamp,
    faults: &mut Vec<FieldFault>,
) -> (Timestamp, Timestamp) {
    let today = Timestamp::from_ms(now.ms().div_euclid(DAY_MS) * DAY_MS);
    let mut day = |field: &'static str, text: &str| {
        if text.is_empty() {
            return None;
        }
        let day = Timestamp::parse(&format!("{text}T00:00:00Z")).ok();
        if day.is_none() {
            fault(
                faults,
                field,
                "Give a day as year-month-day, such as 2026-03-02.",
            );
        }
        day
    };
    let (from, to) = (day("from", &filter.from), day("to", &filter.to));
    let span = (DAYS - 1) * DAY_MS;
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (Some(from), None) => (from, from.plus_ms(span)),
        (None, Some(to)) => (to.plus_ms(-span), to),
        (None, None) => (today.plus_ms(-span), today),
    };
    if to < from {
        fault(faults, "to", "The last day must not be before the first.");
    } else if to.ms_since(from) > span {
        fault(faults, "to", "Search at most 7 days at a time.");
    }
    if filter.from.is_empty() {
        filter.from = from.to_iso_date();
    }
    if filter.to.is_empty() {
        filter.to = to.to_iso_date();
    }
    (from, to.plus_ms(DAY_MS - 1))
}

fn fault(faults: &mut Vec<FieldFault>, field: &'static str, text: &str) {
    faults.push(FieldFault {
        field,
        text: text.to_owned(),
    });
}

impl ListPage {
    fn fault_of(&self, field: &str) -> Option<&str> {
        let found = self.faults.iter().find(|f| f.field == field);
        found.map(|f| f.text.as_str())
    }
}

impl SightView {
    /// Puts it into sentences.
    pub(super) fn of(sight: &Sight) -> Self {
        Self {
            sees_any: sight.sees_any,
            may_delete: sight.may_delete,
            hidden: sight.hidden.iter().map(hidden_view).collect(),
            is_admin: sight.is_admin,
            admins: sight.admins.join(", "),
        }
    }
}

fn hidden_view(hidden: &Hidden) -> HiddenView {
    const GROUPS: &str = "Access groups of users’ content";
    let (what, why) = match hidden {
        Hidden::OtherAccount => (
            "Everything".to_owned(),
            "Recordings belong to the people of the account. You look at it as operator."
                .to_owned(),
        ),
        Hidden::Permission(permission) => {
            let what = match permission {
                Permission::ViewInboundContent => "Content of inbound interactions",
                Permission::ViewOutboundContent => "Content of outbound interactions",
                Permission::ViewScreenRecordings => "Screen recordings",
                Permission::ViewIvrData => "Audio collected by the IVR",
                Permission::AccessGroupsContent
                | Permission::DeleteContent
                | Permission::BulkDownload => "Some content",
            };
            let why = format!("Your permission {} is No.", permission.info().title);
            (what.to_owned(), why)
        }
        Hidden::NoLines => (
            "Everything".to_owned(),
            format!(
                "You have no lines, and your permission {GROUPS} is No: no interaction is within your reach."
            ),
        ),
        Hidden::OtherLines(lines) => {
            let lines: Vec<&str> = lines.iter().map(Line::as_str).collect();
            (
                format!("Interactions on other lines than {}", lines.join(", ")),
                format!("Your lines decide, because your permission {GROUPS} is No."),
            )
        }
        Hidden::NoGroups => (
            "Everything".to_owned(),
            format!(
                "Your permission {GROUPS} is Yes, so groups decide and lines do not; and there is no group whose content you may reach."
            ),
        ),
        Hidden::OtherGroups(groups) => (
            format!(
                "Interactions of agents who are in none of the groups {}",
                groups.join(", ")
            ),
            format!(
                "Your permission {GROUPS} is Yes, so groups decide and lines do not. An agent who was archived is in no group."
            ),
        ),
    };
    HiddenView { what, why }
}

/// What people read for a kind of content.
pub(super) const fn kind_title(kind: ContentKind) -> &'static str {
    match kind {
        ContentKind::CallRecording => "Call recording",
        ContentKind::Transcript => "Transcript",
        ContentKind::CategorizationResult => "Categories",
        ContentKind::SentimentSummary => "Sentiment",
        ContentKind::ChatTranscript => "Chat",
        ContentKind::Attachment => "Attachment",
        ContentKind::Voicemail => "Voicemail",
        ContentKind::ScreenRecording => "Screen recording",
        ContentKind::VideoRecording => "Video recording",
        ContentKind::IvrAudioRecording => "IVR audio",
        ContentKind::ConversationSummary => "Summary",
        ContentKind::InteractionLog => "Log",
    }
}
