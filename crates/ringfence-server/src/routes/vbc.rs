//! The token service of applications, and the VBC APIs.

use crate::router::Entry;

/// The token service of applications (vbc-api §3).
pub(super) fn token_service() -> Vec<Entry> {
    Vec::new()
}

/// The Provisioning suite (vbc-api §5).
pub(super) fn provisioning() -> Vec<Entry> {
    Vec::new()
}
