//! The list of users.

use super::{ROLES, StateBadge, badge};
use crate::app::App;
use crate::portal::choice::{Choice, choices};
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::listing::{Column, LINES, ListState, Pager};
use crate::portal::page::render;
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::users::{UserSearch, UserSort, UserState, user_page};
use ringfence_app::paging::PageRequest;
use ringfence_core::id::GroupId;
use ringfence_core::user::{Role, User};

#[derive(Template)]
#[template(path = "directory/users.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    sort: String,
    group: String,
    roles: Vec<Choice>,
    states: Vec<Choice>,
    filtered: bool,
    columns: [Column; 4],
    lines: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    name: String,
    username: String,
    role: &'static str,
    operator: bool,
    agent: String,
    state: StateBadge,
    last_sign_in: Option<Moment>,
}

/// `GET /admin/users`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let (sort, descending) = state.sort();
    let search = UserSearch {
        text: state.text("q").to_owned(),
        role: Role::parse(state.text("role")).ok(),
        state: state_of(state.text("state")),
        group: GroupId::parse(state.text("group")).ok(),
        after: String::new(),
        sort: match sort {
            "name" => UserSort::Name,
            "role" => UserSort::Role,
            "seen" => UserSort::LastSignIn,
            _ => UserSort::Username,
        },
        descending,
    };
    let page = PageRequest::new(state.page(), LINES.into(), LINES)?;
    let found = user_page(&app.ctx, &caller, &search, page).await?;
    let all = [("", "Any")];
    render(&ListPage {
        chrome,
        q: state.text("q").to_owned(),
        sort: state.text("sort").to_owned(),
        group: state.text("group").to_owned(),
        roles: choices(all.into_iter().chain(ROLES), state.text("role")),
        states: choices(all.into_iter().chain(STATES), state.text("state")),
        filtered: ["q", "role", "state", "group"]
            .iter()
            .any(|name| !state.text(name).is_empty()),
        columns: [
            state.column("User name", "username", "username"),
            state.column("Name", "name", "username"),
            state.column("Licence", "role", "username"),
            state.column("Last sign-in", "seen", "username"),
        ],
        pager: state.pager(found.total, found.items.len()),
        lines: found.items.iter().map(line).collect(),
    })
}

const STATES: [(&str, &str); 3] = [
    ("active", "Active"),
    ("locked", "Locked"),
    ("disabled", "Disabled"),
];

fn state_of(text: &str) -> Option<UserState> {
    match text {
        "active" => Some(UserState::Active),
        "locked" => Some(UserState::Locked),
        "disabled" => Some(UserState::Disabled),
        _ => None,
    }
}

fn line(user: &User) -> Line {
    Line {
        id: user.id.to_string(),
        name: user.name.clone(),
        username: user.username.as_str().to_owned(),
        role: user.role.as_str(),
        operator: user.operator,
        agent: user
            .agent
            .as_ref()
            .map_or_else(String::new, |agent| agent.as_str().to_owned()),
        state: badge(user),
        last_sign_in: user.last_login_at.map(Moment),
    }
}
