//! How a page leaves: rendered, or as a redirect after something was done.

use super::error::PortalError;
use askama::Template;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// A page with status 200.
pub(crate) fn render(template: &impl Template) -> Result<Response, PortalError> {
    render_as(StatusCode::OK, template)
}

/// A page with another status: 422 for a form that is shown again.
pub(crate) fn render_as(
    status: StatusCode,
    template: &impl Template,
) -> Result<Response, PortalError> {
    let text = template
        .render()
        .map_err(|e| PortalError(ringfence_app::error::Error::internal(e)))?;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    Ok((status, [(CONTENT_TYPE, html)], text).into_response())
}

/// 303 to a page of ours.
pub(crate) fn redirect(path: &str) -> Response {
    let path = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/admin"));
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}

/// 303 to a page of ours, which says what was done; the code is one of `notice.rs`.
pub(crate) fn redirect_with_notice(path: &str, code: &'static str) -> Response {
    let mark = if path.contains('?') { '&' } else { '?' };
    redirect(&format!("{path}{mark}notice={code}"))
}
