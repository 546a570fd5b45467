//! The token service of applications (vbc-api §3): tokens and their revocation, at the root and under the tenant.
//!
//! Its answers have the platform's own shapes, in [`error`] and [`token`]. No cookie is read here, so programs in any
//! page may call it ([`cors`]).

mod cors;
mod error;
mod revocation;
mod token;

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
