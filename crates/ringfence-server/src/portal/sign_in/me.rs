//! `/admin/me`: one's own stays and password.

use super::link::new_password;
use super::{ConfirmPage, Faults};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render};
use crate::portal::time::Moment;
use crate::web::person::{Signed, session_cookie};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::session::session_end;
use ringfence_app::sign_in::me::{Stay, WaysIn, password_change, stays, stays_end_others, ways_in};
use ringfence_app::sign_in::passkey::passkeys_work;
use ringfence_core::id::SessionId;
use ringfence_core::secret::Secret;

const ME: &str = "/admin/me";

#[derive(Template)]
#[template(path = "sign_in/me.html")]
struct MePage {
    chrome: Chrome,
    caller: Caller,
    ways: WaysIn,
    stays: Vec<Stay>,
    passkeys_work: bool,
}

#[derive(Template)]
#[template(path = "sign_in/password.html")]
struct PasswordPage {
    chrome: Chrome,
    faults: Faults,
    has_password: bool,
    username: String,
}

/// `GET /admin/me`.
pub(crate) fn me_route() -> MethodRouter<App> {
    get(me)
}

/// `GET` and `POST /admin/me/password`.
pub(crate) fn password_routes() -> [MethodRouter<App>; 2] {
    [get(password), post(password_set)]
}

/// `GET` and `POST /admin/me/sessions/{sessionId}/end`.
pub(crate) fn session_end_routes() -> [MethodRouter<App>; 2] {
    [get(one_ask), post(one_end)]
}

/// `GET` and `POST /admin/me/sessions/end`.
pub(crate) fn sessions_end_routes() -> [MethodRouter<App>; 2] {
    [get(others_ask), post(others_end)]
}

async fn me(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    render(&MePage {
        chrome,
        ways: ways_in(&app.ctx, &caller).await?,
        stays: stays(&app.ctx, &caller).await?,
        passkeys_work: passkeys_work(&app.ctx),
        caller,
    })
}

async fn password(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    render(&PasswordPage {
        chrome,
        faults: Faults::default(),
        has_password: ways_in(&app.ctx, &caller).await?.password,
        username: caller.username.as_str().to_owned(),
    })
}

async fn password_set(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let old = Secret::new(form.raw("old").to_owned());
    let faults = match new_password(&form) {
        Ok(new) => match password_change(&app.ctx, &caller, old, new).await {
            Ok(()) => return Ok(redirect_with_notice(ME, "password-changed")),
            Err(Error::Invalid(text)) if text.starts_with("a password has") => {
                Faults::of_error("password", Error::Invalid(text))?
            }
            Err(error) => Faults::of_error("old", error)?,
        },
        Err(faults) => faults,
    };
    let page = PasswordPage {
        chrome,
        faults: faults.clone(),
        has_password: ways_in(&app.ctx, &caller).await?.password,
        username: caller.username.as_str().to_owned(),
    };
    faults.page(&page)
}

async fn one_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = session_id(&id)?;
    let all = stays(&app.ctx, &caller).await?;
    let stay = all.iter().find(|stay| stay.id == id);
    let stay = stay.ok_or_else(|| Error::NotFound("session".to_owned()))?;
    let text = if stay.current {
        "This is the session you are using. You will have to sign in again.".to_owned()
    } else {
        format!(
            "The browser at {}, “{}”, will have to sign in again. What it has already loaded stays on its screen.",
            address(stay),
            browser(stay)
        )
    };
    render(&ConfirmPage {
        chrome,
        faults: Faults::default(),
        title: "End this session?",
        text,
        action: format!("{ME}/sessions/{id}/end"),
        button: "End the session",
        asks_password: false,
    })
}

async fn one_end(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let id = session_id(&id)?;
    session_end(&app.ctx, &caller, id).await?;
    if caller.require_session()? == id {
        let mut response = redirect_with_notice("/login", "signed-out");
        response
            .headers_mut()
            .insert(SET_COOKIE, session_cookie(None));
        return Ok(response);
    }
    Ok(redirect_with_notice(ME, "session-ended"))
}

async fn others_ask(Signed(_): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    render(&ConfirmPage {
        chrome,
        faults: Faults::default(),
        title: "End all other sessions?",
        text: "Every other browser that is signed in as you will have to sign in again. This one stays.".to_owned(),
        action: format!("{ME}/sessions/end"),
        button: "End all other sessions",
        asks_password: false,
    })
}

async fn others_end(
    State(app): State<App>,
    Signed(caller): Signed,
) -> Result<Response, PortalError> {
    stays_end_others(&app.ctx, &caller).await?;
    Ok(redirect_with_notice(ME, "sessions-ended"))
}

fn session_id(text: &str) -> Result<SessionId, Error> {
    SessionId::parse(text).map_err(|_| Error::NotFound("session".to_owned()))
}

/// Where a stay was begun, in words.
pub(crate) fn address(stay: &Stay) -> &str {
    if stay.address.is_empty() {
        "an unknown address"
    } else {
        &stay.address
    }
}

/// What a stay's browser calls itself, in words.
pub(crate) fn browser(stay: &Stay) -> &str {
    if stay.browser.is_empty() {
        "no description"
    } else {
        &stay.browser
    }
}

/// How a stay was begun, in words.
pub(crate) fn method(stay: &Stay) -> String {
    let parts = stay.method.split('+').map(|part| match part {
        "password" => "password".to_owned(),
        "totp" => "code".to_owned(),
        "recovery" => "recovery code".to_owned(),
        "passkey" => "passkey".to_owned(),
        "link" => "one-time link".to_owned(),
        other => other.strip_prefix("sso:").unwrap_or(other).to_owned(),
    });
    parts.collect::<Vec<_>>().join(", then ")
}
