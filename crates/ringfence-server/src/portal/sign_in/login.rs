//! `/login`: user name and password, and the doors to the other ways in.

use super::visitor::AtDoor;
use super::{Faults, aimed, asking_of, go_on, next_of, query_value, step_of, when_due};
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
use ringfence_app::authorize::{Asking, sign_in_wanted};
use ringfence_app::error::Error;
use ringfence_app::providers::{Offered, providers_offered};
use ringfence_app::sign_in::passkey::{PasskeyRequest, passkey_ask};
use ringfence_app::sign_in::{PasswordAttempt, password_sign_in};
use ringfence_core::account::AccountName;
use ringfence_core::secret::Secret;
use tokio::time::Instant;

const LONGEST_NAMED: usize = 254;
const NONE_OFFERED: &str =
    "No other way in is offered for that. Check the name, or sign in with your password.";
const WRONG: &str = "The user name or password is wrong. If several accounts use your user name, give the account too.";

/// The page, empty or with what was typed.
#[derive(Template)]
#[template(path = "sign_in/login.html")]
pub(super) struct LoginPage {
    chrome: Chrome,
    faults: Faults,
    next: String,
    asking: Option<Asking>,
    username: String,
    account: String,
    /// The account or e-mail address that ways in are shown for.
    named: String,
    providers: Vec<Offered>,
    passkey: Option<PasskeyRequest>,
}

/// `GET` and `POST /login`.
pub(crate) fn login_routes() -> [MethodRouter<App>; 2] {
    [get(show), post(sign_in)]
}

impl LoginPage {
    /// The page with the ways in of an account, or of an e-mail address's domain.
    pub(super) async fn of(
        app: &App,
        chrome: Chrome,
        (next, named): (String, &str),
        faults: Faults,
    ) -> Result<Self, Error> {
        let asking = asking_of(app, &next);
        let hint = asking.as_ref().map(|asking| asking.login_hint.clone());
        Ok(Self {
            chrome,
            faults,
            next,
            asking,
            username: hint.unwrap_or_default(),
            account: String::new(),
            named: named.to_owned(),
            providers: providers_offered(&app.ctx, named).await?,
            passkey: passkey_ask(&app.ctx).ok(),
        })
    }
}

async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let next = next_of(query.as_deref());
    if let Ok(caller) = session_of(&app, &headers).await {
        let once_more = match step_of(&next) {
            Some(step) => sign_in_wanted(&app.ctx, step, &caller).await,
            None => false,
        };
        if !once_more {
            return Ok(redirect(&next));
        }
    }
    let faults = match query_value(query.as_deref(), "again").as_deref() {
        Some("late") => Faults::one("username", "That took too long. Sign in once more."),
        Some("sso") => Faults::one(
            "username",
            "The provider did not sign you in here. It may not know you, or nobody here has the name it gave. Try again, or sign in another way.",
        ),
        Some(_) | None => Faults::default(),
    };
    let named = query_value(query.as_deref(), "account").unwrap_or_default();
    let named: String = named.trim().chars().take(LONGEST_NAMED).collect();
    let mut page = LoginPage::of(&app, chrome, (next, &named), faults).await?;
    let n_configured = app.ctx.settings.providers.len();
    if !named.is_empty() && page.providers.len() == n_configured {
        page.faults.add("named", NONE_OFFERED);
    }
    // Who has said which account they mean need not say it again with their password.
    if AccountName::parse(&named).is_ok() {
        page.account.clone_from(&named);
    }
    Ok(aimed(render(&page)?, page.asking.as_ref()))
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
        ..LoginPage::of(&app, chrome, (next, ""), faults.clone()).await?
    };
    Ok(aimed(faults.page(&page)?, page.asking.as_ref()))
}
