//! `[directory]`

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// Live rights: how closely a node follows the change feed.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Directory {
    /// How often the feed is read when nothing wakes the node.
    pub poll_ms: u64,
    /// How long a node serves without reaching the feed.
    pub max_staleness_secs: u64,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            poll_ms: 200,
            max_staleness_secs: 60,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "directory",
    meaning: "Live rights: how closely this node follows changes made elsewhere.",
    keys: &[
        Key {
            name: "poll_ms",
            kind: Kind::Number,
            meaning: "How often the change feed is read when nothing wakes the node: 10 to 200 milliseconds.",
            example: "",
        },
        Key {
            name: "max_staleness_secs",
            kind: Kind::Number,
            meaning: "How long a node that cannot reach the feed keeps serving; after that it answers 503.",
            example: "",
        },
    ],
};

impl Directory {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if !(10..=200).contains(&self.poll_ms) {
            faults.push("directory.poll_ms must be between 10 and 200: a change is refused everywhere within a second".to_owned());
        }
        if self.max_staleness_secs == 0 {
            faults.push("directory.max_staleness_secs must be above zero".to_owned());
        }
    }
}
