//! Who is signed in: the cookie of a stay, and whether a request comes from our own pages.

use axum::extract::FromRequestParts;
use http::header::{COOKIE, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::session::session_caller;

use crate::app::App;
use crate::web::host::host_named;

/// The cookie's name. The prefix has browsers refuse it unless it is secure, of this host alone and of every path.
pub(crate) const SESSION_COOKIE: &str = "__Host-ringfence";

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The person who asks. The door of the room has seen to it that there is one.
#[derive(Debug, Clone)]
pub(crate) struct Signed(pub(crate) Caller);

impl<S: Sync> FromRequestParts<S> for Signed {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let caller = parts.extensions.get::<Caller>().cloned();
        caller.map(Self).ok_or_else(|| {
            tracing::error!("an operation without a rule for people asked who is signed in");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

/// The caller behind the session cookie.
///
/// # Errors
/// [`Error::Unauthenticated`] when there is none, or the stay has ended.
pub(crate) async fn session_of(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    let cookie = cookie(headers, SESSION_COOKIE).ok_or(Error::Unauthenticated)?;
    session_caller(&app.ctx, cookie).await
}

/// The value of a cookie that is sent exactly once.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut values = pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The header that begins or ends a stay: `Set-Cookie`.
pub(crate) fn session_cookie(value: Option<&str>) -> HeaderValue {
    cookie_header(SESSION_COOKIE, value)
}

/// The header that gives the browser a handle under a name of the kind `__Host-…`, or takes it away.
pub(super) fn cookie_header(name: &'static str, value: Option<&str>) -> HeaderValue {
    let text = match value {
        Some(value) => format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"),
        None => format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"),
    };
    // A handle is letters and digits.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether a request may change something on the strength of a cookie alone: it reads, or a page of ours sent it.
///
/// Browsers say in `Sec-Fetch-Site` where a request was made; older ones in `Origin`. A request with neither was made
/// by no browser that we can trust to tell.
pub(crate) fn is_from_us(parts: &Parts) -> bool {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name| {
        let mut values = parts.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            (_, _) => None,
        }
    };
    if parts.headers.contains_key(FETCH_SITE) {
        return text(FETCH_SITE) == Some("same-origin");
    }
    let host = host_named(&parts.headers, &parts.uri);
    let origin = text(ORIGIN).and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, from)| !host.is_empty() && from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method).uri("/admin");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_our_own_pages_may_change_things() {
        let host = ("host", "ringfence.example");
        assert!(is_from_us(&parts("GET", &[host])));
        assert!(!is_from_us(&parts("POST", &[host])));
        assert!(is_from_us(&parts(
            "POST",
            &[host, ("sec-fetch-site", "same-origin")]
        )));
        for site in ["same-site", "cross-site", "none", ""] {
            let sent = [
                host,
                ("sec-fetch-site", site),
                ("origin", "https://ringfence.example"),
            ];
            assert!(!is_from_us(&parts("POST", &sent)), "{site}");
        }
        let origin = |from| parts("POST", &[host, ("origin", from)]);
        assert!(is_from_us(&origin("https://ringfence.example")));
        assert!(!is_from_us(&origin("https://ringfence.example.evil")));
        assert!(!is_from_us(&origin("null")));
    }

    #[test]
    fn a_cookie_that_is_sent_twice_is_none() {
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(text).unwrap());
            headers
        };
        assert_eq!(cookie(&header("a=1; b=2"), "b"), Some("2"));
        assert_eq!(cookie(&header("b=1; b=2"), "b"), None);
        assert_eq!(cookie(&header("bb=1"), "b"), None);
    }
}
