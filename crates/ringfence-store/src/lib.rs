//! The only crate that speaks SQL or holds bytes.
//!
//! One module per noun, free functions that take a transaction ([`db::Tx`]) and never
//! begin or commit: the caller does, once per act. Nothing here decides who may do
//! what. Read [`db`] first; it alone knows that there are two drivers.

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod blobs;
pub mod collect;
pub mod consents;
pub mod contents;
pub mod credentials;
pub mod db;
pub mod developer_sessions;
pub mod developer_tokens;
pub mod developers;
pub mod feed;
pub mod grants;
pub mod groups;
pub mod health;
pub mod idempotency;
pub mod interactions;
pub mod keys;
pub mod leases;
pub mod memberships;
pub mod names;
pub mod providers;
pub mod provisioning;
pub mod revocations;
mod search;
pub mod sessions;
pub mod sign_in;
pub mod sounds;
pub mod traffic;
pub mod user_search;
pub mod users;
