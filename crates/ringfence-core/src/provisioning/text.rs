//! Values of the Provisioning APIs that have a form of their own.

use crate::context::Random;
use crate::encoding::hex;
use thiserror::Error;

/// Why a value of the Provisioning APIs is not one: the rule it breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct ValueError(pub &'static str);

/// A text that people read: up to 200 characters without control characters; may be empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Label(Box<str>);

/// What is dialled to reach an extension: digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExtensionNumber(Box<str>);

/// The id of an extension for programs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExternalId(Box<str>);

/// A telephone number: the digits of E.164 without the plus sign (vbc-api §4.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DialNumber(Box<str>);

/// The name of a time zone: `America/New_York`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimeZone(Box<str>);

impl Label {
    /// Parses a text.
    ///
    /// # Errors
    /// It is longer than 200 characters or holds a control character.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        if text.chars().count() > 200 || text.chars().any(char::is_control) {
            return Err(ValueError(
                "a text has at most 200 characters and no control characters",
            ));
        }
        Ok(Self(text.into()))
    }

    /// Parses a text that must not be empty.
    ///
    /// # Errors
    /// It is empty, or no text of this kind.
    pub fn parse_filled(text: &str) -> Result<Self, ValueError> {
        if text.trim().is_empty() {
            return Err(ValueError("the text must not be empty"));
        }
        Self::parse(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ExtensionNumber {
    /// Parses what is dialled.
    ///
    /// # Errors
    /// The text is not 1 to 15 digits.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        if is_digits(text, 1, 15) {
            Ok(Self(text.into()))
        } else {
            Err(ValueError("an extension number has 1 to 15 digits"))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ExternalId {
    /// Makes a new one.
    #[must_use]
    pub fn new(random: &dyn Random) -> Self {
        let mut bytes = [0; 12];
        random.fill(&mut bytes);
        Self(format!("ext{}", hex(&bytes)).into())
    }

    /// Parses an id.
    ///
    /// # Errors
    /// The text is not 1 to 64 letters, digits, hyphens, dots or underscores.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(good) {
            return Err(ValueError(
                "an external_id has 1 to 64 letters, digits, hyphens, dots or underscores",
            ));
        }
        Ok(Self(text.into()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DialNumber {
    /// Parses a number.
    ///
    /// # Errors
    /// The text is not 3 to 15 digits.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        if is_digits(text, 3, 15) {
            Ok(Self(text.into()))
        } else {
            Err(ValueError(
                "a phone number has 3 to 15 digits, without a plus sign",
            ))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TimeZone {
    /// Parses a name; a blank stands for an underscore, as these APIs write it (vbc-api §5.1).
    ///
    /// # Errors
    /// The text has no such form.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let name = text.replace(' ', "_");
        let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'/' | b'-' | b'+');
        let starts = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
        if !starts || name.len() > 64 || !name.bytes().all(good) {
            return Err(ValueError("a time zone is a name such as America/New_York"));
        }
        Ok(Self(name.into()))
    }

    /// The name as everybody else writes it: `America/New_York`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as these APIs write it: `America/New York`.
    #[must_use]
    pub fn with_blanks(&self) -> String {
        self.0.replace('_', " ")
    }
}

fn is_digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vbc_5_1_writes_a_blank_in_time_zones() {
        for text in ["America/New_York", "America/New York"] {
            let zone = TimeZone::parse(text).unwrap();
            assert_eq!(zone.as_str(), "America/New_York");
            assert_eq!(zone.with_blanks(), "America/New York");
        }
        for bad in ["", "/Europe", "Europe;Berlin", "Europe\nBerlin"] {
            assert!(TimeZone::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn vbc_4_1_numbers_are_digits_alone() {
        assert!(DialNumber::parse("12015550123").is_ok());
        assert!(ExtensionNumber::parse("2001").is_ok());
        for bad in ["+12015550123", "1", "120155501231234567", "12 01"] {
            assert!(DialNumber::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "a1", "1234567890123456"] {
            assert!(ExtensionNumber::parse(bad).is_err(), "{bad}");
        }
        assert!(ExternalId::parse("ext-0001").is_ok());
        assert!(ExternalId::parse("a/b").is_err());
    }
}
