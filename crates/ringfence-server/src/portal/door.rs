//! The door of the portal: nobody in without a stay, nothing changed on another site's word, every page sealed off.

use super::chrome::{Chrome, is_developers};
use super::error::{Fault, PortalError, fault_page, foreign};
use super::page::redirect;
use crate::app::App;
use crate::router::Rule;
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
    media-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action";
const OWN_FORMS: &str = "'self'";

/// What any page may post: it changes nothing by itself, and the person is asked before anything does.
const OPEN: [(&str, &str); 2] = [("POST", "/authorize"), ("POST", "/oidc/logout")];
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Where the forms of a page may lead, redirects included; an extension of its response. Without one, to our own pages.
#[derive(Clone, Debug)]
pub(super) struct FormTarget(String);

impl FormTarget {
    /// To our own pages, and to one source besides.
    pub(super) fn besides_us(source: &str) -> Self {
        Self(format!("{OWN_FORMS} {source}"))
    }

    /// To one source and nowhere else.
    pub(super) fn alone(source: &str) -> Self {
        Self(source.to_owned())
    }
}

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
    let rule = parts.extensions.get::<Rule>();
    let is_open = rule.is_some_and(|rule| OPEN.contains(&(rule.method, rule.path)));
    let mut response = if is_open || is_from_us(&parts) {
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
    let target = response.extensions_mut().remove::<FormTarget>();
    let target = target.map_or_else(|| OWN_FORMS.to_owned(), |target| target.0);
    let headers = response.headers_mut();
    // A source is an origin or a scheme, which a URL parser wrote in ASCII.
    let policy = HeaderValue::try_from(format!("{POLICY} {target}"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        policy.unwrap_or(HeaderValue::from_static("default-src 'none'")),
    );
    for (name, value) in [
        (X_FRAME_OPTIONS, "DENY"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
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
