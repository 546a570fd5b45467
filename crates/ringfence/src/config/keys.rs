//! `[keys]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};
use super::token::MOST_TTL_SECS;
use super::{Hidden, Token};

/// Signing keys and the master key that encrypts them at rest.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Keys {
    /// The file with the master key.
    pub master_key_file: Option<PathBuf>,
    /// The master key itself.
    pub master_key: Option<Hidden>,
    /// How long a key signs.
    pub rotate_secs: u32,
    /// How long a key is published before it signs.
    pub announce_secs: u32,
    /// How long a key is published after its last signature.
    pub retire_secs: u32,
    /// How long clients may keep the key set.
    pub jwks_max_age_secs: u32,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            master_key_file: None,
            master_key: None,
            rotate_secs: 30 * 86_400,
            announce_secs: 86_400,
            retire_secs: 86_400 + 3_600,
            jwks_max_age_secs: 900,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "keys",
    meaning: "Signing keys rotate by themselves; the master key encrypts them at rest.",
    keys: &[
        Key {
            name: "master_key_file",
            kind: Kind::Text,
            meaning: "File with the master key: 64 hexadecimal digits, mode 0600.\n\
                      Without it: master.key in data_dir, made on first start. Keep a copy elsewhere.",
            example: "\"/etc/ringfence/master.key\"",
        },
        Key {
            name: "master_key",
            kind: Kind::Text,
            meaning: "The master key itself: 64 hexadecimal digits. Better given by the variable than in this file.",
            example: "\"0000000000000000000000000000000000000000000000000000000000000000\"",
        },
        Key {
            name: "rotate_secs",
            kind: Kind::Number,
            meaning: "How long a key signs before the next takes over.",
            example: "",
        },
        Key {
            name: "announce_secs",
            kind: Kind::Number,
            meaning: "How long a key is published before it signs; at least jwks_max_age_secs.",
            example: "",
        },
        Key {
            name: "retire_secs",
            kind: Kind::Number,
            meaning: "How long a key stays published after its last signature; longer than any token can live: a day and the clock skew.",
            example: "",
        },
        Key {
            name: "jwks_max_age_secs",
            kind: Kind::Number,
            meaning: "How long clients may keep the key set.",
            example: "",
        },
    ],
};

impl Keys {
    pub(super) fn faults(&self, token: &Token, faults: &mut Vec<String>) {
        if self.master_key.is_some() && self.master_key_file.is_some() {
            faults.push("keys.master_key and keys.master_key_file: give one".to_owned());
        }
        let hexadecimal = |key: &Hidden| {
            key.reveal().len() == 64 && key.reveal().bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if self
            .master_key
            .as_ref()
            .is_some_and(|key| !hexadecimal(key))
        {
            faults.push("keys.master_key must be 64 hexadecimal digits".to_owned());
        }
        if self.announce_secs < self.jwks_max_age_secs {
            faults.push("keys.announce_secs must be at least keys.jwks_max_age_secs, or clients meet keys they cannot know".to_owned());
        }
        if self.rotate_secs <= self.announce_secs {
            faults.push("keys.rotate_secs must be longer than keys.announce_secs".to_owned());
        }
        if self.retire_secs < MOST_TTL_SECS.saturating_add(token.clock_skew_secs) {
            faults.push(format!(
                "keys.retire_secs must be at least {MOST_TTL_SECS} and token.clock_skew_secs together, the longest life of a token"
            ));
        }
    }
}
