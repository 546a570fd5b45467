//! Versions of a thing: `ETag` on reading, `If-Match` on editing (RFC 9110 §8.8.3, §13.1.1).

use super::error::ManageError;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::IntoParams;

const LONGEST_HEADER: usize = 1_000;

/// What every edit takes, for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the description is made from it")]
pub(crate) struct EditParams {
    /// The `ETag` of the version that is edited, or `*`.
    #[param(rename = "If-Match")]
    if_match: String,
}

/// A version as callers know it: a strong entity tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tag(String);

/// Which versions an edit is meant for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Match {
    /// Whatever is there: `*`.
    Any,
    /// One of these.
    Tags(Vec<Tag>),
}

impl Tag {
    /// The tag of a number that rises with each edit: `"v3"`.
    pub(crate) fn version(number: u32) -> Self {
        Self(format!("\"v{number}\""))
    }

    /// The tag of a text that differs when the thing does.
    pub(crate) fn text(text: &str) -> Self {
        Self(format!("\"{text}\""))
    }
}

impl Match {
    /// Reads `If-Match`.
    ///
    /// # Errors
    /// It is missing (428) or no list of tags (400).
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, ManageError> {
        match listed(headers, &IF_MATCH)? {
            None => Err(ManageError::PreconditionMissing),
            Some(found) => Ok(found),
        }
    }

    /// Lets an edit of that version pass. The act must make sure that it is still the version when it writes.
    ///
    /// # Errors
    /// The edit is meant for another version (412).
    pub(crate) fn check(&self, present: &Tag) -> Result<(), ManageError> {
        let meant = match self {
            Self::Any => true,
            Self::Tags(tags) => tags.contains(present),
        };
        if meant {
            Ok(())
        } else {
            Err(ManageError::PreconditionFailed)
        }
    }
}

/// Answers with a thing and its version; 304 when the caller has it.
///
/// # Errors
/// `If-None-Match` is no list of tags.
pub(crate) fn show<T: Serialize>(
    headers: &HeaderMap,
    tag: &Tag,
    view: &T,
) -> Result<Response, ManageError> {
    let known = match listed(headers, &IF_NONE_MATCH)? {
        Some(Match::Any) => true,
        Some(Match::Tags(tags)) => tags.contains(tag),
        None => false,
    };
    if known {
        return Ok(tagged(StatusCode::NOT_MODIFIED.into_response(), tag));
    }
    Ok(tagged(json(StatusCode::OK, view), tag))
}

/// Adds a version to an answer.
pub(crate) fn tagged(mut response: Response, tag: &Tag) -> Response {
    if let Ok(value) = HeaderValue::from_str(&tag.0) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

/// Answers with a thing that was made, where it is, and its version.
pub(crate) fn created<T: Serialize>(location: &str, tag: &Tag, view: &T) -> Response {
    let mut response = tagged(json(StatusCode::CREATED, view), tag);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(http::header::LOCATION, value);
    }
    response
}

/// Answers with JSON that nobody keeps.
pub(crate) fn json<T: Serialize>(status: StatusCode, view: &T) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    match serde_json::to_string(view) {
        Ok(body) => (status, headers, body).into_response(),
        Err(error) => {
            ManageError::App(ringfence_app::error::Error::internal(error)).into_response()
        }
    }
}

fn listed(headers: &HeaderMap, name: &http::HeaderName) -> Result<Option<Match>, ManageError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let broken = || ManageError::malformed("", format!("{name} is no list of entity tags"));
    let text = value.to_str().map_err(|_| broken())?.trim();
    if values.next().is_some() || text.len() > LONGEST_HEADER {
        return Err(broken());
    }
    if text == "*" {
        return Ok(Some(Match::Any));
    }
    let mut tags = Vec::new();
    for tag in text.split(',').map(str::trim) {
        // A weak tag says "about the same", which is not enough to edit (RFC 9110 §13.1.1), and we give none.
        let inner = tag.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        match inner {
            Some(inner) if !inner.contains('"') => tags.push(Tag(tag.to_owned())),
            Some(_) => return Err(broken()),
            None if tag.starts_with("W/\"") => {}
            None => return Err(broken()),
        }
    }
    Ok(Some(Match::Tags(tags)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(text))])
    }

    #[test]
    fn an_edit_names_its_version() {
        let three = Tag::version(3);
        assert!(matches!(
            Match::read(&HeaderMap::new()),
            Err(ManageError::PreconditionMissing)
        ));
        for good in ["\"v3\"", "*", "\"v2\", \"v3\"", "W/\"v3\", \"v3\""] {
            assert!(
                Match::read(&headers(good)).unwrap().check(&three).is_ok(),
                "{good}"
            );
        }
        for stale in ["\"v2\"", "W/\"v3\"", "\"\""] {
            let outcome = Match::read(&headers(stale)).unwrap().check(&three);
            assert!(
                matches!(outcome, Err(ManageError::PreconditionFailed)),
                "{stale}"
            );
        }
        for broken in ["v3", "\"v3", "\"v\"3\"", ""] {
            let outcome = Match::read(&headers(broken));
            assert!(
                matches!(outcome, Err(ManageError::Malformed(_))),
                "{broken}"
            );
        }
    }
}
