//! `/authorize`: an application asks, and the person is asked.

use super::answer::answer_send;
use super::{CONTINUE, caller_of, parameters_posted};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::door::FormTarget;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect, render, render_as};
use crate::portal::sign_in::{query_value, with_next};
use crate::web::words::sentence;
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::authorize::{
    Choice, Next, Question, authorize_begin, authorize_carry, authorize_choose, authorize_go_on,
};
use ringfence_core::authorization_request::Parameters;
use ringfence_core::secret::Secret;
use ringfence_core::user_scope::UserScope;

#[derive(Template)]
#[template(path = "authorize/question.html")]
struct QuestionPage {
    chrome: Chrome,
    question: Question,
}

#[derive(Template)]
#[template(path = "authorize/refused.html")]
struct RefusedPage {
    chrome: Chrome,
    text: String,
}

#[derive(Template)]
#[template(path = "authorize/unfit.html")]
struct UnfitPage {
    chrome: Chrome,
    application: String,
    username: String,
    account: String,
    other: String,
}

/// `GET` and `POST /authorize`.
pub(crate) fn authorize_routes() -> [MethodRouter<App>; 2] {
    [get(begin), post(begin_posted)]
}

/// `GET /authorize/continue`.
pub(crate) fn continue_route() -> MethodRouter<App> {
    get(go_on)
}

/// `POST /authorize/answer`.
pub(crate) fn answer_route() -> MethodRouter<App> {
    post(choose)
}

async fn begin(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PortalError> {
    let parameters = match Parameters::parse(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => parameters,
        Err(unreadable) => return nowhere(&unreadable.to_string()),
    };
    let caller = caller_of(&app, &headers).await?;
    let next = authorize_begin(&app.ctx, &parameters, caller.as_ref()).await?;
    respond(next, &Method::GET)
}

/// Any page may post a request (OpenID Connect Core §3.1.2.1); it changes nothing by itself. The browser is sent on with a
/// GET, which carries the cookie.
async fn begin_posted(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PortalError> {
    let parameters = match parameters_posted(&headers, body).await {
        Ok(parameters) => parameters,
        Err(unreadable) => return nowhere(&unreadable.to_string()),
    };
    match authorize_carry(&app.ctx, &parameters).await? {
        Ok(step) => Ok(redirect(&continued(&step))),
        Err(next) => respond(next, &Method::POST),
    }
}

async fn go_on(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PortalError> {
    let step = query_value(query.as_deref(), "step").unwrap_or_default();
    let caller = caller_of(&app, &headers).await?;
    let next = authorize_go_on(&app.ctx, &step, caller.as_ref()).await?;
    respond(next, &Method::GET)
}

async fn choose(
    State(app): State<App>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, PortalError> {
    let choice = match form.text("choice") {
        "allow" => Choice::Allow,
        "switch" => Choice::Switch,
        _ => Choice::Deny,
    };
    let caller = caller_of(&app, &headers).await?;
    let next = authorize_choose(&app.ctx, form.text("step"), choice, caller.as_ref()).await?;
    respond(next, &Method::POST)
}

fn respond(next: Next, method: &Method) -> Result<Response, PortalError> {
    match next {
        Next::Nowhere(text) => nowhere(text),
        Next::SignIn(step) => Ok(redirect(&with_next("/login", &continued(&step)))),
        Next::Answer(answer) => answer_send(&answer, method),
        Next::Unfit {
            step,
            username,
            account,
            application,
        } => render_as(
            StatusCode::FORBIDDEN,
            &UnfitPage {
                chrome: Chrome::default(),
                application,
                username,
                account,
                other: with_next("/login", &continued(&step)),
            },
        ),
        Next::Ask(question) => {
            let target = FormTarget::besides_us(&question.target);
            let mut response = render(&QuestionPage {
                chrome: Chrome::default(),
                question: *question,
            })?;
            response.extensions_mut().insert(target);
            Ok(response)
        }
    }
}

fn nowhere(text: &str) -> Result<Response, PortalError> {
    render_as(
        StatusCode::BAD_REQUEST,
        &RefusedPage {
            chrome: Chrome::default(),
            text: sentence(text),
        },
    )
}

fn continued(step: &Secret<String>) -> String {
    format!("{CONTINUE}{}", step.expose())
}

/// A scope in plain words: what the application wants to do.
pub(super) const fn words(scope: &UserScope) -> &'static str {
    match scope {
        UserScope::Openid => {
            "Know that it is you: an id that stands for you here, and when you signed in."
        }
        UserScope::Profile => "See your name and your user name.",
        UserScope::Email => "See your e-mail address.",
        UserScope::Phone => "See your phone number.",
        UserScope::OfflineAccess => {
            "Stay connected after you have signed out, until you take this back."
        }
    }
}
