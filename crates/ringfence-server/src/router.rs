//! Every URL of the product is in this one file.
//!
//! [`table`] lists each operation with what it takes to call it; the router and the access
//! matrix of the tests are both made from it. What is not listed does not exist.

use crate::app::{App, Roles};
use crate::gateway::admit::{Gate, gate_pass};
use crate::gateway::upstream::upstream_call;
use crate::manage;
use crate::oauth;
use crate::portal;
use crate::portal::explorer::Inside;
use crate::vcc;
use crate::web::case::canonical;
use crate::web::hall::{RouteName, hall_layer};
use crate::web::operations;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::MethodRouter;
use ringfence_app::gateway::RouteRule;
use ringfence_app::quota::QuotaClass;
use ringfence_core::path::{LetterCase, PathTemplate};
use ringfence_core::scope::{Scope, ScopeSet};
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
    dialect: Dialect,
}

/// In whose words refusals are said.
#[derive(Clone, Copy)]
enum Dialect {
    /// The handler's own, or the gateway's.
    Plain,
    /// One of the VCC APIs'.
    Vcc(vcc::Api),
    /// Pages.
    Portal,
    /// The Management API's.
    Manage,
}

fn table() -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(token_service());
    entries.extend(interaction_content());
    entries.extend(stats());
    entries.extend(user_admin());
    entries.extend(for_operators());
    entries.extend(portal_home());
    entries.extend(signing_in());
    entries.extend(own_ways_in());
    entries.extend(portal_credentials());
    entries.extend(gateway_pages());
    entries.extend(portal_recordings());
    entries.extend(portal_collections());
    entries.extend(manage_me());
    entries.extend(management());
    entries.extend(manage_accounts());
    entries.extend(manage_traffic());
    entries.extend(manage_recordings());
    entries.extend(manage_connections());
    entries.extend(manage_credentials());
    entries.extend(portal_directory());
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
        dialect: Dialect::Plain,
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
        dialect: Dialect::Vcc(vcc::Api::Content),
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
        dialect: Dialect::Vcc(vcc::Api::Stats),
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
        dialect: Dialect::Vcc(vcc::Api::Users),
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
        dialect: Dialect::Plain,
    };
    vec![
        entry("/livez", operations::live_route()),
        entry("/readyz", operations::ready_route()),
        entry("/metrics", operations::metrics_route()),
    ]
}

/// A page that asks for a stay.
fn page(method: &'static str, path: &'static str, handler: MethodRouter<App>) -> Entry {
    let access = Access::Session;
    let rule = Rule {
        method,
        path,
        access,
    };
    Entry {
        rule,
        handler,
        dialect: Dialect::Portal,
    }
}

/// An operation of the Management API: reading takes either management scope, changing takes `management:write`.
fn manage(method: &'static str, path: &'static str, handler: MethodRouter<App>) -> Entry {
    let access = Access::Manage(if method == "GET" {
        &[Scope::ManagementRead, Scope::ManagementWrite]
    } else {
        &[Scope::ManagementWrite]
    });
    let rule = Rule {
        method,
        path,
        access,
    };
    Entry {
        rule,
        handler,
        dialect: Dialect::Manage,
    }
}

/// What every page needs.
fn portal_home() -> Vec<Entry> {
    use portal::{
        account_open_route, asset_route, design_route, home_route, missing_route, sign_out_route,
    };
    let assets = Entry {
        rule: Rule {
            method: "GET",
            path: "/assets/{name}",
            access: Access::Public,
        },
        handler: asset_route(),
        dialect: Dialect::Plain,
    };
    vec![
        assets,
        page("GET", "/admin", home_route()),
        page("GET", "/admin/design", design_route()),
        page("GET", "/admin/{*path}", missing_route()),
        page("POST", "/admin/open", account_open_route()),
        page("POST", "/logout", sign_out_route()),
    ]
}

/// API Credentials, and where a partner fetches a secret.
fn portal_credentials() -> Vec<Entry> {
    use portal::credentials as area;
    use portal::handover::{handover_look_route, handover_open_route};
    const LIST: &str = "/admin/credentials";
    const NEW: &str = "/admin/credentials/new";
    const ONE: &str = "/admin/credentials/{id}";
    const EDIT: &str = "/admin/credentials/{id}/edit";
    const DELETE: &str = "/admin/credentials/{id}/delete";
    const ROTATE: &str = "/admin/credentials/{id}/rotate";
    const RETIRE: &str = "/admin/credentials/{id}/secrets/{number}/retire";
    const CHECKLIST: &str = "/admin/credentials/{id}/checklist";
    const USAGE: &str = "/admin/credentials/{id}/usage";
    let public = |method, handler| Entry {
        rule: Rule {
            method,
            path: "/handover/{link}",
            access: Access::Public,
        },
        handler,
        dialect: Dialect::Portal,
    };
    vec![
        page("GET", LIST, area::list_route()),
        page("POST", LIST, area::create_route()),
        page("GET", NEW, area::create_form_route()),
        page("GET", ONE, area::show_route()),
        page("GET", EDIT, area::edit_form_route()),
        page("POST", EDIT, area::edit_route()),
        page("GET", DELETE, area::delete_form_route()),
        page("POST", DELETE, area::delete_route()),
        page("GET", ROTATE, area::rotate_form_route()),
        page("POST", ROTATE, area::rotate_route()),
        page("GET", RETIRE, area::retire_form_route()),
        page("POST", RETIRE, area::retire_route()),
        page("GET", CHECKLIST, area::checklist_route()),
        page("GET", USAGE, area::usage_route()),
        public("GET", handover_look_route()),
        public("POST", handover_open_route()),
    ]
}

/// Recordings, as far as a person's own permissions reach.
fn portal_recordings() -> Vec<Entry> {
    const DELETE: &str = "/admin/recordings/{guid}/delete";
    const ITEM: &str = "/admin/recordings/{guid}/content/{contentKey}";
    const ITEM_DELETE: &str = "/admin/recordings/{guid}/content/{contentKey}/delete";
    vec![
        page("GET", "/admin/recordings", portal::recordings_route()),
        page("GET", "/admin/recordings/{guid}", portal::recording_route()),
        page("GET", DELETE, portal::recording_delete_page_route()),
        page("POST", DELETE, portal::recording_delete_route()),
        page("GET", ITEM, portal::recording_content_route()),
        page(
            "GET",
            ITEM_DELETE,
            portal::recording_item_delete_page_route(),
        ),
        page("POST", ITEM_DELETE, portal::recording_item_delete_route()),
    ]
}

/// What is collected from remote accounts.
fn portal_collections() -> Vec<Entry> {
    const CONNECTION: &str = "/admin/collections/{connection}";
    const RUN: &str = "/admin/collections/{connection}/runs/{run}";
    const GAPS: &str = "/admin/collections/{connection}/gaps";
    const GAPS_CSV: &str = "/admin/collections/{connection}/gaps.csv";
    vec![
        page("GET", "/admin/collections", portal::collections_route()),
        page("GET", CONNECTION, portal::connection_route()),
        page("GET", RUN, portal::run_route()),
        page("GET", GAPS, portal::gaps_route()),
        page("GET", GAPS_CSV, portal::gaps_csv_route()),
    ]
}

/// Interactions and their content over the Management API.
fn manage_recordings() -> Vec<Entry> {
    use manage::{interaction_content as content, interactions as api};
    const ALL: &str = "/api/v1/accounts/{account}/interactions";
    const ONE: &str = "/api/v1/accounts/{account}/interactions/{guid}";
    const ITEM: &str = "/api/v1/accounts/{account}/interactions/{guid}/content/{contentKey}";
    vec![
        manage("GET", ALL, api::list_route()),
        manage("GET", ONE, api::show_route()),
        manage("PUT", ONE, api::put_route()),
        manage("DELETE", ONE, api::delete_route()),
        manage("GET", ITEM, content::read_route()),
        manage("PUT", ITEM, content::put_route()),
        manage("DELETE", ITEM, content::delete_route()),
    ]
}

/// Connections, runs and gaps over the Management API.
fn manage_connections() -> Vec<Entry> {
    use manage::connections as api;
    const CONNECTION: &str = "/api/v1/connections/{connection}";
    const RUNS: &str = "/api/v1/connections/{connection}/runs";
    const RUN: &str = "/api/v1/connections/{connection}/runs/{run}";
    const COVERAGE: &str = "/api/v1/connections/{connection}/coverage";
    const GAPS: &str = "/api/v1/connections/{connection}/gaps";
    const GAPS_CSV: &str = "/api/v1/connections/{connection}/gaps.csv";
    vec![
        manage("GET", "/api/v1/connections", api::list_route()),
        manage("GET", CONNECTION, api::show_route()),
        manage("GET", RUNS, api::runs_route()),
        manage("GET", RUN, api::run_route()),
        manage("GET", COVERAGE, api::coverage_route()),
        manage("GET", GAPS, api::gaps_route()),
        manage("GET", GAPS_CSV, api::gaps_csv_route()),
    ]
}

/// How people sign in.
fn signing_in() -> Vec<Entry> {
    use portal::sign_in as pages;
    let open = |method, path, handler| Entry {
        rule: Rule {
            method,
            path,
            access: Access::Public,
        },
        handler,
        dialect: Dialect::Portal,
    };
    let mut entries = vec![open(
        "POST",
        "/login/passkey",
        pages::passkey_sign_in_route(),
    )];
    let (begin, back) = (pages::sso_begin_route(), pages::sso_return_route());
    entries.push(open("GET", "/login/sso/{provider}", begin));
    entries.push(open("GET", "/login/sso/{provider}/callback", back));
    let forms = [
        ("/login", pages::login_routes()),
        ("/login/code", pages::code_routes()),
        ("/setup/{token}", pages::setup_routes()),
        ("/invite/{token}", pages::invite_routes()),
    ];
    for (path, [show, send]) in forms {
        entries.push(open("GET", path, show));
        entries.push(open("POST", path, send));
    }
    entries
}

/// What people do about their own ways in.
fn own_ways_in() -> Vec<Entry> {
    use portal::sign_in as pages;
    let mut entries = vec![
        page("GET", "/admin/me", pages::me_route()),
        page("GET", "/admin/me/passkeys/new", pages::passkey_new_route()),
        page("POST", "/admin/me/passkeys", pages::passkey_add_route()),
    ];
    let forms = [
        ("/admin/me/password", pages::password_routes()),
        ("/admin/me/sessions/end", pages::sessions_end_routes()),
        (
            "/admin/me/sessions/{sessionId}/end",
            pages::session_end_routes(),
        ),
        ("/admin/me/authenticator", pages::totp_routes()),
        (
            "/admin/me/authenticator/remove",
            pages::totp_remove_routes(),
        ),
        ("/admin/me/recovery-codes", pages::recovery_codes_routes()),
        (
            "/admin/me/passkeys/{passkeyId}/remove",
            pages::passkey_remove_routes(),
        ),
    ];
    for (path, [show, send]) in forms {
        entries.push(page("GET", path, show));
        entries.push(page("POST", path, send));
    }
    entries
}

/// The operation that calls others.
const EXPLORER: (&str, &str) = ("POST", "/admin/explorer");

/// What was called, one request looked up, and calls tried out.
fn gateway_pages() -> Vec<Entry> {
    use portal::explorer::{explorer_route, send_route};
    use portal::gateway::{overview_route, request_route, requests_route};
    const REQUEST: &str = "/admin/gateway/requests/{id}";
    vec![
        page("GET", "/admin/gateway", overview_route()),
        page("GET", "/admin/gateway/requests", requests_route()),
        page("GET", REQUEST, request_route()),
        page("GET", EXPLORER.1, explorer_route()),
        page(EXPLORER.0, EXPLORER.1, send_route()),
    ]
}

/// The present rules of operations that ask for a token, by path template and method.
static ROUTES: LazyLock<HashMap<(&'static str, &'static str), RouteRule>> = LazyLock::new(|| {
    let guarded = |rule: Rule| match rule.access {
        Access::Token(scopes) | Access::Manage(scopes) => {
            Some(((rule.path, rule.method), route_rule(rule.path, scopes)))
        }
        Access::Public | Access::Client | Access::Session => None,
    };
    rules().into_iter().filter_map(guarded).collect()
});

/// What an operation of that template and method asks of its callers.
pub(crate) fn route_named(path: &str, method: &str) -> Option<RouteRule> {
    ROUTES.get(&(path, method)).copied()
}

/// The caller themselves over the Management API.
fn manage_me() -> Vec<Entry> {
    use manage::me as api;
    const SESSION: &str = "/api/v1/me/sessions/{sessionId}";
    vec![
        manage("GET", "/api/v1/me", api::show_route()),
        manage("GET", "/api/v1/me/sessions", api::sessions_route()),
        manage("DELETE", SESSION, api::session_delete_route()),
    ]
}

/// The Management API.
fn management() -> Vec<Entry> {
    vec![Entry {
        rule: Rule {
            method: "GET",
            path: "/api/v1/openapi.json",
            access: Access::Public,
        },
        handler: manage::openapi::openapi_route(),
        dialect: Dialect::Manage,
    }]
}

/// Pages of accounts, people and groups.
fn portal_directory() -> Vec<Entry> {
    use portal::{accounts, audit, groups, keys, users};
    const USER_EDIT: &str = "/admin/users/{userId}/edit";
    const LOST_DEVICE: &str = "/admin/users/{userId}/lost-device";
    const USER_SWITCH: &str = "/admin/users/{userId}/switch/{act}";
    const SUSPEND: &str = "/admin/accounts/{account}/suspend";
    const RESUME: &str = "/admin/accounts/{account}/resume";
    vec![
        page("GET", "/admin/users", users::list_route()),
        page("POST", "/admin/users", users::create_route()),
        page("GET", "/admin/users/new", users::create_form_route()),
        page("GET", "/admin/users/{userId}", users::show_route()),
        page("GET", USER_EDIT, users::edit_form_route()),
        page("POST", USER_EDIT, users::edit_route()),
        page("GET", USER_SWITCH, users::switch_form_route()),
        page("POST", USER_SWITCH, users::switch_route()),
        page("GET", LOST_DEVICE, users::lost_device_route()),
        page(
            "POST",
            "/admin/users/{userId}/invite",
            users::invite_route(),
        ),
        page("GET", "/admin/audit", audit::list_route()),
        page("GET", "/admin/audit/export", audit::export_route()),
        page(
            "GET",
            "/admin/audit/installation",
            audit::whole_list_route(),
        ),
        page(
            "GET",
            "/admin/audit/installation/export",
            audit::whole_export_route(),
        ),
        page("GET", "/admin/keys", keys::list_route()),
        page("GET", "/admin/keys/rotate", keys::rotate_form_route()),
        page("POST", "/admin/keys/rotate", keys::rotate_route()),
        page(
            "GET",
            "/admin/keys/{kid}/withdraw",
            keys::withdraw_form_route(),
        ),
        page("POST", "/admin/keys/{kid}/withdraw", keys::withdraw_route()),
        page("GET", "/admin/groups", groups::list_route()),
        page("POST", "/admin/groups", groups::create_route()),
        page("GET", "/admin/groups/new", groups::create_form_route()),
        page("GET", "/admin/groups/{groupId}", groups::show_route()),
        page("GET", "/admin/accounts", accounts::list_route()),
        page("POST", "/admin/accounts", accounts::create_route()),
        page("GET", "/admin/accounts/new", accounts::create_form_route()),
        page("GET", "/admin/accounts/{account}", accounts::show_route()),
        page("GET", SUSPEND, accounts::suspend_form_route()),
        page("POST", SUSPEND, accounts::suspend_route()),
        page("GET", RESUME, accounts::resume_form_route()),
        page("POST", RESUME, accounts::resume_route()),
    ]
}

/// Accounts with their people and groups over the Management API.
fn manage_accounts() -> Vec<Entry> {
    use manage::{accounts as api, audit, groups, keys, users};
    const ACCOUNTS: &str = "/api/v1/accounts";
    const ACCOUNT: &str = "/api/v1/accounts/{account}";
    const USERS: &str = "/api/v1/accounts/{account}/users";
    const USER: &str = "/api/v1/accounts/{account}/users/{userId}";
    const GROUPS: &str = "/api/v1/accounts/{account}/groups";
    const GROUP: &str = "/api/v1/accounts/{account}/groups/{groupId}";
    const AUDIT: &str = "/api/v1/accounts/{account}/audit";
    const MEMBERS: &str = "/api/v1/accounts/{account}/groups/{groupId}/members";
    vec![
        manage("GET", ACCOUNTS, api::list_route()),
        manage("POST", ACCOUNTS, api::create_route()),
        manage("GET", ACCOUNT, api::show_route()),
        manage("PATCH", ACCOUNT, api::edit_route()),
        manage("GET", USERS, users::list_route()),
        manage("POST", USERS, users::create_route()),
        manage("GET", USER, users::show_route()),
        manage("PATCH", USER, users::edit_route()),
        manage("GET", GROUPS, groups::list_route()),
        manage("POST", GROUPS, groups::create_route()),
        manage("GET", GROUP, groups::show_route()),
        manage("GET", MEMBERS, groups::members_route()),
        manage("GET", AUDIT, audit::account_list_route()),
        manage(
            "GET",
            "/api/v1/accounts/{account}/audit/export",
            audit::account_export_route(),
        ),
        manage("GET", "/api/v1/audit", audit::list_route()),
        manage("GET", "/api/v1/audit/export", audit::export_route()),
        manage("GET", "/api/v1/keys", keys::list_route()),
        manage("POST", "/api/v1/keys/rotate", keys::rotate_route()),
        manage("GET", "/api/v1/keys/{kid}", keys::show_route()),
        manage(
            "POST",
            "/api/v1/keys/{kid}/withdraw",
            keys::withdraw_route(),
        ),
    ]
}

/// What was called, over the Management API.
fn manage_traffic() -> Vec<Entry> {
    use manage::traffic as api;
    const REQUESTS: &str = "/api/v1/accounts/{account}/requests";
    const REQUEST: &str = "/api/v1/accounts/{account}/requests/{id}";
    const TRAFFIC: &str = "/api/v1/accounts/{account}/traffic";
    const REFUSALS: &str = "/api/v1/accounts/{account}/refusals";
    vec![
        manage("GET", TRAFFIC, api::account_traffic_route()),
        manage("GET", REFUSALS, api::account_refusals_route()),
        manage("GET", REQUESTS, api::requests_route()),
        manage("GET", REQUEST, api::request_route()),
        manage("GET", "/api/v1/traffic", api::traffic_route()),
    ]
}

/// API credentials over the Management API.
fn manage_credentials() -> Vec<Entry> {
    use manage::credentials as api;
    const ALL: &str = "/api/v1/accounts/{account}/credentials";
    const ONE: &str = "/api/v1/accounts/{account}/credentials/{credentialId}";
    const SECRETS: &str = "/api/v1/accounts/{account}/credentials/{credentialId}/secrets";
    const SECRET: &str = "/api/v1/accounts/{account}/credentials/{credentialId}/secrets/{number}";
    const EFFECTIVE: &str = "/api/v1/accounts/{account}/credentials/{credentialId}/effective";
    const CHECKLIST: &str = "/api/v1/accounts/{account}/credentials/{credentialId}/checklist";
    const USAGE: &str = "/api/v1/accounts/{account}/credentials/{credentialId}/usage";
    vec![
        manage("GET", ALL, api::list_route()),
        manage("POST", ALL, api::create_route()),
        manage("GET", ONE, api::show_route()),
        manage("PATCH", ONE, api::edit_route()),
        manage("DELETE", ONE, api::delete_route()),
        manage("GET", SECRETS, api::secrets_route()),
        manage("POST", SECRETS, api::secret_rotate_route()),
        manage("DELETE", SECRET, api::secret_retire_route()),
        manage("GET", EFFECTIVE, api::effective_route()),
        manage("GET", CHECKLIST, api::checklist_route()),
        manage("GET", USAGE, api::usage_route()),
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
    let mut explorer = None;
    for entry in table() {
        if !serves(app.limits.roles, &entry) {
            continue;
        }
        let handler = guarded(&app, entry.rule, entry.handler);
        let handler = in_dialect(&app, entry.dialect, handler);
        let handler = handler.layer(Extension(entry.rule));
        if (entry.rule.method, entry.rule.path) == EXPLORER {
            explorer = Some(handler);
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
    if let Some(explorer) = explorer {
        // What it calls goes through all of this, and cannot come back to it.
        let inside = operations.clone().fallback(retry.clone());
        let inside = Inside(hall_layer(inside.with_state(app.clone()), hall.clone()));
        operations = operations.route(EXPLORER.1, explorer.layer(Extension(inside)));
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

fn in_dialect(app: &App, dialect: Dialect, handler: MethodRouter<App>) -> MethodRouter<App> {
    match dialect {
        Dialect::Plain => handler,
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
fn serves(roles: Roles, entry: &Entry) -> bool {
    match entry.rule.access {
        Access::Public if matches!(entry.dialect, Dialect::Portal | Dialect::Manage) => {
            roles.portal
        }
        // Discovery, key sets and what operators ask.
        Access::Public => true,
        Access::Client => roles.issue,
        Access::Token(_) => roles.apis,
        Access::Session | Access::Manage(_) => roles.portal,
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
