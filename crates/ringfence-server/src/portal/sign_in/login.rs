//! `/login`: user name and password, and the doors to the other ways in.

use super::visitor::AtDoor;
use super::{Faults, go_on, next_of, query_value, when_due};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect, render};
use crate::web::person::session_of;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::sign_in::passkey::{PasskeyRequest, passkey_ask};
use ringfence_app::sign_in::{PasswordAttempt, password_sign_in};
use ringfence_core::secret::Secret;
use tokio::time::Instant;

const WRONG: &str = "The user name or password is wrong. If several accounts use your user name, give the account too.";

/// The page, empty or with what was typed.
#[derive(Template)]
#[template(path = "sign_in/login.html")]
pub(super) struct LoginPage {
    chrome: Chrome,
    faults: Faults,
    next: String,
    username: String,
    account: String,
    providers: Vec<(String, String)>,
    passkey: Option<PasskeyRequest>,
}

/// `GET` and `POST /login`.
pub(crate) fn login_routes() -> [MethodRouter<App>; 2] {
    [get(show), post(sign_in)]
}

impl LoginPage {
    /// The page after a way in did not work.
    pub(super) fn after(app: &App, chrome: Chrome, next: String, faults: Faults) -> Self {
        let providers = app.ctx.settings.providers.iter();
        Self {
            chrome,
            faults,
            next,
            username: String::new(),
            account: String::new(),
            providers: providers
                .map(|p| (p.name.clone(), p.title.clone()))
                .collect(),
            passkey: passkey_ask(&app.ctx).ok(),
        }
    }
}

async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let next = next_of(query.as_deref());
    if session_of(&app, &headers).await.is_ok() {
        return Ok(redirect(&next));
    }
    let faults = match query_value(query.as_deref(), "again").as_deref() {
        Some("late") => Faults::one("username", "That took too long. Sign in once more."),
        Some("sso") => Faults::one(
            "username",
            "The provider did not sign you in here. It may not know you, or nobody here has the name it gave. Try again, or sign in another way.",
        ),
        Some(_) | None => Faults::default(),
    };
    render(&LoginPage::after(&app, chrome, next, faults))
}

async fn sign_in(
    State(app): State<App>,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let began = Instant::now();
    let next = super::local_path(form.text("next"));
    let attempt = PasswordAttempt {
        username: form.text("username").to_owned(),
        account: Some(form.text("account").to_owned()),
        password: Secret::new(form.raw("password").to_owned()),
    };
    let outcome = password_sign_in(&app.ctx, attempt, &visitor).await;
    let faults = match when_due(began, outcome).await {
        Ok(progress) => return go_on(&app, &headers, progress, &next).await,
        Err(Error::Unauthenticated) => Faults::one("username", WRONG),
        Err(error) => Faults::of_error("username", error)?,
    };
    let page = LoginPage {
        username: form.text("username").to_owned(),
        account: form.text("account").to_owned(),
        ..LoginPage::after(&app, chrome, next, faults.clone())
    };
    faults.page(&page)
}
