//! `[database]`

use serde::{Deserialize, Serialize};

use super::Hidden;
use super::key::{Key, Kind, Section};

/// Where rows lie.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    /// The database's URL; a SQLite file in the data folder without one. It may hold a password.
    pub url: Option<Hidden>,
    /// How many connections this node keeps.
    pub max_connections: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            max_connections: 10,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "database",
    meaning: "Where rows lie.",
    keys: &[
        Key {
            name: "url",
            kind: Kind::Text,
            meaning: "sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/NAME. Without it: ringfence.db in data_dir.\n\
                  Several nodes need PostgreSQL. Flag: --database-url.",
            example: "\"postgres://ringfence:password@db.example:5432/ringfence\"",
        },
        Key {
            name: "max_connections",
            kind: Kind::Number,
            meaning: "How many connections this node keeps: 2 to 1000.",
            example: "",
        },
    ],
};

impl Database {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if !(2..=1_000).contains(&self.max_connections) {
            faults.push("database.max_connections must be between 2 and 1000".to_owned());
        }
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if let Some(url) = &self.url
            && !known.iter().any(|scheme| url.reveal().starts_with(scheme))
        {
            faults.push("database.url must start with sqlite: or postgres://".to_owned());
        }
    }
}
