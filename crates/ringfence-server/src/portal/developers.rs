//! Developers, for operators: listed, made, edited, shut out and let in.

use super::chrome::Chrome;
use super::developer::profile::field_of;
use super::error::PortalError;
use super::faults::Faults;
use super::form::Form;
use super::listing::{LINES, ListState};
use super::page::{redirect_with_notice, render, render_as};
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::developers::{DeveloperEdit, NewDeveloper};
use ringfence_app::error::Error;
use ringfence_app::manage::developers::{
    developer_create, developer_edit, developer_list, developer_show,
};
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::secret::Secret;

#[derive(Template)]
#[template(path = "directory/developers.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    lines: Vec<Line>,
    is_first: bool,
    first: String,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "directory/developer_form.html")]
struct FormPage {
    chrome: Chrome,
    faults: Faults,
    is_new: bool,
    line: Line,
}

#[derive(Template)]
#[template(path = "directory/developer_switch.html")]
struct SwitchPage {
    chrome: Chrome,
    username: String,
    disables: bool,
}

/// A developer on a page.
struct Line {
    username: String,
    name: String,
    email: String,
    company: String,
    active: bool,
    last_login: Option<Moment>,
}

const LIST: &str = "/admin/developers";

/// `GET /admin/developers`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/developers/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /admin/developers`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

/// `GET /admin/developers/{developer}`.
pub(crate) fn edit_form_route() -> MethodRouter<App> {
    get(edit_form)
}

/// `POST /admin/developers/{developer}`.
pub(crate) fn edit_route() -> MethodRouter<App> {
    post(edit)
}

/// `GET /admin/developers/{developer}/switch`.
pub(crate) fn switch_form_route() -> MethodRouter<App> {
    get(switch_ask)
}

/// `POST /admin/developers/{developer}/switch`.
pub(crate) fn switch_route() -> MethodRouter<App> {
    post(switch)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let (q, after) = (state.text("q"), state.text("after"));
    let found = developer_list(&app.ctx, &caller, q, after, LINES).await?;
    render(&ListPage {
        chrome,
        q: q.to_owned(),
        lines: found.items.iter().map(line).collect(),
        is_first: after.is_empty(),
        first: state.with(&[("after", "")]),
        next: found.next.map(|key| state.with(&[("after", &key)])),
    })
}

async fn create_form(Signed(caller): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    caller.require_operator()?;
    render(&FormPage {
        chrome,
        faults: Faults::default(),
        is_new: true,
        line: typed(&Form::default(), String::new()),
    })
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    caller.require_operator()?;
    let mut faults = Faults::default();
    if let Some(username) = faults.read(&form, "username", DeveloperName::parse) {
        let new = NewDeveloper {
            username,
            name: form.text("name").to_owned(),
            email: form.text("email").to_owned(),
            company: form.text("company").to_owned(),
            password: Some(Secret::new(form.raw("password").to_owned())),
        };
        match developer_create(&app.ctx, &caller, new).await {
            Ok(_) => return Ok(redirect_with_notice(LIST, "developer-created")),
            Err(Error::Conflict(text)) => faults.add("username", text),
            Err(Error::Invalid(text)) => faults.add(field_of(&text), text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = FormPage {
        chrome,
        faults,
        is_new: true,
        line: typed(&form, form.text("username").to_owned()),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn edit_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(developer): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = developer_show(&app.ctx, &caller, &name(&developer)?).await?;
    render(&FormPage {
        chrome,
        faults: Faults::default(),
        is_new: false,
        line: line(&found),
    })
}

async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(developer): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let name = name(&developer)?;
    let before = developer_show(&app.ctx, &caller, &name).await?;
    let text = |field: &str| Some(form.text(field).to_owned());
    let password = form.raw("password");
    let edit = DeveloperEdit {
        name: text("name"),
        email: text("email"),
        company: text("company"),
        active: None,
        password: (!password.is_empty()).then(|| Secret::new(password.to_owned())),
    };
    let mut faults = Faults::default();
    match developer_edit(&app.ctx, &caller, &name, edit).await {
        Ok(_) => {
            let path = format!("{LIST}/{name}");
            return Ok(redirect_with_notice(&path, "developer-saved"));
        }
        Err(Error::Invalid(text)) => faults.add(field_of(&text), text),
        Err(error) => return Err(error.into()),
    }
    let page = FormPage {
        chrome,
        faults,
        is_new: false,
        line: Line {
            active: before.active,
            last_login: before.last_login_at.map(Moment),
            ..typed(&form, name.to_string())
        },
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn switch_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(developer): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = developer_show(&app.ctx, &caller, &name(&developer)?).await?;
    render(&SwitchPage {
        chrome,
        username: found.username.to_string(),
        disables: found.active,
    })
}

async fn switch(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(developer): Path<String>,
    form: Form,
) -> Result<Response, PortalError> {
    let name = name(&developer)?;
    let active = form.text("act") == "enable";
    let edit = DeveloperEdit {
        active: Some(active),
        ..DeveloperEdit::default()
    };
    developer_edit(&app.ctx, &caller, &name, edit).await?;
    let notice = if active {
        "developer-enabled"
    } else {
        "developer-disabled"
    };
    Ok(redirect_with_notice(&format!("{LIST}/{name}"), notice))
}

fn name(text: &str) -> Result<DeveloperName, Error> {
    DeveloperName::parse(text).map_err(|_| Error::NotFound("developer".to_owned()))
}

fn typed(form: &Form, username: String) -> Line {
    Line {
        username,
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        company: form.text("company").to_owned(),
        active: true,
        last_login: None,
    }
}

fn line(developer: &Developer) -> Line {
    Line {
        username: developer.username.to_string(),
        name: developer.name.clone(),
        email: developer.email.clone(),
        company: developer.company.clone(),
        active: developer.active,
        last_login: developer.last_login_at.map(Moment),
    }
}
