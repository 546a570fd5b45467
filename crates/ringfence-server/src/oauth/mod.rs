//! The token services over HTTP: token, introspection, revocation, metadata and key set; [`vbc`] is that of applications.
//!
//! A request becomes types in [`request`] or is refused there; each handler then calls one
//! act of the app. Errors are rendered in [`error`] alone. Read [`token`] first.

mod basic;
pub(crate) mod discovery;
mod error;
mod form;
pub(crate) mod introspection;
pub(crate) mod jwks;
mod request;
pub(crate) mod revocation;
pub(crate) mod token;
pub(crate) mod vbc;

use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;

/// `POST /Auth/connect/token`.
pub(crate) fn token_route() -> MethodRouter<App> {
    post(token::token_issue)
        .fallback(error::method_refused)
        .layer(from_fn(error::wrong_client_restate))
}

/// `POST /Auth/connect/introspect`.
pub(crate) fn introspection_route() -> MethodRouter<App> {
    post(introspection::token_introspect).fallback(error::method_refused)
}

/// `POST /Auth/connect/revocation`.
pub(crate) fn revocation_route() -> MethodRouter<App> {
    post(revocation::token_revoke).fallback(error::method_refused)
}

/// `GET /Auth/.well-known/openid-configuration` and its other places.
pub(crate) fn discovery_route() -> MethodRouter<App> {
    get(discovery::metadata_show)
}

/// `GET /Auth/.well-known/openid-configuration/jwks`.
pub(crate) fn jwks_route() -> MethodRouter<App> {
    get(jwks::jwks_show)
}
