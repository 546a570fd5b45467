//! The parts of a request that the VCC APIs share: query, path ids and JSON bodies.

use super::Api;
use super::error::{Fault, VccError};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use ringfence_app::paging::{Page, PageRequest};
use ringfence_core::id::IdError;
use ringfence_core::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// A query whose names are matched without regard to case; unknown ones are ignored.
#[derive(Debug)]
pub(super) struct Params {
    api: Api,
    pairs: Vec<(String, String)>,
}

/// What is said of a page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetaView {
    page: u32,
    count: usize,
    page_count: u64,
    total_count: u64,
}

impl Params {
    /// Reads a query.
    pub(super) fn parse(api: Api, query: Option<&str>) -> Self {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self { api, pairs }
    }

    /// A value; an empty one is the same as none.
    ///
    /// # Errors
    /// The name stands there more than once.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, VccError> {
        let mut found = self
            .pairs
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str());
        let first = found.next();
        if found.next().is_some() {
            return Err(self.invalid(format!("{name} must be given once")));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// A whole number.
    ///
    /// # Errors
    /// The value is none.
    pub(super) fn number(&self, name: &str, default: u64) -> Result<u64, VccError> {
        let Some(text) = self.text(name)? else {
            return Ok(default);
        };
        let digits = text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.ok_or_else(|| self.invalid(format!("{name} must be a whole number")))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// The value is neither.
    pub(super) fn flag(&self, name: &str) -> Result<bool, VccError> {
        match self.text(name)? {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(self.invalid(format!("{name} must be true or false"))),
        }
    }

    /// An instant.
    ///
    /// # Errors
    /// The value is none.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Timestamp>, VccError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        // An offset's plus sign that was not encoded arrives as a space.
        let instant = Timestamp::parse(&text.replace(' ', "+"));
        let text = || self.invalid(format!("{name} must be an ISO 8601 date-time"));
        instant.map(Some).map_err(|_| text())
    }

    /// An instant that must be there.
    ///
    /// # Errors
    /// It is not, or the value is none.
    pub(super) fn required_instant(&self, name: &str) -> Result<Timestamp, VccError> {
        self.instant(name)?
            .ok_or_else(|| self.invalid(format!("{name} is required")))
    }

    /// The page asked for, by `page` and `limit`.
    ///
    /// # Errors
    /// A number is out of range.
    pub(super) fn page(&self, default: u32, largest: u32) -> Result<PageRequest, VccError> {
        let number = self.number("page", 1)?;
        let limit = self.number("limit", default.into())?;
        PageRequest::new(number, limit, largest).map_err(|e| self.app(e))
    }

    /// A fault of the query.
    pub(super) fn invalid(&self, text: impl Into<String>) -> VccError {
        VccError::invalid(self.api, text)
    }

    fn app(&self, error: ringfence_app::error::Error) -> VccError {
        failed(self.api)(error)
    }
}

impl MetaView {
    /// What is said of this page.
    pub(super) fn of<T>(page: &Page<T>) -> Self {
        Self {
            page: page.number,
            count: page.items.len(),
            page_count: page.n_pages(),
            total_count: page.total,
        }
    }
}

/// Puts a failed act into the words of an API.
pub(super) fn failed(api: Api) -> impl Fn(ringfence_app::error::Error) -> VccError {
    move |error| VccError {
        api,
        fault: Fault::App(error),
    }
}

/// An id of the path (texts of vcc-api §11.9).
///
/// # Errors
/// It is not a UUID of 36 characters.
pub(super) fn guid<T>(
    api: Api,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, IdError>,
) -> Result<T, VccError> {
    if text.chars().count() != 36 {
        let text = "GUID must be 36 characters in length";
        return Err(VccError::invalid(api, text));
    }
    let fault = || VccError::invalid(api, format!("GUID '{text}' is not a valid UUID string"));
    parse(text).map_err(|_| fault())
}

/// The JSON object of a body.
///
/// # Errors
/// The body is too long, is declared to be something else, or is no JSON object.
pub(super) async fn object(
    api: Api,
    request: Request<Body>,
    bytes_max: usize,
) -> Result<Map<String, Value>, VccError> {
    let fault = |fault| VccError { api, fault };
    if let Some(declared) = request.headers().get(CONTENT_TYPE) {
        let essence = declared.to_str().unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(fault(Fault::MediaType));
        }
    }
    let bytes = to_bytes(request.into_body(), bytes_max)
        .await
        .map_err(|_| fault(Fault::TooLarge))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(VccError::invalid(api, "The body must be a JSON object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_in_any_case_and_stand_once() {
        let params = Params::parse(
            Api::Stats,
            Some("LIMIT=5&start=2026-03-02T09:15:30+00:00&x=&y=1&Y=2"),
        );
        assert_eq!(params.number("limit", 25).unwrap(), 5);
        assert_eq!(
            params.instant("start").unwrap(),
            Timestamp::parse("2026-03-02T09:15:30Z").ok()
        );
        assert_eq!(params.text("x").unwrap(), None);
        assert!(params.text("y").is_err());
        assert!(params.required_instant("end").is_err());
    }

    #[test]
    fn numbers_are_plain_digits() {
        for bad in [
            "limit=-1",
            "limit=%2B5",
            "limit=1e3",
            "limit=99999999999999999999",
        ] {
            assert!(
                Params::parse(Api::Stats, Some(bad))
                    .number("limit", 1)
                    .is_err(),
                "{bad}"
            );
        }
    }
}
