//! The one place where refusals of the token service become responses (RFC 6749 §5.2, vcc-api §3.1).

use axum::Json;
use axum::http::header::{ALLOW, CACHE_CONTROL, HeaderName, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ringfence_app::error::chain;
use ringfence_app::token::{ScopeRefusal, TokenError};

/// No answer that holds or refuses a token is kept anywhere (RFC 6749 §5.1).
pub(super) const NO_STORE: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (PRAGMA, HeaderValue::from_static("no-cache")),
];

const UNAVAILABLE_RETRY_SECS: u32 = 5;
const LONGEST_ECHO: usize = 100;

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Refusal(TokenError);

/// The body of every refusal.
#[derive(serde::Serialize)]
struct RefusalView {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, description) = match &self.0 {
            TokenError::InvalidRequest(text) => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                Some((*text).to_owned()),
            ),
            TokenError::TooLarge => {
                let text = "The request body is too large".to_owned();
                (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", Some(text))
            }
            // One answer for every reason, so that it tells none.
            TokenError::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client", None),
            TokenError::UnauthorizedClient => {
                let text = "The client is not allowed to do this".to_owned();
                (StatusCode::BAD_REQUEST, "unauthorized_client", Some(text))
            }
            TokenError::UnsupportedGrantType => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                Some("Invalid grant_type".to_owned()),
            ),
            TokenError::InvalidScope(refusal) => (
                StatusCode::BAD_REQUEST,
                "invalid_scope",
                Some(scope_text(refusal)),
            ),
            TokenError::TooManyFailures { .. } => {
                let text = "Too many failed attempts; try again later".to_owned();
                (StatusCode::TOO_MANY_REQUESTS, "invalid_client", Some(text))
            }
            TokenError::TooManyQuestions { .. } => {
                let text = "Too many requests; try again later".to_owned();
                (StatusCode::TOO_MANY_REQUESTS, "slow_down", Some(text))
            }
            TokenError::Unavailable => {
                let text = "The service is temporarily unavailable; try again later".to_owned();
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "temporarily_unavailable",
                    Some(text),
                )
            }
            TokenError::Internal(source) => {
                tracing::error!(error = %chain(source), "a request to the token service failed");
                let text = "An internal server error occurred".to_owned();
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Internal Server Error",
                    Some(text),
                )
            }
        };
        let view = RefusalView {
            error,
            error_description: description,
        };
        let mut response = (status, NO_STORE, Json(view)).into_response();
        let headers = response.headers_mut();
        match self.0 {
            TokenError::InvalidClient => {
                let challenge =
                    HeaderValue::from_static("Basic realm=\"Ringfence\", charset=\"UTF-8\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            TokenError::TooManyFailures { retry_after_secs }
            | TokenError::TooManyQuestions { retry_after_secs } => {
                headers.insert(RETRY_AFTER, retry_after_secs.into());
            }
            TokenError::Unavailable => {
                headers.insert(RETRY_AFTER, UNAVAILABLE_RETRY_SECS.into());
            }
            TokenError::InvalidRequest(_)
            | TokenError::TooLarge
            | TokenError::UnauthorizedClient
            | TokenError::UnsupportedGrantType
            | TokenError::InvalidScope(_)
            | TokenError::Internal(_) => {}
        }
        response
    }
}

/// Answers a method other than POST.
pub(super) async fn method_refused() -> Response {
    let text = "Use POST".to_owned();
    let view = RefusalView {
        error: "invalid_request",
        error_description: Some(text),
    };
    let allow = [(ALLOW, HeaderValue::from_static("POST"))];
    (StatusCode::METHOD_NOT_ALLOWED, NO_STORE, allow, Json(view)).into_response()
}

/// The platform's own words. A value that does not look like a scope is not echoed.
fn scope_text(refusal: &ScopeRefusal) -> String {
    match refusal {
        ScopeRefusal::Missing => "You must specify a scope".to_owned(),
        ScopeRefusal::Value(value) if looks_like_a_scope(value) => {
            format!("\"{value}\" is an invalid scope")
        }
        ScopeRefusal::Value(_) | ScopeRefusal::Syntax => {
            "The requested scope is invalid".to_owned()
        }
    }
}

fn looks_like_a_scope(value: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.');
    value.len() <= LONGEST_ECHO && value.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_scope_is_echoed() {
        let text = |value: &str| scope_text(&ScopeRefusal::Value(value.to_owned()));
        assert_eq!(text("users:readx"), "\"users:readx\" is an invalid scope");
        for odd in ["<script>", "a/../b", "x;y", &"a".repeat(101)] {
            assert_eq!(text(odd), "The requested scope is invalid");
        }
    }
}
