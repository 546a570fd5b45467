//! Where a call carries its token: in the `Authorization` header and nowhere else (RFC 6750 §2.1).

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use ringfence_app::gateway::Reason;

/// A form is searched for tokens up to this length, and refused beyond.
const FORM_BYTES_MAX: usize = 256 * 1024;

const MEMBER: &str = "access_token";

/// Takes the token out of a call, and gives the call back as it was.
///
/// # Errors
/// There is no token, or it stands where none is taken, or in two places.
pub(super) async fn bearer_take(request: Request) -> Result<(String, Request), Reason> {
    let in_header = bearer_in_header(request.headers());
    let in_query = request.uri().query().is_some_and(names_token);
    let (in_body, request) = form_search(request).await?;
    match in_header {
        Ok(_) | Err(Reason::TokenUnreadable) if in_query || in_body => Err(Reason::TokenTwice),
        Err(_) if in_query || in_body => Err(Reason::TokenMisplaced),
        Ok(token) => Ok((token, request)),
        Err(reason) => Err(reason),
    }
}

/// The token of the header. More than one header is refused before this.
fn bearer_in_header(headers: &HeaderMap) -> Result<String, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Err(Reason::TokenMissing);
    };
    if values.next().is_some() {
        return Err(Reason::TokenTwice);
    }
    bearer_parse(value)
}

fn bearer_parse(value: &HeaderValue) -> Result<String, Reason> {
    let bytes = value.as_bytes();
    let scheme_end = bytes.iter().position(|byte| *byte == b' ');
    let (scheme, rest) = bytes.split_at(scheme_end.unwrap_or(bytes.len()));
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        // Another scheme is no bearer token at all.
        return Err(Reason::TokenMissing);
    }
    let token = std::str::from_utf8(rest.trim_ascii()).unwrap_or_default();
    // RFC 6750 §2.1: b64token.
    let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
    if token.is_empty() || !token.bytes().all(plain) {
        return Err(Reason::TokenUnreadable);
    }
    Ok(token.to_owned())
}

fn names_token(form: &str) -> bool {
    // Most queries do not even hold the letters.
    form.len() >= MEMBER.len()
        && url::form_urlencoded::parse(form.as_bytes()).any(|(name, _)| name == MEMBER)
}

/// Whether the body is a form that names a token. Other bodies are not read.
async fn form_search(request: Request) -> Result<(bool, Request), Reason> {
    let is_form = request
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| is_form_type(value.as_bytes()));
    if !is_form {
        return Ok((false, request));
    }
    let (parts, body) = request.into_parts();
    let bytes: Bytes = match Limited::new(body, FORM_BYTES_MAX).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(fault) if fault.is::<LengthLimitError>() => return Err(Reason::FormTooLong),
        // A body that breaks off holds no token that anybody could use; reading it again fails as it did here.
        Err(_) => return Err(Reason::TokenUnreadable),
    };
    let found = std::str::from_utf8(&bytes).is_ok_and(names_token);
    Ok((found, Request::from_parts(parts, Body::from(bytes))))
}

fn is_form_type(value: &[u8]) -> bool {
    let essence = value.split(|byte| *byte == b';').next().unwrap_or_default();
    essence
        .trim_ascii()
        .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &'static str) -> Result<String, Reason> {
        bearer_parse(&HeaderValue::from_static(value))
    }

    #[test]
    fn rfc6750_2_1_takes_the_scheme_in_any_case() {
        for value in ["Bearer a.b-c", "bearer a.b-c", "BEARER  a.b-c"] {
            assert_eq!(parse(value).as_deref(), Ok("a.b-c"), "{value}");
        }
    }

    #[test]
    fn refuses_what_is_no_token() {
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a,b",
            "Bearer \"a\"",
        ] {
            assert_eq!(parse(value), Err(Reason::TokenUnreadable), "{value}");
        }
        for value in ["Basic a", "Bearera", "", "Bearer\ta"] {
            assert_eq!(parse(value), Err(Reason::TokenMissing), "{value:?}");
        }
    }

    async fn take(request: http::request::Builder, body: &str) -> Result<String, Reason> {
        let request = request.body(Body::from(body.to_owned())).unwrap();
        bearer_take(request).await.map(|(token, _)| token)
    }

    #[tokio::test]
    async fn looks_for_tokens_where_none_belong() {
        const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
        let plain = || http::Request::post("/a");
        let with = || plain().header(AUTHORIZATION, "Bearer t");
        let query = || http::Request::post("/a?x=1&access%5Ftoken=t");
        assert_eq!(take(plain(), "").await, Err(Reason::TokenMissing));
        assert_eq!(take(with(), "").await.as_deref(), Ok("t"));
        assert_eq!(take(query(), "").await, Err(Reason::TokenMisplaced));
        let both = query().header(AUTHORIZATION, "Bearer t");
        assert_eq!(take(both, "").await, Err(Reason::TokenTwice));
        let form = plain().header(CONTENT_TYPE, FORM);
        assert_eq!(
            take(form, "access_token=t").await,
            Err(Reason::TokenMisplaced)
        );
        let form = with().header(CONTENT_TYPE, FORM);
        assert_eq!(
            take(form, "a=1&access_token=t").await,
            Err(Reason::TokenTwice)
        );
        let form = with().header(CONTENT_TYPE, FORM);
        assert_eq!(take(form, "a=access_token").await.as_deref(), Ok("t"));
        let long = with().header(CONTENT_TYPE, FORM);
        let body = "a".repeat(FORM_BYTES_MAX + 1);
        assert_eq!(take(long, &body).await, Err(Reason::FormTooLong));
    }
}
