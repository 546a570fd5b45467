//! Connections, routing, the quota and the log.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use ringfence_core::time::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::connection::{Counting, Peer};
use super::log::{LoggedRequest, Route};
use super::platform::Shared;
use super::switches::{Answer, RetryAfter};
use super::token::{self, Bearer};
use super::{content, download, stats, users};

/// One parsed call, as the parts of the platform take it.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) peer: &'a Peer,
    /// Path segments, percent-decoded.
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
}

impl Call<'_> {
    /// A query parameter; names match without regard to case.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str, default: usize) -> Result<usize, Box<Response>> {
        match self.param(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| refusal(StatusCode::BAD_REQUEST, &format!("Invalid {name}"))),
        }
    }

    pub(super) fn instant(&self, name: &str) -> Result<Option<i64>, Box<Response>> {
        match self.param(name) {
            None => Ok(None),
            Some(text) => Timestamp::parse(text)
                .map(|at| Some(at.ms()))
                .map_err(|_| refusal(StatusCode::BAD_REQUEST, &format!("Invalid {name}"))),
        }
    }
}

pub(super) async fn run(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let listener = Counting {
        listener,
        shared: Arc::clone(&shared),
    };
    let service = Router::new()
        .fallback(handle)
        .with_state(shared)
        .into_make_service_with_connect_info::<Peer>();
    tokio::select! {
        _ = axum::serve(listener, service) => {}
        _ = stopped => {}
    }
}

pub(super) fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response
}

pub(super) fn message(status: StatusCode, text: &str) -> Response {
    json_response(status, &json!({"message": text}))
}

/// The same, as the early end of an answer.
pub(super) fn refusal(status: StatusCode, text: &str) -> Box<Response> {
    Box::new(message(status, text))
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |t| t.as_str())
        .to_owned();
    let segments: Vec<String> = parts.uri.path().split('/').skip(1).map(decode).collect();
    let route = route_of(&parts.method, &segments);
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    };
    let entry = LoggedRequest {
        at_ms: shared.now(),
        route,
        method: parts.method.to_string(),
        target,
        range: header("range"),
        if_range: header("if-range"),
        status: 0,
    };
    let in_flight = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    let index = {
        let mut log = shared.log();
        log.max_in_flight = log.max_in_flight.max(in_flight);
        log.requests.push(entry);
        log.requests.len() - 1
    };
    let form = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
        .into_owned()
        .collect();
    let call = Call {
        shared: &shared,
        peer: &peer,
        segments,
        query,
        headers: parts.headers,
    };
    let mut response = scripted(&call, route, &form).await;
    let date = Timestamp::from_ms(shared.now()).to_http_date();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    shared.in_flight.fetch_sub(1, Ordering::SeqCst);
    if let Some(entry) = shared.log().requests.get_mut(index) {
        entry.status = if peer.reset.load(Ordering::SeqCst) {
            0
        } else {
            response.status().as_u16()
        };
    }
    let mut world = shared.world();
    let answered = world.answered.entry(route).or_default();
    *answered += 1;
    let key = (route, *answered);
    for edit in world.edits.remove(&key).unwrap_or_default() {
        let world = &mut *world;
        edit(&mut world.account, &mut world.switches);
    }
    response
}

async fn scripted(call: &Call<'_>, route: Route, form: &[u8]) -> Response {
    let answer = call
        .shared
        .world()
        .script
        .get_mut(&route)
        .and_then(std::collections::VecDeque::pop_front);
    let status =
        |code: u16| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match answer.unwrap_or(Answer::Pass) {
        Answer::Pass => dispatch(call, route, form),
        Answer::Late(ms) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            dispatch(call, route, form)
        }
        Answer::Status(code) => message(status(code), "scripted"),
        Answer::StatusRetryAfter(code, after) => {
            let mut response = message(status(code), "scripted");
            if let Ok(value) = HeaderValue::from_str(&after) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Answer::Body(body, media_type) => {
            let mut response = Response::new(Body::from(body));
            if let Ok(value) = HeaderValue::from_str(&media_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, value);
            }
            response
        }
        Answer::Reset => reset(call.peer),
        Answer::Hang => std::future::pending().await,
    }
}

fn dispatch(call: &Call<'_>, route: Route, form: &[u8]) -> Response {
    if route == Route::Token {
        return token::answer(call.shared, &call.headers, form);
    }
    if let Err(refused) = admit(call, route) {
        return *refused;
    }
    let answer = match route {
        Route::Token | Route::Unknown => Err(refusal(StatusCode::NOT_FOUND, "Not found")),
        Route::Search => content::search(call),
        Route::Interaction => content::one(call),
        Route::Download => download::answer(call),
        Route::Stats => stats::interactions(call),
        Route::StatsOne => stats::one(call),
        Route::AgentStatus => stats::agent_status(call),
        Route::Users => users::list(call),
        Route::User => users::one(call),
    };
    answer.unwrap_or_else(|refused| *refused)
}

/// Quota first, as a gateway counts before it looks; then version and token.
fn admit(call: &Call<'_>, route: Route) -> Result<(), Box<Response>> {
    let now = call.shared.now();
    let monotonic_ms = call.shared.clock.monotonic_ms();
    let mut world = call.shared.world();
    let world = &mut *world;
    let switches = &world.switches;
    let admitted = world.quota.admit(
        now,
        switches.quota_per_minute,
        switches.other_client_per_minute,
        switches.refusals_count,
    );
    if let Err(wait_ms) = admitted {
        return Err(Box::new(too_many(switches.retry_after, now, wait_ms)));
    }
    let (scope, versions): (&str, &[u8]) = match route {
        Route::Search | Route::Interaction | Route::Download => {
            ("interaction-content:read", &[2, 3])
        }
        Route::Stats | Route::StatsOne | Route::AgentStatus => ("stats", &[2, 3]),
        Route::Users | Route::User => ("users:read", &[4]),
        Route::Token | Route::Unknown => return Ok(()),
    };
    let accept = token::text(&call.headers, "accept").to_ascii_lowercase();
    let version = accept
        .strip_prefix("application/vnd.newvoicemedia.v")
        .and_then(|rest| rest.strip_suffix("+json"));
    let version = version.and_then(|v| v.parse::<u8>().ok());
    if !version.is_some_and(|v| versions.contains(&v)) {
        return Err(Box::new(bad_version(route, version.is_some())));
    }
    let unauthorized = |body: &Value| Box::new(json_response(StatusCode::UNAUTHORIZED, body));
    match token::bearer(world, monotonic_ms, &call.headers, scope) {
        Bearer::Good => Ok(()),
        Bearer::Missing => Err(unauthorized(
            &json!({"error_description": "The access token is missing", "error": "invalid_request"}),
        )),
        Bearer::Dead => Err(unauthorized(
            &json!({"error_description": "The access token is invalid or has expired", "error": "invalid_token"}),
        )),
        Bearer::Lacks => Err(refusal(StatusCode::FORBIDDEN, "Forbidden")),
    }
}

fn bad_version(route: Route, present: bool) -> Response {
    let text = match (route, present) {
        (Route::Stats | Route::StatsOne | Route::AgentStatus, false) => {
            let body = json!({"statusCode": 400, "error": "Bad Request", "message": "Invalid Accept header!"});
            return json_response(StatusCode::BAD_REQUEST, &body);
        }
        (Route::Stats | Route::StatsOne | Route::AgentStatus, true) => {
            let body = json!({"statusCode": 400, "error": "Bad Request", "message": "Invalid api-version! Valid values: 2,3"});
            return json_response(StatusCode::BAD_REQUEST, &body);
        }
        (Route::Users | Route::User, false) => "Version missing from Accept header!",
        (Route::Users | Route::User, true) => "Invalid api-version! Valid values: 4",
        (_, false) => {
            "Invalid api-version! Valid values: 'application/vnd.newvoicemedia.v2+json', 'application/vnd.newvoicemedia.v3+json'"
        }
        (_, true) => "Invalid api-version! Valid values: 'application/vnd.newvoicemedia.v3+json'",
    };
    message(StatusCode::BAD_REQUEST, text)
}

fn too_many(style: RetryAfter, now: i64, wait_ms: i64) -> Response {
    let secs = (wait_ms + 999) / 1000;
    let value = match style {
        RetryAfter::Seconds => Some(secs.to_string()),
        RetryAfter::HttpDate => Some(Timestamp::from_ms(now + wait_ms + 999).to_http_date()),
        RetryAfter::Absent => None,
        RetryAfter::Negative => Some("-5".to_owned()),
        RetryAfter::Absurd => Some("9999999999".to_owned()),
        RetryAfter::Garbage => Some("later".to_owned()),
    };
    let mut response = message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Ends the connection with a reset instead of an answer.
fn reset(peer: &Peer) -> Response {
    peer.reset.store(true, Ordering::SeqCst);
    let failing = futures_util::stream::once(async {
        Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::new(Body::from_stream(failing))
}

fn route_of(method: &Method, segments: &[String]) -> Route {
    let lower: Vec<String> = segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (method.as_str(), lower.as_slice()) {
        ("POST", ["auth", "connect", "token"] | ["connect", "token"]) => Route::Token,
        ("GET", ["interaction-content", "interactions"]) => Route::Search,
        ("GET", ["interaction-content", "interactions", _]) => Route::Interaction,
        ("GET", ["interaction-content", "interactions", _, "content", _]) => Route::Download,
        ("GET", ["stats", "interactions"]) => Route::Stats,
        ("GET", ["stats", "interactions", _]) => Route::StatsOne,
        ("GET", ["stats", "agent-status"]) => Route::AgentStatus,
        ("GET", ["useradmin", "users"]) => Route::Users,
        ("GET", ["useradmin", "users", ..]) => Route::User,
        _ => Route::Unknown,
    }
}

fn decode(segment: &str) -> String {
    let mut out = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.get(..2).filter(|_| *first == b'%');
        let byte = hex
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}
