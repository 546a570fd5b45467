//! The fields that the forms of this area share: read at the door, shown again when something is wrong.

use crate::portal::form::Form;
use ringfence_app::manage::credentials::handover::Delivery;
use ringfence_core::credential::{CredentialName, Network};
use ringfence_core::handover::PartnerKey;
use ringfence_core::scope::{CATALOGUE, Scope, ScopeSet};
use ringfence_core::time::Timestamp;

const DAY_SECS: i64 = 86_400;

/// Something that cannot be saved, and the field it stands in; no field when it concerns the whole.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) field: &'static str,
    pub(super) text: String,
}

/// What is wrong with a form.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

/// Scopes of one API.
#[derive(Clone, Debug)]
pub(super) struct ScopeGroup {
    pub(super) title: &'static str,
    pub(super) is_management: bool,
    pub(super) choices: Vec<ScopeChoice>,
}

/// A scope to tick.
#[derive(Clone, Debug)]
pub(super) struct ScopeChoice {
    pub(super) value: &'static str,
    pub(super) title: &'static str,
    pub(super) note: &'static str,
    pub(super) is_ticked: bool,
}

/// An option of a list.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) is_selected: bool,
}

/// How the secret is to be handed over, as the form has it.
#[derive(Clone, Debug)]
pub(super) struct DeliveryFields {
    pub(super) deliver: String,
    pub(super) hours: Vec<Choice>,
    pub(super) recipient: String,
    pub(super) recipient_fault: String,
}

/// Name, networks, end and life, as the form has them.
#[derive(Clone, Debug, Default)]
pub(super) struct TextFields {
    pub(super) name: String,
    pub(super) networks: String,
    pub(super) expires: String,
    pub(super) token_ttl: String,
}

impl Faults {
    pub(super) fn add(&mut self, field: &'static str, text: impl std::fmt::Display) {
        let text = crate::web::words::sentence(&text.to_string());
        self.0.push(Fault { field, text });
    }

    /// What is wrong with one field; empty when it is good.
    pub(super) fn of(&self, field: &str) -> &str {
        let found = self.0.iter().find(|fault| fault.field == field);
        found.map_or("", |fault| fault.text.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TextFields {
    pub(super) fn read(form: &Form) -> Self {
        Self {
            name: form.text("name").to_owned(),
            networks: form.text("networks").to_owned(),
            expires: form.text("expires").to_owned(),
            token_ttl: form.text("token_ttl").to_owned(),
        }
    }

    pub(super) fn has_more(&self) -> bool {
        !self.networks.is_empty() || !self.expires.is_empty() || !self.token_ttl.is_empty()
    }

    pub(super) fn name(&self, faults: &mut Faults) -> Option<CredentialName> {
        if self.name.is_empty() {
            faults.add(
                "name",
                "give the credential a name that says what it is for",
            );
            return None;
        }
        CredentialName::parse(&self.name)
            .map_err(|error| faults.add("name", error))
            .ok()
    }

    pub(super) fn networks(&self, faults: &mut Faults) -> Vec<Network> {
        let mut networks = Vec::new();
        let words = self.networks.split(|c: char| c.is_whitespace() || c == ',');
        for word in words.filter(|word| !word.is_empty()) {
            match Network::parse(word) {
                Ok(network) => networks.push(network),
                Err(error) => {
                    let shown: String = word.chars().take(40).collect();
                    faults.add("networks", format!("“{shown}”: {error}"));
                }
            }
        }
        networks
    }

    /// The end of the day that is named, UTC.
    pub(super) fn expires_at(&self, faults: &mut Faults) -> Option<Timestamp> {
        if self.expires.is_empty() {
            return None;
        }
        let midnight = Timestamp::parse(&format!("{}T00:00:00Z", self.expires));
        match midnight {
            Ok(midnight) => Some(midnight.plus_secs(DAY_SECS)),
            Err(_) => {
                faults.add("expires", "write the date as 2026-12-31");
                None
            }
        }
    }

    pub(super) fn token_ttl(&self, faults: &mut Faults) -> Option<u32> {
        if self.token_ttl.is_empty() {
            return None;
        }
        let secs = self.token_ttl.parse().ok();
        if secs.is_none() {
            faults.add(
                "token_ttl",
                "write the life of tokens as a number of seconds",
            );
        }
        secs
    }
}

/// The day before which something ends, for a date field.
pub(super) fn last_day(expires_at: Timestamp) -> String {
    expires_at.plus_ms(-1).to_iso_date()
}

/// The scopes that were ticked.
pub(super) fn scopes_read(form: &Form, faults: &mut Faults) -> ScopeSet {
    let mut scopes = ScopeSet::EMPTY;
    for value in form.all("scope") {
        match Scope::parse(value) {
            Ok(scope) => scopes = scopes.with(scope),
            Err(error) => faults.add("scope", error),
        }
    }
    if scopes.is_empty() {
        faults.add("scope", "choose at least one scope");
    }
    scopes
}

/// The scopes to choose from, by API. What is held may stay even if the licence does not allow it any more.
pub(super) fn scopes_offer(allowed: ScopeSet, held: ScopeSet, ticked: ScopeSet) -> Vec<ScopeGroup> {
    let mut groups: Vec<(&str, ScopeGroup)> = Vec::new();
    for info in &CATALOGUE {
        if !allowed.contains(info.scope) && !held.contains(info.scope) {
            continue;
        }
        let choice = ScopeChoice {
            value: info.value,
            title: info.title,
            note: if allowed.contains(info.scope) {
                note(info.scope)
            } else {
                "The licence does not allow this any more, so it does not work. Once it is taken off it cannot be added again."
            },
            is_ticked: ticked.contains(info.scope),
        };
        let api = info.apis.split(',').next().unwrap_or_default();
        match groups.iter_mut().find(|(name, _)| *name == api) {
            Some((_, group)) => group.choices.push(choice),
            None => groups.push((
                api,
                ScopeGroup {
                    title: info.apis,
                    is_management: matches!(
                        info.scope,
                        Scope::ManagementRead | Scope::ManagementWrite
                    ),
                    choices: vec![choice],
                },
            )),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

const fn note(scope: Scope) -> &'static str {
    match scope {
        Scope::InteractionContentRead => {
            "Includes scheduling an export. What it sees follows your own content permissions."
        }
        Scope::InteractionContentDelete => {
            "Call recordings, transcripts. Needs your own permission to delete content."
        }
        Scope::UsersWrite => "Covers reading them, too.",
        Scope::AgentsAvailabilityRead
        | Scope::UsersRead
        | Scope::Stats
        | Scope::InteractionsWrite
        | Scope::GlobalPci
        | Scope::AdminRead
        | Scope::AdminWrite
        | Scope::ManagementRead
        | Scope::ManagementWrite => "",
    }
}

impl DeliveryFields {
    pub(super) fn fresh() -> Self {
        Self::of("show", "72", String::new())
    }

    fn of(deliver: &str, hours: &str, recipient: String) -> Self {
        let choice = |(value, text)| Choice {
            value,
            text,
            is_selected: value == hours,
        };
        Self {
            deliver: deliver.to_owned(),
            hours: [
                ("1", "1 hour"),
                ("24", "1 day"),
                ("72", "3 days"),
                ("168", "7 days"),
            ]
            .map(choice)
            .into(),
            recipient,
            recipient_fault: String::new(),
        }
    }

    /// Reads the fields, and what they ask for.
    pub(super) fn read(form: &Form, faults: &mut Faults) -> (Self, Delivery) {
        let recipient = form.text("recipient");
        // Somebody who pastes the private key by mistake does not get it back in a page.
        let is_private = recipient.to_ascii_uppercase().contains("SECRET-KEY");
        let kept = if is_private { "" } else { recipient };
        let mut fields = Self::of(form.text("deliver"), form.text("hours"), kept.to_owned());
        let delivery = match fields.deliver.as_str() {
            "link" => {
                let hours = form.text("hours").parse().unwrap_or(72);
                Delivery::Link { hours }
            }
            "age" => match PartnerKey::parse(recipient) {
                Ok(key) => Delivery::Sealed(key),
                Err(error) => {
                    let text = if is_private {
                        "this is a private key; its owner should make a new one, and send the line that begins with age1".to_owned()
                    } else {
                        error.to_string()
                    };
                    faults.add("recipient", text);
                    faults
                        .of("recipient")
                        .clone_into(&mut fields.recipient_fault);
                    Delivery::Show
                }
            },
            _ => {
                "show".clone_into(&mut fields.deliver);
                Delivery::Show
            }
        };
        (fields, delivery)
    }
}
