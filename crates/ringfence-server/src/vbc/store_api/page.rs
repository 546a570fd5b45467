//! Lists: `{count, list, pagination{offset, limit, total, next, previous}}`, and how answers leave.

use super::error::StoreError;
use super::query::{Query, Window};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use ringfence_app::error::{Error, chain};
use serde::Serialize;

/// A part of a list.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    count: usize,
    list: Vec<T>,
    pagination: Pagination,
}

/// Where in the list the part is. The neighbours are below the API's beginning, and empty where there are none.
#[derive(Debug, Serialize)]
struct Pagination {
    offset: u32,
    limit: u32,
    total: u64,
    next: String,
    previous: String,
}

impl<T> List<T> {
    /// The part of the list at `path` that the query's window shows.
    pub(super) fn new(
        path: &str,
        query: &Query,
        window: Window,
        (list, total): (Vec<T>, u64),
    ) -> Self {
        let link = |offset: u32| {
            let there = Window { offset, ..window };
            format!("{path}?{}", query.at(there))
        };
        let end = window.offset.saturating_add(window.limit);
        let next = (u64::from(end) < total).then(|| link(end));
        let before = window.offset.saturating_sub(window.limit);
        let previous = (window.offset > 0).then(|| link(before));
        Self {
            count: list.len(),
            list,
            pagination: Pagination {
                offset: window.offset,
                limit: window.limit,
                total,
                next: next.unwrap_or_default(),
                previous: previous.unwrap_or_default(),
            },
        }
    }

    /// The part of everything there is that the query's window shows.
    pub(super) fn cut(path: &str, query: &Query, window: Window, all: Vec<T>) -> Self {
        let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let part = all.into_iter().skip(size(window.offset));
        let part = part.take(size(window.limit)).collect();
        Self::new(path, query, window, (part, total))
    }
}

/// Answers with JSON that nobody keeps.
pub(super) fn json<T: Serialize>(status: StatusCode, view: &T) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    match serde_json::to_string(view) {
        Ok(body) => (status, headers, body).into_response(),
        Err(error) => {
            let error = Error::internal(error);
            tracing::error!(error = %chain(&error), "an answer could not be written");
            StoreError::of(super::error::Noun::Application, &error).into_response()
        }
    }
}

/// Answers with a thing that was made, and where it is.
pub(super) fn created<T: Serialize>(location: &str, view: &T) -> Response {
    let mut response = json(StatusCode::CREATED, view);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

/// Answers that it is done.
pub(super) fn done() -> Response {
    (
        StatusCode::OK,
        [(CACHE_CONTROL, HeaderValue::from_static("no-store"))],
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_named_where_there_are_any() {
        let query = Query::read(&"/x?limit=2".parse().unwrap(), &["limit", "offset"]).unwrap();
        let at = |offset| {
            let window = Window { limit: 2, offset };
            List::cut("/things", &query, window, vec![1, 2, 3, 4, 5])
        };
        let first = at(0);
        assert_eq!((first.count, first.pagination.total), (2, 5));
        assert_eq!(first.pagination.previous, "");
        assert_eq!(first.pagination.next, "/things?limit=2&offset=2");
        let last = at(4);
        assert_eq!((last.list, last.pagination.next), (vec![5], String::new()));
        assert_eq!(last.pagination.previous, "/things?limit=2&offset=2");
    }
}
