//! The one place where refusals of the applications' token service become responses (vbc-api §3.8, RFC 6749 §5.2).

use axum::Json;
use axum::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ringfence_app::error::chain;
use ringfence_app::token::TokenError;
use ringfence_app::token::grant::GrantFault;

use crate::app::App;
use crate::oauth::error::NO_STORE;

const UNAVAILABLE_RETRY_SECS: u32 = 5;
const LONGEST_ECHO: usize = 160;

/// The body of every refusal; the platform's order of keys.
#[derive(serde::Serialize)]
struct RefusalView {
    error_description: String,
    error: &'static str,
}

/// What was asked for when it was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// Tokens.
    Tokens,
    /// A revocation.
    Revocation,
}

/// A refusal on its way out.
#[derive(Debug)]
pub(super) struct Refusal {
    error: TokenError,
    asked: Asked,
    /// The challenge that answers a failed `Authorization` header (RFC 6749 §5.2).
    challenge: Option<HeaderValue>,
}

impl Refusal {
    /// A refusal of a request that had an `Authorization` header, or none.
    pub(super) fn new(app: &App, asked: Asked, error: TokenError, by_header: bool) -> Self {
        let url = &app.ctx.settings.public_url;
        let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host);
        let challenge = HeaderValue::from_str(&format!("Basic realm=\"{host}\"")).ok();
        Self {
            error,
            asked,
            challenge: challenge.filter(|_| by_header),
        }
    }

    /// The error code, also for counting.
    pub(super) const fn code(&self) -> &'static str {
        match self.error {
            TokenError::InvalidRequest(_)
            | TokenError::Missing(_)
            | TokenError::TooLarge
            | TokenError::TooManyFailures { .. }
            | TokenError::TooManyQuestions { .. } => "invalid_request",
            TokenError::InvalidClient => "invalid_client",
            TokenError::UnauthorizedClient => "unauthorized_client",
            TokenError::UnsupportedGrantType => "unsupported_grant_type",
            TokenError::InvalidGrant(_) => "invalid_grant",
            TokenError::InvalidScope(_) => "invalid_scope",
            TokenError::Unavailable | TokenError::Internal(_) => "server_error",
        }
    }

    const fn status(&self) -> StatusCode {
        match self.error {
            // vbc-api §3.9: a token of another application.
            TokenError::UnauthorizedClient if matches!(self.asked, Asked::Revocation) => {
                StatusCode::UNAUTHORIZED
            }
            TokenError::InvalidRequest(_)
            | TokenError::Missing(_)
            | TokenError::UnauthorizedClient
            | TokenError::UnsupportedGrantType
            | TokenError::InvalidGrant(_)
            | TokenError::InvalidScope(_) => StatusCode::BAD_REQUEST,
            TokenError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            TokenError::InvalidClient => StatusCode::UNAUTHORIZED,
            TokenError::TooManyFailures { .. } | TokenError::TooManyQuestions { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            // Not the platform's 502, which is a gateway's: a node that cannot know says so (design §5).
            TokenError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            TokenError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn description(&self) -> String {
        let text = match &self.error {
            TokenError::InvalidRequest(text) => text,
            TokenError::Missing(name) => return format!("Missing parameters: {name}"),
            TokenError::TooLarge => "The request body is too large",
            // One answer for every reason, so that it tells none (checklist 12).
            TokenError::InvalidClient => "Client authentication failed",
            TokenError::UnauthorizedClient => match self.asked {
                Asked::Tokens => "The client is not authorized to use this grant type",
                Asked::Revocation => "The token was issued to another client",
            },
            TokenError::UnsupportedGrantType => "Unsupported grant_type value",
            TokenError::InvalidGrant(fault) => return fault_text(fault),
            TokenError::InvalidScope(_) => "Invalid scope",
            TokenError::TooManyFailures { .. } => "Too many failed attempts; try again later",
            TokenError::TooManyQuestions { .. } => "Too many requests; try again later",
            TokenError::Unavailable => "Service unavailable",
            TokenError::Internal(_) => "Internal server error",
        };
        text.to_owned()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let TokenError::Internal(source) = &self.error {
            tracing::error!(error = %chain(source), "a request to the token service failed");
        }
        let view = RefusalView {
            error_description: self.description(),
            error: self.code(),
        };
        let mut response = (self.status(), NO_STORE, Json(view)).into_response();
        let hint = match self.error {
            TokenError::InvalidClient => self.challenge.map(|value| (WWW_AUTHENTICATE, value)),
            TokenError::TooManyFailures { retry_after_secs }
            | TokenError::TooManyQuestions { retry_after_secs } => {
                Some((RETRY_AFTER, retry_after_secs.into()))
            }
            TokenError::Unavailable => Some((RETRY_AFTER, UNAVAILABLE_RETRY_SECS.into())),
            TokenError::InvalidRequest(_)
            | TokenError::Missing(_)
            | TokenError::TooLarge
            | TokenError::UnauthorizedClient
            | TokenError::UnsupportedGrantType
            | TokenError::InvalidGrant(_)
            | TokenError::InvalidScope(_)
            | TokenError::Internal(_) => None,
        };
        if let Some((name, value)) = hint {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// The platform's words (vbc-api §3.8).
fn fault_text(fault: &GrantFault) -> String {
    let text = match fault {
        GrantFault::CodeUnknown => "Invalid authorization code",
        GrantFault::CodeUsed => "Inactive authorization code",
        GrantFault::CodeExpired => "Expired or revoked authorization code",
        GrantFault::RedirectUri => "Callback url mismatch",
        GrantFault::Pkce => "PKCE validation failed",
        GrantFault::RefreshUnknown => "Persisted access token data not found",
        GrantFault::RefreshExpired => "Refresh token is expired",
        GrantFault::Password { username } => {
            return format!("Authentication failed for {}", echo(username));
        }
        GrantFault::Locked { username } => {
            return format!(
                "17003 Authentication failed for {}: too many failed attempts, the account is locked",
                echo(username)
            );
        }
        GrantFault::Tenant {
            tenant,
            consumer_key,
        } => {
            return format!(
                "Users in the tenant domain {} have no access to application {consumer_key}",
                echo(tenant)
            );
        }
    };
    text.to_owned()
}

/// What was typed, where it has only characters that a description may have (RFC 6749 §5.2).
fn echo(typed: &str) -> &str {
    let good = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'&');
    if typed.len() <= LONGEST_ECHO && typed.bytes().all(good) {
        typed
    } else {
        "the name given"
    }
}

/// Answers a method other than POST.
pub(super) async fn method_refused() -> Response {
    let view = RefusalView {
        error_description: "Use POST".to_owned(),
        error: "invalid_request",
    };
    let allow = [(ALLOW, HeaderValue::from_static("POST, OPTIONS"))];
    let status = StatusCode::METHOD_NOT_ALLOWED;
    (status, NO_STORE, allow, Json(view)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c16_only_printable_ascii_is_echoed() {
        assert_eq!(echo("api_user_4711@vbc.prod"), "api_user_4711@vbc.prod");
        for odd in [
            "j\u{fc}rgen@vbc.prod",
            "a b@vbc.prod",
            "\"@vbc.prod",
            "<b>@vbc.prod",
        ] {
            assert_eq!(echo(odd), "the name given", "{odd}");
        }
        assert_eq!(echo(&"a".repeat(161)), "the name given");
    }
}
