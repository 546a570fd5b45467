//! What a form sends, read once and bounded.

use super::error::PortalError;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use ringfence_app::error::Error;
use url::form_urlencoded;

const LONGEST_BODY: usize = 256 * 1024;
const MOST_FIELDS: usize = 20_000;

/// The fields of a form, in the order they were sent.
#[derive(Debug, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field, without white space around it; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The value of a field as it was sent, for passwords; empty when it was not sent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let mut all = self.fields.iter();
        all.find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// All values of a field, for check boxes.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.fields
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a check box is ticked.
    pub(crate) fn is_ticked(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known == name)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = PortalError;

    async fn from_request(request: Request, _: &S) -> Result<Self, PortalError> {
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Error::Invalid("the request is not a form".to_owned()).into());
        }
        let body = to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|_| Error::Invalid("the form is too long or was cut off".to_owned()))?;
        let text = std::str::from_utf8(&body)
            .map_err(|_| Error::Invalid("the form is not UTF-8".to_owned()))?;
        let fields: Vec<_> = form_urlencoded::parse(text.as_bytes())
            .take(MOST_FIELDS + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if fields.len() > MOST_FIELDS {
            return Err(Error::Invalid("the form has too many fields".to_owned()).into());
        }
        Ok(Self { fields })
    }
}
