//! Who is signed in at the Developer Portal: the cookie of a developer's stay, or a personal token.

use super::person::{cookie, cookie_header, is_from_us};
use crate::app::App;
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::developer_session::developer_of_cookie;
use ringfence_app::developer_tokens::developer_of_token;
use ringfence_app::error::Error;

/// The cookie's name: another one than that of people at the Admin Portal, so that one browser can be both.
pub(crate) const DEVELOPER_COOKIE: &str = "__Host-ringfence-dev";

/// The developer who asks. The door of the room has seen to it that there is one.
#[derive(Debug, Clone)]
pub(crate) struct SignedDeveloper(pub(crate) DeveloperCaller);

impl<S: Sync> FromRequestParts<S> for SignedDeveloper {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let caller = parts.extensions.get::<DeveloperCaller>().cloned();
        caller.map(Self).ok_or_else(|| {
            tracing::error!("an operation without a rule for developers asked who is signed in");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

/// The developer behind the cookie of the Developer Portal.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is none, or the stay has ended.
pub(crate) async fn developer_of(app: &App, headers: &HeaderMap) -> Result<DeveloperCaller, Error> {
    let cookie = cookie(headers, DEVELOPER_COOKIE).ok_or(Error::Unauthenticated)?;
    developer_of_cookie(&app.ctx, cookie).await
}

/// The developer behind a call of the Portal REST API: a personal token, or a stay and a request of our own pages.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is none; [`Error::Forbidden`] for what another site's page may have sent.
pub(crate) async fn developer_of_call(app: &App, parts: &Parts) -> Result<DeveloperCaller, Error> {
    let mut lines = parts.headers.get_all(AUTHORIZATION).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => {
            let text = line.to_str().map_err(|_| Error::Unauthenticated)?;
            let (scheme, token) = text.split_once(' ').ok_or(Error::Unauthenticated)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(Error::Unauthenticated);
            }
            developer_of_token(&app.ctx, token.trim()).await
        }
        (Some(_), Some(_)) => Err(Error::Unauthenticated),
        (None, _) => {
            let caller = developer_of(app, &parts.headers).await?;
            if is_from_us(parts) {
                return Ok(caller);
            }
            Err(Error::Forbidden(
                "a request that changes something with a session must come from a page of ours"
                    .to_owned(),
            ))
        }
    }
}

/// The header that begins or ends a developer's stay: `Set-Cookie`.
pub(crate) fn developer_cookie(value: Option<&str>) -> HeaderValue {
    cookie_header(DEVELOPER_COOKIE, value)
}

/// Carries a sign-in of the API console from the portal to the sign-in page and back.
const CONSOLE_COOKIE: &str = "__Host-ringfence-console";

/// What the console's cookie carries.
pub(crate) fn console_cookie_of(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, CONSOLE_COOKIE)
}

/// The header that gives the browser a sign-in to carry, or takes it away.
pub(crate) fn console_cookie(value: Option<&str>) -> HeaderValue {
    cookie_header(CONSOLE_COOKIE, value)
}
