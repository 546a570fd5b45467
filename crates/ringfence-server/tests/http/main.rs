//! The whole server through its public door, one file an endpoint.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends")]

mod gateway;
mod oauth;
