//! Ids of the Provisioning APIs: plain numbers, a type for each kind of thing.

use super::text::ValueError;
use super::{AccountDetails, Location, Person};
use std::marker::PhantomData;

/// A number by which the Provisioning APIs know a thing.
pub struct Number<Of>(i64, PhantomData<fn() -> Of>);

/// An account's.
pub type AccountNumber = Number<AccountDetails>;
/// A location's.
pub type LocationNumber = Number<Location>;
/// A person's.
pub type UserNumber = Number<Person>;

/// Programs in any language read up to this exactly.
const LARGEST: i64 = 999_999_999_999;

impl<Of> Number<Of> {
    /// Takes a number.
    ///
    /// # Errors
    /// It is not from 1 to 999,999,999,999.
    pub fn new(number: i64) -> Result<Self, ValueError> {
        if (1..=LARGEST).contains(&number) {
            Ok(Self(number, PhantomData))
        } else {
            Err(ValueError("an id is a number from 1 to 999999999999"))
        }
    }

    /// Parses plain digits.
    ///
    /// # Errors
    /// The text holds another character, or the number is out of range.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        let digits = text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        Self::new(number.unwrap_or_default())
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<Of> TryFrom<i64> for Number<Of> {
    type Error = ValueError;
    fn try_from(number: i64) -> Result<Self, ValueError> {
        Self::new(number)
    }
}

// Derived ones would ask the same of the kind of thing.
impl<Of> Clone for Number<Of> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Of> Copy for Number<Of> {}

impl<Of> PartialEq for Number<Of> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<Of> Eq for Number<Of> {}

impl<Of> std::fmt::Debug for Number<Of> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<Of> std::fmt::Display for Number<Of> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_plain_digits() {
        assert_eq!(UserNumber::parse("815").unwrap().get(), 815);
        for bad in ["", "0", "-1", "+1", "1.0", "1e3", "self", "1234567890123"] {
            assert!(UserNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
