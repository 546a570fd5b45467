//! How an answer reaches the application: by a redirect, or by a form that the browser posts.

use crate::portal::chrome::Chrome;
use crate::portal::door::FormTarget;
use crate::portal::error::PortalError;
use crate::portal::page::render;
use askama::Template;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ringfence_app::authorize::form_target;
use ringfence_app::error::Error;
use ringfence_core::authorization_request::{Answer, ResponseMode};

#[derive(Template)]
#[template(path = "authorize/form_post.html")]
struct FormPostPage<'a> {
    chrome: Chrome,
    url: &'a str,
    fields: &'a [(&'static str, String)],
}

/// Sends an answer. After a form it is 303, so that nothing of the form goes along (checklist 48).
pub(super) fn answer_send(answer: &Answer, method: &Method) -> Result<Response, PortalError> {
    match answer.place.mode {
        ResponseMode::Query => {
            let location = HeaderValue::try_from(answer.url()).map_err(Error::internal)?;
            let status = match *method {
                Method::POST => StatusCode::SEE_OTHER,
                _ => StatusCode::FOUND,
            };
            Ok((status, [(LOCATION, location)]).into_response())
        }
        ResponseMode::FormPost => {
            let url = &answer.place.redirect_uri;
            let mut response = render(&FormPostPage {
                chrome: Chrome::default(),
                url,
                fields: answer.fields(),
            })?;
            let target = FormTarget::alone(&form_target(url));
            response.extensions_mut().insert(target);
            Ok(response)
        }
    }
}
