//! The Portal REST API (vbc-api §2.7): one line an operation, each below both beginnings.

use crate::app::App;
use crate::router::{Access, Dialect, Entry, Rule};
use crate::vbc::store_api::{
    PORTAL, STORE, applications, catalogue, keys, policies, subscriptions, tokens,
};
use axum::routing::MethodRouter;
use ringfence_core::developer::DeveloperScope;
use std::sync::LazyLock;

/// Method, path below the beginning, the scope it takes, and what answers it.
type Operation = (
    &'static str,
    &'static str,
    &'static [DeveloperScope],
    fn() -> MethodRouter<App>,
);

const LOOK: &[DeveloperScope] = &[DeveloperScope::Subscribe];
const APPS: &[DeveloperScope] = &[DeveloperScope::AppManage];
const SUBS: &[DeveloperScope] = &[DeveloperScope::SubManage];

const APP: &str = "/applications/{applicationId}";
const GENERATE: &str = "/applications/{applicationId}/generate-keys";
const MAP: &str = "/applications/{applicationId}/map-keys";
// The older paths name keys by their type, the newer by the id of their mapping.
const KEYS: &str = "/applications/{applicationId}/keys";
const KEY: &str = "/applications/{applicationId}/keys/{keyType}";
const SECRET: &str = "/applications/{applicationId}/keys/{keyType}/regenerate-secret";
const CLEAN: &str = "/applications/{applicationId}/keys/{keyType}/clean-up";
const TOKEN: &str = "/applications/{applicationId}/keys/{keyType}/generate-token";
const OAUTH_KEYS: &str = "/applications/{applicationId}/oauth-keys";
const OAUTH_KEY: &str = "/applications/{applicationId}/oauth-keys/{keyMappingId}";
const OAUTH_SECRET: &str =
    "/applications/{applicationId}/oauth-keys/{keyMappingId}/regenerate-secret";
const OAUTH_CLEAN: &str = "/applications/{applicationId}/oauth-keys/{keyMappingId}/clean-up";
const OAUTH_TOKEN: &str = "/applications/{applicationId}/oauth-keys/{keyMappingId}/generate-token";

static OPERATIONS: &[Operation] = &[
    ("GET", "/apis", LOOK, catalogue::list_route),
    ("GET", "/apis/{apiId}", LOOK, catalogue::show_route),
    (
        "GET",
        "/throttling-policies/{policyLevel}",
        LOOK,
        policies::list_route,
    ),
    ("GET", "/applications", APPS, applications::list_route),
    ("POST", "/applications", APPS, applications::create_route),
    ("GET", APP, APPS, applications::show_route),
    ("PUT", APP, APPS, applications::edit_route),
    ("DELETE", APP, APPS, applications::delete_route),
    ("POST", GENERATE, APPS, keys::generate_route),
    ("POST", MAP, APPS, keys::map_route),
    ("GET", KEYS, APPS, keys::list_route),
    ("GET", KEY, APPS, keys::show_route),
    ("PUT", KEY, APPS, keys::edit_route),
    ("POST", SECRET, APPS, keys::regenerate_route),
    ("POST", CLEAN, APPS, keys::clean_up_route),
    ("POST", TOKEN, APPS, tokens::generate_route),
    ("GET", OAUTH_KEYS, APPS, keys::list_route),
    ("GET", OAUTH_KEY, APPS, keys::show_route),
    ("PUT", OAUTH_KEY, APPS, keys::edit_route),
    ("POST", OAUTH_SECRET, APPS, keys::regenerate_route),
    ("POST", OAUTH_CLEAN, APPS, keys::clean_up_route),
    ("POST", OAUTH_TOKEN, APPS, tokens::generate_route),
    ("GET", "/subscriptions", SUBS, subscriptions::list_route),
    ("POST", "/subscriptions", SUBS, subscriptions::create_route),
    (
        "GET",
        "/subscriptions/{subscriptionId}",
        SUBS,
        subscriptions::show_route,
    ),
    (
        "DELETE",
        "/subscriptions/{subscriptionId}",
        SUBS,
        subscriptions::delete_route,
    ),
];

/// The full paths of each operation; a rule's path lives as long as the program.
static PATHS: LazyLock<Vec<[String; 2]>> = LazyLock::new(|| {
    let paths = |(_, path, _, _): &Operation| [STORE, PORTAL].map(|base| format!("{base}{path}"));
    OPERATIONS.iter().map(paths).collect()
});

/// The Portal REST API.
pub(super) fn store_api() -> Vec<Entry> {
    let mut entries = Vec::with_capacity(OPERATIONS.len() * 2);
    for ((method, _, scopes, handler), paths) in OPERATIONS.iter().zip(PATHS.iter()) {
        for path in paths {
            entries.push(Entry {
                rule: Rule {
                    method,
                    path,
                    access: Access::DeveloperApi(scopes),
                },
                handler: handler(),
                dialect: Dialect::DeveloperApi,
            });
        }
    }
    entries
}
