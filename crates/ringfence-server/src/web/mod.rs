//! The hall that all rooms share: the listener, what is true of every request and response, and operations.
//!
//! A connection comes in at [`listener`]; [`hall`] refuses requests that have two readings, names each request and
//! writes the access log; [`metrics`] counts. Nothing here knows an API or who may do what.

pub mod caller;
pub(crate) mod case;
pub(crate) mod developer;
pub(crate) mod entity;
pub(crate) mod framing;
pub(crate) mod guarded_io;
pub mod hall;
pub(crate) mod host;
pub mod listener;
pub mod metrics;
pub mod operations;
pub(crate) mod outbound;
pub(crate) mod person;
pub mod provider;
pub mod proxies;
pub(crate) mod record;
pub mod timed_body;
pub mod tls;
pub(crate) mod trail;
pub(crate) mod words;
