//! Which headers pass the gateway, and which are its own.
//!
//! Programs behind us read a name with `_` as one with `-`, so a name counts by its letters alone.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, Entry, FORWARDED, HOST,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What all identity headers begin with; nobody but us sets one.
const IDENTITY_PREFIX: &str = "x-ringfence-";

/// Headers that speak about one connection only (RFC 9110 §7.6.1).
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that say where a request came from.
const PROVENANCE: &[&str] = &["forwarded", "x-real-ip", "x-client-ip", "true-client-ip"];

/// Who calls, from which address and how, as the upstream is told.
#[derive(Debug, Clone)]
pub(super) struct Provenance {
    /// The addresses to write into `X-Forwarded-For`, the client's first.
    pub addresses: String,
    /// `http` or `https`, as the client came.
    pub proto: &'static str,
    /// The host that the client asked for.
    pub host: Option<HeaderValue>,
}

/// Takes off a request what must not reach an upstream.
pub(super) fn request_headers_clean(headers: &mut HeaderMap, forward_token: bool) {
    connection_headers_remove(headers);
    remove_where(headers, |plain| {
        plain.starts_with(IDENTITY_PREFIX)
            || plain.starts_with("x-forwarded-")
            || PROVENANCE.contains(&plain)
            || plain == "x-request-id"
    });
    if !forward_token {
        remove_where(headers, |plain| plain == "authorization");
    }
}

/// Takes off a response what concerns the upstream's connection, or claims to come from the gateway.
pub(super) fn response_headers_clean(headers: &mut HeaderMap) {
    connection_headers_remove(headers);
    remove_where(headers, |plain| plain.starts_with(IDENTITY_PREFIX));
}

/// Writes where a request came from.
pub(super) fn provenance_set(headers: &mut HeaderMap, provenance: Provenance) {
    let Provenance {
        addresses,
        proto,
        host,
    } = provenance;
    if let Ok(addresses) = HeaderValue::from_str(&addresses) {
        headers.insert(HeaderName::from_static("x-forwarded-for"), addresses);
    }
    let proto = HeaderValue::from_static(proto);
    headers.insert(HeaderName::from_static("x-forwarded-proto"), proto);
    if let Some(host) = host {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
}

fn connection_headers_remove(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        // A client may not have the request's own meaning taken off on the way.
        .filter(|name| {
            ![HOST, CONTENT_LENGTH, CONTENT_TYPE, AUTHORIZATION, FORWARDED].contains(name)
        })
        .collect();
    for name in named {
        if let Entry::Occupied(entry) = headers.entry(name) {
            entry.remove_entry_mult();
        }
    }
    remove_where(headers, |plain| HOP_BY_HOP.contains(&plain));
}

fn remove_where(headers: &mut HeaderMap, matches: impl Fn(&str) -> bool) {
    // Names in a map are lower case already.
    let doomed: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            if name.as_str().contains('_') {
                matches(&name.as_str().replace('_', "-"))
            } else {
                matches(name.as_str())
            }
        })
        .cloned()
        .collect();
    for name in doomed {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn takes_off_what_names_us_or_the_connection() {
        let mut headers = map(&[
            ("Accept", "a"),
            ("Authorization", "Bearer x"),
            ("Connection", "close, X-Private , keep-alive"),
            ("Connection", "X-Other, Host, Content-Type"),
            ("Content-Type", "text/plain"),
            ("Expect", "100-continue"),
            ("Forwarded", "for=1.1.1.1"),
            ("Host", "a"),
            ("Keep-Alive", "5"),
            ("Proxy-Authorization", "x"),
            ("TE", "trailers"),
            ("Upgrade", "websocket"),
            ("X-Forwarded-For", "1.1.1.1"),
            ("X_Forwarded_For", "1.1.1.1"),
            ("X-Forwarded-Client-Cert", "x"),
            ("X-Other", "x"),
            ("X-Private", "x"),
            ("X-Request-Id", "x"),
            ("X-RINGFENCE-Account", "other"),
            ("X_Ringfence_Account", "other"),
            ("x-ringfence_account", "other"),
            ("X-Real-IP", "1.1.1.1"),
        ]);
        request_headers_clean(&mut headers, false);
        assert_eq!(names(&headers), ["accept", "content-type", "host"]);
    }

    #[test]
    fn passes_the_token_only_when_told() {
        let mut headers = map(&[
            ("Authorization", "Bearer x"),
            ("Connection", "authorization"),
        ]);
        request_headers_clean(&mut headers, true);
        assert_eq!(names(&headers), ["authorization"]);
        request_headers_clean(&mut headers, false);
        assert!(headers.is_empty());
    }

    #[test]
    fn an_upstream_cannot_speak_for_the_gateway() {
        let mut headers = map(&[
            ("Content-Type", "text/plain"),
            ("Connection", "x-private"),
            ("X-Private", "x"),
            ("Transfer-Encoding", "chunked"),
            ("X-Ringfence-Account", "x"),
        ]);
        response_headers_clean(&mut headers);
        assert_eq!(names(&headers), ["content-type"]);
    }
}
