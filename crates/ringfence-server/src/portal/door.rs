//! The door of the portal: nobody in without a stay, nothing changed on another site's word, every page sealed off.

use super::chrome::{Chrome, is_developers};
use super::error::{Fault, PortalError, fault_page, foreign};
use super::page::redirect;
use crate::app::App;
use crate::web::developer::developer_of;
use crate::web::person::{is_from_us, session_of};
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ringfence_app::error::Error;
use ringfence_core::id::RequestId;
use url::form_urlencoded;

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    media-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The layer in front of pages that ask for a stay.
pub(crate) async fn session_pass(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    match session_of(&app, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(Error::Unauthenticated) => redirect(&sign_in_path(&request)),
        Err(error) => PortalError(error).into_response(),
    }
}

/// The layer around every page: what it may load, what may frame it, and refusals as pages.
pub(crate) async fn page_pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
    let request_id = parts.extensions.get::<RequestId>().copied();
    let mut response = if is_from_us(&parts) {
        next.run(Request::from_parts(parts, body)).await
    } else {
        fault_page(
            &foreign(),
            Chrome::of_nobody(&path, None),
            &id_text(request_id),
        )
    };
    if let Some(fault) = response.extensions_mut().remove::<Fault>() {
        let chrome = frame(&app, &headers, &path).await;
        let set = response.headers().clone();
        response = fault_page(&fault, chrome, &id_text(request_id));
        response.headers_mut().extend(set);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The frame of who asks, as far as anybody is signed in at that portal.
async fn frame(app: &App, headers: &HeaderMap, path: &str) -> Chrome {
    if is_developers(path) {
        return match developer_of(app, headers).await {
            Ok(caller) => Chrome::of_developer(&caller, path, None),
            Err(_) => Chrome::of_nobody(path, None),
        };
    }
    match session_of(app, headers).await {
        Ok(caller) => Chrome::new(&caller, path, None),
        Err(_) => Chrome::of_nobody(path, None),
    }
}

fn sign_in_path(request: &Request) -> String {
    // Only a page can be come back to.
    let wanted = match (request.method(), request.uri().path_and_query()) {
        (&Method::GET, Some(wanted)) => wanted.as_str(),
        (_, _) => "/admin",
    };
    let next: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("/login?next={next}")
}

fn id_text(id: Option<RequestId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
