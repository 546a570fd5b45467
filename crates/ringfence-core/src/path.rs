//! The path rule: what a request path may look like, and how routes are matched against it.
//!
//! The path that is checked must be the path that is forwarded, byte for byte. So nothing is normalised here: a path
//! that two programs could read in two ways is refused, and what is left has one reading only.

use std::borrow::Cow;
use std::fmt;

/// Longest path accepted, in bytes as sent.
pub const PATH_BYTES_MAX: usize = 4096;

/// Most segments accepted in a path.
pub const PATH_SEGMENTS_MAX: usize = 64;

/// A request path with exactly one reading, kept byte for byte as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanPath<'a>(&'a str);

/// Why a request path is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// It does not begin with a slash; the form `*` is among these.
    #[error("path does not begin with a slash")]
    NotAbsolute,
    /// It is longer than [`PATH_BYTES_MAX`] or has more than [`PATH_SEGMENTS_MAX`] segments.
    #[error("path is too long")]
    TooLong,
    /// Two slashes follow each other.
    #[error("path has an empty segment")]
    EmptySegment,
    /// A segment is `.` or `..`.
    #[error("path has a dot segment")]
    DotSegment,
    /// A byte that may not stand in a path unencoded: control, backslash, quote, bracket or non-ASCII.
    #[error("path has a byte that may not stand there")]
    ForbiddenByte,
    /// A `;` opens path parameters, which programs cut off or keep as they like.
    #[error("path has parameters")]
    Parameters,
    /// A `*` stands in the path.
    #[error("path has an asterisk")]
    Asterisk,
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("path has a broken percent encoding")]
    BrokenEncoding,
    /// An encoded byte changes the meaning of the path once decoded: dot, slash, backslash, percent, `;`, `*`, `?`,
    /// `#` or a control character.
    #[error("path encodes a character that has a meaning of its own")]
    EncodedDelimiter,
    /// The decoded bytes are not UTF-8, or hold a character that looks like a dot, slash or percent sign and becomes
    /// one under compatibility normalisation.
    #[error("path does not decode to plain text")]
    NotPlainText,
}

impl PathFault {
    /// The stable reason code of the refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAbsolute => "path_not_absolute",
            Self::TooLong => "path_too_long",
            Self::EmptySegment => "path_empty_segment",
            Self::DotSegment => "path_dot_segment",
            Self::ForbiddenByte => "path_forbidden_byte",
            Self::Parameters => "path_parameters",
            Self::Asterisk => "path_asterisk",
            Self::BrokenEncoding => "path_broken_encoding",
            Self::EncodedDelimiter => "path_encoded_delimiter",
            Self::NotPlainText => "path_not_plain_text",
        }
    }
}

impl<'a> CleanPath<'a> {
    /// Checks a raw path, without its query, as it stood in the request.
    ///
    /// # Errors
    /// The first [`PathFault`] found.
    pub fn parse(raw: &'a str) -> Result<Self, PathFault> {
        let Some(rest) = raw.strip_prefix('/') else {
            return Err(PathFault::NotAbsolute);
        };
        if raw.len() > PATH_BYTES_MAX {
            return Err(PathFault::TooLong);
        }
        if rest.is_empty() {
            return Ok(Self(raw));
        }
        let mut segments = rest.split('/').enumerate().peekable();
        while let Some((index, segment)) = segments.next() {
            // One empty segment may stand at the end: a trailing slash is a path of its own.
            if segment.is_empty() && segments.peek().is_some() {
                return Err(PathFault::EmptySegment);
            }
            if index >= PATH_SEGMENTS_MAX {
                return Err(PathFault::TooLong);
            }
            segment_check(segment)?;
        }
        Ok(Self(raw))
    }

    /// The path exactly as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.0
    }

    /// The segments as they were sent; a trailing slash gives a last empty one, the root gives a single empty one.
    pub fn segments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.split('/').skip(1)
    }
}

impl fmt::Display for CleanPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn segment_check(segment: &str) -> Result<(), PathFault> {
    if segment == "." || segment == ".." {
        return Err(PathFault::DotSegment);
    }
    let mut bytes = segment.bytes();
    let mut encoded = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let (Some(high), Some(low)) = (
                    bytes.next().and_then(hex_digit),
                    bytes.next().and_then(hex_digit),
                ) else {
                    return Err(PathFault::BrokenEncoding);
                };
                encoded = true;
                let decoded = high * 16 + low;
                if decoded < 0x20 || decoded == 0x7f || b"./\\%;*?#".contains(&decoded) {
                    return Err(PathFault::EncodedDelimiter);
                }
            }
            b';' => return Err(PathFault::Parameters),
            b'*' => return Err(PathFault::Asterisk),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {}
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'+' | b','
            | b'=' | b':' | b'@' => {}
            _ => return Err(PathFault::ForbiddenByte),
        }
    }
    if encoded {
        let text = String::from_utf8(decode(segment)).map_err(|_| PathFault::NotPlainText)?;
        if text.chars().any(is_treacherous) {
            return Err(PathFault::NotPlainText);
        }
    }
    Ok(())
}

/// Characters that compatibility normalisation turns into `.`, `/`, `\`, `%` or `;`, and controls above ASCII.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2024}'
                ..='\u{2026}'
                    | '\u{2044}'
                    | '\u{2215}'
                    | '\u{FE19}'
                    | '\u{FE30}'
                    | '\u{FE52}'
                    | '\u{FE54}'
                    | '\u{FE68}'
                    | '\u{FE6A}'
                    | '\u{FF05}'
                    | '\u{FF0E}'
                    | '\u{FF0F}'
                    | '\u{FF1B}'
                    | '\u{FF3C}'
        )
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Decodes percent encoding; a broken one is left as it stands, which a checked segment never has.
fn decode(segment: &str) -> Vec<u8> {
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = (
            bytes.get(at + 1).copied().and_then(hex_digit),
            bytes.get(at + 2).copied().and_then(hex_digit),
        );
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                out.push(high * 16 + low);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Whether the letters of a template's fixed segments are compared with or without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterCase {
    /// `A` and `a` differ.
    Exact,
    /// `A` and `a` are the same.
    Ignored,
}

/// A route's path with named holes, as `/useradmin/users/{userId}`; a last `{name...}` takes one or more segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    parts: Vec<Part>,
    letter_case: LetterCase,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(String),
    Hole(String),
    Rest(String),
}

/// Why a template's text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// The fixed text is not a clean path.
    #[error("template is not a clean path: {0}")]
    Path(PathFault),
    /// A hole is unnamed, named twice, or shares its segment with fixed text.
    #[error("template has a malformed hole")]
    Hole,
    /// A hole that takes the rest of the path does not stand last.
    #[error("template goes on after the hole that takes the rest")]
    AfterRest,
}

/// The decoded values of a template's holes, in the order of the template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathParams<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> PathParams<'a> {
    /// The decoded value of the hole of that name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_ref())
    }

    /// All names with their decoded values.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_ref()))
    }
}

impl PathTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// A [`TemplateFault`] when the fixed text is not a clean path or a hole is malformed.
    pub fn parse(text: &str, letter_case: LetterCase) -> Result<Self, TemplateFault> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(TemplateFault::Path(PathFault::NotAbsolute));
        };
        let mut parts = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let n_segments = rest.split('/').count();
        for (index, segment) in rest.split('/').enumerate() {
            let last = index + 1 == n_segments;
            let inner = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            let Some(inner) = inner else {
                if segment.contains(['{', '}']) {
                    return Err(TemplateFault::Hole);
                }
                if segment.is_empty() && !last {
                    return Err(TemplateFault::Path(PathFault::EmptySegment));
                }
                segment_check(segment).map_err(TemplateFault::Path)?;
                parts.push(Part::Fixed(segment.to_owned()));
                continue;
            };
            let (name, takes_rest) = match inner.strip_suffix("...") {
                Some(name) => (name, true),
                None => (inner, false),
            };
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if name.is_empty() || !plain || names.contains(&name) {
                return Err(TemplateFault::Hole);
            }
            if takes_rest && !last {
                return Err(TemplateFault::AfterRest);
            }
            names.push(name);
            parts.push(if takes_rest {
                Part::Rest(name.to_owned())
            } else {
                Part::Hole(name.to_owned())
            });
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
            letter_case,
        })
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The values of the holes when the path fits, else nothing.
    ///
    /// Fixed segments are compared as they were sent: a letter that was percent-encoded without need does not match.
    #[must_use]
    pub fn matches<'a>(&'a self, path: &CleanPath<'a>) -> Option<PathParams<'a>> {
        let mut params = Vec::new();
        let mut segments = path.segments();
        for part in &self.parts {
            match part {
                Part::Fixed(fixed) => {
                    let segment = segments.next()?;
                    let same = match self.letter_case {
                        LetterCase::Exact => segment == fixed,
                        LetterCase::Ignored => segment.eq_ignore_ascii_case(fixed),
                    };
                    if !same {
                        return None;
                    }
                }
                Part::Hole(name) => {
                    let segment = segments.next().filter(|segment| !segment.is_empty())?;
                    params.push((name.as_str(), decoded_text(segment)));
                }
                Part::Rest(name) => {
                    let rest: Vec<&str> = segments.by_ref().collect();
                    if rest.first().is_none_or(|first| first.is_empty()) {
                        return None;
                    }
                    let rest = rest.join("/");
                    let rest = decoded_text(&rest).into_owned();
                    params.push((name.as_str(), Cow::Owned(rest)));
                }
            }
        }
        segments.next().is_none().then_some(PathParams(params))
    }

    /// How exactly the template names a path: more fixed segments first, a rest hole last. Used to order routes.
    #[must_use]
    pub fn precedence(&self) -> Vec<u8> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Fixed(_) => 0,
                Part::Hole(_) => 1,
                Part::Rest(_) => 2,
            })
            .collect()
    }
}

fn decoded_text(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        // A clean segment decodes to UTF-8; the replacement character never comes to be.
        Cow::Owned(String::from_utf8_lossy(&decode(segment)).into_owned())
    } else {
        Cow::Borrowed(segment)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepts_plain_paths_byte_for_byte() {
        for path in [
            "/",
            "/stats",
            "/useradmin/users/",
            "/useradmin/users/by/username/sam.lee%40acme.example",
            "/useradmin/users/by/username/sam.lee@acme.example",
            "/a/...",
            "/a/.hidden",
            "/a/b%20c",
            "/a/caf%C3%A9",
            "/a/x~y!$&'()+,=:",
        ] {
            let clean = CleanPath::parse(path).map(|clean| clean.as_str());
            assert_eq!(clean, Ok(path));
        }
    }

    #[test]
    fn refuses_every_path_with_two_readings() {
        let cases: &[(&str, PathFault)] = &[
            ("", PathFault::NotAbsolute),
            ("*", PathFault::NotAbsolute),
            ("stats", PathFault::NotAbsolute),
            ("//", PathFault::EmptySegment),
            ("//stats", PathFault::EmptySegment),
            ("/a//b", PathFault::EmptySegment),
            ("/a/b//", PathFault::EmptySegment),
            ("/a/./b", PathFault::DotSegment),
            ("/a/../b", PathFault::DotSegment),
            ("/..", PathFault::DotSegment),
            ("/a/%2e%2e/b", PathFault::EncodedDelimiter),
            ("/a/%2E/b", PathFault::EncodedDelimiter),
            ("/a/.%2e/b", PathFault::EncodedDelimiter),
            ("/a%2fb", PathFault::EncodedDelimiter),
            ("/a%2Fb", PathFault::EncodedDelimiter),
            ("/a%5cb", PathFault::EncodedDelimiter),
            ("/a%252fb", PathFault::EncodedDelimiter),
            ("/a%3bb", PathFault::EncodedDelimiter),
            ("/a%00b", PathFault::EncodedDelimiter),
            ("/a%0d%0ab", PathFault::EncodedDelimiter),
            ("/a%3fb", PathFault::EncodedDelimiter),
            ("/a%23b", PathFault::EncodedDelimiter),
            ("/a;x=1/b", PathFault::Parameters),
            ("/a/..;/b", PathFault::Parameters),
            ("/a/*", PathFault::Asterisk),
            ("/a%2a", PathFault::EncodedDelimiter),
            ("/a\\b", PathFault::ForbiddenByte),
            ("/a b", PathFault::ForbiddenByte),
            ("/a\0b", PathFault::ForbiddenByte),
            ("/a\"b", PathFault::ForbiddenByte),
            ("/caf\u{e9}", PathFault::ForbiddenByte),
            ("/a%", PathFault::BrokenEncoding),
            ("/a%2", PathFault::BrokenEncoding),
            ("/a%zz", PathFault::BrokenEncoding),
            ("/a%c0%ae", PathFault::NotPlainText),
            ("/a%ff", PathFault::NotPlainText),
            ("/a%EF%BC%8F", PathFault::NotPlainText),
            ("/a%C2%85", PathFault::NotPlainText),
        ];
        for (path, fault) in cases {
            assert_eq!(CleanPath::parse(path), Err(*fault), "{path:?}");
        }
    }

    #[test]
    fn bounds_length_and_depth() {
        let long = format!("/{}", "a".repeat(PATH_BYTES_MAX));
        assert_eq!(CleanPath::parse(&long), Err(PathFault::TooLong));
        let deep = "/a".repeat(PATH_SEGMENTS_MAX + 1);
        assert_eq!(CleanPath::parse(&deep), Err(PathFault::TooLong));
        assert!(CleanPath::parse(&"/a".repeat(PATH_SEGMENTS_MAX)).is_ok());
    }

    fn template(text: &str, letter_case: LetterCase) -> PathTemplate {
        PathTemplate::parse(text, letter_case).unwrap()
    }

    #[test]
    fn matches_holes_and_decodes_them() {
        let users = template(
            "/useradmin/users/by/username/{username}",
            LetterCase::Ignored,
        );
        let path = CleanPath::parse("/UserAdmin/users/BY/username/Sam%40Acme").unwrap();
        let params = users.matches(&path).unwrap();
        assert_eq!(params.value("username"), Some("Sam@Acme"));
        assert_eq!(
            params.iter().collect::<Vec<_>>(),
            [("username", "Sam@Acme")]
        );
        for other in [
            "/useradmin/users/by/username",
            "/useradmin/users/by/username/",
            "/useradmin/users/by/username/a/b",
            "/useradmin/users/by/%75sername/a",
        ] {
            let path = CleanPath::parse(other).unwrap();
            assert_eq!(users.matches(&path), None, "{other}");
        }
    }

    #[test]
    fn keeps_letter_case_when_asked() {
        let stats = template("/Stats/{id}", LetterCase::Exact);
        assert!(
            stats
                .matches(&CleanPath::parse("/Stats/1").unwrap())
                .is_some()
        );
        assert!(
            stats
                .matches(&CleanPath::parse("/stats/1").unwrap())
                .is_none()
        );
    }

    #[test]
    fn takes_the_rest_only_when_there_is_one() {
        let files = template("/files/{path...}", LetterCase::Exact);
        let path = CleanPath::parse("/files/a/b%20c").unwrap();
        assert_eq!(files.matches(&path).unwrap().value("path"), Some("a/b c"));
        assert!(
            files
                .matches(&CleanPath::parse("/files").unwrap())
                .is_none()
        );
        assert!(
            files
                .matches(&CleanPath::parse("/files/").unwrap())
                .is_none()
        );
    }

    #[test]
    fn refuses_malformed_templates() {
        let cases = [
            ("users", TemplateFault::Path(PathFault::NotAbsolute)),
            ("/a/../b", TemplateFault::Path(PathFault::DotSegment)),
            ("/a//b", TemplateFault::Path(PathFault::EmptySegment)),
            ("/a/{}", TemplateFault::Hole),
            ("/a/x{id}", TemplateFault::Hole),
            ("/{id}/{id}", TemplateFault::Hole),
            ("/{a...}/b", TemplateFault::AfterRest),
        ];
        for (text, fault) in cases {
            assert_eq!(
                PathTemplate::parse(text, LetterCase::Exact),
                Err(fault),
                "{text}"
            );
        }
    }

    #[test]
    fn orders_the_more_exact_template_first() {
        let mut texts = ["/a/{rest...}", "/a/{id}", "/a/b"];
        texts.sort_by_key(|text| template(text, LetterCase::Exact).precedence());
        assert_eq!(texts, ["/a/b", "/a/{id}", "/a/{rest...}"]);
    }

    /// What the most lenient program behind the gateway could make of a path: decode twice, cut parameters, turn
    /// backslashes, fold slashes, resolve dots.
    fn most_lenient_reading(path: &str) -> Vec<String> {
        let once = String::from_utf8_lossy(&decode(path)).into_owned();
        let twice = String::from_utf8_lossy(&decode(&once)).into_owned();
        let mut segments: Vec<String> = Vec::new();
        for segment in twice.replace('\\', "/").split('/') {
            let segment = segment.split([';', '?', '#', '\0']).next().unwrap();
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                other => segments.push(other.to_owned()),
            }
        }
        segments
    }

    proptest! {
        #[test]
        fn a_clean_path_reads_the_same_to_strict_and_lenient(
            path in "/?([a-c./\\\\;*?#%\u{0}]|%2e|%2f|%5c|%25|%00|%3b|%c0%af|%41|é){0,24}"
        ) {
            if let Ok(clean) = CleanPath::parse(&path) {
                prop_assert_eq!(clean.as_str(), path.as_str());
                let strict: Vec<String> = clean
                    .segments()
                    .filter(|segment| !segment.is_empty())
                    .map(|segment| decoded_text(segment).into_owned())
                    .collect();
                prop_assert_eq!(strict, most_lenient_reading(&path));
            }
        }

        #[test]
        fn no_input_is_a_panic(path in "\\PC*") {
            let _ = CleanPath::parse(&path);
            let _ = PathTemplate::parse(&path, LetterCase::Ignored);
        }
    }
}
