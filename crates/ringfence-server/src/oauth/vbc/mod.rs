//! The token service of applications (vbc-api §3): tokens and their revocation, at the root and under the
//! tenant, what the service says of itself, and what an application may know of the person it acts for.
//!
//! Its answers have the platform's own shapes, in [`error`] and [`token`]. No cookie is read here, so programs in any
//! page may call it ([`cors`]).

mod cors;
mod discovery;
mod error;
mod revocation;
mod token;
mod userinfo;

use axum::middleware::map_response;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;
use crate::oauth::jwks::jwks_show;

/// `POST /token`.
pub(crate) fn token_route() -> MethodRouter<App> {
    post(token::tokens_grant)
        .options(cors::preflight)
        .fallback(error::method_refused)
        .layer(map_response(cors::for_any_page))
}

/// `POST /revoke`.
pub(crate) fn revocation_route() -> MethodRouter<App> {
    post(revocation::token_revoke)
        .options(cors::preflight)
        .fallback(error::method_refused)
        .layer(map_response(cors::for_any_page))
}

/// `GET /oauth2/jwks`.
pub(crate) fn jwks_route() -> MethodRouter<App> {
    get(jwks_show).layer(map_response(cors::for_any_page))
}

/// `GET /oauth2/token/.well-known/openid-configuration` and its other places.
pub(crate) fn discovery_route() -> MethodRouter<App> {
    get(discovery::metadata_show).layer(map_response(cors::for_any_page))
}

/// `GET` and `POST /userinfo`.
pub(crate) fn userinfo_routes() -> [MethodRouter<App>; 2] {
    [get(userinfo::userinfo_show), post(userinfo::userinfo_show)]
}
