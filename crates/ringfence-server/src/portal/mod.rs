//! The Admin Portal: pages for people.
//!
//! Each page is one template and one handler, which calls one act of `ringfence_app::manage` with the caller. The
//! [`door`] lets nobody in who is not signed in, and refuses what another site's page sends. Read [`page`] next.

pub(crate) mod assets;
pub(crate) mod chart;
mod chrome;
pub(crate) mod credentials;
mod design;
pub(crate) mod door;
mod error;
mod form;
pub(crate) mod gateway;
pub(crate) mod handover;
mod home;
mod listing;
mod notice;
mod page;
pub(crate) mod sign_in;
pub(crate) mod time;

pub(crate) use assets::asset_route;
pub(crate) use design::design_route;
pub(crate) use home::{account_open_route, home_route, missing_route, sign_out_route};
