//! `/oidc/logout`: an application sends a person here to sign out.

use super::{caller_of, parameters_posted};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::door::FormTarget;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect, render, render_as};
use crate::portal::sign_in::query_value;
use crate::web::person::session_cookie;
use crate::web::words::sentence;
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use ringfence_app::authorize::form_target;
use ringfence_app::authorize::logout::{
    LogoutNext, LogoutQuestion, logout_begin, logout_carry, logout_confirm, logout_go_on,
};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_core::authorization_request::Parameters;

const CONTINUE: &str = "/oidc/logout/continue?step=";

#[derive(Template)]
#[template(path = "authorize/sign_out.html")]
struct SignOutPage {
    chrome: Chrome,
    question: LogoutQuestion,
    username: String,
}

#[derive(Template)]
#[template(path = "authorize/sign_out_refused.html")]
struct RefusedPage {
    chrome: Chrome,
    text: String,
    username: Option<String>,
}

#[derive(Template)]
#[template(path = "authorize/signed_out.html")]
struct SignedOutPage {
    chrome: Chrome,
}

/// `GET` and `POST /oidc/logout`.
pub(crate) fn logout_routes() -> [MethodRouter<App>; 2] {
    [get(begin), post(begin_posted)]
}

/// `GET /oidc/logout/continue`.
pub(crate) fn logout_continue_route() -> MethodRouter<App> {
    get(go_on)
}

/// `POST /oidc/logout/confirm`.
pub(crate) fn logout_confirm_route() -> MethodRouter<App> {
    post(confirm)
}

async fn begin(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PortalError> {
    let caller = caller_of(&app, &headers).await?;
    let next = match Parameters::parse(query.as_deref().unwrap_or_default()) {
        Ok(parameters) => logout_begin(&app.ctx, &parameters, caller.as_ref()).await?,
        Err(unreadable) => return refused(&unreadable.to_string(), caller.as_ref()),
    };
    respond(next, caller.as_ref())
}

/// Any page may post this as well; the browser is sent on with a GET, which carries the cookie.
async fn begin_posted(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, PortalError> {
    let parameters = match parameters_posted(&headers, body).await {
        Ok(parameters) => parameters,
        Err(unreadable) => return refused(&unreadable.to_string(), None),
    };
    match logout_carry(&app.ctx, &parameters)? {
        Ok(step) => Ok(redirect(&format!("{CONTINUE}{}", step.expose()))),
        Err(next) => respond(next, caller_of(&app, &headers).await?.as_ref()),
    }
}

async fn go_on(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PortalError> {
    let step = query_value(query.as_deref(), "step").unwrap_or_default();
    let caller = caller_of(&app, &headers).await?;
    let next = logout_go_on(&app.ctx, &step, caller.as_ref()).await?;
    respond(next, caller.as_ref())
}

async fn confirm(
    State(app): State<App>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, PortalError> {
    let caller = caller_of(&app, &headers).await?;
    let next = logout_confirm(&app.ctx, form.text("step"), caller.as_ref()).await?;
    respond(next, caller.as_ref())
}

fn respond(next: LogoutNext, caller: Option<&Caller>) -> Result<Response, PortalError> {
    match next {
        LogoutNext::Refused(text) => refused(text, caller),
        LogoutNext::Ask(question) => {
            let target = question.target.as_deref().map(form_target);
            let mut response = render(&SignOutPage {
                chrome: Chrome::default(),
                question,
                username: username(caller).unwrap_or_default(),
            })?;
            if let Some(target) = target {
                let target = FormTarget::besides_us(&target);
                response.extensions_mut().insert(target);
            }
            Ok(response)
        }
        LogoutNext::Done { target, here } => {
            let mut response = match target {
                Some(target) => {
                    let location = HeaderValue::try_from(target).map_err(Error::internal)?;
                    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
                }
                None => render(&SignedOutPage {
                    chrome: Chrome::default(),
                })?,
            };
            if here {
                response
                    .headers_mut()
                    .insert(SET_COOKIE, session_cookie(None));
            }
            Ok(response)
        }
    }
}

fn refused(text: &str, caller: Option<&Caller>) -> Result<Response, PortalError> {
    let page = RefusedPage {
        chrome: Chrome::default(),
        text: sentence(text),
        username: username(caller),
    };
    render_as(StatusCode::BAD_REQUEST, &page)
}

fn username(caller: Option<&Caller>) -> Option<String> {
    caller.map(|caller| caller.username.as_str().to_owned())
}
