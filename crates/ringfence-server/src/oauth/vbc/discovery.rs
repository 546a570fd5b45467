//! What the token service of applications offers (RFC 8414, OpenID Connect Discovery 1.0).
//!
//! Every URL comes from the configured outside URL; no header of the request changes one. What stands here works, and
//! what does not stand here does not.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use ringfence_core::account::TokenAlg;
use ringfence_core::application::GrantType;
use ringfence_core::authorization_request::{PersonClaim, Prompt, ResponseMode};
use ringfence_core::sign_in::strength::ACRS;
use ringfence_core::user_scope::UserScope;

use crate::app::App;

const CLIENT_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// Claims of every ID token, or of those that were asked for in that way.
const ID_TOKEN_CLAIMS: [&str; 13] = [
    "sub",
    "iss",
    "aud",
    "azp",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "c_hash",
    "sid",
];

/// What works here, and nothing else.
#[derive(serde::Serialize)]
struct MetadataView {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: Vec<&'static str>,
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 3],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    acr_values_supported: [&'static str; 2],
    prompt_values_supported: [&'static str; 4],
    display_values_supported: [&'static str; 1],
    ui_locales_supported: [&'static str; 1],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

pub(super) async fn metadata_show(State(app): State<App>) -> Response {
    let settings = &app.ctx.settings;
    let at = |path: &str| format!("{}{path}", settings.public_url);
    let grants = GrantType::ALL.into_iter();
    let grants =
        grants.filter(|grant| *grant != GrantType::Password || settings.vbc.password_grant);
    let claims = ID_TOKEN_CLAIMS.into_iter();
    let view = MetadataView {
        issuer: app.ctx.token.vbc_issuer.clone(),
        authorization_endpoint: at("/authorize"),
        token_endpoint: at("/token"),
        userinfo_endpoint: at("/userinfo"),
        revocation_endpoint: at("/revoke"),
        end_session_endpoint: at("/oidc/logout"),
        jwks_uri: at("/oauth2/jwks"),
        scopes_supported: UserScope::ALL.into_iter().map(UserScope::as_str).collect(),
        response_types_supported: ["code"],
        response_modes_supported: ResponseMode::ALL
            .into_iter()
            .map(ResponseMode::as_str)
            .collect(),
        grant_types_supported: grants.map(GrantType::as_str).collect(),
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: [TokenAlg::Rs256.as_str()],
        token_endpoint_auth_methods_supported: CLIENT_METHODS,
        revocation_endpoint_auth_methods_supported: CLIENT_METHODS,
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        acr_values_supported: ACRS,
        prompt_values_supported: Prompt::VALUES,
        display_values_supported: ["page"],
        ui_locales_supported: ["en"],
        claim_types_supported: ["normal"],
        claims_supported: claims
            .chain(PersonClaim::ALL.map(PersonClaim::as_str))
            .collect(),
        claims_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    };
    ([(CACHE_CONTROL, "public, max-age=300")], Json(view)).into_response()
}
