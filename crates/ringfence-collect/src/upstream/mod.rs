//! The remote platform: how to reach it, how fast, how often, and what its answers mean.
//!
//! Nothing here knows the ledger or the corpus. Read [`client`] first; [`pace`] and
//! [`retry`] decide when it may ask, [`auth`] with what token, [`wire`] turns bytes into
//! types.

pub mod access;
pub mod auth;
pub mod client;
pub mod line;
pub mod md5;
pub mod offered;
pub mod pace;
pub mod retry;
pub mod wire;
