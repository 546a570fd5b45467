//! `[token]`

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// Access tokens.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Token {
    /// How long a token lives.
    pub ttl_secs: u32,
    /// How far the clocks of two nodes may be apart.
    pub clock_skew_secs: u32,
    /// How tokens are signed unless an account or a credential says otherwise.
    pub algorithm: Algorithm,
}

/// A signature algorithm for tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum Algorithm {
    /// RSA with SHA-256, 2048 bits.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// The longest life a token may be given: one day.
pub(super) const MOST_TTL_SECS: u32 = 86_400;
/// The most tolerance for clocks: checklist line 89.
const MOST_SKEW_SECS: u32 = 60;

impl Default for Token {
    fn default() -> Self {
        Self {
            ttl_secs: 900,
            clock_skew_secs: 30,
            algorithm: Algorithm::Rs256,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "token",
    meaning: "Access tokens.",
    keys: &[
        Key {
            name: "ttl_secs",
            kind: Kind::Number,
            meaning: "How long an access token lives: 60 to 86400 seconds.",
            example: "",
        },
        Key {
            name: "clock_skew_secs",
            kind: Kind::Number,
            meaning: "How far the clocks of two nodes may be apart: 0 to 60 seconds.",
            example: "",
        },
        Key {
            name: "algorithm",
            kind: Kind::Text,
            meaning: "How tokens are signed unless an account or a credential says otherwise: RS256 or ES256.",
            example: "",
        },
    ],
};

impl Token {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if !(60..=MOST_TTL_SECS).contains(&self.ttl_secs) {
            faults.push(format!(
                "token.ttl_secs must be between 60 and {MOST_TTL_SECS}"
            ));
        }
        if self.clock_skew_secs > MOST_SKEW_SECS {
            faults.push(format!(
                "token.clock_skew_secs must be at most {MOST_SKEW_SECS}"
            ));
        }
    }
}
