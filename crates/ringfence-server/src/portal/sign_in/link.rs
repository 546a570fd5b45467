//! `/setup/{token}` and `/invite/{token}`: what one-time links lead to.

use super::visitor::AtDoor;
use super::{Faults, START, go_on};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{render, render_as};
use crate::web::words::sentence;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::sign_in::Progress;
use ringfence_app::sign_in::link::{
    FirstOperator, Invited, invite_finish, invite_show, setup_finish, setup_show,
};
use ringfence_core::account::{AccountName, Region};
use ringfence_core::secret::Secret;
use ringfence_core::user::Username;

#[derive(Template)]
#[template(path = "sign_in/setup.html")]
struct SetupPage<'f> {
    chrome: Chrome,
    faults: Faults,
    action: String,
    form: &'f Form,
}

#[derive(Template)]
#[template(path = "sign_in/invite.html")]
struct InvitePage {
    chrome: Chrome,
    faults: Faults,
    action: String,
    person: Invited,
}

#[derive(Template)]
#[template(path = "sign_in/dead_link.html")]
struct DeadLinkPage {
    chrome: Chrome,
}

/// `GET` and `POST /setup/{token}`.
pub(crate) fn setup_routes() -> [MethodRouter<App>; 2] {
    [get(setup), post(set_up)]
}

/// `GET` and `POST /invite/{token}`.
pub(crate) fn invite_routes() -> [MethodRouter<App>; 2] {
    [get(invite), post(accept)]
}

async fn setup(
    State(app): State<App>,
    Path(token): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    match setup_show(&app.ctx, &token).await {
        Ok(()) => render(&SetupPage {
            chrome,
            faults: Faults::default(),
            action: format!("/setup/{token}"),
            form: &Form::default(),
        }),
        Err(error) => dead(chrome, error),
    }
}

async fn set_up(
    State(app): State<App>,
    Path(token): Path<String>,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let faults = match first_operator(&form) {
        Ok(first) => match setup_finish(&app.ctx, &token, first, &visitor).await {
            Ok(handle) => return go_on(&app, &headers, Progress::In(handle), START).await,
            Err(error @ Error::NotFound(_)) => return dead(chrome, error),
            Err(Error::Conflict(text)) => Faults::one("username", sentence(&text)),
            Err(error) => Faults::of_error("password", error)?,
        },
        Err(faults) => faults,
    };
    let page = SetupPage {
        chrome,
        faults: faults.clone(),
        action: format!("/setup/{token}"),
        form: &form,
    };
    faults.page(&page)
}

async fn invite(
    State(app): State<App>,
    Path(token): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    match invite_show(&app.ctx, &token).await {
        Ok(person) => render(&InvitePage {
            chrome,
            faults: Faults::default(),
            action: format!("/invite/{token}"),
            person,
        }),
        Err(error) => dead(chrome, error),
    }
}

async fn accept(
    State(app): State<App>,
    Path(token): Path<String>,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let person = match invite_show(&app.ctx, &token).await {
        Ok(person) => person,
        Err(error) => return dead(chrome, error),
    };
    let faults = match new_password(&form) {
        Ok(password) => match invite_finish(&app.ctx, &token, password, &visitor).await {
            Ok(progress) => return go_on(&app, &headers, progress, START).await,
            Err(error @ Error::NotFound(_)) => return dead(chrome, error),
            Err(error) => Faults::of_error("password", error)?,
        },
        Err(faults) => faults,
    };
    let page = InvitePage {
        chrome,
        faults: faults.clone(),
        action: format!("/invite/{token}"),
        person,
    };
    faults.page(&page)
}

fn first_operator(form: &Form) -> Result<FirstOperator, Faults> {
    let mut faults = Faults::default();
    let account = AccountName::parse(form.text("account"));
    if let Err(error) = &account {
        faults.add("account", sentence(&error.to_string()));
    }
    let region = Region::parse(form.text("region"));
    if let Err(error) = &region {
        faults.add("region", sentence(&error.to_string()));
    }
    let name = form.text("name");
    if name.is_empty() {
        faults.add("name", "Say how people call you.");
    }
    let username = Username::parse(form.text("username"));
    if let Err(error) = &username {
        faults.add("username", sentence(&error.to_string()));
    }
    let password = match new_password(form) {
        Ok(password) => Some(password),
        Err(more) => {
            faults.all.extend(more.all);
            None
        }
    };
    match (account, region, username, password) {
        (Ok(account), Ok(region), Ok(username), Some(password)) if faults.is_empty() => {
            Ok(FirstOperator {
                account,
                region,
                username,
                name: name.to_owned(),
                password,
            })
        }
        (_, _, _, _) => Err(faults),
    }
}

/// A password that was typed twice alike.
pub(super) fn new_password(form: &Form) -> Result<Secret<String>, Faults> {
    let password = Secret::new(form.raw("password").to_owned());
    if password.expose().is_empty() {
        return Err(Faults::one("password", "Choose a password."));
    }
    if password.expose() != form.raw("password_again") {
        return Err(Faults::one(
            "password_again",
            "This is not the same as above. Type the password twice.",
        ));
    }
    Ok(password)
}

fn dead(chrome: Chrome, error: Error) -> Result<Response, PortalError> {
    match error {
        Error::NotFound(_) => render_as(StatusCode::NOT_FOUND, &DeadLinkPage { chrome }),
        error => Err(PortalError(error)),
    }
}
