//! What the token service offers, for programs (RFC 8414, OpenID Connect Discovery).
//!
//! Every URL comes from the configured outside URL; no header of the request changes one.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use ringfence_core::scope::CATALOGUE;

use crate::app::App;

const CLIENT_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// What works here, and nothing else.
#[derive(serde::Serialize)]
struct MetadataView {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<&'static str>,
    // Required members; nobody is authorised through a browser here.
    response_types_supported: [&'static str; 0],
    subject_types_supported: [&'static str; 1],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
}

pub(crate) async fn metadata_show(State(app): State<App>) -> Response {
    let issuer = app.ctx.token.issuer.clone();
    let view = MetadataView {
        token_endpoint: format!("{issuer}/connect/token"),
        jwks_uri: format!("{issuer}/.well-known/openid-configuration/jwks"),
        introspection_endpoint: format!("{issuer}/connect/introspect"),
        revocation_endpoint: format!("{issuer}/connect/revocation"),
        issuer,
        scopes_supported: CATALOGUE.iter().map(|info| info.value).collect(),
        response_types_supported: [],
        subject_types_supported: ["public"],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: CLIENT_METHODS,
        introspection_endpoint_auth_methods_supported: CLIENT_METHODS,
        revocation_endpoint_auth_methods_supported: CLIENT_METHODS,
    };
    ([(CACHE_CONTROL, "public, max-age=300")], Json(view)).into_response()
}
