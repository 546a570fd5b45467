//! Every URL of the product is in this one file.
//!
//! [`table`] lists each operation with what it takes to call it; the router and the access
//! matrix of the tests are both made from it. What is not listed does not exist.

use crate::app::{App, Roles};
use crate::gateway::admit::{Gate, gate_pass};
use crate::gateway::upstream::upstream_call;
use crate::oauth;
use crate::web::hall::{RouteName, hall_layer};
use crate::web::operations;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::MethodRouter;
use ringfence_app::gateway::RouteRule;
use ringfence_app::quota::QuotaClass;
use ringfence_core::path::{CleanPath, LetterCase, PathTemplate};
use ringfence_core::scope::{Scope, ScopeSet};
use std::sync::Arc;
use tower::ServiceExt as _;

/// What it takes to call an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anybody may.
    Public,
    /// A credential's id and secret, checked by the handler's own act.
    Client,
    /// A bearer token with one of these scopes.
    Token(&'static [Scope]),
}

/// One operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The method.
    pub method: &'static str,
    /// The path template; fixed segments match in any case unless they begin with `/.` or are an operation of ours.
    pub path: &'static str,
    /// What it takes.
    pub access: Access,
}

/// An operation and what answers it.
struct Entry {
    rule: Rule,
    handler: MethodRouter<App>,
}

fn table() -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(token_service());
    entries.extend(for_operators());
    entries
}

/// The VCC token service; `/connect/token` is the same under another name.
fn token_service() -> Vec<Entry> {
    let entry = |method, path, access, handler| Entry {
        rule: Rule {
            method,
            path,
            access,
        },
        handler,
    };
    use Access::{Client, Public};
    vec![
        entry("POST", "/Auth/connect/token", Client, oauth::token_route()),
        entry("POST", "/connect/token", Client, oauth::token_route()),
        entry(
            "POST",
            "/Auth/connect/introspect",
            Client,
            oauth::introspection_route(),
        ),
        entry(
            "POST",
            "/Auth/connect/revocation",
            Client,
            oauth::revocation_route(),
        ),
        entry(
            "GET",
            "/Auth/.well-known/openid-configuration",
            Public,
            oauth::discovery_route(),
        ),
        entry(
            "GET",
            "/.well-known/openid-configuration/Auth",
            Public,
            oauth::discovery_route(),
        ),
        entry(
            "GET",
            "/.well-known/oauth-authorization-server/Auth",
            Public,
            oauth::discovery_route(),
        ),
        entry(
            "GET",
            "/Auth/.well-known/openid-configuration/jwks",
            Public,
            oauth::jwks_route(),
        ),
    ]
}

/// What an operator's programs ask.
fn for_operators() -> Vec<Entry> {
    let entry = |path, handler| Entry {
        rule: Rule {
            method: "GET",
            path,
            access: Access::Public,
        },
        handler,
    };
    vec![
        entry("/livez", operations::live_route()),
        entry("/readyz", operations::ready_route()),
        entry("/metrics", operations::metrics_route()),
    ]
}

/// The rules of every operation, for the access matrix.
#[must_use]
pub fn rules() -> Vec<Rule> {
    table().into_iter().map(|entry| entry.rule).collect()
}

/// The whole product as one service.
#[must_use]
pub fn router(app: App) -> Router {
    let exact = Arc::new(templates());
    let mut operations = Router::new();
    for entry in table() {
        if !serves(app.limits.roles, entry.rule.access) {
            continue;
        }
        let handler = match route_rule(&entry.rule) {
            Some(rule) => {
                let app = app.clone();
                let gate = from_fn_with_state(Gate { app, rule }, gate_pass);
                entry.handler.route_layer(gate)
            }
            None => entry.handler,
        };
        operations = operations.route(entry.rule.path, handler.layer(Extension(entry.rule)));
    }
    // A path that fits no operation letter by letter is tried once more without regard to case.
    let second = operations.clone().with_state(app.clone());
    let retry = move |State(app): State<App>, request: Request| {
        let (second, templates) = (second.clone(), Arc::clone(&exact));
        async move { in_canonical_case(app, second, &templates, request).await }
    };
    let hall = app.hall();
    hall_layer(operations.fallback(retry).with_state(app), hall)
}

async fn in_canonical_case(
    app: App,
    second: Router,
    templates: &[PathTemplate],
    mut request: Request,
) -> Response {
    let Some((template, uri)) = canonical(request.uri(), templates) else {
        return upstream_call(app, request).await;
    };
    *request.uri_mut() = uri;
    let mut response = match second.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    response
        .extensions_mut()
        .insert(RouteName(template.as_str().into()));
    response
}

/// Whether a node with these jobs answers operations of that kind.
fn serves(roles: Roles, access: Access) -> bool {
    match access {
        // Discovery, key sets and what operators ask.
        Access::Public => true,
        Access::Client => roles.issue,
        Access::Token(_) => roles.apis,
    }
}

/// What the gateway checks before the operation, when it asks for a token.
fn route_rule(rule: &Rule) -> Option<RouteRule> {
    let Access::Token(scopes) = rule.access else {
        return None;
    };
    let scopes: ScopeSet = scopes.iter().copied().collect();
    let class = if !rule.path.starts_with("/interaction-content/") {
        QuotaClass::General
    } else if scopes.contains(Scope::InteractionContentDelete) {
        QuotaClass::ContentDelete
    } else {
        QuotaClass::ContentRead
    };
    Some(RouteRule {
        name: rule.path,
        scopes,
        class,
        rate: None,
    })
}

fn templates() -> Vec<PathTemplate> {
    let parse = |rule: &Rule| PathTemplate::parse(rule.path, LetterCase::Ignored).ok();
    rules()
        .iter()
        .filter(|rule| !rule.path.starts_with("/."))
        .filter_map(parse)
        .collect()
}

/// The URI with the fixed segments of the template it fits, or `None` when it fits none.
fn canonical<'t>(uri: &Uri, templates: &'t [PathTemplate]) -> Option<(&'t PathTemplate, Uri)> {
    let path = CleanPath::parse(uri.path()).ok()?;
    let template = templates.iter().find(|t| t.matches(&path).is_some())?;
    let pick = |(fixed, sent): (&str, &str)| {
        if fixed.starts_with('{') {
            sent.to_owned()
        } else {
            fixed.to_owned()
        }
    };
    let segments = template
        .as_str()
        .split('/')
        .zip(uri.path().split('/'))
        .map(pick)
        .collect::<Vec<_>>();
    let mut target = segments.join("/");
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Some((template, Uri::from_parts(parts).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_segments_take_the_case_of_the_template_and_the_rest_stays() {
        let template =
            PathTemplate::parse("/stats/interactions/{guid}", LetterCase::Ignored).unwrap();
        let uri: Uri = "/Stats/INTERACTIONS/AbC?Limit=5".parse().unwrap();
        let templates = [template];
        let (_, found) = canonical(&uri, &templates).unwrap();
        assert_eq!(found, "/stats/interactions/AbC?Limit=5");
        let other: Uri = "/stats/other".parse().unwrap();
        assert!(canonical(&other, &templates).is_none());
    }
}
