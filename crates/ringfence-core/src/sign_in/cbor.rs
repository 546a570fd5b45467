//! A strict reader of the little CBOR that authenticators write (RFC 8949; CTAP2 canonical form).
//!
//! Lengths are definite and numbers in their shortest form, keys of a map are unique; tags,
//! floating-point numbers and deep nesting are refused.

use thiserror::Error;

const MAX_DEPTH: usize = 4;
const MAX_ITEMS: u64 = 64;

/// The bytes are not acceptable CBOR.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the bytes are not acceptable CBOR")]
pub struct CborError;

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cbor<'a> {
    /// A whole number.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// An array.
    Array(Vec<Self>),
    /// A map, its keys in the order they came.
    Map(Vec<(Self, Self)>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl<'a> Cbor<'a> {
    /// Reads one value and gives what follows it.
    ///
    /// # Errors
    /// The bytes do not begin with an acceptable value.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), CborError> {
        let mut reader = Reader { rest: bytes };
        let value = reader.value(0)?;
        Ok((value, reader.rest))
    }

    /// Reads bytes that are one value and nothing else.
    ///
    /// # Errors
    /// They are anything else.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CborError> {
        match Self::read(bytes)? {
            (value, []) => Ok(value),
            (_, _) => Err(CborError),
        }
    }

    /// The value under a number, in a map.
    #[must_use]
    pub fn at(&self, key: i64) -> Option<&Self> {
        self.entry(|k| *k == Self::Int(key))
    }

    /// The value under a text, in a map.
    #[must_use]
    pub fn named(&self, key: &str) -> Option<&Self> {
        self.entry(|k| matches!(k, Self::Text(text) if *text == key))
    }

    /// The bytes, when it is bytes.
    #[must_use]
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn entry(&self, is_it: impl Fn(&Self) -> bool) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        entries.iter().find(|(k, _)| is_it(k)).map(|(_, v)| v)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Cbor<'a>, CborError> {
        if depth > MAX_DEPTH {
            return Err(CborError);
        }
        let (kind, number) = self.head()?;
        match kind {
            0 => i64::try_from(number).map(Cbor::Int).map_err(|_| CborError),
            1 => {
                let number = i64::try_from(number).map_err(|_| CborError)?;
                Ok(Cbor::Int(-1 - number))
            }
            2 => Ok(Cbor::Bytes(self.take(number)?)),
            3 => {
                let text = std::str::from_utf8(self.take(number)?).map_err(|_| CborError)?;
                Ok(Cbor::Text(text))
            }
            4 => {
                let n_items = bounded(number)?;
                let mut items = Vec::with_capacity(n_items);
                for _ in 0..n_items {
                    items.push(self.value(depth + 1)?);
                }
                Ok(Cbor::Array(items))
            }
            5 => self.map(bounded(number)?, depth),
            7 => match number {
                20 => Ok(Cbor::Bool(false)),
                21 => Ok(Cbor::Bool(true)),
                22 => Ok(Cbor::Null),
                _ => Err(CborError),
            },
            _ => Err(CborError),
        }
    }

    fn map(&mut self, n_entries: usize, depth: usize) -> Result<Cbor<'a>, CborError> {
        let mut entries: Vec<(Cbor<'a>, Cbor<'a>)> = Vec::with_capacity(n_entries);
        for _ in 0..n_entries {
            let key = self.value(depth + 1)?;
            if !matches!(key, Cbor::Int(_) | Cbor::Text(_)) || entries.iter().any(|e| e.0 == key) {
                return Err(CborError);
            }
            let value = self.value(depth + 1)?;
            entries.push((key, value));
        }
        Ok(Cbor::Map(entries))
    }

    /// The kind of the next value and its number, which must be in its shortest form.
    fn head(&mut self) -> Result<(u8, u64), CborError> {
        let first = *self.take(1)?.first().ok_or(CborError)?;
        let (kind, short) = (first >> 5, first & 31);
        // A float or a long simple value has the same heads as a longer number.
        if kind == 7 && short >= 24 {
            return Err(CborError);
        }
        let (n_bytes, least) = match short {
            0..=23 => return Ok((kind, short.into())),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(CborError),
        };
        let mut number = 0_u64;
        for byte in self.take(n_bytes)? {
            number = number << 8 | u64::from(*byte);
        }
        if number < least {
            return Err(CborError);
        }
        Ok((kind, number))
    }

    fn take(&mut self, n_bytes: u64) -> Result<&'a [u8], CborError> {
        let n_bytes = usize::try_from(n_bytes).map_err(|_| CborError)?;
        let (taken, rest) = self.rest.split_at_checked(n_bytes).ok_or(CborError)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn bounded(number: u64) -> Result<usize, CborError> {
    if number > MAX_ITEMS {
        return Err(CborError);
    }
    usize::try_from(number).map_err(|_| CborError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_authenticators_write() {
        let bytes = [
            0xa3, 0x01, 0x02, 0x20, 0x41, 0xff, 0x61, b'a', 0x82, 0xf5, 0xf6,
        ];
        let value = Cbor::parse(&bytes).unwrap();
        assert_eq!(value.at(1), Some(&Cbor::Int(2)));
        assert_eq!(value.at(-1).and_then(Cbor::bytes), Some(&[0xff][..]));
        let items = vec![Cbor::Bool(true), Cbor::Null];
        assert_eq!(value.named("a"), Some(&Cbor::Array(items)));
        assert_eq!(Cbor::read(&[0x01, 0x99]), Ok((Cbor::Int(1), &[0x99][..])));
    }

    #[test]
    fn refuses_second_spellings_and_what_is_not_used() {
        for (bytes, why) in [
            (&[0x18, 0x17][..], "a number in two bytes that fits one"),
            (&[0x19, 0x00, 0xff], "a number in three that fits two"),
            (&[0x5f, 0x41, 0x00, 0xff], "bytes of indefinite length"),
            (&[0xbf, 0xff], "a map of indefinite length"),
            (&[0xa2, 0x01, 0x01, 0x01, 0x02], "a key twice"),
            (&[0xa1, 0x41, 0x00, 0x01], "bytes as a key"),
            (&[0xc0, 0x01], "a tag"),
            (&[0xf9, 0x00, 0x00], "a float"),
            (&[0xf8, 0xff], "a simple value"),
            (&[0x42, 0x00], "cut bytes"),
            (&[0x61, 0xff], "text that is no UTF-8"),
            (
                &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "too large",
            ),
            (&[0x81, 0x81, 0x81, 0x81, 0x81, 0x01], "too deep"),
            (&[0x98, 0x41], "too many"),
            (&[0x01, 0x01], "two values"),
            (&[], "nothing"),
        ] {
            assert_eq!(Cbor::parse(bytes), Err(CborError), "{why}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Cbor::parse(&bytes);
        }
    }
}
