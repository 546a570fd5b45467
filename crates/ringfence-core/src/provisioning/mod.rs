//! What the Provisioning APIs tell of an account: its details, locations, people and extensions (vbc-api §5).
//!
//! [`number`] holds the ids of these APIs, which are plain numbers; [`text`] the values that have a form of their own.

pub mod number;
pub mod text;

use crate::id::{AccountId, UserId};
use crate::user::Username;
use number::{AccountNumber, LocationNumber, UserNumber};
use text::{DialNumber, ExtensionNumber, ExternalId, Label, TimeZone};

/// Most direct numbers, or handsets, of an extension, and most contact numbers of a person.
pub const MOST_ENTRIES: usize = 100;

/// A postal address. Parts that are not known are empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PostalAddress {
    /// Street and house.
    pub address_1: Label,
    /// What does not fit there.
    pub address_2: Option<Label>,
    /// The country's code: `US`.
    pub country: Label,
    /// The state's code: `NJ`.
    pub state: Label,
    /// The city.
    pub city: Label,
    /// The postal code.
    pub postal_code: Label,
}

/// What is told of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountDetails {
    /// The account.
    pub account_id: AccountId,
    /// Its number, unique in the installation.
    pub number: AccountNumber,
    /// The name that people read.
    pub name: Label,
    /// `ACTIVE`, or what else it is given.
    pub status: Label,
    /// Where it sits.
    pub address: PostalAddress,
}

/// A place where an account has extensions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    /// The account.
    pub account_id: AccountId,
    /// Its number, unique within the account.
    pub number: LocationNumber,
    /// Its name.
    pub name: Label,
    /// Where it is.
    pub address: PostalAddress,
    /// Its time zone.
    pub time_zone: TimeZone,
}

/// A person, as these APIs tell of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The person.
    pub user_id: UserId,
    /// Their number, unique in the installation.
    pub number: UserNumber,
    /// The name they sign in with.
    pub login_name: Username,
    /// Their e-mail address.
    pub email: String,
    /// Their first name.
    pub first_name: String,
    /// The rest of their name.
    pub last_name: String,
    /// How else they are reached.
    pub contact_numbers: Vec<ContactNumber>,
}

/// How else a person is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactNumber {
    /// Which number it is.
    pub kind: ContactKind,
    /// The number, if it is known.
    pub value: Option<Label>,
}

/// Which number of a person it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContactKind {
    /// Of their mobile phone.
    Mobile,
    /// Where they live.
    Home,
    /// Of their fax machine.
    Fax,
}

/// An extension of the telephone system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Extension {
    /// What is dialled, unique within the account.
    pub number: ExtensionNumber,
    /// Its id for programs, unique within the account.
    pub external_id: ExternalId,
    /// Whom it is assigned to.
    pub user_id: Option<UserId>,
    /// Where it is.
    pub location: LocationNumber,
    /// Whether voicemail is transcribed.
    pub vtt_enabled: bool,
    /// Whether calls are kept off.
    pub dnd_enabled: bool,
    /// The name or number shown to those who are called.
    pub caller_id: Option<Label>,
    /// Whether none is shown.
    pub block_caller_id: bool,
    /// What kind of service it is: `UX`.
    pub service_type_name: Label,
    /// The numbers by which it is called from outside.
    pub dids: Vec<Did>,
    /// The devices that ring.
    pub handsets: Vec<Handset>,
}

/// A number by which an extension is called from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Did {
    /// The number, unique within the account.
    pub phone_number: DialNumber,
    /// What it is for.
    pub custom_tag: Option<Label>,
}

/// A device of an extension.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handset {
    /// Its name: `line1-VH000001`.
    pub name: Label,
    /// Its id in the telephone system: `VH000001`.
    pub sip_id: Label,
}

/// What an extension tells of the person it is assigned to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assigned {
    /// Their number.
    pub number: UserNumber,
    /// Their e-mail address.
    pub email: String,
    /// The name they sign in with.
    pub login_name: Username,
    /// Their first name.
    pub first_name: String,
    /// The rest of their name.
    pub last_name: String,
}

/// What a person's entry tells of an extension of theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnExtension {
    /// What is dialled.
    pub number: ExtensionNumber,
    /// The numbers by which it is called from outside.
    pub dids: Vec<Did>,
}

impl ContactKind {
    /// The text of the fact sheet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "Mobile",
            Self::Home => "Home",
            Self::Fax => "Fax",
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is none of them.
    pub fn parse(text: &str) -> Result<Self, text::ValueError> {
        [Self::Mobile, Self::Home, Self::Fax]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(text::ValueError(
                "a contact number's type is Mobile, Home or Fax",
            ))
    }
}

/// First name and rest of a name: parted at the first blank.
#[must_use]
pub fn name_split(name: &str) -> (&str, &str) {
    name.trim()
        .split_once(' ')
        .map_or((name.trim(), ""), |(first, rest)| (first, rest.trim()))
}

/// The name of which these are the parts.
#[must_use]
pub fn name_join(first: &str, last: &str) -> String {
    format!("{first} {last}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_parted_at_its_first_blank() {
        assert_eq!(name_split("Pat Example"), ("Pat", "Example"));
        assert_eq!(name_split("Vincent van Gogh"), ("Vincent", "van Gogh"));
        assert_eq!(name_split("Cher"), ("Cher", ""));
        assert_eq!(name_join("Cher", ""), "Cher");
    }
}
