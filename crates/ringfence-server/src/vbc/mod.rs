//! The VBC APIs that applications call for people.
//!
//! The gateway has admitted the call before a handler here runs. What it refuses, and paths that nobody answers, take
//! the platform's faults in [`error`] alone. A suite is a folder; read [`provisioning`] first.

pub(crate) mod error;
pub(crate) mod provisioning;
pub(crate) mod store_api;
