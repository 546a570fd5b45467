//! Form bodies, read strictly: each parameter once, each value in one spelling.

use ringfence_app::token::TokenError;

/// The longest body that is read, in bytes.
pub(super) const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_PARAMETERS: usize = 64;

/// The parameters of a request, without those that have no value.
#[derive(Debug)]
pub(super) struct Form {
    parameters: Vec<(String, String)>,
}

impl Form {
    /// Parses an `application/x-www-form-urlencoded` body.
    ///
    /// A repeated parameter is refused, save `resource` and `audience`, which may name several (RFC 8707 §2).
    pub(super) fn parse(body: &[u8]) -> Result<Self, TokenError> {
        let malformed = TokenError::InvalidRequest("The request body is not a well-formed form");
        let Ok(text) = std::str::from_utf8(body) else {
            return Err(malformed);
        };
        let mut names: Vec<String> = Vec::new();
        let mut parameters = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(malformed);
            };
            if names.contains(&name) && !matches!(name.as_str(), "resource" | "audience") {
                return Err(TokenError::InvalidRequest("A parameter is repeated"));
            }
            if names.len() == MAX_PARAMETERS {
                return Err(TokenError::InvalidRequest("There are too many parameters"));
            }
            names.push(name.clone());
            // RFC 6749 §3.2: a parameter without a value counts as absent.
            if !value.is_empty() {
                parameters.push((name, value));
            }
        }
        Ok(Self { parameters })
    }

    /// A parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        all.find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Undoes form encoding; a broken escape, other than UTF-8, or a control character gives nothing.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte => byte,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    if text.chars().any(char::is_control) {
        None
    } else {
        Some(text)
    }
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> bool {
        matches!(Form::parse(body), Err(TokenError::InvalidRequest(_)))
    }

    #[test]
    fn reads_parameters_and_forgets_empty_ones() {
        let form = Form::parse(b"a=x+y%3Az&b=&c&&d=%C3%A9&").unwrap();
        assert_eq!(
            (form.get("a"), form.get("b"), form.get("c")),
            (Some("x y:z"), None, None)
        );
        assert_eq!(form.get("d"), Some("\u{e9}"));
    }

    #[test]
    fn refuses_repeated_parameters_however_spelt() {
        for body in ["a=1&a=1", "a=1&%61=2", "a=&a=1", "a&a"] {
            assert!(refused(body.as_bytes()), "{body}");
        }
        assert!(Form::parse(b"resource=1&resource=2&audience=3&audience=4").is_ok());
    }

    #[test]
    fn refuses_broken_escapes_and_control_characters() {
        for body in [
            &b"a=%"[..],
            b"a=%4",
            b"a=%zz",
            b"a=%+1",
            b"a=%00",
            b"a=\n",
            b"a=%0d",
            b"a=%ff",
            b"\xff=1",
            b"a=%7f",
        ] {
            assert!(refused(body), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn refuses_too_many_parameters() {
        let body: Vec<String> = (0..65).map(|n| format!("p{n}=1")).collect();
        assert!(refused(body.join("&").as_bytes()));
    }
}
