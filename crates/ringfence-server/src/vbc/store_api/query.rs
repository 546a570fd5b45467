//! The query of a request: each name at most once, and none that the operation does not know.

use super::error::StoreError;
use http::Uri;
use url::form_urlencoded;

const DEFAULT_LIMIT: u32 = 25;
const LARGEST_LIMIT: u32 = 500;
const LARGEST_OFFSET: u32 = 1_000_000_000;

/// What stands in a query.
#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

/// The part of a list that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window {
    /// Most items.
    pub(super) limit: u32,
    /// How many come before it.
    pub(super) offset: u32,
}

impl Query {
    /// Reads the query, of which the operation knows these names. An empty value is the same as none.
    ///
    /// # Errors
    /// A name is unknown, or stands there twice.
    pub(super) fn read(uri: &Uri, known: &[&str]) -> Result<Self, StoreError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let shown: String = name.chars().take(40).collect();
            if !known.contains(&&*name) {
                return Err(StoreError::bad_request(format!(
                    "there is no parameter {shown}; there are: {}",
                    known.join(", ")
                )));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                return Err(StoreError::bad_request(format!(
                    "{shown} stands there more than once"
                )));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self { pairs })
    }

    /// A value, if it is there.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// `limit` and `offset`.
    ///
    /// # Errors
    /// One of them is no number, or out of range.
    pub(super) fn window(&self) -> Result<Window, StoreError> {
        let number = |name: &str, default: u32, range: std::ops::RangeInclusive<u32>| {
            let Some(text) = self.text(name) else {
                return Ok(default);
            };
            let number = text.parse().ok().filter(|n| range.contains(n));
            number.ok_or_else(|| {
                StoreError::bad_request(format!(
                    "{name} must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                ))
            })
        };
        Ok(Window {
            limit: number("limit", DEFAULT_LIMIT, 1..=LARGEST_LIMIT)?,
            offset: number("offset", 0, 0..=LARGEST_OFFSET)?,
        })
    }

    /// The query of another window of the same list.
    pub(super) fn at(&self, window: Window) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &window.limit.to_string());
        query.append_pair("offset", &window.offset.to_string());
        let others = self.pairs.iter();
        query.extend_pairs(others.filter(|(name, _)| name != "limit" && name != "offset"));
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Query, StoreError> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        Query::read(&uri, &["limit", "offset", "query"])
    }

    #[test]
    fn knows_its_names_and_takes_each_once() {
        let window = read("limit=5&offset=10").unwrap().window().unwrap();
        assert_eq!((window.limit, window.offset), (5, 10));
        let standard = read("limit=").unwrap().window().unwrap();
        assert_eq!((standard.limit, standard.offset), (25, 0));
        for bad in ["limit=0", "limit=501", "limit=x", "offset=-1", "limit=1.5"] {
            assert!(read(bad).unwrap().window().is_err(), "{bad}");
        }
        assert!(read("limit=1&limit=2").is_err());
        assert!(read("colour=red").is_err());
    }

    #[test]
    fn another_window_keeps_the_filters() {
        let query = read("query=a%26b&limit=5&offset=5").unwrap();
        let next = Window {
            limit: 5,
            offset: 10,
        };
        assert_eq!(query.at(next), "limit=5&offset=10&query=a%26b");
    }
}
