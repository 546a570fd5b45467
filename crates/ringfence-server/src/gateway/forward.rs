//! Hands an admitted call on to its upstream, streaming both ways.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::sleep;

use crate::gateway::headers::{
    Provenance, provenance_set, request_headers_clean, response_headers_clean,
};
use crate::gateway::routes::UpstreamRoute;
use crate::web::hall::ClientAddress;
use crate::web::listener::{Encrypted, Peer};
use crate::web::proxies::Proxies;
use crate::web::timed_body::{BodyFault, TimedBody};

/// Why a call was not answered by its upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardFault {
    /// No connection could be made.
    #[error("the upstream cannot be reached")]
    Unreachable,
    /// It did not answer in time.
    #[error("the upstream did not answer in time")]
    Timeout,
    /// It closed the connection, or what it sent is no HTTP response.
    #[error("the upstream broke off or did not speak HTTP")]
    Broken,
    /// It took an upgrade that nobody asked for.
    #[error("the upstream switched protocols unasked")]
    Upgrade,
    /// The call's own body is malformed or was cut.
    #[error("the request's body is malformed or was cut")]
    BodyMalformed,
    /// The call's own body stalled.
    #[error("the request's body stalled")]
    BodyStalled,
    /// The call's own body is longer than the route allows.
    #[error("the request's body is longer than this route allows")]
    BodyTooLong,
    /// The address made of upstream and path is none.
    #[error("the path cannot be passed on")]
    Path,
}

impl ForwardFault {
    /// The reason code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "upstream_unreachable",
            Self::Timeout => "upstream_timeout",
            Self::Broken => "upstream_broken",
            Self::Upgrade => "upstream_upgrade",
            Self::BodyMalformed => "body_malformed",
            Self::BodyStalled => "body_stalled",
            Self::BodyTooLong => "body_too_long",
            Self::Path => "path_not_forwardable",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unreachable | Self::Broken | Self::Upgrade => StatusCode::BAD_GATEWAY,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::BodyMalformed | Self::Path => StatusCode::BAD_REQUEST,
            Self::BodyStalled => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// Whether the upstream, and not the caller, is at fault.
    #[must_use]
    pub const fn is_upstreams(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Timeout | Self::Broken | Self::Upgrade
        )
    }
}

/// The connections to all upstreams; cloning shares them.
#[derive(Debug, Clone)]
pub struct Forwarder {
    client: Client<HttpsConnector<HttpConnector>, Body>,
    proxies: Proxies,
}

impl Forwarder {
    /// Makes the pool of connections.
    ///
    /// # Errors
    /// The cryptographic provider offers no TLS version that is safe.
    pub fn new(proxies: Proxies) -> Result<Self, rustls::Error> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(Duration::from_secs(5)));
        http.set_nodelay(true);
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, proxies })
    }

    /// Passes a call on and its response back. `identity` are the headers that tell the upstream who calls.
    ///
    /// # Errors
    /// A [`ForwardFault`] when there is no response to pass back.
    pub async fn forward(
        &self,
        route: &UpstreamRoute,
        identity: HeaderMap,
        request: Request,
    ) -> Result<Response, ForwardFault> {
        let (mut parts, body) = request.into_parts();
        let declared = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if declared.is_some_and(|length| length > route.body_bytes_max) {
            return Err(ForwardFault::BodyTooLong);
        }
        let path_and_query = parts
            .uri
            .path_and_query()
            .cloned()
            .ok_or(ForwardFault::Path)?;
        let provenance = self.provenance(&parts);
        request_headers_clean(&mut parts.headers, route.forward_token);
        parts.headers.remove(HOST);
        provenance_set(&mut parts.headers, provenance);
        parts.headers.extend(identity);
        parts.uri = route
            .upstream
            .uri(path_and_query)
            .ok_or(ForwardFault::Path)?;
        parts.version = Version::HTTP_11;
        parts.extensions.clear();

        // A request without a body that only reads may be sent twice, when a kept connection proves to be dead.
        let repeatable = body.is_end_stream() && matches!(parts.method, Method::GET | Method::HEAD);
        let spare = repeatable.then(|| parts.clone());
        let progress = Arc::new(Progress::default());
        let upload = Upload {
            body: TimedBody::new(body, route.upstream.idle_timeout, route.body_bytes_max),
            progress: Arc::clone(&progress),
        };
        let sent = Request::from_parts(parts, Body::new(upload));
        let mut outcome = self.send(route, sent, &progress).await;
        if let (Err(Unanswered::Dropped), Some(parts)) = (&outcome, spare) {
            let again = Request::from_parts(parts, Body::empty());
            outcome = self.send(route, again, &progress).await;
        }
        let response = outcome.map_err(|unanswered| unanswered.fault(&progress))?;
        response_pass(route, response)
    }

    async fn send(
        &self,
        route: &UpstreamRoute,
        request: Request,
        progress: &Progress,
    ) -> Result<http::Response<hyper::body::Incoming>, Unanswered> {
        let mut response = std::pin::pin!(self.client.request(request));
        let mut seen = progress.n_frames.load(Ordering::Relaxed);
        loop {
            tokio::select! {
                biased;
                outcome = &mut response => return outcome.map_err(|fault| Unanswered::from(&fault)),
                () = sleep(route.upstream.head_timeout) => {
                    // An upload under way is not the upstream's delay.
                    let now = progress.n_frames.load(Ordering::Relaxed);
                    if now == seen {
                        return Err(Unanswered::Timeout);
                    }
                    seen = now;
                }
            }
        }
    }

    /// What the upstream is told of where the call came from; a trusted proxy's word is passed on with ours added.
    fn provenance(&self, parts: &http::request::Parts) -> Provenance {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        let client = parts
            .extensions
            .get::<ClientAddress>()
            .map(|client| client.0);
        let trusted = peer.is_some_and(|peer| self.proxies.trusts(peer.to_canonical()));
        let word = |name: &str| {
            let value = parts.headers.get(name).filter(|_| trusted)?;
            value.to_str().ok().map(str::to_owned)
        };
        let addresses: Vec<String> = match (client, peer.map(|peer| peer.to_canonical())) {
            (Some(client), Some(peer)) if client != peer => {
                vec![client.to_string(), peer.to_string()]
            }
            (Some(only), _) | (None, Some(only)) => vec![IpAddr::to_string(&only)],
            (None, None) => Vec::new(),
        };
        let encrypted = match word("x-forwarded-proto").as_deref() {
            Some(proto) => proto.eq_ignore_ascii_case("https"),
            None => parts.extensions.get::<Encrypted>() == Some(&Encrypted(true)),
        };
        let forwarded_host = parts
            .headers
            .get("x-forwarded-host")
            .filter(|_| trusted)
            .cloned();
        let named = parts.uri.authority().map(|authority| authority.as_str());
        let host = forwarded_host
            .or_else(|| parts.headers.get(HOST).cloned())
            .or_else(|| named.and_then(|named| named.parse().ok()));
        Provenance {
            addresses: addresses.join(", "),
            proto: if encrypted { "https" } else { "http" },
            host,
        }
    }
}

/// How an attempt ended without a response.
#[derive(Debug, Clone, Copy)]
enum Unanswered {
    Timeout,
    Unreachable,
    /// The connection closed before anything came back.
    Dropped,
    Broken,
}

impl From<&ClientError> for Unanswered {
    fn from(fault: &ClientError) -> Self {
        if fault.is_connect() {
            return Self::Unreachable;
        }
        let hyper = fault
            .source()
            .and_then(|cause| cause.downcast_ref::<hyper::Error>());
        match hyper {
            Some(cause) if cause.is_incomplete_message() || cause.is_canceled() => Self::Dropped,
            Some(_) | None => Self::Broken,
        }
    }
}

impl Unanswered {
    fn fault(self, progress: &Progress) -> ForwardFault {
        // The caller's own fault ends the attempt as well, and is then the reason.
        match progress.body_fault() {
            Some(fault) => fault,
            None => match self {
                Self::Timeout => ForwardFault::Timeout,
                Self::Unreachable => ForwardFault::Unreachable,
                Self::Dropped | Self::Broken => ForwardFault::Broken,
            },
        }
    }
}

fn response_pass(
    route: &UpstreamRoute,
    response: http::Response<hyper::body::Incoming>,
) -> Result<Response, ForwardFault> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ForwardFault::Upgrade);
    }
    let (mut parts, body) = response.into_parts();
    response_headers_clean(&mut parts.headers);
    // Among these is the handle by which hyper would hand over the connection.
    parts.extensions.clear();
    parts.version = Version::HTTP_11;
    let body = TimedBody::new(Body::new(body), route.upstream.idle_timeout, u64::MAX);
    Ok(Response::from_parts(parts, Body::new(body)))
}

/// How far a request's body has come.
#[derive(Debug, Default)]
struct Progress {
    n_frames: AtomicU64,
    /// 0 none, else which fault.
    fault: AtomicU64,
}

impl Progress {
    const STALLED: u64 = 1;
    const TOO_LONG: u64 = 2;
    const MALFORMED: u64 = 3;

    fn body_fault(&self) -> Option<ForwardFault> {
        match self.fault.load(Ordering::Relaxed) {
            0 => None,
            Self::STALLED => Some(ForwardFault::BodyStalled),
            Self::TOO_LONG => Some(ForwardFault::BodyTooLong),
            _ => Some(ForwardFault::BodyMalformed),
        }
    }

    fn note(&self, fault: &axum::Error) {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(fault);
        let mut number = Self::MALFORMED;
        while let Some(error) = cause {
            match error.downcast_ref::<BodyFault>() {
                Some(BodyFault::Stalled) => number = Self::STALLED,
                Some(BodyFault::TooLong) => number = Self::TOO_LONG,
                None => {}
            }
            cause = error.source();
        }
        self.fault.store(number, Ordering::Relaxed);
    }
}

/// A request's body on its way, telling how far it has come.
struct Upload {
    body: TimedBody,
    progress: Arc<Progress>,
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Err(fault))) => self.progress.note(fault),
            Poll::Ready(Some(Ok(_)) | None) => {
                self.progress.n_frames.fetch_add(1, Ordering::Relaxed);
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
