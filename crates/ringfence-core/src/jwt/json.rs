//! A strict reader of small JSON objects from strangers (RFC 8259).
//!
//! Repeated names, lone surrogates, loose numbers, deep nesting and trailing text are
//! failures. A value of the wrong type is a failure, never "absent".

use std::borrow::Cow;
use thiserror::Error;

const MAX_DEPTH: usize = 8;
const MAX_MEMBERS: usize = 64;

/// Why a text is not an acceptable JSON object, or lacks a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum JsonError {
    /// Not JSON, or not an object.
    #[error("the text is not a JSON object")]
    Syntax,
    /// A name occurs twice.
    #[error("a member name occurs twice")]
    Duplicate,
    /// Nested deeper, or with more members, than allowed.
    #[error("the object is too deep or too large")]
    TooLarge,
    /// A member is missing.
    #[error("member {0} is missing")]
    Missing(&'static str),
    /// A member has another type or range.
    #[error("member {0} has the wrong type")]
    WrongType(&'static str),
}

/// A JSON value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(&'a str),
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object<'a>),
}

/// A JSON object whose names are unique.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Object<'a> {
    /// Parses a text that is one object and nothing else but white space.
    ///
    /// # Errors
    /// See [`JsonError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|_| JsonError::Syntax)?;
        let mut reader = Reader { text, at: 0 };
        reader.skip_space();
        let object = reader.object(1)?;
        reader.skip_space();
        if reader.at == text.len() {
            Ok(object)
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// The members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.members
            .iter()
            .map(|(name, value)| (name.as_ref(), value))
    }

    /// The member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.members.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// A member that must be a string.
    ///
    /// # Errors
    /// It is missing or no string.
    pub fn text(&self, name: &'static str) -> Result<&str, JsonError> {
        match self.get(name) {
            Some(Value::Text(text)) => Ok(text),
            Some(_) => Err(JsonError::WrongType(name)),
            None => Err(JsonError::Missing(name)),
        }
    }

    /// A member that must be a whole number written without fraction or exponent.
    ///
    /// # Errors
    /// It is missing, no such number, or does not fit.
    pub fn int(&self, name: &'static str) -> Result<i64, JsonError> {
        match self.get(name) {
            Some(Value::Number(digits)) => digits.parse().map_err(|_| JsonError::WrongType(name)),
            Some(_) => Err(JsonError::WrongType(name)),
            None => Err(JsonError::Missing(name)),
        }
    }
}

/// Appends a JSON string, quotes included.
pub fn append_text(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            c if c < ' ' => {
                json.push_str("\\u00");
                json.push_str(&crate::encoding::hex(c.encode_utf8(&mut [0; 4]).as_bytes()));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(JsonError::Syntax)
        }
    }

    /// What was read since `start`. Both ends lie beside ASCII, so the slice is whole characters.
    fn since(&self, start: usize) -> Result<&'a str, JsonError> {
        self.text.get(start..self.at).ok_or(JsonError::Syntax)
    }

    fn object(&mut self, depth: usize) -> Result<Object<'a>, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::TooLarge);
        }
        self.expect(b'{')?;
        self.skip_space();
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        if self.take(b'}') {
            return Ok(Object { members });
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            if members.len() == MAX_MEMBERS {
                return Err(JsonError::TooLarge);
            }
            if members.iter().any(|(n, _)| *n == name) {
                return Err(JsonError::Duplicate);
            }
            self.skip_space();
            self.expect(b':')?;
            members.push((name, self.value(depth)?));
            if self.take(b'}') {
                return Ok(Object { members });
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Value<'a>>, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::TooLarge);
        }
        self.expect(b'[')?;
        self.skip_space();
        let mut values = Vec::new();
        if self.take(b']') {
            return Ok(values);
        }
        loop {
            if values.len() == MAX_MEMBERS {
                return Err(JsonError::TooLarge);
            }
            values.push(self.value(depth)?);
            if self.take(b']') {
                return Ok(values);
            }
            self.expect(b',')?;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.skip_space();
        let value = match self.peek() {
            Some(b'{') => Value::Object(self.object(depth + 1)?),
            Some(b'[') => Value::Array(self.array(depth + 1)?),
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            _ => return Err(JsonError::Syntax),
        };
        self.skip_space();
        Ok(value)
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        if self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word.as_bytes()))
        {
            self.at += word.len();
            return Ok(value);
        }
        Err(JsonError::Syntax)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(JsonError::Syntax)
        } else {
            Ok(())
        }
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        self.since(start)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = self.since(start)?;
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => break,
                Some(byte) if byte >= b' ' => self.at += 1,
                _ => return Err(JsonError::Syntax),
            }
        }
        let mut unescaped = self.since(start)?.to_owned();
        loop {
            let plain = self.at;
            while self
                .peek()
                .is_some_and(|b| b >= b' ' && b != b'"' && b != b'\\')
            {
                self.at += 1;
            }
            unescaped.push_str(self.since(plain)?);
            if self.take(b'"') {
                return Ok(Cow::Owned(unescaped));
            }
            self.expect(b'\\')?;
            unescaped.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek().ok_or(JsonError::Syntax)?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex4()?;
                if !(0xd800..0xe000).contains(&first) {
                    return char::from_u32(first).ok_or(JsonError::Syntax);
                }
                self.expect(b'\\')?;
                self.expect(b'u')?;
                let second = self.hex4()?;
                if first >= 0xdc00 || !(0xdc00..0xe000).contains(&second) {
                    return Err(JsonError::Syntax);
                }
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(code).ok_or(JsonError::Syntax);
            }
            _ => return Err(JsonError::Syntax),
        })
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            code = code * 16 + digit.ok_or(JsonError::Syntax)?;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_an_object() {
        let text = br#" {"a":"x\u00e9\ud83d\ude00\n", "n":-12, "l":[1,{"b":null}], "t":true} "#;
        let object = Object::parse(text).unwrap();
        assert_eq!(object.text("a"), Ok("x\u{e9}\u{1f600}\n"));
        assert_eq!(object.int("n"), Ok(-12));
        assert_eq!(object.text("n"), Err(JsonError::WrongType("n")));
        assert_eq!(object.int("zz"), Err(JsonError::Missing("zz")));
        assert_eq!(object.get("t"), Some(&Value::Bool(true)));
    }

    #[test]
    fn refuses_what_is_loose() {
        let texts: [&[u8]; 22] = [
            b"",
            b"[]",
            b"1",
            b"{",
            b"{}x",
            b"{}{}",
            b"{\"a\":1,}",
            b"{,}",
            b"{a:1}",
            b"{\"a\":01}",
            b"{\"a\":1.}",
            b"{\"a\":.5}",
            b"{\"a\":+1}",
            b"{\"a\":NaN}",
            b"{\"a\":\"\n\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\\udc00\\ud800\"}",
            b"{\"a\":\"\\x\"}",
            b"{\"a\":\"\xff\"}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":tru}",
            b"{\"a\" 1}",
        ];
        for text in texts {
            assert_eq!(
                Object::parse(text),
                Err(JsonError::Syntax),
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    #[test]
    fn refuses_repeated_names_however_spelt() {
        for text in [
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "{\"o\":{\"x\":1,\"x\":1}}",
        ] {
            assert_eq!(Object::parse(text.as_bytes()), Err(JsonError::Duplicate));
        }
    }

    #[test]
    fn refuses_what_is_deep_or_large() {
        let deep = format!(
            "{{\"a\":{}{}}}",
            "[".repeat(1_000_000),
            "]".repeat(1_000_000)
        );
        assert_eq!(Object::parse(deep.as_bytes()), Err(JsonError::TooLarge));
        let members: Vec<String> = (0..65).map(|n| format!("\"m{n}\":0")).collect();
        assert_eq!(
            Object::parse(format!("{{{}}}", members.join(",")).as_bytes()),
            Err(JsonError::TooLarge)
        );
    }

    #[test]
    fn fractions_and_exponents_are_no_whole_numbers() {
        let object = Object::parse(b"{\"a\":1.0,\"b\":1e3,\"c\":99999999999999999999}").unwrap();
        for name in ["a", "b", "c"] {
            assert_eq!(object.int(name), Err(JsonError::WrongType(name)));
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Object::parse(&bytes);
        }

        #[test]
        fn agrees_with_serde_json(text in "[{}\\[\\]\",:0-9a-fu\\\\ .eE+-]{0,24}") {
            if Object::parse(text.as_bytes()).is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).is_ok());
            }
        }

        #[test]
        fn reads_what_it_writes(text in any::<String>()) {
            let mut json = String::from("{\"a\":");
            append_text(&text, &mut json);
            json.push('}');
            let object = Object::parse(json.as_bytes()).unwrap();
            prop_assert_eq!(object.text("a"), Ok(text.as_str()));
        }
    }
}
