//! A call to a path that is no operation of ours: an upstream's, or nothing.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderMap, HeaderName, HeaderValue};
use ringfence_app::gateway::{Admitted, Who};
use ringfence_app::usage::CallEnd;
use ringfence_core::id::RequestId;
use ringfence_core::path::CleanPath;

use crate::app::App;
use crate::gateway::admit::{call_admit, call_end};
use crate::gateway::error::GatewayError;
use crate::gateway::forward::{ForwardFault, Forwarder};
use crate::gateway::routes::{Found, RouteTable, UpstreamRoute};
use crate::web::hall::{REQUEST_ID, RouteName};
use crate::web::record::CallMark;

/// The upstream routes and the connections to them.
#[derive(Debug)]
pub struct Upstreams {
    /// The table of routes.
    pub routes: RouteTable,
    /// The connections.
    pub forwarder: Forwarder,
}

/// Answers a call that no operation of ours answers.
pub(crate) async fn upstream_call(app: App, request: Request) -> Response {
    let found = match CleanPath::parse(request.uri().path()) {
        Ok(path) => app
            .upstreams
            .as_ref()
            .map_or(Found::Nothing, |up| up.routes.find(request.method(), &path)),
        Err(_) => Found::Nothing,
    };
    let (Found::Route(route), Some(upstreams)) = (&found, &app.upstreams) else {
        return no_route(found);
    };
    let (who, outcome) = pass(&app, &upstreams.forwarder, route, request).await;
    let mark = CallMark {
        route: route.name,
        who,
    };
    let mut response = mark.put(outcome.unwrap_or_else(GatewayError::into_response));
    let name = RouteName(route.name.into());
    response.extensions_mut().insert(name);
    response
}

fn no_route(found: Found) -> Response {
    let Found::OtherMethods(methods) = found else {
        return GatewayError::NoRoute.into_response();
    };
    let mut response = GatewayError::OtherMethod.into_response();
    let names: Vec<&str> = methods.iter().map(http::Method::as_str).collect();
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

async fn pass(
    app: &App,
    forwarder: &Forwarder,
    route: &UpstreamRoute,
    request: Request,
) -> (Option<Who>, Result<Response, GatewayError>) {
    let (admitted, request) = match call_admit(app, route.rule(), request).await {
        Ok(admitted) => admitted,
        Err(refused) => return (refused.who(), Err(refused)),
    };
    let used = admitted.secret_used();
    let mut identity = identity(&admitted);
    if let Some(id) = request.extensions().get::<RequestId>()
        && let Ok(value) = HeaderValue::from_str(&id.to_string())
    {
        identity.insert(REQUEST_ID, value);
    }
    let outcome = forwarder.forward(route, identity, request).await;
    let end = match &outcome {
        Ok(response) => call_end(response.status()),
        Err(_) => CallEnd::Failed,
    };
    app.ctx.usage.call_ended(used, end);
    let outcome = outcome.map_err(|fault| failed(app, route, fault));
    (Some(admitted.who()), outcome)
}

fn failed(app: &App, route: &UpstreamRoute, fault: ForwardFault) -> GatewayError {
    if fault.is_upstreams() {
        app.metrics
            .upstream_failed(&route.upstream.name, fault.code());
        tracing::warn!(
            upstream = route.upstream.name,
            route = route.name,
            reason = fault.code(),
            "the upstream did not answer"
        );
    }
    GatewayError::Forward(fault)
}

/// Who calls, as the upstream is told: by ids that are never given to anybody else.
fn identity(admitted: &Admitted) -> HeaderMap {
    let claims = admitted.claims();
    let owner = admitted.live.owner.as_ref();
    let lines = [
        ("x-ringfence-issuer", claims.iss.clone()),
        ("x-ringfence-subject", claims.sub.clone()),
        ("x-ringfence-client", claims.client_id.to_string()),
        ("x-ringfence-account", claims.account.to_string()),
        ("x-ringfence-region", claims.region.as_str().to_owned()),
        ("x-ringfence-scope", admitted.scopes.to_string()),
        ("x-ringfence-token", claims.jti.to_string()),
        (
            "x-ringfence-owner",
            owner.map(|owner| owner.id.to_string()).unwrap_or_default(),
        ),
    ];
    let mut headers = HeaderMap::with_capacity(lines.len() + 1);
    for (name, value) in lines {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}
