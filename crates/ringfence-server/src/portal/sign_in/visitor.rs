//! Who is at the door: address and browser of a request.

use crate::web::hall::ClientAddress;
use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use ringfence_app::sign_in::Visitor;
use std::convert::Infallible;

/// The visitor behind a request.
#[derive(Debug)]
pub(in crate::portal) struct AtDoor(pub(in crate::portal) Visitor);

impl<S: Sync> FromRequestParts<S> for AtDoor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>();
        let browser = parts.headers.get(USER_AGENT).and_then(|v| v.to_str().ok());
        Ok(Self(Visitor {
            address: address.map(|a| a.0),
            browser: browser.unwrap_or_default().to_owned(),
        }))
    }
}
