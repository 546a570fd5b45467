//! The one place where refusals of the gateway become responses.
//!
//! Status, body and headers here are the gateway's own; the refusal goes along as an extension of the response, so
//! that an API may say it in its own words and keep the headers.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use ringfence_app::gateway::{Reason, Refusal, RefusalClass, Who};

use crate::gateway::forward::ForwardFault;
use crate::web::record::ReasonCode;

/// A call that the gateway does not let through, or cannot pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayError {
    /// A right is missing.
    Refused(Refusal),
    /// No rule fits the path.
    NoRoute,
    /// A rule fits the path, for other methods.
    OtherMethod,
    /// There is no response to pass back.
    Forward(ForwardFault),
}

impl GatewayError {
    fn code(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.reason.code(),
            Self::NoRoute => "no_route",
            Self::OtherMethod => "method_refused",
            Self::Forward(fault) => fault.code(),
        }
    }

    /// Who called, when that is known.
    pub(super) fn who(self) -> Option<Who> {
        match self {
            Self::Refused(refusal) => refusal.who,
            Self::NoRoute | Self::OtherMethod | Self::Forward(_) => None,
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Refused(refusal) => refusal_status(refusal.reason.class()),
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::OtherMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Forward(fault) => fault.status(),
        }
    }

    fn error(self) -> &'static str {
        match self {
            Self::Refused(refusal) => match refusal.reason.class() {
                RefusalClass::TooMany => "too_many_requests",
                RefusalClass::Unavailable => "temporarily_unavailable",
                RefusalClass::BadRequest
                | RefusalClass::TooLarge
                | RefusalClass::Unauthenticated
                | RefusalClass::Forbidden => {
                    refusal.reason.oauth_error().unwrap_or("invalid_request")
                }
            },
            Self::NoRoute => "not_found",
            Self::OtherMethod => "method_not_allowed",
            Self::Forward(fault) if fault.is_upstreams() => "bad_gateway",
            Self::Forward(_) => "invalid_request",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Refused(refusal) => refusal.reason.text().to_owned(),
            Self::NoRoute => "There is nothing at this path".to_owned(),
            Self::OtherMethod => "The method is not allowed at this path".to_owned(),
            Self::Forward(fault) => fault.to_string(),
        }
    }
}

impl IntoResponse for GatewayError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "error": self.error(),
            "error_description": self.text(),
            "reason": self.code(),
        });
        let json = HeaderValue::from_static("application/json");
        let mut response =
            (self.status(), [(CONTENT_TYPE, json)], body.to_string()).into_response();
        response.extensions_mut().insert(ReasonCode(self.code()));
        if let Self::Refused(refusal) = self {
            refusal_headers(refusal, &mut response);
            response.extensions_mut().insert(refusal);
        }
        response
    }
}

/// The status of a refusal where an API has none of its own.
fn refusal_status(class: RefusalClass) -> StatusCode {
    match class {
        RefusalClass::BadRequest => StatusCode::BAD_REQUEST,
        RefusalClass::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalClass::Unauthenticated => StatusCode::UNAUTHORIZED,
        RefusalClass::Forbidden => StatusCode::FORBIDDEN,
        RefusalClass::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalClass::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn refusal_headers(refusal: Refusal, response: &mut Response) {
    if let Some(secs) = refusal.reason.retry_after_secs() {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    let challenged = match refusal.reason.class() {
        RefusalClass::BadRequest | RefusalClass::Unauthenticated | RefusalClass::Forbidden => true,
        RefusalClass::TooLarge | RefusalClass::TooMany | RefusalClass::Unavailable => false,
    };
    if challenged && let Ok(value) = HeaderValue::from_str(&challenge(refusal)) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

/// The challenge of RFC 6750 §3. Without a token there is no error to name.
fn challenge(refusal: Refusal) -> String {
    let Refusal {
        reason,
        needed,
        who: _,
    } = refusal;
    let mut text = "Bearer realm=\"ringfence\"".to_owned();
    if let Some(error) = reason.oauth_error() {
        let about = [
            ("error", error),
            ("error_description", reason.text()),
            ("reason", reason.code()),
        ];
        for (name, value) in about {
            text.push_str(&format!(", {name}=\"{value}\""));
        }
    }
    let wants_scope = matches!(
        reason,
        Reason::TokenMissing
            | Reason::ScopeNotAsked
            | Reason::ScopeWithdrawn
            | Reason::ScopeMissing
    );
    let needed = needed.to_string();
    if wants_scope && !needed.is_empty() {
        text.push_str(&format!(", scope=\"{needed}\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use ringfence_app::gateway::Needed;
    use ringfence_core::scope::ScopeSet;

    use super::*;

    #[test]
    fn rfc6750_3_names_error_and_scope_where_they_belong() {
        let needed = Needed::Scopes(ScopeSet::parse("stats").unwrap());
        let text = |reason| {
            challenge(Refusal {
                reason,
                needed,
                who: None,
            })
        };
        assert_eq!(
            text(Reason::TokenMissing),
            r#"Bearer realm="ringfence", scope="stats""#
        );
        assert_eq!(
            text(Reason::ScopeMissing),
            r#"Bearer realm="ringfence", error="insufficient_scope", error_description="The credential does not have this scope", reason="scope_missing", scope="stats""#
        );
        assert!(text(Reason::RegionWrong).contains(r#"error="invalid_token""#));
    }
}
