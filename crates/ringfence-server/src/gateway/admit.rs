//! Lets a call through to a handler only when every right holds now.
//!
//! The router puts this in front of each operation whose rule asks for a token, so no handler can forget it. The
//! handler finds who calls in [`crate::web::caller::Caller`].

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::HOST;
use http::request::Parts;
use ringfence_app::gateway::{AdmitRequest, Admitted, Refusal, RouteRule, gateway_admit};
use ringfence_core::account::Region;

use crate::app::App;
use crate::gateway::bearer::bearer_take;
use crate::gateway::error::GatewayError;
use crate::web::hall::ClientAddress;

/// What the layer in front of one operation knows.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    /// The state of all rooms.
    pub(crate) app: App,
    /// What the operation asks of its callers.
    pub(crate) rule: RouteRule,
}

/// The layer in front of a built-in operation.
pub(crate) async fn gate_pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match call_admit(&gate.app, gate.rule, request).await {
        Ok((admitted, mut request)) => {
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(refused) => refused.into_response(),
    }
}

/// Admits a call, or counts and says why not.
pub(super) async fn call_admit(
    app: &App,
    rule: RouteRule,
    request: Request,
) -> Result<(Admitted, Request), GatewayError> {
    let outcome = match bearer_take(request).await {
        Ok((token, request)) => {
            let (parts, body) = request.into_parts();
            let asked = AdmitRequest {
                token: &token,
                route: rule,
                source: source(&parts),
                host_region: host_region(app, &parts),
            };
            gateway_admit(&app.ctx, &asked)
                .map(|admitted| (admitted, Request::from_parts(parts, body)))
        }
        Err(reason) => Err(Refusal {
            reason,
            needed: rule.scopes,
        }),
    };
    outcome.map_err(|refusal| {
        let code = refusal.reason.code();
        app.metrics.call_refused(code);
        tracing::info!(route = rule.name, reason = code, "call refused");
        GatewayError::Refused(refusal)
    })
}

fn source(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ClientAddress>().map(|from| from.0)
}

/// The region whose host name was called, when it is one region's alone.
fn host_region(app: &App, parts: &Parts) -> Option<Region> {
    let host = match parts.uri.host() {
        Some(host) => host,
        None => parts.headers.get(HOST)?.to_str().ok()?,
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    app.ctx
        .settings
        .hosts
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, region)| *region)
}
