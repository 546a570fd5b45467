//! Every URL of the product is in this one file.
//!
//! [`table`] lists each operation with what it takes to call it; the router and the access
//! matrix of the tests are both made from it. What is not listed does not exist.

use crate::app::{App, Roles};
use crate::gateway::admit::{Gate, gate_pass};
use crate::gateway::upstream::upstream_call;
use crate::oauth;
use crate::vcc;
use crate::web::hall::{RouteName, hall_layer};
use crate::web::operations;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::Uri;
use axum::middleware::{from_fn_with_state, map_response};
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
    /// The API in whose words the gateway's refusals are said.
    dialect: Option<vcc::Api>,
}

fn table() -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(token_service());
    entries.extend(interaction_content());
    entries.extend(stats());
    entries.extend(user_admin());
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
        dialect: None,
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

/// Interaction Content. A fixed path stands before a template that it fits as well.
fn interaction_content() -> Vec<Entry> {
    use vcc::interaction_content as api;
    let entry = |method, path, scope: &'static [Scope], handler| Entry {
        rule: Rule {
            method,
            path,
            access: Access::Token(scope),
        },
        handler,
        dialect: Some(vcc::Api::Content),
    };
    const SEARCH: &str = "/interaction-content/interactions";
    const BATCH: &str = "/interaction-content/interactions/delete-batch";
    const ONE: &str = "/interaction-content/interactions/{guid}";
    const FILE: &str = "/interaction-content/interactions/{guid}/content/{contentKey}";
    let (read, delete) = (
        &[Scope::InteractionContentRead],
        &[Scope::InteractionContentDelete],
    );
    vec![
        entry("GET", SEARCH, read, api::search_route()),
        entry("POST", BATCH, delete, api::delete_batch_route()),
        entry("GET", ONE, read, api::show_route()),
        entry("DELETE", ONE, delete, api::delete_route()),
        entry("GET", FILE, read, api::content_route()),
        entry("DELETE", FILE, delete, api::content_delete_route()),
    ]
}

/// Insights Stats.
fn stats() -> Vec<Entry> {
    use vcc::stats as api;
    let entry = |path, handler| Entry {
        rule: Rule {
            method: "GET",
            path,
            access: Access::Token(&[Scope::Stats]),
        },
        handler,
        dialect: Some(vcc::Api::Stats),
    };
    vec![
        entry("/stats/interactions", api::interactions_route()),
        entry("/stats/interactions/ongoing", api::ongoing_route()),
        entry("/stats/interactions/{guid}", api::interaction_route()),
        entry("/stats/agent-status", api::agent_status_route()),
        entry("/stats/queue-times", api::queue_times_route()),
    ]
}

/// User Admin.
fn user_admin() -> Vec<Entry> {
    use vcc::user_admin as api;
    let entry = |method, path, scopes, handler| Entry {
        rule: Rule {
            method,
            path,
            access: Access::Token(scopes),
        },
        handler,
        dialect: Some(vcc::Api::Users),
    };
    let read = |path, handler| entry("GET", path, &[Scope::UsersRead, Scope::UsersWrite], handler);
    let write = |method, path, handler| entry(method, path, &[Scope::UsersWrite], handler);
    const USERS: &str = "/useradmin/users";
    const USER: &str = "/useradmin/users/{userId}";
    const BY_NAME: &str = "/useradmin/users/by/username/{username}";
    const BY_AGENT: &str = "/useradmin/users/by/agentDisplayId/{agentDisplayId}";
    const USER_GROUPS: &str = "/useradmin/users/{userId}/groups";
    const GROUP_RIGHTS: &str = "/useradmin/users/{userId}/permissions/groups";
    const LINES: &str = "/useradmin/users/{userId}/permissions/addresses";
    const RIGHTS: &str = "/useradmin/users/{userId}/permissions/accessPermissions";
    const GROUPS: &str = "/useradmin/groups";
    const MEMBERS: &str = "/useradmin/groups/{groupId}/users";
    vec![
        read(USERS, api::users_route()),
        write("POST", USERS, api::user_create_route()),
        read(BY_NAME, api::user_by_username_route()),
        read(BY_AGENT, api::user_by_agent_route()),
        read(USER, api::user_route()),
        write("PATCH", USER, api::user_edit_route()),
        read(USER_GROUPS, api::user_groups_route()),
        write("PUT", USER_GROUPS, api::user_groups_put_route()),
        read(GROUP_RIGHTS, api::group_permissions_route()),
        write("PUT", GROUP_RIGHTS, api::group_permissions_put_route()),
        read(LINES, api::address_permissions_route()),
        write("PUT", LINES, api::address_permissions_put_route()),
        read(RIGHTS, api::access_permissions_route()),
        write("PATCH", RIGHTS, api::access_permissions_patch_route()),
        read(GROUPS, api::groups_route()),
        read(MEMBERS, api::group_users_route()),
        write("PUT", MEMBERS, api::group_users_put_route()),
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
        dialect: None,
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
        let handler = match entry.dialect {
            Some(api) => {
                let words =
                    move |response: Response| async move { vcc::error::restate(api, response) };
                handler.route_layer(map_response(words))
            }
            None => handler,
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

fn first_segment(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// The URI with the fixed segments of the template it fits, or `None` when it fits none.
fn canonical<'t>(uri: &Uri, templates: &'t [PathTemplate]) -> Option<(&'t PathTemplate, Uri)> {
    let path = CleanPath::parse(uri.path()).ok()?;
    // Most calls that come here are an upstream's: nothing of ours even begins like them.
    let first = first_segment(uri.path());
    let begins_alike = |template: &&PathTemplate| {
        let fixed = first_segment(template.as_str());
        fixed.starts_with('{') || first.contains('%') || fixed.eq_ignore_ascii_case(first)
    };
    let template = templates
        .iter()
        .filter(begins_alike)
        .find(|t| t.matches(&path).is_some())?;
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
