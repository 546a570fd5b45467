//! `[log]`

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// The log, which goes to standard error.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// How an event is written.
    pub format: LogFormat,
    /// What is written.
    pub level: String,
}

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "log",
    meaning: "The log, which goes to standard error. It holds no secret, no token and no personal data.",
    keys: &[
        Key {
            name: "format",
            kind: Kind::Text,
            meaning: "text (for people) or json (an object a line).",
            example: "",
        },
        Key {
            name: "level",
            kind: Kind::Text,
            meaning: "error, warn, info, debug or trace; or a filter such as \"info,ringfence_app=debug\". Flags: -q, -v.",
            example: "",
        },
    ],
};
