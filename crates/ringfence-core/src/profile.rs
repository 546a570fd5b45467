//! The rest of the User Admin object: what the product keeps for the caller and does not act on (vcc-api §15.3).
//!
//! It is kept as one JSON object with the members `ssoExternalId`, `chargeable`,
//! `actAsAgent` and `agentConfiguration`. Fields that are not in the tables are dropped,
//! as the platform's callers are told to ignore unknown ones.

use serde_json::{Map, Value};
use thiserror::Error;

const LONGEST_TEXT: usize = 256;
const MOST_ASSOCIATED_USERS: usize = 50;

/// A field does not hold what it must.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{field} must be {expected}")]
pub struct ProfileError {
    /// The field.
    pub field: &'static str,
    /// What it must be.
    pub expected: &'static str,
}

/// The kept fields of one person.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Profile(Map<String, Value>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Flag,
    Count,
    Text,
    FlagOrText,
    Object(&'static [(&'static str, Self)]),
    AssociatedUsers,
}

const CAPACITY: &[(&str, Kind)] = &[
    ("isAgentLevel", Kind::Flag),
    ("live", Kind::Count),
    ("semilive", Kind::Count),
    ("nonlive", Kind::Count),
];

const TELEPHONY_ADDRESS: &[(&str, Kind)] = &[
    ("telephoneAddress", Kind::Text),
    ("telephonyExtension", Kind::Text),
    ("outboundTelephonyRegion", Kind::Text),
    ("nationalDisplay", Kind::Flag),
    ("virtualLocation", Kind::Text),
    ("preventAutoCallbackNumber", Kind::Flag),
    ("selectedCallbackNumberId", Kind::Text),
];

const AGENT: &[(&str, Kind)] = &[
    ("webrtc", Kind::Flag),
    ("agentControlWebrtc", Kind::Flag),
    ("handleMultipleInteractions", Kind::Flag),
    ("enforcedDispositionCodes", Kind::Flag),
    ("transcribeCalls", Kind::Flag),
    ("transcribeCallsRealTime", Kind::Flag),
    ("screenRecording", Kind::Flag),
    ("callParking", Kind::Flag),
    ("salesCadence", Kind::Flag),
    ("outboundAutoanswer", Kind::Flag),
    ("inboundAutoanswer", Kind::Flag),
    ("video", Kind::Flag),
    ("nativeCallLogging", Kind::Flag),
    ("srStartRecOnAlerting", Kind::Flag),
    ("callRecordingControls", Kind::FlagOrText),
    ("outboundWrapUp", Kind::Count),
    ("backToReadyAfterNoAnswer", Kind::Count),
    ("backToReadyAfterLineBusy", Kind::Count),
    ("backToReadyAfterInvalidNumber", Kind::Count),
    ("backToReadyAfterNetworkIssue", Kind::Count),
    ("callRatingFrequency", Kind::Count),
    ("callRatingFrequencyDefault", Kind::Flag),
    ("location", Kind::Text),
    ("telephonyAddress", Kind::Object(TELEPHONY_ADDRESS)),
    ("capacity", Kind::Object(CAPACITY)),
    ("associatedUsers", Kind::AssociatedUsers),
];

const TOP: &[(&str, Kind)] = &[
    ("ssoExternalId", Kind::Text),
    ("chargeable", Kind::Flag),
    ("actAsAgent", Kind::Flag),
    ("agentConfiguration", Kind::Object(AGENT)),
];

impl Profile {
    /// Reads what was kept; a text that is no object gives an empty profile.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Self(fields),
            Ok(_) | Err(_) => Self::default(),
        }
    }

    /// The text to keep.
    #[must_use]
    pub fn to_text(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// Takes in the fields of a User Admin object; those it does not name stay, and null removes one.
    ///
    /// # Errors
    /// A field does not hold what it must.
    pub fn merge(&mut self, user: &Map<String, Value>) -> Result<(), ProfileError> {
        let mut fields = Map::new();
        if let Some(id) = member(user, "ssoExternalId") {
            fields.insert("ssoExternalId".to_owned(), id.clone());
        }
        if let Some(Value::Object(account)) = member(user, "userAccountConfiguration") {
            for name in ["chargeable", "actAsAgent", "agentConfiguration"] {
                if let Some(value) = member(account, name) {
                    fields.insert(name.to_owned(), value.clone());
                }
            }
            // The vendor's pages place these two beside the agent's configuration as well as inside it.
            for name in ["capacity", "associatedUsers"] {
                if let Some(value) = member(account, name) {
                    let agent = fields
                        .entry("agentConfiguration")
                        .or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(agent) = agent {
                        agent.entry(name).or_insert_with(|| value.clone());
                    }
                }
            }
        }
        merge_object(&mut self.0, &fields, TOP)
    }

    /// The member of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A flag, when it was set.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.field(name)?.as_bool()
    }
}

/// A member of an object by name, in any case.
#[must_use]
pub fn member<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o Value> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

fn merge_object(
    kept: &mut Map<String, Value>,
    new: &Map<String, Value>,
    fields: &[(&'static str, Kind)],
) -> Result<(), ProfileError> {
    for (field, kind) in fields {
        let Some(value) = member(new, field) else {
            continue;
        };
        if value.is_null() {
            kept.remove(*field);
            continue;
        }
        check(field, *kind, value)?;
        match (kind, value) {
            (Kind::Object(fields), Value::Object(new)) => {
                let inner = kept
                    .entry(*field)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(inner) = inner {
                    merge_object(inner, new, fields)?;
                }
            }
            (Kind::AssociatedUsers, Value::Array(users)) => {
                let users = users.iter().map(associated_user).collect();
                kept.insert((*field).to_owned(), Value::Array(users));
            }
            _ => {
                kept.insert((*field).to_owned(), value.clone());
            }
        }
    }
    Ok(())
}

fn check(field: &'static str, kind: Kind, value: &Value) -> Result<(), ProfileError> {
    let short = |value: &Value| value.as_str().is_some_and(|t| t.len() <= LONGEST_TEXT);
    let (good, expected) = match kind {
        Kind::Flag => (value.is_boolean(), "true or false"),
        Kind::Count => (value.is_u64(), "a whole number from 0"),
        Kind::Text => (short(value), "a text of at most 256 bytes"),
        Kind::FlagOrText => (
            value.is_boolean() || short(value),
            "true, false or a text of at most 256 bytes",
        ),
        Kind::Object(_) => (value.is_object(), "an object"),
        Kind::AssociatedUsers => (
            value.as_array().is_some_and(|users| {
                users.len() <= MOST_ASSOCIATED_USERS
                    && users.iter().all(|u| {
                        let text = |name: &str| u.get(name).is_none_or(short);
                        u.is_object() && text("username") && text("applicationType")
                    })
            }),
            "a list of at most 50 objects with username and applicationType",
        ),
    };
    if good {
        Ok(())
    } else {
        Err(ProfileError { field, expected })
    }
}

fn associated_user(user: &Value) -> Value {
    let mut kept = Map::new();
    for name in ["username", "applicationType"] {
        if let Some(value) = user.get(name) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(profile: &mut Profile, user: &Value) -> Result<(), ProfileError> {
        profile.merge(user.as_object().unwrap())
    }

    #[test]
    fn unnamed_fields_stay_null_removes_and_unknown_ones_are_dropped() {
        let mut profile = Profile::default();
        let first = json!({"ssoExternalId": "sso-1", "colour": "red", "userAccountConfiguration": {
            "chargeable": true, "agentConfiguration": {"webrtc": true, "location": "GB", "wings": 2,
                "telephonyAddress": {"telephoneAddress": "441632960201", "nationalDisplay": true}}}});
        merged(&mut profile, &first).unwrap();
        let second = json!({"userAccountConfiguration": {"capacity": {"live": 1, "nonLive": 5},
            "agentConfiguration": {"webrtc": false, "location": null, "telephonyAddress": {"telephonyExtension": "12"}}}});
        merged(&mut profile, &second).unwrap();
        let kept: Value = serde_json::from_str(&profile.to_text()).unwrap();
        assert_eq!(
            kept,
            json!({"ssoExternalId": "sso-1", "chargeable": true, "agentConfiguration": {"webrtc": false,
                "telephonyAddress": {"telephoneAddress": "441632960201", "nationalDisplay": true, "telephonyExtension": "12"},
                "capacity": {"live": 1, "nonlive": 5}}})
        );
        assert_eq!(Profile::parse(&profile.to_text()), profile);
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        for (agent, field) in [
            (json!({"webrtc": "yes"}), "webrtc"),
            (json!({"outboundWrapUp": -1}), "outboundWrapUp"),
            (json!({"location": "x".repeat(300)}), "location"),
            (json!({"capacity": 7}), "capacity"),
            (json!({"associatedUsers": [7]}), "associatedUsers"),
        ] {
            let user = json!({"userAccountConfiguration": {"agentConfiguration": agent}});
            let error = merged(&mut Profile::default(), &user).unwrap_err();
            assert_eq!(error.field, field);
        }
    }
}
