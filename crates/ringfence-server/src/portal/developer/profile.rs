//! A developer's own name and address, and their password.

use super::me::ME;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::developers::{DeveloperEdit, developer_edit};
use ringfence_app::error::Error;
use ringfence_app::sign_in::developer::developer_password_change;
use ringfence_core::secret::Secret;

#[derive(Template)]
#[template(path = "developer/profile.html")]
struct ProfilePage {
    chrome: Chrome,
    faults: Faults,
    name: String,
    email: String,
    company: String,
}

#[derive(Template)]
#[template(path = "developer/password.html")]
struct PasswordPage {
    chrome: Chrome,
    faults: Faults,
    username: String,
}

/// `GET /devportal/me/profile`.
pub(crate) fn profile_form_route() -> MethodRouter<App> {
    get(profile)
}

/// `POST /devportal/me/profile`.
pub(crate) fn profile_route() -> MethodRouter<App> {
    post(profile_save)
}

/// `GET /devportal/me/password`.
pub(crate) fn password_form_route() -> MethodRouter<App> {
    get(password)
}

/// `POST /devportal/me/password`.
pub(crate) fn password_route() -> MethodRouter<App> {
    post(password_set)
}

async fn profile(
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let developer = &caller.developer;
    render(&ProfilePage {
        chrome,
        faults: Faults::default(),
        name: developer.name.clone(),
        email: developer.email.clone(),
        company: developer.company.clone(),
    })
}

async fn profile_save(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let text = |field: &str| form.text(field).to_owned();
    let edit = DeveloperEdit {
        name: Some(text("name")),
        email: Some(text("email")),
        company: Some(text("company")),
        ..DeveloperEdit::default()
    };
    let mut faults = Faults::default();
    let username = &caller.developer.username;
    match developer_edit(&app.ctx, &caller.actor(), username, edit).await {
        Ok(_) => return Ok(redirect_with_notice(ME, "profile-saved")),
        Err(Error::Invalid(text)) => faults.add(field_of(&text), text),
        Err(error) => return Err(error.into()),
    }
    let page = ProfilePage {
        chrome,
        faults,
        name: text("name"),
        email: text("email"),
        company: text("company"),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn password(
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    render(&password_page(chrome, &caller, Faults::default()))
}

async fn password_set(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let mut faults = Faults::default();
    if form.raw("password") == form.raw("password_again") {
        let (old, new) = (secret(&form, "old"), secret(&form, "password"));
        match developer_password_change(&app.ctx, &caller, old, new).await {
            Ok(()) => return Ok(redirect_with_notice(ME, "password-changed")),
            Err(Error::Invalid(text)) if text.starts_with("a password has") => {
                faults.add("password", text);
            }
            Err(Error::Invalid(text)) => faults.add("old", text),
            Err(error) => return Err(error.into()),
        }
    } else {
        faults.add("password_again", "the two new passwords differ");
    }
    let page = password_page(chrome, &caller, faults);
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn password_page(chrome: Chrome, caller: &DeveloperCaller, faults: Faults) -> PasswordPage {
    PasswordPage {
        chrome,
        faults,
        username: caller.developer.username.as_str().to_owned(),
    }
}

fn secret(form: &Form, field: &str) -> Secret<String> {
    Secret::new(form.raw(field).to_owned())
}

/// The field that a refusal speaks of.
pub(in crate::portal) fn field_of(text: &str) -> &'static str {
    ["company", "e-mail", "password"]
        .into_iter()
        .find(|what| text.contains(what))
        .map_or("name", |what| if what == "e-mail" { "email" } else { what })
}
