//! The Admin Portal: pages for people.
//!
//! Each page is one template and one handler, which calls one act of `ringfence_app::manage` with the caller. The
//! [`door`] lets nobody in who is not signed in, and refuses what another site's page sends. Read [`page`] next.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod authorize;
pub(crate) mod chart;
mod choice;
mod chrome;
mod collections;
mod coverage;
pub(crate) mod credentials;
mod design;
pub(crate) mod developer;
pub(crate) mod developers;
pub(crate) mod door;
mod error;
pub(crate) mod explorer;
mod faults;
mod form;
mod gaps;
pub(crate) mod gateway;
pub(crate) mod groups;
pub(crate) mod handover;
mod home;
pub(crate) mod keys;
mod listing;
mod notice;
mod page;
pub(crate) mod providers;
mod recording;
mod recording_content;
mod recordings;
pub(crate) mod sign_in;
pub(crate) mod time;
mod timeline;
pub(crate) mod users;
mod wave;

pub(crate) use assets::asset_route;
pub(crate) use collections::{collections_route, connection_route, run_route};
pub(crate) use design::design_route;
pub(crate) use gaps::{gaps_csv_route, gaps_route};
pub(crate) use home::{account_open_route, home_route, missing_route, sign_out_route};
pub(crate) use recording::{
    recording_delete_page_route, recording_delete_route, recording_item_delete_page_route,
    recording_item_delete_route, recording_route,
};
pub(crate) use recording_content::recording_content_route;
pub(crate) use recordings::recordings_route;
