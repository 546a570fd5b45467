//! The parameters of a request as they were sent: decoded in one way, bounded, and not repeated.

use super::AuthorizationError;

/// The longest request that is read, in bytes.
pub const LONGEST_REQUEST: usize = 16 * 1024;
const MAX_PARAMETERS: usize = 64;

/// A request that cannot be read at all. Where its answer should go is not known either.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// Longer than anybody needs.
    #[error("the request is too long")]
    TooLong,
    /// More parameters than anybody needs.
    #[error("the request has too many parameters")]
    TooMany,
    /// A broken escape, a control character, or something other than UTF-8.
    #[error("the request is not well formed")]
    Malformed,
}

/// The parameters of a request, those without a value left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    all: Vec<(Box<str>, Box<str>)>,
    repeated: Vec<Box<str>>,
}

impl Parameters {
    /// Reads a query or a form. A parameter without a value counts as absent (RFC 6749 §3.1), but still as sent.
    ///
    /// # Errors
    /// See [`Unreadable`].
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST_REQUEST {
            return Err(Unreadable::TooLong);
        }
        let mut sent: Vec<Box<str>> = Vec::new();
        let mut parameters = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(Unreadable::Malformed);
            };
            if sent.len() == MAX_PARAMETERS {
                return Err(Unreadable::TooMany);
            }
            if sent.contains(&name) {
                parameters.repeated.push(name.clone());
            }
            sent.push(name.clone());
            if !value.is_empty() {
                parameters.all.push((name, value));
            }
        }
        Ok(parameters)
    }

    /// The value of a parameter that was sent once; none when it was sent twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        if self.is_repeated(name) {
            return None;
        }
        let mut all = self.all.iter();
        all.find(|(known, _)| **known == *name)
            .map(|(_, value)| &**value)
    }

    /// Whether a parameter was sent more than once.
    #[must_use]
    pub fn is_repeated(&self, name: &str) -> bool {
        self.repeated.iter().any(|known| **known == *name)
    }

    /// Lets requests pass that name everything once (RFC 6749 §3.1).
    ///
    /// # Errors
    /// Something is repeated, whatever it is.
    pub fn once_each(&self) -> Result<(), AuthorizationError> {
        if self.repeated.is_empty() {
            Ok(())
        } else {
            Err(AuthorizationError::InvalidRequest(
                "a parameter is repeated",
            ))
        }
    }
}

/// Undoes form encoding; a broken escape, other than UTF-8, or a control character gives nothing.
fn decode(text: &str) -> Option<Box<str>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then(|| text.into())
}

fn hex_digit(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn checklist_45_what_is_sent_twice_is_noticed_however_it_is_spelt() {
        for text in ["state=1&state=1", "state=1&%73tate=2", "state=&state=1"] {
            let parameters = Parameters::parse(text).unwrap();
            assert!(parameters.is_repeated("state"), "{text}");
            assert_eq!(parameters.get("state"), None, "{text}");
            assert!(parameters.once_each().is_err());
        }
        let parameters = Parameters::parse("x=1&x=2&state=s").unwrap();
        assert_eq!(parameters.get("state"), Some("s"));
        assert!(parameters.once_each().is_err(), "unknown ones too");
    }

    #[test]
    fn reads_one_spelling_and_forgets_empty_ones() {
        let parameters = Parameters::parse("a=x+y%3Az&b=&c&&d=%C3%A9&").unwrap();
        assert_eq!(parameters.get("a"), Some("x y:z"));
        assert_eq!((parameters.get("b"), parameters.get("c")), (None, None));
        assert_eq!(parameters.get("d"), Some("\u{e9}"));
        assert!(parameters.once_each().is_ok());
        for bad in ["a=%", "a=%4", "a=%zz", "a=%00", "a=%0d", "a=%ff", "a=%7f"] {
            assert_eq!(Parameters::parse(bad), Err(Unreadable::Malformed), "{bad}");
        }
        let many: Vec<String> = (0..65).map(|n| format!("p{n}=1")).collect();
        assert_eq!(Parameters::parse(&many.join("&")), Err(Unreadable::TooMany));
        let long = "a".repeat(LONGEST_REQUEST + 1);
        assert_eq!(Parameters::parse(&long), Err(Unreadable::TooLong));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z=&%+0-9A-F]{0,80}") {
            let _ = Parameters::parse(&text);
        }
    }
}
