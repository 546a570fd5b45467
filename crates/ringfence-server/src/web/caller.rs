//! Who calls, for handlers behind the gateway.

use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use ringfence_app::gateway::Admitted;

/// A call that the gateway has admitted: who makes it, and what it may see.
///
/// Only operations whose rule asks for a token have one. A handler that wants one elsewhere is a mistake of ours, and
/// is answered as such rather than let through.
#[derive(Debug, Clone)]
pub struct Caller(pub Admitted);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let admitted = parts.extensions.get::<Admitted>().cloned();
        admitted.map(Self).ok_or_else(|| {
            tracing::error!("an operation without a token rule asked who calls");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}
