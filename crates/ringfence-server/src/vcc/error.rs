//! The one place where refusals of the VCC APIs become responses, each in its API's own words (vcc-api §1.5).

use super::Api;
use crate::web::record::ReasonCode;
use axum::body::Body;
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ringfence_app::error::{Error, chain};
use ringfence_app::gateway::{Reason, Refusal, RefusalClass};
use serde_json::{Value, json};

const UNAVAILABLE_RETRY_SECS: u32 = 5;
const FORBIDDEN_CHALLENGE: &str = "Bearer realm=\"ringfence\", error=\"access_denied\", \
    error_description=\"The owner of the credential may not do this\", reason=\"content_forbidden\"";

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct VccError {
    /// In whose words.
    pub(super) api: Api,
    /// What is wrong.
    pub(super) fault: Fault,
}

/// What is wrong with a call that the gateway admitted.
#[derive(Debug)]
pub(super) enum Fault {
    /// No version is named.
    VersionMissing,
    /// A version is named that the API does not accept.
    VersionUnsupported,
    /// The body is not JSON, by its own account.
    MediaType,
    /// The body is too long.
    TooLarge,
    /// Nothing of the content lies in the range asked for.
    Range {
        /// How long the content is.
        size_bytes: u64,
    },
    /// The content is not the one the caller has in mind (RFC 9110 §13.1).
    Precondition,
    /// The act was not done.
    App(Error),
}

impl VccError {
    /// A fault of the caller's input.
    pub(super) fn invalid(api: Api, text: impl Into<String>) -> Self {
        Self {
            api,
            fault: Fault::App(Error::Invalid(text.into())),
        }
    }
}

/// Says what the gateway refuses in the words of the API that was called; its headers stay.
pub(crate) fn restate(api: Api, response: Response) -> Response {
    let Some(refusal) = response.extensions().get::<Refusal>().copied() else {
        return response;
    };
    let (status, body) = refusal_words(api, refusal);
    let (mut parts, _) = response.into_parts();
    parts.status = status;
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    Response::from_parts(parts, Body::from(body.to_string()))
}

fn refusal_words(api: Api, refusal: Refusal) -> (StatusCode, Value) {
    let oauth = |error: &str, text: &str| json!({"error_description": text, "error": error});
    if refusal.reason == Reason::TokenMissing {
        let body = oauth("invalid_request", "The access token is missing");
        return (StatusCode::UNAUTHORIZED, body);
    }
    if refusal.reason == Reason::ScopeNotAsked && api == Api::Stats {
        return (StatusCode::UNAUTHORIZED, json!({"message": "Unauthorized"}));
    }
    match refusal.reason.class() {
        RefusalClass::Unauthenticated => (
            StatusCode::UNAUTHORIZED,
            oauth(
                "invalid_token",
                "The access token is invalid or has expired",
            ),
        ),
        RefusalClass::Forbidden => (StatusCode::FORBIDDEN, json!({"message": "Forbidden"})),
        RefusalClass::BadRequest => (
            StatusCode::BAD_REQUEST,
            json!({"message": refusal.reason.text()}),
        ),
        RefusalClass::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            json!({"message": "Payload Too Large"}),
        ),
        RefusalClass::TooMany => (
            StatusCode::TOO_MANY_REQUESTS,
            json!({"message": "Too Many Requests"}),
        ),
        RefusalClass::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            json!({"message": "Service Unavailable"}),
        ),
    }
}

impl IntoResponse for VccError {
    fn into_response(self) -> Response {
        let (status, body) = self.words();
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        let mut response = (status, [(CONTENT_TYPE, json)], body.to_string()).into_response();
        if matches!(self.fault, Fault::App(Error::Forbidden(_))) {
            let reason = ReasonCode("content_forbidden");
            response.extensions_mut().insert(reason);
        }
        let headers = response.headers_mut();
        match &self.fault {
            Fault::Range { size_bytes } => {
                if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size_bytes}")) {
                    headers.insert(CONTENT_RANGE, value);
                }
            }
            Fault::App(Error::TooMany { retry_after_secs }) => {
                headers.insert(RETRY_AFTER, (*retry_after_secs).into());
            }
            // The scope is there; what is missing no other token would bring, so the code is not `insufficient_scope`.
            Fault::App(Error::Forbidden(_)) => {
                headers.insert(
                    WWW_AUTHENTICATE,
                    HeaderValue::from_static(FORBIDDEN_CHALLENGE),
                );
            }
            Fault::App(Error::Unavailable(_)) => {
                headers.insert(RETRY_AFTER, UNAVAILABLE_RETRY_SECS.into());
            }
            Fault::VersionMissing
            | Fault::VersionUnsupported
            | Fault::MediaType
            | Fault::TooLarge
            | Fault::Precondition
            | Fault::App(
                Error::Invalid(_)
                | Error::Unauthenticated
                | Error::NotFound(_)
                | Error::Conflict(_)
                | Error::Stale
                | Error::Internal(_),
            ) => {}
        }
        response
    }
}

impl VccError {
    fn words(&self) -> (StatusCode, Value) {
        let message = |status, text: &str| (status, json!({"message": text}));
        match &self.fault {
            Fault::VersionMissing | Fault::VersionUnsupported => self.version_words(),
            Fault::MediaType => message(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Content-Type must be application/json",
            ),
            Fault::TooLarge => message(StatusCode::PAYLOAD_TOO_LARGE, "Payload Too Large"),
            Fault::Range { .. } => message(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "The requested range is not satisfiable",
            ),
            Fault::Precondition => message(StatusCode::PRECONDITION_FAILED, "Precondition Failed"),
            Fault::App(error) => {
                let text = sentence(&error.to_string());
                match error {
                    Error::Invalid(_) => message(StatusCode::BAD_REQUEST, &text),
                    Error::Unauthenticated => message(StatusCode::UNAUTHORIZED, "Unauthorized"),
                    Error::Forbidden(_) => message(StatusCode::FORBIDDEN, &text),
                    Error::NotFound(_) => message(StatusCode::NOT_FOUND, &text),
                    Error::Conflict(_) | Error::Stale => message(StatusCode::CONFLICT, &text),
                    Error::TooMany { .. } => {
                        message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
                    }
                    Error::Unavailable(_) => {
                        message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                    }
                    Error::Internal(_) => {
                        tracing::error!(error = %chain(error), "a call to an API failed");
                        message(
                            StatusCode::INTERNAL_SERVER_ERROR,
                            "An unexpected error occurred",
                        )
                    }
                }
            }
        }
    }

    // Character for character what clients match on. The second text of the content API names fewer versions than it accepts.
    fn version_words(&self) -> (StatusCode, Value) {
        let missing = matches!(self.fault, Fault::VersionMissing);
        let body = match (self.api, missing) {
            (Api::Content, true) => json!({"message": "Invalid api-version! Valid values: \
                'application/vnd.newvoicemedia.v2+json', 'application/vnd.newvoicemedia.v3+json'"}),
            (Api::Content, false) => json!({"message": "Invalid api-version! Valid values: \
                'application/vnd.newvoicemedia.v3+json'"}),
            (Api::Stats, true) => {
                json!({"statusCode": 400, "error": "Bad Request", "message": "Invalid Accept header!"})
            }
            (Api::Stats, false) => json!({"statusCode": 400, "error": "Bad Request",
                "message": "Invalid api-version! Valid values: 2,3"}),
            (Api::Users, true) => json!({"message": "Version missing from Accept header!"}),
            (Api::Users, false) => json!({"message": "Invalid api-version! Valid values: 4"}),
        };
        (StatusCode::BAD_REQUEST, body)
    }
}

// Field names that begin a text keep their spelling; plain words take a capital.
fn sentence(text: &str) -> String {
    let first_word = text.split(' ').next().unwrap_or_default();
    let is_word = matches!(
        first_word,
        "user" | "group" | "interaction" | "content" | "a" | "an" | "the" | "something"
    );
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if is_word => first.to_ascii_uppercase().to_string() + letters.as_str(),
        Some(_) | None => text.to_owned(),
    }
}
