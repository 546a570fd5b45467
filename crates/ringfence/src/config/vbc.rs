//! `[vbc]`

use ringfence_app::context::{FaultForm, VbcSettings};
use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// Tokens of applications.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Vbc {
    /// Whether applications may be set to the password grant at all.
    pub password_grant: bool,
    /// Whether the password grant gives a token that still lives once more.
    pub token_reuse: bool,
    /// How long an access token lives.
    pub access_ttl_secs: u32,
    /// How long a refresh token lives that is not used.
    pub refresh_idle_secs: u32,
    /// How long a person need not sign in again.
    pub refresh_longest_secs: u32,
    /// How long an authorization code lives.
    pub code_ttl_secs: u32,
    /// For how long an answer that was lost can be had again.
    pub retry_window_secs: u32,
    /// How long an ID token lives.
    pub id_token_ttl_secs: u32,
    /// After how many wrong passwords the password grant is locked for a person.
    pub lockout_failures: u32,
    /// For how long it stays locked after the last try.
    pub lockout_secs: u32,
    /// In which form the gateway says why it refuses a call.
    pub fault_form: Form,
    /// How many calls a minute the plan Standard allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standard_plan_per_minute: Option<u32>,
}

/// In which form the gateway says why it refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// JSON with everything in `fault`.
    Fault,
    /// JSON without.
    Flat,
    /// XML.
    Xml,
}

impl Default for Vbc {
    fn default() -> Self {
        let usual = VbcSettings::default();
        Self {
            password_grant: usual.password_grant,
            token_reuse: usual.token_reuse,
            access_ttl_secs: usual.access_ttl_secs,
            refresh_idle_secs: usual.refresh_idle_secs,
            refresh_longest_secs: usual.refresh_longest_secs,
            code_ttl_secs: usual.code_ttl_secs,
            retry_window_secs: usual.retry_window_secs,
            id_token_ttl_secs: usual.id_token_ttl_secs,
            lockout_failures: usual.lockout_failures,
            lockout_secs: usual.lockout_secs,
            fault_form: Form::Fault,
            standard_plan_per_minute: usual.standard_plan_per_minute,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "vbc",
    meaning: "Tokens that applications of the Developer Portal get for people.",
    keys: &[
        Key {
            name: "password_grant",
            kind: Kind::Flag,
            meaning: "Whether the password grant exists. Each application has a switch of its own besides, which is off and\n\
                      marked as legacy: whoever uses it hands people's passwords to a program.",
            example: "",
        },
        Key {
            name: "token_reuse",
            kind: Kind::Flag,
            meaning: "Whether a password request gives the token that the application has already, with what is left of its\n\
                      life. Without it each request gives a new token and ends the one before.",
            example: "",
        },
        Key {
            name: "access_ttl_secs",
            kind: Kind::Number,
            meaning: "How long an access token lives: 60 to 86400 seconds. It opens only what the person may do at the moment.",
            example: "",
        },
        Key {
            name: "refresh_idle_secs",
            kind: Kind::Number,
            meaning: "How long a refresh token lives that is not used; each use gives a new one with the same life.",
            example: "",
        },
        Key {
            name: "refresh_longest_secs",
            kind: Kind::Number,
            meaning: "After how long a person has to sign in again, however often tokens were refreshed: 366 days at most.",
            example: "",
        },
        Key {
            name: "code_ttl_secs",
            kind: Kind::Number,
            meaning: "How long an authorization code lives: 5 to 60 seconds.",
            example: "",
        },
        Key {
            name: "retry_window_secs",
            kind: Kind::Number,
            meaning: "For how long an application with a secret may use a refresh token once more and gets the same answer, as\n\
                      the first may have been lost: 0 to 60 seconds. Later uses, and all of a public client, count as theft.",
            example: "",
        },
        Key {
            name: "id_token_ttl_secs",
            kind: Kind::Number,
            meaning: "How long an ID token lives: 60 to 86400 seconds.",
            example: "",
        },
        Key {
            name: "lockout_failures",
            kind: Kind::Number,
            meaning: "After how many wrong passwords the password grant is locked for a person: 1 to 100. Other ways to sign in\n\
                      are not.",
            example: "",
        },
        Key {
            name: "lockout_secs",
            kind: Kind::Number,
            meaning: "How long it stays locked after the last try: 60 to 86400 seconds.",
            example: "",
        },
        Key {
            name: "fault_form",
            kind: Kind::Text,
            meaning: "In which form the gateway of the VBC APIs says why it refuses a call: fault (JSON with everything in\n\
                      \"fault\"), flat (JSON without) or xml. Clients that accept nothing but XML get XML anyway.",
            example: "",
        },
        Key {
            name: "standard_plan_per_minute",
            kind: Kind::Number,
            meaning: "How many calls a minute the plan Standard allows an application for each suite, on each node.\n\
                      Without it: any number. Each application has a quota for each of its tokens besides.",
            example: "1000",
        },
    ],
};

const DAY_SECS: u32 = 86_400;

impl Vbc {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        let ranges = [
            ("access_ttl_secs", self.access_ttl_secs, 60, DAY_SECS),
            (
                "refresh_idle_secs",
                self.refresh_idle_secs,
                60,
                366 * DAY_SECS,
            ),
            ("code_ttl_secs", self.code_ttl_secs, 5, 60),
            ("retry_window_secs", self.retry_window_secs, 0, 60),
            ("id_token_ttl_secs", self.id_token_ttl_secs, 60, DAY_SECS),
            ("lockout_failures", self.lockout_failures, 1, 100),
            ("lockout_secs", self.lockout_secs, 60, DAY_SECS),
        ];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                faults.push(format!("vbc.{name} must be between {least} and {most}"));
            }
        }
        if self.standard_plan_per_minute == Some(0) {
            faults.push("vbc.standard_plan_per_minute must be above zero".to_owned());
        }
        let longest = 366 * DAY_SECS;
        if !(self.refresh_idle_secs..=longest).contains(&self.refresh_longest_secs) {
            faults.push(format!(
                "vbc.refresh_longest_secs must be between refresh_idle_secs and {longest}"
            ));
        }
    }

    /// What the acts are given.
    pub(crate) fn settings(&self) -> VbcSettings {
        VbcSettings {
            password_grant: self.password_grant,
            token_reuse: self.token_reuse,
            access_ttl_secs: self.access_ttl_secs,
            refresh_idle_secs: self.refresh_idle_secs,
            refresh_longest_secs: self.refresh_longest_secs,
            code_ttl_secs: self.code_ttl_secs,
            retry_window_secs: self.retry_window_secs,
            id_token_ttl_secs: self.id_token_ttl_secs,
            lockout_failures: self.lockout_failures,
            lockout_secs: self.lockout_secs,
            fault_form: match self.fault_form {
                Form::Fault => FaultForm::Fault,
                Form::Flat => FaultForm::Flat,
                Form::Xml => FaultForm::Xml,
            },
            standard_plan_per_minute: self.standard_plan_per_minute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c57_c67_lives_are_bounded() {
        let faults = |text: &str| {
            let vbc: Vbc = toml::from_str(text).unwrap();
            let mut faults = Vec::new();
            vbc.faults(&mut faults);
            faults.len()
        };
        assert_eq!(faults(""), 0);
        for bad in [
            "code_ttl_secs = 61",
            "retry_window_secs = 61",
            "access_ttl_secs = 86401",
            "refresh_longest_secs = 3600",
            "lockout_failures = 0",
            "standard_plan_per_minute = 0",
        ] {
            assert_eq!(faults(bad), 1, "{bad}");
        }
    }
}
