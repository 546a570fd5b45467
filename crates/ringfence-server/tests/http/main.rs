//! The whole server through its public door, one file an endpoint.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test measures how long the server really takes"
)]

mod access;
mod access_people;
mod authorize;
mod coverage;
mod devportal;
mod gateway;
mod manage;
mod oauth;
mod portal;
mod store_api;
mod vbc;
mod vbc_token;
mod vcc;
