//! The token service, the VCC APIs, and what operators ask.

use crate::oauth;
use crate::router::{Access, Dialect, Entry, Rule};
use crate::vcc;
use crate::web::operations;
use ringfence_core::scope::Scope;

/// The VCC token service; `/connect/token` is the same under another name.
pub(super) fn token_service() -> Vec<Entry> {
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
pub(super) fn interaction_content() -> Vec<Entry> {
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
pub(super) fn stats() -> Vec<Entry> {
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
pub(super) fn user_admin() -> Vec<Entry> {
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
pub(super) fn for_operators() -> Vec<Entry> {
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
