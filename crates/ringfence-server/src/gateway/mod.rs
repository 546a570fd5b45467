//! The gateway: who may call what, and calls handed on to programs behind us.
//!
//! [`routes`] is the table of upstream routes; [`forward`] passes a call on; [`headers`] is what passes and what does
//! not. A method or path without a rule is refused.

pub mod forward;
pub mod headers;
pub mod routes;
