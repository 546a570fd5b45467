//! What things are, and the rules.
//!
//! Pure: no I/O, no clock and no randomness of its own; both come in through
//! [`context`]. Nothing here knows HTTP or SQL. Read [`id`] and [`scope`] first:
//! every other module speaks in their types.

pub mod account;
pub mod application;
pub mod audit;
pub mod authorization_request;
pub mod callback;
pub mod client;
pub mod consumer;
pub mod content;
pub mod context;
pub mod credential;
pub mod developer;
pub mod developer_scope;
pub mod digest;
pub mod encoding;
pub mod family;
pub mod gap;
pub mod grant;
pub mod handover;
pub mod id;
pub mod interaction;
pub mod issuer;
pub mod jwt;
pub mod key_schedule;
pub mod path;
pub mod permission;
pub mod pkce;
pub mod profile;
pub mod provisioning;
pub mod refresh_token;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod sign_in;
pub mod statistics;
pub mod suite;
pub mod tenant;
pub mod time;
pub mod transcript;
pub mod user;
pub mod user_scope;
pub mod visibility;
pub mod wav;
