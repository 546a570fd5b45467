//! A small OpenID Connect provider of its own: code flow with PKCE, signed ID tokens, and faults at will.

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ringfence_core::account::TokenAlg;
use ringfence_core::id::KeyId;
use ringfence_core::jwt::jwk::jwks_json;
use ringfence_core::jwt::key::SigningKey;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Our client id at the provider.
pub const CLIENT_ID: &str = "ringfence";
/// Our client secret there; it has characters that must be encoded.
pub const CLIENT_SECRET: &str = "s3:cr+t%";

/// A running provider.
#[derive(Debug)]
pub struct TestProvider {
    /// Its issuer.
    pub issuer: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    issuer: String,
    key: SigningKey,
    other_key: SigningKey,
    state: Mutex<Behaviour>,
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

/// Whom the provider signs in, and what it does wrong.
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    /// Claims to add to the ID token, or to put in place of its own; `null` takes one away.
    pub claims: serde_json::Map<String, Value>,
    /// Signs with a key that it does not publish.
    pub signs_with_another_key: bool,
}

impl TestProvider {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// No port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has one");
        let issuer = format!("http://{address}");
        let key = |n| {
            SigningKey::generate(KeyId::from_bytes([n; 16]), TokenAlg::Rs256)
                .expect("a key is made")
        };
        let shared = Arc::new(Shared {
            issuer: issuer.clone(),
            key: key(1),
            other_key: key(1),
            state: Mutex::default(),
            codes: Mutex::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/auth", get(authorize))
            .route("/token", post(exchange))
            .route("/jwks", get(keys))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the provider runs");
        });
        Self {
            issuer,
            shared,
            task,
        }
    }

    /// Has it behave so from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.shared.state.lock().expect("nobody panicked") = behaviour;
    }
}

impl Drop for TestProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn describe(State(shared): State<Arc<Shared>>) -> Response {
    let at = |path: &str| format!("{}{path}", shared.issuer);
    axum::Json(json!({
        "issuer": shared.issuer,
        "authorization_endpoint": at("/auth"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "response_types_supported": ["code"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

async fn authorize(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let has = |name: &str, value: &str| query.get(name).is_some_and(|found| found == value);
    if !has("client_id", CLIENT_ID)
        || !has("response_type", "code")
        || !has("code_challenge_method", "S256")
        || !query
            .get("scope")
            .is_some_and(|s| s.split(' ').any(|s| s == "openid"))
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut codes = shared.codes.lock().expect("nobody panicked");
    let code = format!("code-{}", codes.len());
    let back = format!(
        "{}?code={code}&state={}&iss={}",
        query["redirect_uri"],
        query["state"],
        url::form_urlencoded::byte_serialize(shared.issuer.as_bytes()).collect::<String>(),
    );
    codes.insert(code, query);
    Redirect::to(&back).into_response()
}

async fn exchange(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let expected = format!("{CLIENT_ID}:s3%3Acr%2Bt%25");
    let expected = format!("Basic {}", STANDARD.encode(expected));
    let client_good = headers
        .get("authorization")
        .is_some_and(|v| v.as_bytes() == expected.as_bytes());
    let asked = form
        .get("code")
        .and_then(|code| shared.codes.lock().expect("nobody panicked").remove(code));
    let Some(asked) = asked.filter(|_| client_good) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    if asked["code_challenge"] != challenge || form.get("redirect_uri") != asked.get("redirect_uri")
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let behaviour = shared.state.lock().expect("nobody panicked").clone();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is right")
        .as_secs();
    let mut claims = json!({
        "iss": shared.issuer,
        "aud": CLIENT_ID,
        "sub": "subject-1",
        "iat": now,
        "exp": now + 300,
        "nonce": asked["nonce"],
        "preferred_username": "sam",
    });
    let members = claims.as_object_mut().expect("an object");
    for (name, value) in behaviour.claims {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    let key = if behaviour.signs_with_another_key {
        &shared.other_key
    } else {
        &shared.key
    };
    let header = json!({"alg": "RS256", "kid": key.id.to_string(), "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(&header), part(&claims));
    let signature = key.sign(input.as_bytes()).expect("a key signs");
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature));
    axum::Json(json!({"access_token": "x", "token_type": "Bearer", "id_token": token}))
        .into_response()
}

async fn keys(State(shared): State<Arc<Shared>>) -> Response {
    let keys = jwks_json([shared.key.public()]).expect("a key is shown");
    ([("content-type", "application/json")], keys).into_response()
}
