//! Pages of signing in, and of one's own ways in.
//!
//! [`login`] is the first page anybody sees, [`code`] the second step, [`link`] what one-time links lead to. The pages of
//! [`me`], [`totp`] and [`passkey`] are for people who are in. [`sso`] takes people to a provider and
//! back, by what [`crate::web::provider`] says to it.

mod code;
mod link;
mod login;
pub(crate) mod me;
mod passkey;
mod sso;
mod totp;
pub(in crate::portal) mod visitor;

pub(crate) use code::code_routes;
pub(crate) use link::{invite_routes, setup_routes};
pub(crate) use login::login_routes;
pub(crate) use me::{me_route, password_routes, session_end_routes, sessions_end_routes};
pub(crate) use passkey::{
    passkey_add_route, passkey_new_route, passkey_remove_routes, passkey_sign_in_route,
};
pub(crate) use sso::{sso_begin_route, sso_return_route};
pub(crate) use totp::{recovery_codes_routes, totp_remove_routes, totp_routes};

use super::authorize::CONTINUE;
use super::chrome::Chrome;
use super::door::FormTarget;
use super::error::PortalError;
use super::page::{redirect, render_as};
use crate::app::App;
use crate::web::person::{session_cookie, session_of};
use crate::web::words::sentence;
use askama::Template;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use ringfence_app::authorize::{Asking, asking};
use ringfence_app::error::Error;
use ringfence_app::session::session_replace;
use ringfence_app::sign_in::Progress;
use std::time::Duration;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

/// Carries a step of a sign-in from one page to the next.
const STEP_COOKIE: &str = "__Host-ringfence-step";
const STEP_SECS: u32 = 600;
/// Every failed sign-in takes this long, so that its time tells no reason.
const FAILURE_TIME: Duration = Duration::from_millis(400);
const LONGEST_NEXT: usize = 2_000;
/// An application's request, sealed, stands in the address.
const LONGEST_CONTINUE: usize = 6_200;
const START: &str = "/admin";

/// What is wrong with a form: the field, and what to do.
#[derive(Clone, Debug, Default)]
struct Faults {
    all: Vec<(&'static str, String)>,
    retry_after_secs: Option<u32>,
}

/// A page that asks before it does.
#[derive(Template)]
#[template(path = "sign_in/confirm.html")]
struct ConfirmPage {
    chrome: Chrome,
    faults: Faults,
    title: &'static str,
    text: String,
    action: String,
    button: &'static str,
    asks_password: bool,
}

impl Faults {
    fn one(field: &'static str, text: impl Into<String>) -> Self {
        let mut faults = Self::default();
        faults.add(field, text);
        faults
    }

    fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.all.push((field, text.into()));
    }

    fn of(&self, field: &str) -> Option<&str> {
        let mut all = self.all.iter();
        all.find(|(name, _)| *name == field)
            .map(|(_, text)| text.as_str())
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn title(&self) -> String {
        match self.all.len() {
            1 => "One thing needs your attention".to_owned(),
            n => format!("{n} things need your attention"),
        }
    }

    /// What a refusal says about a field; one that is no fault of the form goes on as it is.
    fn of_error(field: &'static str, error: Error) -> Result<Self, PortalError> {
        match error {
            Error::Invalid(text) | Error::Conflict(text) => Ok(Self::one(field, sentence(&text))),
            Error::TooMany { retry_after_secs } => Ok(Self {
                retry_after_secs: Some(retry_after_secs),
                ..Self::one(
                    field,
                    format!("Too many attempts. Try again in {retry_after_secs} seconds."),
                )
            }),
            error => Err(PortalError(error)),
        }
    }

    /// The form shown again: 422, or 429 when it came too often.
    fn page(&self, template: &impl Template) -> Result<Response, PortalError> {
        let status = match self.retry_after_secs {
            Some(_) => StatusCode::TOO_MANY_REQUESTS,
            None => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut response = render_as(status, template)?;
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        Ok(response)
    }
}

/// The path that is wanted after signing in, when it is one of ours.
fn local_path(wanted: &str) -> String {
    local_path_under(wanted, &["/admin", "/api/v1/", CONTINUE], START)
}

/// The path that is wanted, when it is on this server and begins with one of those; else where to start.
pub(in crate::portal) fn local_path_under(
    wanted: &str,
    prefixes: &[&str],
    start: &'static str,
) -> String {
    let longest = match step_of(wanted) {
        Some(_) => LONGEST_CONTINUE,
        None => LONGEST_NEXT,
    };
    let plain = wanted.starts_with('/')
        && wanted.len() <= longest
        && !wanted.contains(['\\', '\r', '\n', '\t'])
        && !wanted.chars().any(char::is_control);
    let within = || {
        let base = Url::parse("https://ringfence.invalid/").ok()?;
        let url = base.join(wanted).ok()?;
        (url.origin() == base.origin()).then(|| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
    };
    let path = plain.then(within).flatten();
    path.filter(|path| prefixes.iter().any(|prefix| path.starts_with(prefix)))
        .unwrap_or_else(|| start.to_owned())
}

/// The step of an application's request that waits for somebody to sign in.
fn step_of(next: &str) -> Option<&str> {
    next.strip_prefix(CONTINUE)
}

/// Lets the forms of a page lead back to the application that waits, which a redirect after them may do.
fn aimed(mut response: Response, asking: Option<&Asking>) -> Response {
    if let Some(asking) = asking {
        let target = FormTarget::besides_us(&asking.target);
        response.extensions_mut().insert(target);
    }
    response
}

/// The application that waits for the sign-in.
fn asking_of(app: &App, next: &str) -> Option<Asking> {
    asking(&app.ctx, step_of(next)?)
}

/// A value of the query.
pub(in crate::portal) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// What the query says to go on with.
fn next_of(query: Option<&str>) -> String {
    local_path(&query_value(query, "next").unwrap_or_default())
}

/// A path that goes on to another one afterwards.
pub(super) fn with_next(path: &str, next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

/// Goes on where a right proof leads. A stay that the browser had before ends.
async fn go_on(
    app: &App,
    headers: &HeaderMap,
    progress: Progress,
    next: &str,
) -> Result<Response, PortalError> {
    let (mut response, session, step) = match &progress {
        Progress::In(handle) => {
            if let Ok(before) = session_of(app, headers).await {
                session_replace(&app.ctx, &before, handle).await?;
            }
            (redirect(next), Some(handle), None)
        }
        Progress::CodeWanted(step) => (
            redirect(&with_next("/login/code", next)),
            None,
            Some(step.expose().as_str()),
        ),
    };
    let headers = response.headers_mut();
    headers.append(SET_COOKIE, step_cookie(step));
    if let Some(handle) = session {
        headers.append(SET_COOKIE, session_cookie(Some(handle.expose())));
    }
    Ok(response)
}

/// The header that gives the browser a step to carry, or takes it away.
fn step_cookie(value: Option<&str>) -> HeaderValue {
    let secs = if value.is_some() { STEP_SECS } else { 0 };
    let value = value.unwrap_or_default();
    let text =
        format!("{STEP_COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={secs}");
    // A step is base64url.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Holds a failure back until it is due.
pub(in crate::portal) async fn when_due<T>(
    began: Instant,
    outcome: Result<T, Error>,
) -> Result<T, Error> {
    if matches!(outcome, Err(Error::Unauthenticated | Error::Invalid(_))) {
        tokio::time::sleep_until(began + FAILURE_TIME).await;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_on_to() {
        for good in ["/admin", "/admin/credentials?q=a%20b&page=2", "/admin/me"] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "admin",
            "//evil.example/admin",
            "/\\evil.example",
            "/admin\\..\\..",
            "https://evil.example/admin",
            "/\t/evil.example",
            "/login?next=/login",
            "/logout",
            "javascript:alert(1)",
            "/admin/../../evil",
            "/.//evil.example",
        ] {
            assert_eq!(local_path(bad), "/admin", "{bad}");
        }
        assert_eq!(local_path("/admin/../admin/me#x"), "/admin/me");
        let step = format!("{CONTINUE}{}", "a".repeat(6_000));
        assert_eq!(local_path(&step), step);
        for bad in ["/authorize", "/authorize?client_id=x", "/authorize/answer"] {
            assert_eq!(local_path(bad), "/admin", "{bad}");
        }
    }
}
