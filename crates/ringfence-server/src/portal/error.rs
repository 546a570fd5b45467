//! The one place where refusals become pages.
//!
//! A handler's refusal leaves it as an extension of the response; the door, which knows who is signed in, turns it
//! into a whole page.

use super::chrome::Chrome;
use super::page::render_as;
use crate::web::words::sentence;
use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use ringfence_app::error::{Error, chain};
use std::sync::Arc;

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct PortalError(pub(crate) Error);

/// The page that tells of it.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    status: StatusCode,
    title: &'static str,
    text: Arc<str>,
    retry_after_secs: Option<u32>,
}

#[derive(Template)]
#[template(path = "portal/error.html")]
struct ErrorPage<'p> {
    chrome: Chrome,
    status: u16,
    title: &'static str,
    text: &'p str,
    request_id: &'p str,
}

impl From<Error> for PortalError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for PortalError {
    fn into_response(self) -> Response {
        let fault = fault(&self.0);
        let mut response = fault.status.into_response();
        response.extensions_mut().insert(fault);
        response
    }
}

/// A request that another site's page may have sent.
pub(super) fn foreign() -> Fault {
    Fault {
        status: StatusCode::FORBIDDEN,
        title: "This request did not come from Ringfence",
        text: "Nothing was changed. Open the page in Ringfence itself and do it there.".into(),
        retry_after_secs: None,
    }
}

/// The whole page of a refusal.
pub(super) fn fault_page(fault: &Fault, chrome: Chrome, request_id: &str) -> Response {
    let page = ErrorPage {
        chrome,
        status: fault.status.as_u16(),
        title: fault.title,
        text: &fault.text,
        request_id,
    };
    let mut response = match render_as(fault.status, &page) {
        Ok(response) => response,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    if let Some(secs) = fault.retry_after_secs {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    response
}

fn fault(error: &Error) -> Fault {
    let (status, title, text) = match error {
        Error::Invalid(text) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "That cannot be done as asked",
            sentence(text),
        ),
        Error::Unauthenticated => (
            StatusCode::UNAUTHORIZED,
            "You are not signed in",
            "Sign in and try again.".to_owned(),
        ),
        Error::Forbidden(text) => (
            StatusCode::FORBIDDEN,
            "You may not do this",
            sentence(text),
        ),
        Error::NotFound(_) => (
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "It may have been deleted, or it belongs to an account that you cannot see.".to_owned(),
        ),
        Error::Conflict(text) => (
            StatusCode::CONFLICT,
            "That clashes with what is there",
            sentence(text),
        ),
        Error::Stale => (
            StatusCode::CONFLICT,
            "Somebody changed this meanwhile",
            "Nothing was saved. Open the page again to see how it stands, and make your change there.".to_owned(),
        ),
        Error::TooMany { retry_after_secs } => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts",
            format!("Try again in {retry_after_secs} seconds."),
        ),
        Error::Unavailable(text) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available at the moment",
            sentence(text),
        ),
        Error::Internal(_) => {
            tracing::error!(error = %chain(error), "a page could not be made");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on our side",
                "Nothing was lost. Try again; if it happens again, give the operator the request id below.".to_owned(),
            )
        }
    };
    let retry_after_secs = match error {
        Error::TooMany { retry_after_secs } => Some(*retry_after_secs),
        Error::Unavailable(_) => Some(5),
        Error::Invalid(_)
        | Error::Unauthenticated
        | Error::Forbidden(_)
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::Stale
        | Error::Internal(_) => None,
    };
    Fault {
        status,
        title,
        text: text.into(),
        retry_after_secs,
    }
}
