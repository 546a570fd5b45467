//! Groups of users.

use super::chrome::Chrome;
use super::error::PortalError;
use super::faults::Faults;
use super::form::Form;
use super::listing::{LINES, ListState, Pager};
use super::page::{redirect_with_notice, render, render_as};
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::groups::{
    GroupLine, group_create, group_list, group_members, group_show,
};
use ringfence_app::paging::PageRequest;
use ringfence_core::id::GroupId;
use ringfence_core::user::Member;

#[derive(Template)]
#[template(path = "directory/groups.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    lines: Vec<GroupLine>,
    is_first: bool,
    first: String,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "directory/group_new.html")]
struct CreatePage {
    chrome: Chrome,
    faults: Faults,
    name: String,
}

#[derive(Template)]
#[template(path = "directory/group.html")]
struct ShowPage {
    chrome: Chrome,
    line: GroupLine,
    members: Vec<Member>,
    pager: Pager,
}

/// `GET /admin/groups`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/groups/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /admin/groups`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

/// `GET /admin/groups/{groupId}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let (text, after) = (state.text("q"), state.text("after"));
    let found = group_list(&app.ctx, &caller, text, Some(after), LINES).await?;
    render(&ListPage {
        chrome,
        q: text.to_owned(),
        lines: found.items,
        is_first: after.is_empty(),
        first: state.with(&[("after", "")]),
        next: found.next.map(|key| state.with(&[("after", &key)])),
    })
}

async fn create_form(Signed(caller): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    caller.require_admin()?;
    render(&CreatePage {
        chrome,
        faults: Faults::default(),
        name: String::new(),
    })
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let name = form.text("name");
    let mut faults = Faults::default();
    match group_create(&app.ctx, &caller, name).await {
        Ok(group) => {
            let path = format!("/admin/groups/{}", group.id);
            return Ok(redirect_with_notice(&path, "group-created"));
        }
        Err(Error::Conflict(text) | Error::Invalid(text)) => faults.add("name", text),
        Err(error) => return Err(error.into()),
    }
    let page = CreatePage {
        chrome,
        faults,
        name: name.to_owned(),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(group): Path<String>,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let id = GroupId::parse(&group).map_err(|_| Error::NotFound("group".to_owned()))?;
    let state = ListState::read(&uri);
    let page = PageRequest::new(state.page(), LINES.into(), LINES)?;
    let found = group_members(&app.ctx, &caller, id, page).await?;
    render(&ShowPage {
        chrome,
        line: group_show(&app.ctx, &caller, id).await?,
        pager: state.pager(found.total, found.items.len()),
        members: found.items,
    })
}
