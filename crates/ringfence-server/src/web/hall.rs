//! What is true of every request and response, whichever room answers.
//!
//! A request that two programs could read in two ways goes no further. Each request has an id of our making, which
//! the response carries, and one line in the access log, which names the route and never the path, query or headers.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, UPGRADE};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use ringfence_app::context::Ctx;
use ringfence_app::traffic::{Answered, ROUTE_NONE, answered_note};
use ringfence_core::context::{Clock, Random};
use ringfence_core::id::RequestId;
use ringfence_core::path::{CleanPath, PathFault};

use crate::web::listener::Peer;
use crate::web::metrics::Metrics;
use crate::web::proxies::Proxies;
use crate::web::record::{CallMark, ReasonCode};
use crate::web::timed_body::TimedBody;

/// The header that names a request, on every response and on every request to an upstream.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the hall needs to know.
#[derive(Debug, Clone)]
pub struct Hall {
    /// Tells the time, for the ids.
    pub clock: Arc<dyn Clock>,
    /// Makes the ids unguessable.
    pub random: Arc<dyn Random>,
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Whose `X-Forwarded-For` is read.
    pub proxies: Proxies,
    /// How long a request's body may stall.
    pub body_idle: Duration,
    /// Largest body of any request; rooms set smaller bounds of their own.
    pub body_bytes_max: u64,
    /// Where answered requests are recorded, if anywhere.
    pub record: Option<Ctx>,
}

/// Where a request comes from, behind any configured proxies; an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The route that answered, when the router's own template does not tell; an extension of the response.
#[derive(Debug, Clone)]
pub struct RouteName(pub Arc<str>);

/// Why the hall refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HallRefusal {
    Path(PathFault),
    Host,
    Method,
    RepeatedAuthorization,
}

/// Puts the hall around all routes.
pub fn hall_layer(router: Router, hall: Hall) -> Router {
    router.layer(from_fn_with_state(Arc::new(hall), hall_pass))
}

async fn hall_pass(State(hall): State<Arc<Hall>>, mut request: Request, next: Next) -> Response {
    let began = hall.clock.monotonic_us();
    let at = hall.clock.now();
    let id = RequestId::new(at, hall.random.as_ref());
    let in_flight = hall.metrics.request_begins();
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let client = hall.proxies.client_address(peer, request.headers());
    request.extensions_mut().insert(ClientAddress(client));
    request.extensions_mut().insert(id);
    let method = method_name(request.method());
    let template = request.extensions().get::<MatchedPath>().cloned();
    // HTTP/2 has no such header: there, a stream ends by itself.
    let http1 = request.version() <= Version::HTTP_11;
    // What follows an upgrade that nobody took is not ours to read (RFC 9110 §7.8): the connection ends with this answer.
    let upgrade = request.headers().contains_key(UPGRADE);

    let (mut response, refused) = match request_check(&request) {
        Ok(()) => {
            let request = request
                .map(|body| Body::new(TimedBody::new(body, hall.body_idle, hall.body_bytes_max)));
            (next.run(request).await, None)
        }
        Err(refusal) => (refusal.into_response(), Some(refusal.code())),
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    if http1 && (upgrade || refused.is_some()) {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    drop(in_flight);

    let took_us = hall.clock.monotonic_us().saturating_sub(began);
    let took_ms = took_us / 1000;
    let status = response.status().as_u16();
    if let Some(ctx) = &hall.record {
        let mark = response.extensions().get::<CallMark>().copied();
        let told = response.extensions().get::<ReasonCode>();
        let reason = refused.or(told.map(|told| told.0));
        if mark.is_some() || reason.is_some() {
            answered_note(
                ctx,
                Answered {
                    id,
                    at,
                    who: mark.and_then(|mark| mark.who),
                    route: mark.map_or(ROUTE_NONE, |mark| mark.route),
                    method,
                    status,
                    reason,
                    took_us,
                    from: Some(client),
                },
            );
        }
    }
    let named = response.extensions().get::<RouteName>().cloned();
    let route = match (&named, &template, refused) {
        (_, _, Some(_)) => "refused",
        (Some(name), _, None) => &*name.0,
        (None, Some(template), None) => template.as_str(),
        (None, None, None) => "none",
    };
    hall.metrics
        .request_ends(method, route, status, Duration::from_micros(took_us));
    tracing::info!(
        request.id = %id,
        http.method = method,
        http.route = route,
        http.status = status,
        duration_ms = took_ms,
        client.address = %client,
        reason = refused,
        "request answered"
    );
    response
}

fn request_check(request: &Request) -> Result<(), HallRefusal> {
    // CONNECT and TRACE hand a client's bytes to where it could not reach itself.
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(HallRefusal::Method);
    }
    CleanPath::parse(request.uri().path()).map_err(HallRefusal::Path)?;
    host_check(request)?;
    if request.headers().get_all(AUTHORIZATION).iter().count() > 1 {
        return Err(HallRefusal::RepeatedAuthorization);
    }
    Ok(())
}

/// RFC 9112 §3.2: exactly one `Host` in HTTP/1.1, and the one that the target names when it names one.
fn host_check(request: &Request) -> Result<(), HallRefusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let named = request.uri().authority();
    match (host, named) {
        _ if second.is_some() => Err(HallRefusal::Host),
        (None, None) if request.version() == Version::HTTP_11 => Err(HallRefusal::Host),
        (Some(host), Some(named))
            if !host
                .as_bytes()
                .eq_ignore_ascii_case(named.as_str().as_bytes()) =>
        {
            Err(HallRefusal::Host)
        }
        (Some(host), _) if host.to_str().is_err() || host.as_bytes().contains(&b'@') => {
            Err(HallRefusal::Host)
        }
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

impl HallRefusal {
    fn code(self) -> &'static str {
        match self {
            Self::Path(fault) => fault.code(),
            Self::Host => "host_ambiguous",
            Self::Method => "method_refused",
            Self::RepeatedAuthorization => "authorization_repeated",
        }
    }
}

impl IntoResponse for HallRefusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Path(PathFault::TooLong) => {
                (StatusCode::URI_TOO_LONG, "The path is too long.".to_owned())
            }
            Self::Path(fault) => (StatusCode::BAD_REQUEST, format!("The {fault}.")),
            Self::Host => (
                StatusCode::BAD_REQUEST,
                "The request does not name one host.".to_owned(),
            ),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "The method is not allowed.".to_owned(),
            ),
            Self::RepeatedAuthorization => (
                StatusCode::BAD_REQUEST,
                "The request has more than one Authorization header.".to_owned(),
            ),
        };
        let body = serde_json::json!({
            "error": "invalid_request",
            "error_description": text,
            "reason": self.code(),
            "message": text,
        });
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            // Which room would have answered is not known, and some keep nothing (RFC 6749 §5.1).
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status, headers, body.to_string()).into_response();
        if self == Self::RepeatedAuthorization {
            response.headers_mut().insert(
                http::header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_request\""),
            );
        }
        response
    }
}

/// The method as a label of bounded variety.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, target: &str, hosts: &[&str]) -> Request {
        let mut builder = http::Request::builder().version(version).uri(target);
        for host in hosts {
            builder = builder.header(HOST, *host);
        }
        builder.body(Body::empty()).unwrap()
    }

    #[test]
    fn rfc9112_3_2_wants_one_host() {
        let v11 = Version::HTTP_11;
        assert_eq!(request_check(&request(v11, "/a", &["x"])), Ok(()));
        assert_eq!(request_check(&request(v11, "http://x/a", &["X"])), Ok(()));
        assert_eq!(request_check(&request(Version::HTTP_10, "/a", &[])), Ok(()));
        for (target, hosts) in [
            ("/a", &[][..]),
            ("/a", &["x", "x"]),
            ("/a", &["user@x"]),
            ("http://y/a", &["x"]),
        ] {
            let outcome = request_check(&request(v11, target, hosts));
            assert_eq!(outcome, Err(HallRefusal::Host), "{target} {hosts:?}");
        }
    }

    #[test]
    fn refuses_paths_and_methods_with_two_readings() {
        let v11 = Version::HTTP_11;
        let outcome = request_check(&request(v11, "/a/%2e%2e/b", &["x"]));
        let fault = PathFault::EncodedDelimiter;
        assert_eq!(outcome, Err(HallRefusal::Path(fault)));
        let mut trace = request(v11, "/a", &["x"]);
        *trace.method_mut() = Method::TRACE;
        assert_eq!(request_check(&trace), Err(HallRefusal::Method));
    }
}
