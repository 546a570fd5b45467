//! The VCC APIs over HTTP: Interaction Content, Insights Stats and User Admin.
//!
//! The gateway has admitted the call before a handler here runs. A handler reads the
//! version and the query ([`request`]), calls one act of the app, and turns the outcome
//! into the API's own JSON; refusals, the gateway's included, take the API's own words in
//! [`error`] alone. Read [`interaction_content`] first.

mod content_download;
pub(crate) mod describe;
pub(crate) mod error;
mod group_admin;
pub(crate) mod interaction_content;
mod permission_admin;
mod request;
pub(crate) mod stats;
mod stats_status;
pub(crate) mod user_admin;
mod user_view;
mod version;

/// An API of the contact centre, by its dialect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Api {
    /// Interaction Content.
    Content,
    /// Insights Stats.
    Stats,
    /// User Admin.
    Users,
}
