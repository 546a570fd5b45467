//! Making a user.

use super::ROLES;
use crate::app::App;
use crate::portal::choice::{Choice, choices};
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::users::user_create;
use ringfence_app::users::NewUser;
use ringfence_core::user::{AgentNumber, Role, Username};

#[derive(Template)]
#[template(path = "directory/user_new.html")]
struct CreatePage {
    chrome: Chrome,
    faults: Faults,
    username: String,
    name: String,
    email: String,
    agent: String,
    roles: Vec<Choice>,
    may_make_operator: bool,
    operator: bool,
}

/// `GET /admin/users/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /admin/users`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

async fn create_form(Signed(caller): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    caller.require_admin()?;
    render(&page(
        chrome,
        &Form::default(),
        Faults::default(),
        caller.is_operator(),
    ))
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    caller.require_admin()?;
    let mut faults = Faults::default();
    if let Some(new) = read(&form, &mut faults) {
        match user_create(&app.ctx, &caller, new).await {
            Ok(user) => {
                let path = format!("/admin/users/{}", user.id);
                return Ok(redirect_with_notice(&path, "user-created"));
            }
            Err(Error::Conflict(text)) => faults.add("username", text),
            Err(Error::Invalid(text)) => faults.add("", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = page(chrome, &form, faults, caller.is_operator());
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn read(form: &Form, faults: &mut Faults) -> Option<NewUser> {
    let username = faults.read(form, "username", Username::parse);
    let role = faults.read(form, "role", Role::parse);
    let agent = match form.text("agent") {
        "" => None,
        _ => faults.read(form, "agent", AgentNumber::parse),
    };
    let or_username = |field| match form.text(field) {
        "" => form.text("username").to_owned(),
        text => text.to_owned(),
    };
    let (username, role) = (username?, role?);
    faults.is_empty().then(|| NewUser {
        username,
        name: or_username("name"),
        email: or_username("email"),
        role,
        agent,
        password: None,
        operator: form.is_ticked("operator"),
    })
}

fn page(chrome: Chrome, form: &Form, faults: Faults, may_make_operator: bool) -> CreatePage {
    let role = match form.text("role") {
        "" => Role::Supervisor.as_str(),
        role => role,
    };
    CreatePage {
        chrome,
        faults,
        username: form.text("username").to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        agent: form.text("agent").to_owned(),
        roles: choices(ROLES, role),
        may_make_operator,
        operator: form.is_ticked("operator"),
    }
}
