//! The one place where refusals of the Portal REST API become responses: `{code, message, description, moreInfo, error}`.
//!
//! Codes and messages are the platform's (vbc-api §2.7). What has no code of its own carries its HTTP status.

use crate::web::words::sentence;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use ringfence_app::error::{Error, chain};
use serde_json::json;

const UNAVAILABLE_RETRY_SECS: u32 = 5;

/// Why a call of the Portal REST API is refused.
#[derive(Debug)]
pub(crate) struct StoreError {
    status: StatusCode,
    code: u32,
    message: &'static str,
    description: String,
    retry_after_secs: Option<u32>,
}

/// What a path or body names, for the code of what is not there or there already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Noun {
    /// An API suite.
    Api,
    /// An application.
    Application,
    /// The keys of an application, made a second time.
    Keys,
    /// Keys that belong to another application.
    ForeignKeys,
    /// A subscription.
    Subscription,
}

impl Noun {
    /// Says what an act refuses in this noun's codes.
    pub(crate) fn refusal(self) -> impl FnOnce(Error) -> StoreError {
        move |error| StoreError::of(self, &error)
    }

    /// There is none, or the developer may not know of it.
    pub(crate) fn missing(self) -> StoreError {
        let (code, message) = match self {
            Self::Api => (900_301, "API Not Found"),
            Self::Application => (900_306, "Application not found"),
            Self::Keys | Self::ForeignKeys => (900_331, "Application Key mapping not found"),
            Self::Subscription => (900_310, "Subscription not found"),
        };
        StoreError::new(StatusCode::NOT_FOUND, code, message, message.to_owned())
    }

    fn exists(self, text: String) -> StoreError {
        let (code, message) = match self {
            Self::Api => (409, "Conflict"),
            Self::Application => (900_307, "The application already exists."),
            Self::Keys => (901_409, "Key Mappings already exists"),
            Self::ForeignKeys => (901_408, "Application already Registered"),
            Self::Subscription => (900_336, "Subscription already exists"),
        };
        StoreError::new(StatusCode::CONFLICT, code, message, text)
    }
}

impl StoreError {
    fn new(status: StatusCode, code: u32, message: &'static str, description: String) -> Self {
        Self {
            status,
            code,
            message,
            description,
            retry_after_secs: None,
        }
    }

    /// Something that cannot be read, or breaks a rule.
    pub(crate) fn bad_request(description: impl std::fmt::Display) -> Self {
        let text = sentence(&description.to_string());
        Self::new(StatusCode::BAD_REQUEST, 400, "Bad Request", text)
    }

    /// A quota or plan that there is not.
    pub(crate) fn tier(description: impl std::fmt::Display) -> Self {
        let text = sentence(&description.to_string());
        Self::new(
            StatusCode::BAD_REQUEST,
            900_305,
            "The tier name is invalid.",
            text,
        )
    }

    /// A path that names nothing that has a code of its own.
    pub(crate) fn not_found(description: &str) -> Self {
        let text = description.to_owned();
        Self::new(StatusCode::NOT_FOUND, 404, "Not Found", text)
    }

    /// The body is not JSON, by its own account.
    pub(crate) fn media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            415,
            "Unsupported Media Type",
            "The body must be application/json.".to_owned(),
        )
    }

    /// The body is longer than taken.
    pub(crate) fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            413,
            "Payload Too Large",
            "The body is too long.".to_owned(),
        )
    }

    /// Nobody is signed in, or the proof is wrong.
    pub(crate) fn unauthorized(description: &str) -> Self {
        let text = description.to_owned();
        Self::new(StatusCode::UNAUTHORIZED, 900_410, "Unauthorized", text)
    }

    /// The caller may not do this.
    pub(crate) fn forbidden(description: &str) -> Self {
        let text = description.to_owned();
        Self::new(StatusCode::FORBIDDEN, 900_409, "Forbidden", text)
    }

    /// Says what an act refuses, in the codes of what it was about.
    pub(crate) fn of(noun: Noun, error: &Error) -> Self {
        let told = sentence(&error.to_string());
        match error {
            Error::Invalid(_) => Self::bad_request(told),
            Error::Unauthenticated => Self::unauthorized("Sign in, or send a developer token."),
            Error::Forbidden(_) => Self::forbidden(&told),
            Error::NotFound(_) => noun.missing(),
            Error::Conflict(_) => noun.exists(told),
            Error::Stale => Self::new(StatusCode::CONFLICT, 409, "Conflict", told),
            Error::TooMany { retry_after_secs } => Self {
                retry_after_secs: Some(*retry_after_secs),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    429,
                    "Too Many Requests",
                    told,
                )
            },
            Error::Unavailable(_) => Self {
                retry_after_secs: Some(UNAVAILABLE_RETRY_SECS),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    503,
                    "Service Unavailable",
                    told,
                )
            },
            Error::Internal(_) => {
                tracing::error!(error = %chain(error), "a call of the portal's REST API failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    500,
                    "Internal server error",
                    "An unexpected error occurred.".to_owned(),
                )
            }
        }
    }
}

impl IntoResponse for StoreError {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "description": self.description,
            "moreInfo": "",
            "error": [],
        });
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, body.to_string()).into_response();
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(RETRY_AFTER, secs.into());
        }
        response
    }
}
