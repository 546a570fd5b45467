//! The collector: brings every recording of a remote account home, and accounts for what is missing.
//!
//! [`run`] is the whole run on one screen; it goes `list` → `plan` → `fetch` → `commit` →
//! `report`. `upstream` knows the remote API, `sink` knows where bytes go, `coverage` names
//! why calls have no recording. Nothing here knows the server's rooms.

pub mod check;
pub mod commit;
pub mod connection;
pub mod context;
pub mod corpus;
pub mod coverage;
pub mod error;
pub mod fetch;
pub mod lane;
pub mod list;
pub mod plan;
pub mod report;
pub mod run;
pub mod sink;
pub mod status;
pub mod token;
pub mod upstream;
pub mod verify;
