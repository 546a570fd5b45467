//! Lets a call through to a handler only when every right holds now.
//!
//! The router puts this in front of each operation whose rule asks for a token, so no handler can forget it. The
//! handler finds who calls in [`crate::web::caller::Caller`].

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use ringfence_app::directory::follow::look_again;
use ringfence_app::gateway::user::{AdmittedUser, UserAdmitRequest, UserRule, user_admit};
use ringfence_app::gateway::{AdmitRequest, Admitted, Needed, Refusal, RouteRule, gateway_admit};
use ringfence_app::usage::CallEnd;

use crate::app::App;
use crate::gateway::bearer::bearer_take;
use crate::gateway::error::GatewayError;
use crate::web::hall::ClientAddress;
use crate::web::host::{host_named, region_of};
use crate::web::record::CallMark;

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
            let used = admitted.secret_used();
            let mark = CallMark {
                route: gate.rule.name,
                who: Some(admitted.who()),
            };
            request.extensions_mut().insert(admitted);
            let response = next.run(request).await;
            let end = call_end(response.status());
            gate.app.ctx.usage.call_ended(used, end);
            mark.put(response)
        }
        Err(refused) => {
            let mark = CallMark {
                route: gate.rule.name,
                who: refused.who(),
            };
            mark.put(refused.into_response())
        }
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
                host_region: region_of(host_named(&parts.headers, &parts.uri), &app.ctx.settings),
            };
            let mut outcome = gateway_admit(&app.ctx, &asked);
            if outcome
                .as_ref()
                .is_err_and(|refusal| refusal.reason.may_be_news())
                && look_again(&app.ctx).await
            {
                outcome = gateway_admit(&app.ctx, &asked);
            }
            outcome.map(|admitted| (admitted, Request::from_parts(parts, body)))
        }
        Err(reason) => Err(Refusal {
            reason,
            needed: Needed::Scopes(rule.scopes),
            who: None,
        }),
    };
    outcome.map_err(|refusal| refusal_note(app, rule.name, refusal))
}

fn refusal_note(app: &App, route: &'static str, refusal: Refusal) -> GatewayError {
    let code = refusal.reason.code();
    app.metrics.call_refused(code);
    tracing::info!(route, reason = code, "call refused");
    GatewayError::Refused(refusal)
}

/// What the layer in front of one operation for people knows.
#[derive(Clone, Debug)]
pub(crate) struct UserGate {
    /// The state of all rooms.
    pub(crate) app: App,
    /// What the operation asks of its callers.
    pub(crate) rule: UserRule,
}

/// The layer in front of an operation that takes an application's token. Its handler finds an [`AdmittedUser`].
pub(crate) async fn user_gate_pass(
    State(gate): State<UserGate>,
    request: Request,
    next: Next,
) -> Response {
    let route = gate.rule.name;
    match user_call_admit(&gate.app, gate.rule, request).await {
        Ok((admitted, mut request)) => {
            let who = Some(admitted.who());
            request.extensions_mut().insert(admitted);
            CallMark { route, who }.put(next.run(request).await)
        }
        Err(refused) => {
            let who = refused.who();
            CallMark { route, who }.put(refused.into_response())
        }
    }
}

async fn user_call_admit(
    app: &App,
    rule: UserRule,
    request: Request,
) -> Result<(AdmittedUser, Request), GatewayError> {
    let outcome = match bearer_take(request).await {
        Ok((token, request)) => {
            let (parts, body) = request.into_parts();
            let asked = UserAdmitRequest {
                token: &token,
                rule,
                source: source(&parts),
            };
            let mut outcome = user_admit(&app.ctx, &asked);
            if outcome
                .as_ref()
                .is_err_and(|refusal| refusal.reason.may_be_news())
                && look_again(&app.ctx).await
            {
                outcome = user_admit(&app.ctx, &asked);
            }
            outcome.map(|admitted| (admitted, Request::from_parts(parts, body)))
        }
        Err(reason) => Err(Refusal {
            reason,
            needed: Needed::User(rule.scope),
            who: None,
        }),
    };
    outcome.map_err(|refusal| refusal_note(app, rule.name, refusal))
}

/// How a call ended, for counting by credential.
pub(super) fn call_end(status: StatusCode) -> CallEnd {
    if status.is_server_error() {
        CallEnd::Failed
    } else if status.is_client_error() {
        CallEnd::Wrong
    } else {
        CallEnd::Ok
    }
}

fn source(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ClientAddress>().map(|from| from.0)
}
