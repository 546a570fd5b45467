//! What a person may do at the portals and over the Management API.
//!
//! One function an act: it asks the [`crate::caller::Caller`] and the rules of vcc-api §4.1, then does the act of the
//! floor's other modules. What somebody may not know of is not found; what they may see and not do is forbidden.

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod collections;
pub mod credentials;
pub mod developers;
pub mod explorer;
pub mod gaps;
pub mod groups;
pub mod interactions;
pub mod keys;
pub mod providers;
pub mod provisioning;
pub mod recordings;
pub mod slice;
pub mod traffic;
pub mod user_effect;
pub mod users;
