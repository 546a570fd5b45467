//! The objects as the Provisioning APIs give them (vbc-api §5), read strictly.
//!
//! A line or document holds any of `account`, `location`, `locations`, `user`, `users`, `extension` and `extensions`,
//! or an answer of an API with them below `_embedded`. What the APIs derive (a person's `extensions`) is taken and not
//! read; what they cannot tell (a person's `role`) may be added.

use super::{Entry, Item};
use crate::error::Error;
use crate::provisioning::put::{NewDetails, NewExtension, NewLocation, NewPerson, PersonKey};
use ringfence_core::provisioning::number::Number;
use ringfence_core::provisioning::text::{
    DialNumber, ExtensionNumber, ExternalId, Label, TimeZone, ValueError,
};
use ringfence_core::provisioning::{ContactKind, ContactNumber, Did, Handset, PostalAddress};
use ringfence_core::user::{Role, Username};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What one line, or a document, holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Piece {
    account: Option<AccountWire>,
    location: Option<LocationWire>,
    #[serde(default)]
    locations: Vec<LocationWire>,
    user: Option<UserWire>,
    #[serde(default)]
    users: Vec<UserWire>,
    extension: Option<ExtensionWire>,
    #[serde(default)]
    extensions: Vec<ExtensionWire>,
    #[serde(rename = "_embedded")]
    embedded: Option<Box<Self>>,
    #[serde(rename = "_links")]
    _links: Option<IgnoredAny>,
    #[serde(rename = "page")]
    _page: Option<IgnoredAny>,
    #[serde(rename = "page_size")]
    _page_size: Option<IgnoredAny>,
    #[serde(rename = "total_pages")]
    _total_pages: Option<IgnoredAny>,
    #[serde(rename = "total_items")]
    _total_items: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountWire {
    id: Option<i64>,
    name: String,
    status: Option<String>,
    #[serde(default)]
    address: AddressWire,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AddressWire {
    address_1: String,
    address_2: Option<String>,
    country: String,
    state: String,
    city: String,
    postal_code: String,
    time_zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LocationWire {
    id: i64,
    name: String,
    address: AddressWire,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserWire {
    id: Option<i64>,
    login_name: String,
    email: String,
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    contact_numbers: Vec<ContactWire>,
    #[serde(rename = "extensions")]
    _extensions: Option<IgnoredAny>,
    role: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactWire {
    #[serde(rename = "type")]
    kind: String,
    value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtensionWire {
    extension_number: String,
    external_id: Option<String>,
    user: Option<AssignedWire>,
    location_id: i64,
    #[serde(default)]
    vtt_enabled: bool,
    #[serde(default)]
    dnd_enabled: bool,
    caller_id: Option<String>,
    #[serde(default)]
    block_caller_id: bool,
    service_type_name: Option<String>,
    #[serde(default)]
    dids: Vec<DidWire>,
    #[serde(default)]
    extension_handsets: Vec<HandsetWire>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssignedWire {
    id: Option<i64>,
    login_name: Option<String>,
    #[serde(rename = "email")]
    _email: Option<IgnoredAny>,
    #[serde(rename = "first_name")]
    _first_name: Option<IgnoredAny>,
    #[serde(rename = "last_name")]
    _last_name: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DidWire {
    phone_number: String,
    custom_tag: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HandsetWire {
    handset_name: String,
    sip_id: String,
}

impl Piece {
    /// The entries of a piece that stands at that place: accounts, then locations, people and extensions.
    pub(super) fn read(self, place: &str) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let at = |name: String| match place {
            "" => name,
            place => format!("{place}, {name}"),
        };
        if let Some(inner) = self.embedded {
            items.extend(inner.read(place)?);
        }
        let mut put = |name: String, entry: Result<Entry, Wrong>| {
            let place = at(name);
            let entry = entry.map_err(|Wrong(field, rule)| {
                Error::Invalid(format!("{place}, {field}: {rule}"))
            })?;
            items.push(Item { place, entry });
            Ok::<(), Error>(())
        };
        if let Some(account) = self.account {
            put("account".to_owned(), account.read())?;
        }
        for (name, location) in named("location", self.location, self.locations) {
            put(name, location.read())?;
        }
        for (name, user) in named("user", self.user, self.users) {
            put(name, user.read())?;
        }
        for (name, extension) in named("extension", self.extension, self.extensions) {
            put(name, extension.read())?;
        }
        if items.is_empty() && !place.is_empty() {
            return Err(Error::Invalid(format!(
                "{place}: the object holds no account, location, user or extension"
            )));
        }
        Ok(items)
    }
}

/// Which field breaks which rule.
struct Wrong(&'static str, String);

fn named<T>(name: &str, one: Option<T>, many: Vec<T>) -> Vec<(String, T)> {
    let one = one.into_iter().map(|thing| (name.to_owned(), thing));
    let many = many
        .into_iter()
        .enumerate()
        .map(|(index, thing)| (format!("{name}s[{index}]"), thing));
    one.chain(many).collect()
}

fn value<T, E: std::fmt::Display>(field: &'static str, read: Result<T, E>) -> Result<T, Wrong> {
    read.map_err(|e| Wrong(field, e.to_string()))
}

fn opt<T, I, E: std::fmt::Display>(
    field: &'static str,
    given: Option<I>,
    read: impl FnOnce(I) -> Result<T, E>,
) -> Result<Option<T>, Wrong> {
    value(field, given.map(read).transpose())
}

fn label(field: &'static str, text: &str) -> Result<Label, Wrong> {
    value(field, Label::parse(text))
}

fn filled(field: &'static str, text: &str) -> Result<Label, Wrong> {
    value(field, Label::parse_filled(text))
}

fn opt_label(field: &'static str, text: Option<&str>) -> Result<Option<Label>, Wrong> {
    opt(field, text, Label::parse)
}

impl AccountWire {
    fn read(self) -> Result<Entry, Wrong> {
        Ok(Entry::Account(NewDetails {
            number: opt("id", self.id, Number::new)?,
            name: filled("name", &self.name)?,
            status: filled("status", self.status.as_deref().unwrap_or("ACTIVE"))?,
            address: self.address.read()?,
        }))
    }
}

impl AddressWire {
    fn read(&self) -> Result<PostalAddress, Wrong> {
        Ok(PostalAddress {
            address_1: label("address.address_1", &self.address_1)?,
            address_2: opt_label("address.address_2", self.address_2.as_deref())?,
            country: label("address.country", &self.country)?,
            state: label("address.state", &self.state)?,
            city: label("address.city", &self.city)?,
            postal_code: label("address.postal_code", &self.postal_code)?,
        })
    }
}

impl LocationWire {
    fn read(self) -> Result<Entry, Wrong> {
        let zone = self.address.time_zone.as_deref().unwrap_or_default();
        Ok(Entry::Location(NewLocation {
            number: value("id", Number::new(self.id))?,
            name: filled("name", &self.name)?,
            time_zone: value("address.time_zone", TimeZone::parse(zone))?,
            address: self.address.read()?,
        }))
    }
}

impl UserWire {
    fn read(self) -> Result<Entry, Wrong> {
        let contact = |contact: ContactWire| {
            Ok(ContactNumber {
                kind: value("contact_numbers.type", ContactKind::parse(&contact.kind))?,
                value: opt_label("contact_numbers.value", contact.value.as_deref())?,
            })
        };
        let contact_numbers = self.contact_numbers.into_iter().map(contact);
        Ok(Entry::User(NewPerson {
            number: opt("id", self.id, Number::new)?,
            login_name: value("login_name", Username::parse(&self.login_name))?,
            first_name: filled("first_name", &self.first_name)?,
            last_name: label("last_name", &self.last_name)?,
            email: filled("email", &self.email)?.as_str().to_owned(),
            contact_numbers: contact_numbers.collect::<Result<_, _>>()?,
            role: opt("role", self.role.as_deref(), Role::parse)?,
        }))
    }
}

impl ExtensionWire {
    fn read(self) -> Result<Entry, Wrong> {
        let did = |did: DidWire| {
            Ok(Did {
                phone_number: value("dids.phone_number", DialNumber::parse(&did.phone_number))?,
                custom_tag: opt_label("dids.custom_tag", did.custom_tag.as_deref())?,
            })
        };
        let handset = |handset: HandsetWire| {
            Ok(Handset {
                name: filled("extension_handsets.handset_name", &handset.handset_name)?,
                sip_id: filled("extension_handsets.sip_id", &handset.sip_id)?,
            })
        };
        let dids = self.dids.into_iter().map(did);
        let handsets = self.extension_handsets.into_iter().map(handset);
        let number = ExtensionNumber::parse(&self.extension_number);
        Ok(Entry::Extension(Box::new(NewExtension {
            number: value("extension_number", number)?,
            external_id: opt(
                "external_id",
                self.external_id.as_deref(),
                ExternalId::parse,
            )?,
            user: match self.user {
                Some(user) => Some(user.read()?),
                None => None,
            },
            location: value("location_id", Number::new(self.location_id))?,
            vtt_enabled: self.vtt_enabled,
            dnd_enabled: self.dnd_enabled,
            caller_id: opt_label("caller_id", self.caller_id.as_deref())?,
            block_caller_id: self.block_caller_id,
            service_type_name: opt_label("service_type_name", self.service_type_name.as_deref())?,
            dids: dids.collect::<Result<_, _>>()?,
            handsets: handsets.collect::<Result<_, _>>()?,
        })))
    }
}

impl AssignedWire {
    fn read(self) -> Result<PersonKey, Wrong> {
        const NOBODY: ValueError = ValueError("it has neither login_name nor id");
        match (self.login_name, self.id) {
            (Some(name), _) => {
                let name = value("user.login_name", Username::parse(&name))?;
                Ok(PersonKey::LoginName(name))
            }
            (None, Some(id)) => Ok(PersonKey::Number(value("user.id", Number::new(id))?)),
            (None, None) => value("user", Err(NOBODY)),
        }
    }
}
