//! `[collect]`

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// The collector's pace.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Collect {
    /// How many downloads run side by side.
    pub parallel: u32,
    /// How often a request is tried.
    pub max_attempts: u32,
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            parallel: 8,
            max_attempts: 5,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "collect",
    meaning: "The collector.",
    keys: &[
        Key {
            name: "parallel",
            kind: Kind::Number,
            meaning: "How many downloads run side by side: 1 to 64.",
            example: "",
        },
        Key {
            name: "max_attempts",
            kind: Kind::Number,
            meaning: "How often a request is tried before its item counts as failed: 1 to 20.",
            example: "",
        },
    ],
};

impl Collect {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if !(1..=64).contains(&self.parallel) {
            faults.push("collect.parallel must be between 1 and 64".to_owned());
        }
        if !(1..=20).contains(&self.max_attempts) {
            faults.push("collect.max_attempts must be between 1 and 20".to_owned());
        }
    }
}
