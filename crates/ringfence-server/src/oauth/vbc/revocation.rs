//! `POST /revoke` of applications (RFC 7009, vbc-api §3.9).
//!
//! The platform's headers `RevokedAccessToken`, `RevokedRefreshToken` and `AuthorizedUser` are left out: they would carry
//! tokens and a person's name into the logs of whatever lies between, and tell the caller nothing that it did not send.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use ringfence_app as app;
use ringfence_app::token::TokenError;
use ringfence_core::secret::Secret;

use super::error::{Asked, Refusal};
use crate::app::App;
use crate::oauth::error::NO_STORE;
use crate::oauth::request::{ApplicationRequest, when_due};

const LONGEST_CALLBACK: usize = 64;

pub(crate) async fn token_revoke(State(app): State<App>, request: Request) -> Response {
    let by_header = request.headers().contains_key(AUTHORIZATION);
    match revoke(&app, request).await {
        Ok(response) => response,
        Err(error) => Refusal::new(&app, Asked::Revocation, error, by_header).into_response(),
    }
}

async fn revoke(app: &App, request: Request) -> Result<Response, TokenError> {
    let request = ApplicationRequest::read(app, request).await?;
    let callback = request.form.get("callback");
    if callback.is_some_and(|name| !is_function_name(name)) {
        return Err(TokenError::InvalidRequest(
            "callback is not the name of a function",
        ));
    }
    // A `token_type_hint` is not needed: the two types look different.
    let token = request.form.get("token");
    let token = Secret::new(token.ok_or(TokenError::Missing("token"))?.to_owned());
    let (proof, origin) = (&request.proof, request.origin);
    let done = app::token::grant::grant_token_revoke(&app.ctx, proof, origin, &token).await;
    when_due(request.read_at, done).await?;
    let (content_type, body) = match callback {
        Some(name) => ("application/javascript", format!("{name}();")),
        None => ("text/html", String::new()),
    };
    let headers = [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((NO_STORE, headers, body).into_response())
}

/// Whether a text is a name that a script can call, and nothing else: letters, digits, `_`, `$`, with dots between.
fn is_function_name(text: &str) -> bool {
    let starts = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$');
    let good = |part: &str| {
        part.bytes().next().is_some_and(starts)
            && part.bytes().all(|b| starts(b) || b.is_ascii_digit())
    };
    text.len() <= LONGEST_CALLBACK && text.split('.').all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_is_a_name_and_no_script() {
        for good in ["f", "_f1", "$.done", "app.tokens.revoked"] {
            assert!(is_function_name(good), "{good}");
        }
        for bad in [
            "",
            "1f",
            "f()",
            "f;alert(1)",
            "a..b",
            ".a",
            "a.",
            "a-b",
            "a b",
            "a\u{2028}",
            "<f>",
            &"a".repeat(65),
        ] {
            assert!(!is_function_name(bad), "{bad}");
        }
    }
}
