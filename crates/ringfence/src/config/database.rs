//! `[database]`

use serde::{Deserialize, Serialize};

use super::Hidden;
use super::key::{Key, Kind, Section};

/// Where rows lie.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    /// The database's URL; a SQLite file in the data folder without one. It may hold a password.
    pub url: Option<Hidden>,
}

pub(super) const SECTION: Section = Section {
    path: "database",
    meaning: "Where rows lie.",
    keys: &[Key {
        name: "url",
        kind: Kind::Text,
        meaning: "sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/NAME. Without it: ringfence.db in data_dir.\n\
                  Several nodes need PostgreSQL. Flag: --database-url.",
        example: "\"postgres://ringfence:password@db.example:5432/ringfence\"",
    }],
};

impl Database {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if let Some(url) = &self.url
            && !known.iter().any(|scheme| url.reveal().starts_with(scheme))
        {
            faults.push("database.url must start with sqlite: or postgres://".to_owned());
        }
    }
}
