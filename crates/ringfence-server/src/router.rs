//! From the table of operations to one service: what each takes is checked here, before its handler.
//!
//! Every URL of the product stands in [`crate::routes`], with what it takes to call it; the router and the access matrix
//! of the tests are both made from that table. What is not listed does not exist.

use crate::app::{App, Roles};
use crate::gateway::admit::{Gate, UserGate, gate_pass, user_gate_pass};
use crate::gateway::upstream::upstream_call;
use crate::manage;
use crate::portal;
use crate::portal::explorer::Inside;
use crate::routes::table;
use crate::vbc;
use crate::vbc::store_api::door::{DeveloperGate, developer_api_pass};
use crate::vcc;
use crate::web::case::canonical;
use crate::web::hall::{RouteName, hall_layer};
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::MethodRouter;
use ringfence_app::gateway::RouteRule;
use ringfence_app::gateway::user::UserRule;
use ringfence_app::manage::traffic::NamedRoute;
use ringfence_app::quota::QuotaClass;
use ringfence_core::developer::DeveloperScope;
use ringfence_core::path::{LetterCase, PathTemplate};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::suite::Suite;
use ringfence_core::user_scope::UserScope;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
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
    /// A person who has signed in.
    Session,
    /// A person who has signed in, or a bearer token with one of these scopes.
    Manage(&'static [Scope]),
    /// An application's token that acts for a person; with a suite, the application must be subscribed to it, without
    /// one the token must have `openid`.
    User(Option<Suite>),
    /// A developer who has signed in to the Developer Portal.
    Developer,
    /// A developer who has signed in, or a personal token of theirs with one of these scopes.
    DeveloperApi(&'static [DeveloperScope]),
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
pub(crate) struct Entry {
    pub(crate) rule: Rule,
    pub(crate) handler: MethodRouter<App>,
    pub(crate) dialect: Dialect,
}

/// In whose words refusals are said.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    /// The handler's own, or the gateway's.
    Plain,
    /// One of the VCC APIs'.
    Vcc(vcc::Api),
    /// Pages.
    Portal,
    /// The Management API's.
    Manage,
    /// The VBC APIs' gateway faults.
    Vbc,
    /// The Portal REST API's.
    DeveloperApi,
}

/// The operations that call others: they get the product without themselves.
pub(crate) const EXPLORER: (&str, &str) = ("POST", "/admin/explorer");
/// As [`EXPLORER`], for developers.
pub(crate) const CONSOLE: (&str, &str) = ("POST", "/devportal/apis/{suite}/console");

/// The present rules of operations that ask for a token, by path template and method.
static ROUTES: LazyLock<HashMap<(&'static str, &'static str), NamedRoute>> = LazyLock::new(|| {
    let guarded = |rule: Rule| {
        let named = match rule.access {
            Access::Token(scopes) | Access::Manage(scopes) => {
                NamedRoute::Credential(route_rule(rule.path, scopes))
            }
            Access::User(suite) => NamedRoute::Person(user_rule(rule.path, suite)),
            Access::Public
            | Access::Client
            | Access::Session
            | Access::Developer
            | Access::DeveloperApi(_) => return None,
        };
        Some(((rule.path, rule.method), named))
    };
    rules().into_iter().filter_map(guarded).collect()
});

/// What an operation of that template and method asks of its callers.
pub(crate) fn route_named(path: &str, method: &str) -> Option<NamedRoute> {
    ROUTES.get(&(path, method)).copied()
}

/// The rules of every operation, for the access matrix.
#[must_use]
pub fn rules() -> Vec<Rule> {
    table().into_iter().map(|entry| entry.rule).collect()
}

/// The whole product as one service.
pub fn router(app: App) -> Router {
    let exact = Arc::new(templates());
    let mut operations = Router::new();
    let mut callers = Vec::new();
    for entry in table() {
        if !serves(app.limits.roles, &entry) {
            continue;
        }
        let handler = guarded(&app, entry.rule, entry.handler);
        let handler = in_dialect(&app, entry.rule, entry.dialect, handler);
        let handler = handler.layer(Extension(entry.rule));
        if [EXPLORER, CONSOLE].contains(&(entry.rule.method, entry.rule.path)) {
            callers.push((entry.rule.path, handler));
        } else {
            operations = operations.route(entry.rule.path, handler);
        }
    }
    // A path that fits no operation letter by letter is tried once more without regard to case.
    let second = operations.clone().with_state(app.clone());
    let retry = move |State(app): State<App>, request: Request| {
        let (second, templates) = (second.clone(), Arc::clone(&exact));
        async move { in_canonical_case(app, second, &templates, request).await }
    };
    let hall = app.hall();
    if !callers.is_empty() {
        // What they call goes through all of this, and cannot come back to them.
        let inside = operations.clone().fallback(retry.clone());
        let inside = Inside(hall_layer(inside.with_state(app.clone()), hall.clone()));
        for (path, handler) in callers {
            operations = operations.route(path, handler.layer(Extension(inside.clone())));
        }
    }
    hall_layer(operations.fallback(retry).with_state(app), hall)
}

/// The handler behind what its rule asks for.
fn guarded(app: &App, rule: Rule, handler: MethodRouter<App>) -> MethodRouter<App> {
    let gate = |scopes| Gate {
        app: app.clone(),
        rule: route_rule(rule.path, scopes),
    };
    match rule.access {
        Access::Public | Access::Client => handler,
        Access::Token(scopes) => handler.route_layer(from_fn_with_state(gate(scopes), gate_pass)),
        Access::Session => {
            handler.route_layer(from_fn_with_state(app.clone(), portal::door::session_pass))
        }
        Access::User(suite) => {
            let gate = UserGate {
                app: app.clone(),
                rule: user_rule(rule.path, suite),
            };
            handler.route_layer(from_fn_with_state(gate, user_gate_pass))
        }
        Access::Developer => {
            let door = from_fn_with_state(app.clone(), portal::developer::door::developer_pass);
            handler.route_layer(door)
        }
        Access::DeveloperApi(scopes) => {
            let gate = DeveloperGate {
                app: app.clone(),
                scopes,
            };
            handler.route_layer(from_fn_with_state(gate, developer_api_pass))
        }
        Access::Manage(scopes) => once_a_key(app, rule, handler)
            .route_layer(from_fn_with_state(app.clone(), manage::door::caller_pass))
            .route_layer(from_fn_with_state(gate(scopes), token_when_sent)),
    }
}

/// Creates and other acts by POST are done once under an idempotency key.
fn once_a_key(app: &App, rule: Rule, handler: MethodRouter<App>) -> MethodRouter<App> {
    if rule.method == "POST" {
        let layer = from_fn_with_state(app.clone(), manage::idempotency::idempotency_pass);
        handler.route_layer(layer)
    } else {
        handler
    }
}

/// The gateway's check, for calls that bring a token; others are asked for a stay by the room's own door.
async fn token_when_sent(gate: State<Gate>, request: Request, next: Next) -> Response {
    if request.headers().contains_key(AUTHORIZATION) {
        gate_pass(gate, request, next).await
    } else {
        next.run(request).await
    }
}

fn in_dialect(
    app: &App,
    rule: Rule,
    dialect: Dialect,
    handler: MethodRouter<App>,
) -> MethodRouter<App> {
    match dialect {
        Dialect::Plain | Dialect::DeveloperApi => handler,
        Dialect::Vbc => {
            let words = vbc::error::Words {
                app: app.clone(),
                suite: match rule.access {
                    Access::User(suite) => suite,
                    Access::Public
                    | Access::Client
                    | Access::Token(_)
                    | Access::Session
                    | Access::Manage(_)
                    | Access::Developer
                    | Access::DeveloperApi(_) => None,
                },
            };
            handler.route_layer(from_fn_with_state(words, vbc::error::fault_pass))
        }
        Dialect::Vcc(api) => {
            let words = move |response: Response| async move { vcc::error::restate(api, response) };
            handler.route_layer(map_response(words))
        }
        Dialect::Portal => {
            handler.route_layer(from_fn_with_state(app.clone(), portal::door::page_pass))
        }
        Dialect::Manage => handler.route_layer(from_fn(manage::error::problem_pass)),
    }
}

async fn in_canonical_case(
    app: App,
    second: Router,
    templates: &[PathTemplate],
    mut request: Request,
) -> Response {
    let Some((template, uri)) = canonical(request.uri(), templates) else {
        let unrouted = vbc::error::Unrouted::of(&app, &request);
        let response = upstream_call(app, request).await;
        return match unrouted {
            Some(unrouted) => unrouted.restate(response),
            None => response,
        };
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
fn serves(roles: Roles, entry: &Entry) -> bool {
    match entry.rule.access {
        Access::Public if matches!(entry.dialect, Dialect::Portal | Dialect::Manage) => {
            roles.portal
        }
        // Discovery, key sets and what operators ask.
        Access::Public => true,
        Access::Client => roles.issue,
        Access::Token(_) => roles.apis,
        // Userinfo is part of the token service.
        Access::User(None) => roles.issue,
        Access::User(Some(_)) => roles.apis,
        Access::Session | Access::Manage(_) | Access::Developer | Access::DeveloperApi(_) => {
            roles.portal
        }
    }
}

/// What the gateway checks before an operation that takes an application's token.
fn user_rule(path: &'static str, suite: Option<Suite>) -> UserRule {
    UserRule {
        name: path,
        suite,
        scope: suite.is_none().then_some(UserScope::Openid),
    }
}

/// What the gateway checks before an operation that takes a token.
fn route_rule(path: &'static str, scopes: &'static [Scope]) -> RouteRule {
    let scopes: ScopeSet = scopes.iter().copied().collect();
    let class = if !path.starts_with("/interaction-content/") {
        QuotaClass::General
    } else if scopes.contains(Scope::InteractionContentDelete) {
        QuotaClass::ContentDelete
    } else {
        QuotaClass::ContentRead
    };
    RouteRule {
        name: path,
        scopes,
        class,
        rate: None,
    }
}

fn templates() -> Vec<PathTemplate> {
    let parse = |rule: &Rule| PathTemplate::parse(rule.path, LetterCase::Ignored).ok();
    rules()
        .iter()
        .filter(|rule| !rule.path.starts_with("/."))
        .filter_map(parse)
        .collect()
}
