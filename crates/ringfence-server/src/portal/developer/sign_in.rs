//! `/devportal/login` and signing out.

use super::door::{SIGN_IN, START};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect, redirect_with_notice, render, render_as};
use crate::portal::sign_in::visitor::AtDoor;
use crate::portal::sign_in::{local_path_under, query_value, when_due};
use crate::web::developer::{SignedDeveloper, developer_cookie, developer_of};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::developer_session::developer_session_end;
use ringfence_app::error::Error;
use ringfence_app::sign_in::developer::{DeveloperAttempt, developer_sign_in};
use ringfence_core::secret::Secret;
use tokio::time::Instant;

const WRONG: &str = "The user name or password is wrong. A developer name ends in .api.";

#[derive(Template)]
#[template(path = "developer/login.html")]
struct LoginPage {
    chrome: Chrome,
    faults: Faults,
    next: String,
    username: String,
}

/// `GET /devportal`.
pub(crate) fn start_route() -> MethodRouter<App> {
    get(async || redirect(START))
}

/// `GET /devportal/login`.
pub(crate) fn login_form_route() -> MethodRouter<App> {
    get(show)
}

/// `POST /devportal/login`.
pub(crate) fn login_route() -> MethodRouter<App> {
    post(sign_in)
}

/// `POST /devportal/logout`.
pub(crate) fn sign_out_route() -> MethodRouter<App> {
    post(sign_out)
}

/// `GET` of a page that does not exist.
pub(crate) fn missing_route() -> MethodRouter<App> {
    get(async || PortalError(Error::NotFound("page".to_owned())))
}

async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let wanted = query_value(query.as_deref(), "next").unwrap_or_default();
    let next = next_of(&wanted);
    if developer_of(&app, &headers).await.is_ok() {
        return Ok(redirect(&next));
    }
    render(&LoginPage {
        chrome,
        faults: Faults::default(),
        next,
        username: String::new(),
    })
}

async fn sign_in(
    State(app): State<App>,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let began = Instant::now();
    let next = next_of(form.text("next"));
    let attempt = DeveloperAttempt {
        username: form.text("username").to_owned(),
        password: Secret::new(form.raw("password").to_owned()),
    };
    let outcome = developer_sign_in(&app.ctx, attempt, &visitor).await;
    let mut faults = Faults::default();
    let mut wait_secs = None;
    match when_due(began, outcome).await {
        Ok(handle) => {
            // A stay that the browser had before ends.
            if let Ok(before) = developer_of(&app, &headers).await
                && let Some(id) = before.session_id()
            {
                developer_session_end(&app.ctx, &before, id).await?;
            }
            let mut response = redirect(&next);
            let cookie = developer_cookie(Some(handle.expose()));
            response.headers_mut().append(SET_COOKIE, cookie);
            return Ok(response);
        }
        Err(Error::Unauthenticated) => faults.add("username", WRONG),
        Err(Error::TooMany { retry_after_secs }) => {
            wait_secs = Some(retry_after_secs);
            let text = format!("Too many attempts. Try again in {retry_after_secs} seconds.");
            faults.add("username", text);
        }
        Err(error) => return Err(error.into()),
    }
    let status = match wait_secs {
        Some(_) => StatusCode::TOO_MANY_REQUESTS,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = LoginPage {
        chrome,
        faults,
        next,
        username: form.text("username").to_owned(),
    };
    let mut response = render_as(status, &page)?;
    if let Some(secs) = wait_secs {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    Ok(response)
}

async fn sign_out(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
) -> Result<Response, PortalError> {
    if let Some(id) = caller.session_id() {
        developer_session_end(&app.ctx, &caller, id).await?;
    }
    Ok(signed_out())
}

/// To the sign-in page, without a stay.
pub(super) fn signed_out() -> Response {
    let mut response = redirect_with_notice(SIGN_IN, "signed-out");
    let cookie = developer_cookie(None);
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

fn next_of(wanted: &str) -> String {
    local_path_under(wanted, &["/devportal"], START)
}
