//! The door of the Developer Portal: nobody in without a developer's stay.

use crate::app::App;
use crate::portal::error::PortalError;
use crate::portal::page::redirect;
use crate::web::developer::developer_of;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ringfence_app::error::Error;
use url::form_urlencoded;

/// The first page of who is signed in.
pub(super) const START: &str = "/devportal/applications";
/// Where developers sign in.
pub(super) const SIGN_IN: &str = "/devportal/login";

/// The layer in front of pages that ask for a developer's stay.
pub(crate) async fn developer_pass(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    match developer_of(&app, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(Error::Unauthenticated) => redirect(&sign_in_path(&request)),
        Err(error) => PortalError(error).into_response(),
    }
}

fn sign_in_path(request: &Request) -> String {
    // Only a page can be come back to.
    let wanted = match (request.method(), request.uri().path_and_query()) {
        (&Method::GET, Some(wanted)) => wanted.as_str(),
        (_, _) => START,
    };
    let next: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("{SIGN_IN}?next={next}")
}
