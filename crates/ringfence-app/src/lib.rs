//! What the product does: one function per act.
//!
//! An act checks who may do it, opens one transaction, and writes the change together
//! with its line in the change feed and the audit trail. Issuing a machine token and
//! admitting a call read the [`directory`] only. Read [`context`] first.

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod authorize;
pub mod caller;
pub mod contents;
pub mod context;
pub mod credentials;
pub mod developer_caller;
pub mod developer_console;
pub mod developer_session;
pub mod developer_tokens;
pub mod developers;
pub mod directory;
pub mod error;
pub mod gateway;
pub mod grants;
pub mod group_admin;
pub mod groups;
pub mod idempotency;
pub mod import;
pub mod interactions;
pub mod keys;
pub mod manage;
pub mod paging;
pub mod password;
pub mod providers;
pub mod provisioning;
pub mod quota;
pub mod quota_window;
pub mod session;
pub mod sign_in;
pub mod sounds;
pub mod stats;
pub mod sweep;
pub mod token;
pub mod traffic;
pub mod upkeep;
pub mod usage;
pub mod user_admin;
pub mod user_grants;
pub mod userinfo;
pub mod users;
