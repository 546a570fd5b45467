//! The one place where refusals of the Management API become responses: problem details (RFC 9457).
//!
//! `type` is `/problems/CODE`; `docs/integrators.md` lists the codes. Two members are ours: `requestId`, which the portal
//! can look up, and `errors`, which points at what is wrong in a body or query.

use crate::web::words::sentence;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use ringfence_app::error::{Error, chain};
use ringfence_app::gateway::{Refusal, RefusalClass};
use ringfence_core::id::RequestId;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

const UNAVAILABLE_RETRY_SECS: u32 = 5;
const CHALLENGE: &str = "Bearer realm=\"ringfence\"";

/// Why a call of the Management API is refused.
#[derive(Debug)]
pub(crate) enum ManageError {
    /// The act was not done.
    App(Error),
    /// The body is not JSON, by its own account.
    MediaType,
    /// The body is longer than taken.
    TooLarge,
    /// Body, query or path cannot be read; the pointer says where.
    Malformed(Fault),
    /// A value breaks a rule; the pointer says which.
    Value(Fault),
    /// An edit does not say which version it is of.
    PreconditionMissing,
    /// The thing has changed since the caller read it.
    PreconditionFailed,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The first request with that idempotency key has not been answered, or nobody knows how it ended.
    KeyInFlight,
    /// The first answer carried a secret, which is shown once.
    SecretShown {
        /// Where the thing is that was made.
        location: Option<String>,
    },
}

/// What is wrong, and where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// A JSON pointer into the body (`/name`), or `?name` for the query; empty for the whole.
    pub(crate) pointer: String,
    /// What is wrong there.
    pub(crate) detail: String,
}

/// The body of every refusal (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(title = "Problem")]
pub(crate) struct Problem {
    /// `/problems/CODE`.
    #[serde(rename = "type")]
    kind: String,
    /// The problem in a few words, the same for every occurrence.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// This occurrence, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The id of the request, as in the header `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// What is wrong in the body or query.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

/// What every operation may answer instead, for the description.
#[derive(IntoResponses)]
pub(crate) enum Refusals {
    /// Why it was not done: 400 unreadable, 401 not signed in, 403 not allowed, 404 not there or not yours to know of, 409
    /// clash, 412 stale, 422 a value breaks a rule, 428 no `If-Match`, 429 too many.
    #[response(status = "default", content_type = "application/problem+json")]
    #[expect(dead_code, reason = "only the description is made from it")]
    Refused(Problem),
}

impl ManageError {
    /// Something in the body that cannot be read.
    pub(crate) fn malformed(pointer: &str, detail: impl std::fmt::Display) -> Self {
        Self::Malformed(Fault::at(pointer, detail))
    }

    /// A value that breaks a rule: the door's way to say why it did not parse.
    pub(crate) fn value<E: std::fmt::Display>(pointer: &str) -> impl FnOnce(E) -> Self {
        move |detail| Self::Value(Fault::at(pointer, detail))
    }

    /// A path segment that names nothing.
    pub(crate) fn no_such(what: &str) -> Self {
        Self::App(Error::NotFound(what.to_owned()))
    }

    fn problem(&self) -> Problem {
        let (status, code, title, detail) = self.words();
        let errors = match self {
            Self::Malformed(fault) | Self::Value(fault) => vec![fault.clone()],
            Self::App(_)
            | Self::MediaType
            | Self::TooLarge
            | Self::PreconditionMissing
            | Self::PreconditionFailed
            | Self::KeyReused
            | Self::KeyInFlight
            | Self::SecretShown { .. } => Vec::new(),
        };
        Problem {
            kind: format!("/problems/{code}"),
            title,
            status: status.as_u16(),
            detail,
            request_id: None,
            errors,
        }
    }

    fn words(&self) -> Words {
        use StatusCode as S;
        match self {
            Self::App(error) => app_words(error),
            Self::MediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body must be application/json",
                None,
            ),
            Self::TooLarge => (
                S::PAYLOAD_TOO_LARGE,
                "too-large",
                "The body is too long",
                None,
            ),
            Self::Malformed(fault) => (
                S::BAD_REQUEST,
                "malformed",
                "The request cannot be read",
                Some(fault.detail.clone()),
            ),
            Self::Value(fault) => (
                S::UNPROCESSABLE_ENTITY,
                "invalid",
                "A value is not allowed",
                Some(fault.detail.clone()),
            ),
            Self::PreconditionMissing => (
                S::PRECONDITION_REQUIRED,
                "precondition-required",
                "Say which version is to be edited",
                Some("Send the ETag of the version you read as If-Match.".to_owned()),
            ),
            Self::PreconditionFailed => (
                S::PRECONDITION_FAILED,
                "stale",
                "It has changed since you read it",
                Some("Read it again, and send its new ETag as If-Match.".to_owned()),
            ),
            Self::KeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The idempotency key belongs to another request",
                Some("Send a new key with a new request.".to_owned()),
            ),
            Self::KeyInFlight => (
                S::CONFLICT,
                "idempotency-in-flight",
                "The first request with that idempotency key has no answer yet",
                Some("Try again in a moment; if it stays so, the first one broke off: look whether the thing exists.".to_owned()),
            ),
            Self::SecretShown { .. } => (
                S::CONFLICT,
                "secret-already-shown",
                "It is done, and the answer held a secret that is shown once",
                Some("The thing exists. If its secret did not reach you, make another one.".to_owned()),
            ),
        }
    }
}

/// Status, code, title and detail.
type Words = (StatusCode, &'static str, &'static str, Option<String>);

fn app_words(error: &Error) -> Words {
    use StatusCode as S;
    let told = |error: &Error| Some(sentence(&error.to_string()));
    match error {
        Error::Invalid(_) => (
            S::UNPROCESSABLE_ENTITY,
            "invalid",
            "A value is not allowed",
            told(error),
        ),
        Error::Unauthenticated => (
            S::UNAUTHORIZED,
            "not-authenticated",
            "Sign in, or send a token with a management scope",
            None,
        ),
        Error::Forbidden(_) => (
            S::FORBIDDEN,
            "forbidden",
            "This may not be done",
            told(error),
        ),
        Error::NotFound(_) => (
            S::NOT_FOUND,
            "not-found",
            "There is no such thing",
            told(error),
        ),
        Error::Conflict(_) => (
            S::CONFLICT,
            "conflict",
            "It clashes with what is there",
            told(error),
        ),
        Error::Stale => ManageError::PreconditionFailed.words(),
        Error::TooMany { .. } => (
            S::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests",
            told(error),
        ),
        Error::Unavailable(_) => (
            S::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available at the moment",
            told(error),
        ),
        Error::Internal(_) => (
            S::INTERNAL_SERVER_ERROR,
            "internal",
            "An unexpected error occurred",
            None,
        ),
    }
}

impl Fault {
    fn at(pointer: &str, detail: impl std::fmt::Display) -> Self {
        Self {
            pointer: pointer.to_owned(),
            detail: sentence(&detail.to_string()),
        }
    }
}

impl From<Error> for ManageError {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

impl IntoResponse for ManageError {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        let headers = response.headers_mut();
        match &self {
            Self::App(Error::Unauthenticated) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
            }
            Self::App(Error::TooMany { retry_after_secs }) => {
                headers.insert(RETRY_AFTER, (*retry_after_secs).into());
            }
            Self::App(Error::Unavailable(_)) => {
                headers.insert(RETRY_AFTER, UNAVAILABLE_RETRY_SECS.into());
            }
            Self::KeyInFlight => {
                headers.insert(RETRY_AFTER, 1.into());
            }
            Self::SecretShown {
                location: Some(location),
            } => {
                if let Ok(value) = HeaderValue::from_str(location) {
                    headers.insert(http::header::LOCATION, value);
                }
            }
            Self::App(Error::Internal(_)) => {
                if let Self::App(error) = &self {
                    tracing::error!(error = %chain(error), "a call of the management API failed");
                }
            }
            Self::App(
                Error::Invalid(_)
                | Error::Forbidden(_)
                | Error::NotFound(_)
                | Error::Conflict(_)
                | Error::Stale,
            )
            | Self::MediaType
            | Self::TooLarge
            | Self::Malformed(_)
            | Self::Value(_)
            | Self::PreconditionMissing
            | Self::PreconditionFailed
            | Self::KeyReused
            | Self::SecretShown { location: None } => {}
        }
        response
    }
}

impl Problem {
    // The gateway's refusal of a token, in the words of this API; its headers stay.
    fn of_refusal(refusal: Refusal) -> Self {
        let status = match refusal.reason.class() {
            RefusalClass::BadRequest => StatusCode::BAD_REQUEST,
            RefusalClass::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalClass::Unauthenticated => StatusCode::UNAUTHORIZED,
            RefusalClass::Forbidden => StatusCode::FORBIDDEN,
            RefusalClass::TooMany => StatusCode::TOO_MANY_REQUESTS,
            RefusalClass::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self {
            kind: format!("/problems/{}", refusal.reason.code().replace('_', "-")),
            title: refusal.reason.text(),
            status: status.as_u16(),
            detail: None,
            request_id: None,
            errors: Vec::new(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [
            (
                CONTENT_TYPE,
                HeaderValue::from_static("application/problem+json"),
            ),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        // Strings, numbers and lists of them always serialize.
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, headers, body).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The layer around every operation: says the gateway's refusals in our words, and names the request in each problem.
pub(crate) async fn problem_pass(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().copied();
    let response = next.run(request).await;
    let problem = match response.extensions().get::<Refusal>() {
        Some(refusal) => Some(Problem::of_refusal(*refusal)),
        None => response.extensions().get::<Problem>().cloned(),
    };
    let Some(mut problem) = problem else {
        return response;
    };
    problem.request_id = id.map(|id| id.to_string());
    let (mut old, _) = response.into_parts();
    let (new, body) = problem.into_response().into_parts();
    old.status = new.status;
    old.headers.remove(CONTENT_LENGTH);
    old.headers.extend(new.headers);
    old.extensions.extend(new.extensions);
    Response::from_parts(old, Body::new(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9457_members() {
        let error = ManageError::Value(Fault::at("/name", "the name is too long"));
        let problem = serde_json::to_value(error.problem()).unwrap();
        assert_eq!(
            problem,
            serde_json::json!({
                "type": "/problems/invalid",
                "title": "A value is not allowed",
                "status": 422,
                "detail": "The name is too long.",
                "errors": [{"pointer": "/name", "detail": "The name is too long."}],
            })
        );
    }

    #[test]
    fn who_is_not_known_is_told_how_to_be() {
        let response = ManageError::App(Error::Unauthenticated).into_response();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[WWW_AUTHENTICATE], CHALLENGE);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
