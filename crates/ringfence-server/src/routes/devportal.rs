//! The Developer Portal and its REST API.

use crate::router::Entry;

/// Pages of developers.
pub(super) fn pages() -> Vec<Entry> {
    Vec::new()
}

/// The Portal REST API (vbc-api §2.7).
pub(super) fn store_api() -> Vec<Entry> {
    Vec::new()
}
