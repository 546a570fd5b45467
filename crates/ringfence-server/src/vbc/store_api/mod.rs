//! The Portal REST API: what a developer does in the Developer Portal, as JSON (vbc-api §2.7).
//!
//! It speaks the dialect of the platform's portal under [`STORE`] and, in newer clients, [`PORTAL`]. A handler turns the
//! request into types, calls one act of `ringfence_app::applications`, and turns the outcome into a response. [`error`]
//! says refusals with the platform's codes, [`body`] and [`query`] read requests, [`page`] gives lists. Read
//! [`applications`] first. A consumer secret stands in the one answer that made it.

pub(crate) mod applications;
mod body;
pub(crate) mod catalogue;
pub(crate) mod door;
pub(crate) mod error;
pub(crate) mod keys;
mod page;
pub(crate) mod policies;
mod query;
pub(crate) mod subscriptions;
pub(crate) mod tokens;
mod view;

use http::Uri;

/// Where the API begins.
pub(crate) const STORE: &str = "/api/am/store/v1";
/// Where newer clients look for it.
pub(crate) const PORTAL: &str = "/api/am/devportal/v2";

/// The beginning that a request was sent to.
fn base_of(uri: &Uri) -> &'static str {
    if uri.path().starts_with(PORTAL) {
        PORTAL
    } else {
        STORE
    }
}
