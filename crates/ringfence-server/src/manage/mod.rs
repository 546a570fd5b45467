//! The Management API under `/api/v1`: everything the portal does, as JSON.
//!
//! A handler turns the request into types, calls one act of `ringfence_app::manage`, and turns the outcome into a
//! response. [`error`] says refusals as problem details (RFC 9457), [`body`] and [`query`] read strictly, [`paging`]
//! seals cursors, [`entity`] keeps edits from overwriting each other, [`idempotency`] makes creates safe to repeat,
//! [`openapi`] puts the description together. To add a noun, copy `accounts.rs`: views and bodies with `ToSchema`,
//! handlers with `#[utoipa::path]`, a `..._route()` for each, and a `pub(super) struct Api`; name it in `openapi.rs`
//! and its operations in `routes/manage.rs`.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod audit;
pub(crate) mod body;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod developers;
pub(crate) mod door;
pub(crate) mod entity;
pub(crate) mod error;
pub(crate) mod groups;
pub(crate) mod idempotency;
pub(crate) mod interaction_content;
pub(crate) mod interactions;
pub(crate) mod keys;
pub(crate) mod me;
pub(crate) mod openapi;
pub(crate) mod paging;
pub(crate) mod providers;
pub(crate) mod provisioning;
pub(crate) mod query;
pub(crate) mod traffic;
pub(crate) mod users;
