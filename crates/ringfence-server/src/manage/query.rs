//! The query of a request: each name at most once, and none that the operation does not know.

use super::error::ManageError;
use http::Uri;

/// What stands in a query.
#[derive(Debug)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the query, of which the operation knows these names. An empty value is the same as none.
    ///
    /// # Errors
    /// A name is unknown, or stands there twice.
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Self, ManageError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        {
            if !known.contains(&&*name) {
                let shown: String = name.chars().take(40).collect();
                let text = format!(
                    "there is no parameter {shown}; there are: {}",
                    known.join(", ")
                );
                return Err(ManageError::malformed(&format!("?{shown}"), text));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == name) {
                let text = format!("{name} stands there more than once");
                return Err(ManageError::malformed(&format!("?{name}"), text));
            }
            pairs.push((name.into_owned(), value.into_owned()));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self { pairs })
    }

    /// A value, if it is there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A value read as a type, if it is there.
    ///
    /// # Errors
    /// The value is none of that type.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ManageError> {
        let value = self.text(name).map(parse).transpose();
        value.map_err(|e| ManageError::malformed(&format!("?{name}"), e))
    }

    /// `true` or `false`, if it is there.
    ///
    /// # Errors
    /// The value is neither.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, ManageError> {
        self.parsed(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("{name} must be true or false")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Query, ManageError> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        Query::read(&uri, &["limit", "active"])
    }

    #[test]
    fn knows_its_names_and_takes_each_once() {
        assert_eq!(read("limit=5").unwrap().text("limit"), Some("5"));
        assert_eq!(read("limit=").unwrap().text("limit"), None);
        assert_eq!(
            read("active=true").unwrap().flag("active").unwrap(),
            Some(true)
        );
        assert!(read("active=1").unwrap().flag("active").is_err());
        assert!(read("limit=1&limit=2").is_err());
        assert!(read("Limit=1").is_err());
        assert!(read("colour=red").is_err());
    }
}
