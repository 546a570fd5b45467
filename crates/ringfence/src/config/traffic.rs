//! `[traffic]`

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// The record of requests.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Traffic {
    /// How many admitted requests a second are kept one by one.
    pub admitted_per_second: u32,
    /// How many refused ones.
    pub refused_per_second: u32,
    /// For how many days.
    pub days_kept: u32,
    /// How many of each kind an account has at most.
    pub requests_per_account: u32,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            admitted_per_second: 50,
            refused_per_second: 500,
            days_kept: 7,
            requests_per_account: 100_000,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "traffic",
    meaning: "The record of requests, for the gateway page and the look-up of a request id. Every request is counted;\n\
              these bound how many are also kept one by one. No path, query, token or body is ever kept.",
    keys: &[
        Key {
            name: "admitted_per_second",
            kind: Kind::Number,
            meaning: "How many admitted requests a second this node keeps one by one; 0 keeps none.",
            example: "",
        },
        Key {
            name: "refused_per_second",
            kind: Kind::Number,
            meaning: "How many refused requests a second this node keeps one by one.",
            example: "",
        },
        Key {
            name: "days_kept",
            kind: Kind::Number,
            meaning: "For how many days they are kept; they hold the address of the caller.",
            example: "",
        },
        Key {
            name: "requests_per_account",
            kind: Kind::Number,
            meaning: "How many refused and how many admitted requests of one account are kept at most.",
            example: "",
        },
    ],
};

impl Traffic {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if self.days_kept == 0 || self.days_kept > 366 {
            faults.push("traffic.days_kept must be between 1 and 366".to_owned());
        }
        if self.requests_per_account == 0 {
            faults.push("traffic.requests_per_account must be above zero".to_owned());
        }
        for (name, value) in [
            ("admitted_per_second", self.admitted_per_second),
            ("refused_per_second", self.refused_per_second),
        ] {
            if value > 10_000 {
                faults.push(format!(
                    "traffic.{name} must be at most 10000: each is a row of the database"
                ));
            }
        }
    }
}
