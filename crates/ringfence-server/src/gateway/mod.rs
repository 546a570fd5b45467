//! The gateway: who may call what, and calls handed on to programs behind us.
//!
//! [`admit`] stands in front of every operation that asks for a token; [`upstream`] answers paths that are no operation
//! of ours, by the table in [`routes`] and through [`forward`]. A method or path without a rule is refused.

pub(crate) mod admit;
mod bearer;
pub(crate) mod error;
pub mod forward;
mod headers;
pub mod routes;
pub mod upstream;
