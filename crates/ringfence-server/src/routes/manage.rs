//! The Management API.

use crate::app::App;
use crate::manage;
use crate::router::{Access, Dialect, Entry, Rule};
use axum::routing::MethodRouter;
use ringfence_core::scope::Scope;

/// An operation of the Management API: reading takes either management scope, changing takes `management:write`.
pub(super) fn manage(
    method: &'static str,
    path: &'static str,
    handler: MethodRouter<App>,
) -> Entry {
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

/// Interactions and their content over the Management API.
pub(super) fn manage_recordings() -> Vec<Entry> {
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
pub(super) fn manage_connections() -> Vec<Entry> {
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

/// The caller themselves over the Management API.
pub(super) fn manage_me() -> Vec<Entry> {
    use manage::me as api;
    const SESSION: &str = "/api/v1/me/sessions/{sessionId}";
    vec![
        manage("GET", "/api/v1/me", api::show_route()),
        manage("GET", "/api/v1/me/sessions", api::sessions_route()),
        manage("DELETE", SESSION, api::session_delete_route()),
    ]
}

/// The Management API.
pub(super) fn management() -> Vec<Entry> {
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

/// Accounts with their people and groups over the Management API.
pub(super) fn manage_accounts() -> Vec<Entry> {
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

/// Providers of accounts over the Management API.
pub(super) fn manage_providers() -> Vec<Entry> {
    use manage::providers as api;
    const ALL: &str = "/api/v1/accounts/{account}/providers";
    const ONE: &str = "/api/v1/accounts/{account}/providers/{provider}";
    const CHECK: &str = "/api/v1/accounts/{account}/providers/{provider}/check";
    vec![
        manage("GET", ALL, api::list_route()),
        manage("POST", ALL, api::create_route()),
        manage("GET", ONE, api::show_route()),
        manage("PATCH", ONE, api::edit_route()),
        manage("DELETE", ONE, api::delete_route()),
        manage("POST", CHECK, api::check_route()),
    ]
}

/// What the Provisioning APIs tell, over the Management API.
pub(super) fn manage_provisioning() -> Vec<Entry> {
    use manage::provisioning::{self as api, extensions, people};
    const ACCOUNT: &str = "/api/v1/accounts/{account}/provisioning";
    const LOCATIONS: &str = "/api/v1/accounts/{account}/provisioning/locations";
    const LOCATION: &str = "/api/v1/accounts/{account}/provisioning/locations/{locationId}";
    const EXTENSIONS: &str = "/api/v1/accounts/{account}/provisioning/extensions";
    const EXTENSION: &str = "/api/v1/accounts/{account}/provisioning/extensions/{extensionNumber}";
    const USER: &str = "/api/v1/accounts/{account}/provisioning/users/{userId}";
    vec![
        manage("GET", ACCOUNT, api::account_show_route()),
        manage("PUT", ACCOUNT, api::account_put_route()),
        manage("GET", LOCATIONS, api::location_list_route()),
        manage("POST", LOCATIONS, api::location_create_route()),
        manage("GET", LOCATION, api::location_show_route()),
        manage("PUT", LOCATION, api::location_put_route()),
        manage("DELETE", LOCATION, api::location_delete_route()),
        manage("GET", EXTENSIONS, extensions::list_route()),
        manage("GET", EXTENSION, extensions::show_route()),
        manage("PUT", EXTENSION, extensions::put_route()),
        manage("DELETE", EXTENSION, extensions::delete_route()),
        manage("GET", USER, people::person_show_route()),
        manage("PUT", USER, people::person_put_route()),
    ]
}

/// What was called, over the Management API.
pub(super) fn manage_traffic() -> Vec<Entry> {
    use manage::traffic as api;
    const REQUESTS: &str = "/api/v1/accounts/{account}/requests";
    const REQUEST: &str = "/api/v1/accounts/{account}/requests/{id}";
    const TRAFFIC: &str = "/api/v1/accounts/{account}/traffic";
    const REFUSALS: &str = "/api/v1/accounts/{account}/refusals";
    const APPLICATIONS: &str = "/api/v1/accounts/{account}/application-traffic";
    vec![
        manage("GET", APPLICATIONS, api::applications_route()),
        manage("GET", TRAFFIC, api::account_traffic_route()),
        manage("GET", REFUSALS, api::account_refusals_route()),
        manage("GET", REQUESTS, api::requests_route()),
        manage("GET", REQUEST, api::request_route()),
        manage("GET", "/api/v1/traffic", api::traffic_route()),
    ]
}

/// API credentials over the Management API.
pub(super) fn manage_credentials() -> Vec<Entry> {
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

/// Developers over the Management API.
pub(super) fn manage_developers() -> Vec<Entry> {
    use manage::developers as api;
    const ONE: &str = "/api/v1/developers/{developer}";
    vec![
        manage("GET", "/api/v1/developers", api::list_route()),
        manage("POST", "/api/v1/developers", api::create_route()),
        manage("GET", ONE, api::show_route()),
        manage("PATCH", ONE, api::edit_route()),
    ]
}

/// Applications of developers over the Management API.
pub(super) fn manage_applications() -> Vec<Entry> {
    use manage::applications as api;
    const ONE: &str = "/api/v1/applications/{applicationId}";
    const SUBSCRIPTIONS: &str = "/api/v1/applications/{applicationId}/subscriptions";
    const SUBSCRIPTION: &str =
        "/api/v1/applications/{applicationId}/subscriptions/{subscriptionId}";
    vec![
        manage("GET", "/api/v1/applications", api::list_route()),
        manage("GET", ONE, api::show_route()),
        manage("PATCH", ONE, api::edit_route()),
        manage("DELETE", ONE, api::delete_route()),
        manage("GET", SUBSCRIPTIONS, api::subscriptions_route()),
        manage("PATCH", SUBSCRIPTION, api::subscription_edit_route()),
    ]
}
