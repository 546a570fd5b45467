//! `POST /Auth/connect/token` (vcc-api §3.1).

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::platform::{IssuedToken, Shared, World};
use super::serve::json_response;
use super::switches::TokenFault;

pub(super) fn answer(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut world = shared.world();
    if let Some(fault) = world.switches.token_fault.clone() {
        return faulty(&fault);
    }
    let content_type = text(headers, header::CONTENT_TYPE.as_str()).to_ascii_lowercase();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return error(
            "invalid_request",
            "The content type must be application/x-www-form-urlencoded",
        );
    }
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    if field("grant_type") != "client_credentials" {
        return error("unsupported_grant_type", "Invalid grant_type");
    }
    let (id, secret) = basic(headers).unwrap_or_else(|| {
        (
            field("client_id").to_owned(),
            field("client_secret").to_owned(),
        )
    });
    if id != world.account.client_id || secret != world.account.client_secret {
        return json_response(StatusCode::BAD_REQUEST, &json!({"error": "invalid_client"}));
    }
    let scopes: Vec<String> = field("scope")
        .split(' ')
        .filter(|s| !s.is_empty())
        .map(str::to_owned)
        .collect();
    if scopes.is_empty() {
        return error("invalid_scope", "You must specify a scope");
    }
    if let Some(scope) = scopes
        .iter()
        .find(|scope| !world.account.scopes.contains(scope))
    {
        return error("invalid_scope", &format!("\"{scope}\" is an invalid scope"));
    }
    issue(shared, &mut world, scopes)
}

/// Whether a request bears a live token, and one with a scope.
pub(super) enum Bearer {
    Good,
    Missing,
    Dead,
    Lacks,
}

pub(super) fn bearer(world: &World, monotonic_ms: u64, headers: &HeaderMap, scope: &str) -> Bearer {
    let value = text(headers, header::AUTHORIZATION.as_str());
    let Some((scheme, token)) = value.split_once(' ') else {
        return Bearer::Missing;
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Bearer::Missing;
    }
    match world.tokens.get(token) {
        Some(issued) if issued.expires_at_ms > monotonic_ms => {
            let both = |s: &String| s == scope && world.account.scopes.contains(s);
            if issued.scopes.iter().any(both) {
                Bearer::Good
            } else {
                Bearer::Lacks
            }
        }
        Some(_) | None => Bearer::Dead,
    }
}

pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
}

fn issue(shared: &Shared, world: &mut World, scopes: Vec<String>) -> Response {
    world.n_tokens += 1;
    let token = format!(
        "fake-token-{:08}-{:016x}",
        world.n_tokens,
        world.n_tokens.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    );
    let life_ms = world.switches.token_life_ms;
    let expires_at_ms = shared.clock.monotonic_ms() + life_ms;
    world.tokens.insert(
        token.clone(),
        IssuedToken {
            expires_at_ms,
            scopes,
        },
    );
    let truth = i64::try_from(life_ms / 1000).unwrap_or(i64::MAX);
    let expires_in = world.switches.token_claims_secs.unwrap_or(truth);
    json_response(
        StatusCode::OK,
        &json!({"access_token": token, "expires_in": expires_in, "token_type": "Bearer"}),
    )
}

fn faulty(fault: &TokenFault) -> Response {
    match fault {
        TokenFault::InvalidClient => {
            json_response(StatusCode::BAD_REQUEST, &json!({"error": "invalid_client"}))
        }
        TokenFault::InvalidScope(scope) => {
            error("invalid_scope", &format!("\"{scope}\" is an invalid scope"))
        }
        TokenFault::Status(status) => json_response(
            StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            &json!({"error": "Internal Server Error", "error_description": "An internal server error occurred"}),
        ),
        TokenFault::Html => {
            let mut page = Response::new(Body::from(
                "<!DOCTYPE html><html><body>Sign in</body></html>",
            ));
            page.headers_mut().insert(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static("text/html"),
            );
            page
        }
        TokenFault::NoToken => json_response(StatusCode::OK, &json!({"token_type": "Bearer"})),
    }
}

fn error(code: &str, description: &str) -> Response {
    let body: Value = json!({"error": code, "error_description": description});
    json_response(StatusCode::BAD_REQUEST, &body)
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, rest) = text(headers, header::AUTHORIZATION.as_str()).split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |part: &str| {
        url::form_urlencoded::parse(format!("v={part}").as_bytes())
            .next()
            .map(|(_, v)| v.into_owned())
    };
    Some((plain(id)?, plain(secret)?))
}
