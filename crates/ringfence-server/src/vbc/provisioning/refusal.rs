//! What the Provisioning suite says of calls that the gateway admitted and that cannot be answered (vbc-api §4.4).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use ringfence_app::error::{Error, chain};
use ringfence_core::id::RequestId;
use serde::Serialize;

use crate::web::record::ReasonCode;

const UNAVAILABLE_RETRY_SECS: u32 = 5;
// The token is good; what is missing no other token of that person would bring.
const CHALLENGE: &str = "Bearer realm=\"ringfence\", error=\"access_denied\", \
    error_description=\"The person is no Account Administrator\", reason=\"not_administrator\"";

/// Why a call is not answered.
#[derive(Debug)]
pub(super) enum ApiError {
    /// Parameters cannot be read.
    Query {
        /// This occurrence.
        instance: RequestId,
        /// Each of them.
        invalid: Vec<InvalidParameter>,
    },
    /// The act was not done; the operation says so with a body.
    Worded(Error),
    /// The act was not done; the operation has no body for what is not there.
    Bare(Error),
}

/// A parameter that cannot be read.
#[derive(Debug, Serialize)]
pub(super) struct InvalidParameter {
    /// Its name.
    pub(super) name: &'static str,
    /// What is wrong with it.
    pub(super) reason: String,
}

#[derive(Serialize)]
struct QueryView<'v> {
    status: u16,
    title: &'static str,
    instance: String,
    invalid_parameters: &'v [InvalidParameter],
}

#[derive(Serialize)]
struct MessageView<'v> {
    msg: &'v str,
    status: u16,
}

/// Puts a failed act into the shape that its operation has.
pub(super) fn failed(shape: fn(Error) -> ApiError) -> impl FnOnce(Error) -> ApiError {
    shape
}

impl ApiError {
    /// An operation of the Extension or User API.
    pub(super) const fn worded(error: Error) -> Self {
        Self::Worded(error)
    }

    /// An operation of the Account API.
    pub(super) const fn bare(error: Error) -> Self {
        Self::Bare(error)
    }

    /// Parameters that cannot be read.
    pub(super) fn query(instance: RequestId) -> impl FnOnce(Vec<InvalidParameter>) -> Self {
        move |invalid| Self::Query { instance, invalid }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Query { instance, invalid } => {
                let status = StatusCode::BAD_REQUEST;
                let view = QueryView {
                    status: status.as_u16(),
                    title: "Invalid parameters",
                    instance: instance.to_string(),
                    invalid_parameters: &invalid,
                };
                answer(status, serde_json::to_string(&view).unwrap_or_default())
            }
            Self::Bare(Error::NotFound(_)) => StatusCode::NOT_FOUND.into_response(),
            Self::Bare(error) | Self::Worded(error) => failure(&error),
        }
    }
}

fn failure(error: &Error) -> Response {
    let (status, text) = match error {
        // The platform's own words (vbc-api §5.3).
        Error::Forbidden(text) => (StatusCode::UNAUTHORIZED, text.clone()),
        Error::NotFound(_) => (StatusCode::NOT_FOUND, capitalised(&error.to_string())),
        Error::Invalid(_) => (StatusCode::BAD_REQUEST, capitalised(&error.to_string())),
        Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "Unauthorized".to_owned()),
        Error::Conflict(_) | Error::Stale => {
            (StatusCode::CONFLICT, capitalised(&error.to_string()))
        }
        Error::TooMany { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many requests".to_owned(),
        ),
        Error::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Service unavailable".to_owned(),
        ),
        Error::Internal(_) => {
            tracing::error!(error = %chain(error), "a call to the Provisioning APIs failed");
            let text = "An unexpected error occurred".to_owned();
            (StatusCode::INTERNAL_SERVER_ERROR, text)
        }
    };
    let view = MessageView {
        msg: &text,
        status: status.as_u16(),
    };
    let body = serde_json::to_string(&view).unwrap_or_default();
    let mut response = answer(status, body);
    match error {
        Error::Forbidden(_) => {
            let challenge = HeaderValue::from_static(CHALLENGE);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            let reason = ReasonCode("not_administrator");
            response.extensions_mut().insert(reason);
        }
        Error::TooMany { retry_after_secs } => {
            let secs = *retry_after_secs;
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        Error::Unavailable(_) => {
            let secs = UNAVAILABLE_RETRY_SECS;
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        Error::Invalid(_)
        | Error::Unauthenticated
        | Error::NotFound(_)
        | Error::Conflict(_)
        | Error::Stale
        | Error::Internal(_) => {}
    }
    response
}

// These texts are not sentences at the platform: they have no full stop.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// JSON that nobody keeps: these are data of people.
pub(super) fn answer(status: StatusCode, body: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body).into_response()
}
