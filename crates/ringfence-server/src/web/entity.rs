//! Files: which part of one to send (RFC 9110 §13, §14), and how (RFC 9530).

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MATCH,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use ringfence_app::error::{Error, chain};
use ringfence_core::content::ContentItem;
use ringfence_core::digest::ContentDigest;
use ringfence_core::encoding::base64;
use ringfence_core::time::Timestamp;
use std::ops::Range;

/// A file as callers know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entity {
    /// Its strong validator, with quotes.
    pub(crate) etag: String,
    /// When it was put in place.
    pub(crate) last_modified: Timestamp,
    /// How long it is.
    pub(crate) size_bytes: u64,
    /// The digest of its bytes, where it is known.
    pub(crate) sha256: Option<ContentDigest>,
}

const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// What to send of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Selection {
    /// All of it.
    Whole,
    /// One part.
    Part(Range<u64>),
    /// Nothing: the caller has it.
    NotModified,
    /// Nothing: the caller means another one.
    Precondition,
    /// Nothing: no part of it lies in the range.
    Unsatisfiable,
}

impl Entity {
    /// A content item as it is stored.
    pub(crate) fn of(item: &ContentItem) -> Self {
        Self {
            etag: format!("\"{}\"", item.sha256),
            last_modified: item.last_modified,
            size_bytes: item.size_bytes,
            sha256: Some(item.sha256),
        }
    }

    /// Answers with a range of its bytes; 206 where that is asked for as a part.
    pub(crate) fn answer(
        &self,
        (range, is_part): (Range<u64>, bool),
        media_type: &str,
        pieces: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    ) -> Response {
        // An error here breaks the connection off, so that no caller takes a part for the whole.
        let pieces = pieces
            .inspect_err(|error| tracing::error!(error = %chain(error), "a download broke off"));
        let mut response = Response::new(Body::from_stream(pieces));
        let headers = response.headers_mut();
        self.describe(headers);
        let media_type = HeaderValue::from_str(media_type);
        let unknown = HeaderValue::from_static("application/octet-stream");
        headers.insert(CONTENT_TYPE, media_type.unwrap_or(unknown));
        headers.insert(CONTENT_LENGTH, range.end.saturating_sub(range.start).into());
        if is_part {
            let last = range.end.saturating_sub(1);
            let text = format!("bytes {}-{last}/{}", range.start, self.size_bytes);
            put(headers, CONTENT_RANGE, &text);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        response
    }

    /// Answers that the caller has it.
    pub(crate) fn not_modified(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.describe(response.headers_mut());
        response
    }

    /// Answers that no part of it lies in the range.
    pub(crate) fn unsatisfiable(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
        let text = format!("bytes */{}", self.size_bytes);
        put(response.headers_mut(), CONTENT_RANGE, &text);
        response
    }

    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        put(headers, ETAG, &self.etag);
        put(headers, LAST_MODIFIED, &self.last_modified.to_http_date());
        // RFC 9530 §3: of the whole file, also when a part of it is sent.
        if let Some(sha256) = self.sha256 {
            let digest = base64(sha256.as_bytes());
            put(headers, REPR_DIGEST, &format!("sha-256=:{digest}:"));
        }
    }

    /// What a request asks for, in the order of RFC 9110 §13.2.2.
    pub(crate) fn select(&self, headers: &HeaderMap) -> Selection {
        match text(headers, &IF_MATCH) {
            Some(tags) if !self.listed(tags, true) => return Selection::Precondition,
            Some(_) => {}
            None => {
                let since =
                    text(headers, &IF_UNMODIFIED_SINCE).and_then(Timestamp::parse_http_date);
                if since.is_some_and(|at| self.last_modified.secs() > at.secs()) {
                    return Selection::Precondition;
                }
            }
        }
        match text(headers, &IF_NONE_MATCH) {
            Some(tags) if self.listed(tags, false) => return Selection::NotModified,
            Some(_) => {}
            None => {
                let since = text(headers, &IF_MODIFIED_SINCE).and_then(Timestamp::parse_http_date);
                if since.is_some_and(|at| self.last_modified.secs() <= at.secs()) {
                    return Selection::NotModified;
                }
            }
        }
        match text(headers, &RANGE) {
            Some(range) if self.range_applies(headers) => self.part(range),
            Some(_) | None => Selection::Whole,
        }
    }

    // Whether a list of entity tags names this file. A weak tag never does where bytes matter (RFC 9110 §13.1.1).
    fn listed(&self, tags: &str, strong: bool) -> bool {
        tags.split(',').map(str::trim).any(|tag| {
            let (weak, tag) = match tag.strip_prefix("W/") {
                Some(tag) => (true, tag),
                None => (false, tag),
            };
            tag == "*" || (tag == self.etag && !(weak && strong))
        })
    }

    // RFC 9110 §13.1.5: a part of another file than the caller began with would be of no use.
    fn range_applies(&self, headers: &HeaderMap) -> bool {
        match text(headers, &IF_RANGE) {
            None => true,
            Some(validator) if validator.starts_with('"') => validator == self.etag,
            Some(validator) => Timestamp::parse_http_date(validator)
                .is_some_and(|at| at.secs() == self.last_modified.secs()),
        }
    }

    // One range of bytes. Another unit, several ranges or a broken one are answered with the whole (RFC 9110 §14.2).
    fn part(&self, range: &str) -> Selection {
        let Some((unit, spec)) = range.split_once('=') else {
            return Selection::Whole;
        };
        let Some((first, last)) = spec.trim().split_once('-') else {
            return Selection::Whole;
        };
        if !unit.trim().eq_ignore_ascii_case("bytes") || !digits(first) || !digits(last) {
            return Selection::Whole;
        }
        let size = self.size_bytes;
        // A number too long to hold lies beyond any file.
        let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
        let bounds = match (first.is_empty(), last.is_empty()) {
            (true, true) => return Selection::Whole,
            (true, false) => size.saturating_sub(number(last))..size,
            (false, true) => number(first)..size,
            (false, false) if number(last) < number(first) => return Selection::Whole,
            (false, false) => number(first)..number(last).saturating_add(1).min(size),
        };
        if bounds.start >= bounds.end {
            return Selection::Unsatisfiable;
        }
        Selection::Part(bounds)
    }
}

// Every value here is made of ASCII.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "Mon, 02 Mar 2026 09:15:30 GMT";
    const LATER: &str = "Mon, 02 Mar 2026 09:15:31 GMT";
    const EARLIER: &str = "Mon, 02 Mar 2026 09:15:29 GMT";

    fn select(size_bytes: u64, sent: &[(HeaderName, &'static str)]) -> Selection {
        let entity = Entity {
            etag: "\"abc\"".to_owned(),
            last_modified: Timestamp::parse("2026-03-02T09:15:30.700Z").unwrap(),
            size_bytes,
            sha256: None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.insert(name, HeaderValue::from_static(value));
        }
        entity.select(&headers)
    }

    #[test]
    fn rfc9110_14_one_range_of_bytes() {
        use Selection::{Part, Unsatisfiable, Whole};
        for (range, expected) in [
            ("bytes=0-9", Part(0..10)),
            ("bytes=90-", Part(90..100)),
            ("bytes=-10", Part(90..100)),
            ("bytes=-1000", Part(0..100)),
            ("bytes=99-1000", Part(99..100)),
            ("Bytes = 5-5", Part(5..6)),
            ("bytes=100-", Unsatisfiable),
            ("bytes=100-200", Unsatisfiable),
            ("bytes=-0", Unsatisfiable),
            ("bytes=99999999999999999999-", Unsatisfiable),
            ("bytes=0-99999999999999999999", Part(0..100)),
            ("bytes=9-5", Whole),
            ("bytes=0-1,5-6", Whole),
            ("bytes=a-b", Whole),
            ("bytes=-", Whole),
            ("bytes", Whole),
            ("lines=0-1", Whole),
        ] {
            assert_eq!(select(100, &[(RANGE, range)]), expected, "{range}");
        }
        assert_eq!(select(0, &[(RANGE, "bytes=0-")]), Unsatisfiable);
        assert_eq!(select(0, &[]), Whole);
    }

    #[test]
    fn rfc9110_13_conditions() {
        use Selection::{NotModified, Part, Precondition, Whole};
        let range = (RANGE, "bytes=0-9");
        let cases = [
            (vec![(IF_NONE_MATCH, "\"abc\"")], NotModified),
            (vec![(IF_NONE_MATCH, "\"x\", W/\"abc\"")], NotModified),
            (vec![(IF_NONE_MATCH, "*")], NotModified),
            (
                vec![(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, LATER)],
                Whole,
            ),
            (vec![(IF_MODIFIED_SINCE, AT)], NotModified),
            (vec![(IF_MODIFIED_SINCE, EARLIER)], Whole),
            (vec![(IF_MATCH, "\"abc\"")], Whole),
            (vec![(IF_MATCH, "W/\"abc\"")], Precondition),
            (vec![(IF_MATCH, "\"x\""), range.clone()], Precondition),
            (vec![(IF_UNMODIFIED_SINCE, EARLIER)], Precondition),
            (vec![(IF_UNMODIFIED_SINCE, AT)], Whole),
            (vec![(IF_RANGE, "\"abc\""), range.clone()], Part(0..10)),
            (vec![(IF_RANGE, "\"x\""), range.clone()], Whole),
            (vec![(IF_RANGE, "W/\"abc\""), range.clone()], Whole),
            (vec![(IF_RANGE, AT), range.clone()], Part(0..10)),
            (vec![(IF_RANGE, LATER), range], Whole),
        ];
        for (sent, expected) in cases {
            assert_eq!(select(100, &sent), expected, "{sent:?}");
        }
    }
}
