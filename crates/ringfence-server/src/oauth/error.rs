//! The one place where refusals of the token service become responses (RFC 6749 §5.2, vcc-api §3.1).

use axum::Json;
use axum::extract::Request;
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, PRAGMA, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ringfence_app::error::{Error, chain};
use ringfence_app::token::{ScopeRefusal, TokenError};

/// No answer that holds or refuses a token is kept anywhere (RFC 6749 §5.1).
pub(super) const NO_STORE: [(HeaderName, HeaderValue); 2] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (PRAGMA, HeaderValue::from_static("no-cache")),
];

/// The content type as the platform writes it (vcc-api §1.6).
pub(super) const JSON: [(HeaderName, HeaderValue); 1] = [(
    CONTENT_TYPE,
    HeaderValue::from_static("application/json; charset=utf-8"),
)];

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

impl Refusal {
    /// The error code, also for counting.
    pub(super) const fn code(&self) -> &'static str {
        match self.0 {
            TokenError::InvalidRequest(_) | TokenError::Missing(_) | TokenError::TooLarge => {
                "invalid_request"
            }
            TokenError::InvalidClient | TokenError::TooManyFailures { .. } => "invalid_client",
            TokenError::UnauthorizedClient => "unauthorized_client",
            TokenError::UnsupportedGrantType => "unsupported_grant_type",
            TokenError::InvalidGrant(_) => "invalid_grant",
            TokenError::InvalidScope(_) => "invalid_scope",
            TokenError::TooManyQuestions { .. } => "slow_down",
            TokenError::Unavailable => "temporarily_unavailable",
            // The platform's own word (vcc-api §3.1).
            TokenError::Internal(_) => "Internal Server Error",
        }
    }

    const fn status(&self) -> StatusCode {
        match self.0 {
            TokenError::InvalidRequest(_)
            | TokenError::Missing(_)
            | TokenError::InvalidGrant(_)
            | TokenError::UnauthorizedClient
            | TokenError::UnsupportedGrantType
            | TokenError::InvalidScope(_) => StatusCode::BAD_REQUEST,
            TokenError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            TokenError::InvalidClient => StatusCode::UNAUTHORIZED,
            TokenError::TooManyFailures { .. } | TokenError::TooManyQuestions { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            TokenError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            TokenError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn description(&self) -> Option<String> {
        let text = match &self.0 {
            TokenError::InvalidRequest(text) => text,
            TokenError::Missing(name) => return Some(format!("Missing parameters: {name}")),
            TokenError::InvalidGrant(_) => "The grant is invalid",
            TokenError::TooLarge => "The request body is too large",
            // One answer for every reason, so that it tells none.
            TokenError::InvalidClient => return None,
            TokenError::UnauthorizedClient => "The client is not allowed to do this",
            TokenError::UnsupportedGrantType => "Invalid grant_type",
            TokenError::InvalidScope(refusal) => return Some(scope_text(refusal)),
            TokenError::TooManyFailures { .. } => "Too many failed attempts; try again later",
            TokenError::TooManyQuestions { .. } => "Too many requests; try again later",
            TokenError::Unavailable => "The service is temporarily unavailable; try again later",
            TokenError::Internal(_) => "An internal server error occurred",
        };
        Some(text.to_owned())
    }

    /// What a header says beside the body.
    fn hint(&self) -> Option<(HeaderName, HeaderValue)> {
        const CHALLENGE: HeaderValue =
            HeaderValue::from_static("Basic realm=\"Ringfence\", charset=\"UTF-8\"");
        match self.0 {
            TokenError::InvalidClient => Some((WWW_AUTHENTICATE, CHALLENGE)),
            TokenError::TooManyFailures { retry_after_secs }
            | TokenError::TooManyQuestions { retry_after_secs } => {
                Some((RETRY_AFTER, retry_after_secs.into()))
            }
            TokenError::Unavailable => Some((RETRY_AFTER, UNAVAILABLE_RETRY_SECS.into())),
            TokenError::InvalidRequest(_)
            | TokenError::Missing(_)
            | TokenError::InvalidGrant(_)
            | TokenError::TooLarge
            | TokenError::UnauthorizedClient
            | TokenError::UnsupportedGrantType
            | TokenError::InvalidScope(_)
            | TokenError::Internal(_) => None,
        }
    }
}

/// What userinfo says when the person or the grant went away between the gate and the answer (RFC 6750 §3).
pub(super) fn userinfo_refused(error: Error) -> Response {
    const GONE: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    match error {
        Error::Unauthenticated => (
            StatusCode::UNAUTHORIZED,
            [(WWW_AUTHENTICATE, GONE)],
            NO_STORE,
        )
            .into_response(),
        Error::Unavailable(_) => Refusal(TokenError::Unavailable).into_response(),
        error => Refusal(TokenError::Internal(error)).into_response(),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let TokenError::Internal(source) = &self.0 {
            tracing::error!(error = %chain(source), "a request to the token service failed");
        }
        let view = RefusalView {
            error: self.code(),
            error_description: self.description(),
        };
        let mut response = (self.status(), NO_STORE, JSON, Json(view)).into_response();
        if let Some((name, value)) = self.hint() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Answers a wrong client with 401 only where it used the `Authorization` header (RFC 6749 §5.2); otherwise it is a bad
/// request, as on the platform (vcc-api §3.1).
pub(super) async fn wrong_client_restate(request: Request, next: Next) -> Response {
    let by_header = request.headers().contains_key(AUTHORIZATION);
    let mut response = next.run(request).await;
    if !by_header && response.status() == StatusCode::UNAUTHORIZED {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response.headers_mut().remove(WWW_AUTHENTICATE);
    }
    response
}

/// Answers a method other than POST.
pub(super) async fn method_refused() -> Response {
    let text = "Use POST".to_owned();
    let view = RefusalView {
        error: "invalid_request",
        error_description: Some(text),
    };
    let allow = [(ALLOW, HeaderValue::from_static("POST"))];
    (
        StatusCode::METHOD_NOT_ALLOWED,
        NO_STORE,
        JSON,
        allow,
        Json(view),
    )
        .into_response()
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
