//! Pages: signing in, and the Admin Portal.

use crate::app::App;
use crate::portal;
use crate::router::{Access, Dialect, EXPLORER, Entry, Rule};
use axum::routing::MethodRouter;

/// A page that asks for a stay.
pub(super) fn page(method: &'static str, path: &'static str, handler: MethodRouter<App>) -> Entry {
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

/// What every page needs.
pub(super) fn portal_home() -> Vec<Entry> {
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
pub(super) fn portal_credentials() -> Vec<Entry> {
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
pub(super) fn portal_recordings() -> Vec<Entry> {
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
pub(super) fn portal_collections() -> Vec<Entry> {
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

/// Providers that the account keeps.
pub(super) fn portal_providers() -> Vec<Entry> {
    use portal::providers as pages;
    const ONE: &str = "/admin/providers/{provider}";
    const EDIT: &str = "/admin/providers/{provider}/edit";
    const CHECK: &str = "/admin/providers/{provider}/check";
    const SWITCH: &str = "/admin/providers/{provider}/switch/{act}";
    const DELETE: &str = "/admin/providers/{provider}/delete";
    vec![
        page("GET", "/admin/providers", pages::list_route()),
        page("POST", "/admin/providers", pages::create_route()),
        page("GET", "/admin/providers/new", pages::create_form_route()),
        page("GET", ONE, pages::show_route()),
        page("GET", EDIT, pages::edit_form_route()),
        page("POST", EDIT, pages::edit_route()),
        page("POST", CHECK, pages::check_route()),
        page("GET", SWITCH, pages::switch_form_route()),
        page("POST", SWITCH, pages::switch_route()),
        page("GET", DELETE, pages::delete_form_route()),
        page("POST", DELETE, pages::delete_route()),
    ]
}

/// How people sign in.
pub(super) fn signing_in() -> Vec<Entry> {
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
pub(super) fn own_ways_in() -> Vec<Entry> {
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

/// An application asks a person, and signs them out.
pub(super) fn authorizing() -> Vec<Entry> {
    use portal::authorize as pages;
    let open = |method, path, handler| Entry {
        rule: Rule {
            method,
            path,
            access: Access::Public,
        },
        handler,
        dialect: Dialect::Portal,
    };
    let [ask, ask_posted] = pages::authorize_routes();
    let [logout, logout_posted] = pages::logout_routes();
    vec![
        open("GET", "/authorize", ask),
        open("POST", "/authorize", ask_posted),
        open("GET", "/authorize/continue", pages::continue_route()),
        open("POST", "/authorize/answer", pages::answer_route()),
        open("GET", "/oidc/logout", logout),
        open("POST", "/oidc/logout", logout_posted),
        open(
            "GET",
            "/oidc/logout/continue",
            pages::logout_continue_route(),
        ),
        open(
            "POST",
            "/oidc/logout/confirm",
            pages::logout_confirm_route(),
        ),
    ]
}

/// What people have allowed applications.
pub(super) fn connected_applications() -> Vec<Entry> {
    use portal::authorize as pages;
    const OWN: &str = "/admin/me/applications/{applicationId}/withdraw";
    const ACCOUNT: &str = "/admin/connected/{applicationId}/withdraw";
    let [own, own_posted] = pages::withdraw_routes();
    let [account, account_posted] = pages::account_withdraw_routes();
    vec![
        page("GET", "/admin/me/applications", pages::connected_route()),
        page("GET", OWN, own),
        page("POST", OWN, own_posted),
        page("GET", "/admin/connected", pages::account_connected_route()),
        page("GET", ACCOUNT, account),
        page("POST", ACCOUNT, account_posted),
    ]
}

/// What was called, one request looked up, and calls tried out.
pub(super) fn gateway_pages() -> Vec<Entry> {
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

/// Pages of accounts, people and groups.
pub(super) fn portal_directory() -> Vec<Entry> {
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

/// Developers, for operators.
pub(super) fn portal_developers() -> Vec<Entry> {
    use portal::developers as pages;
    const ONE: &str = "/admin/developers/{developer}";
    const SWITCH: &str = "/admin/developers/{developer}/switch";
    vec![
        page("GET", "/admin/developers", pages::list_route()),
        page("POST", "/admin/developers", pages::create_route()),
        page("GET", "/admin/developers/new", pages::create_form_route()),
        page("GET", ONE, pages::edit_form_route()),
        page("POST", ONE, pages::edit_route()),
        page("GET", SWITCH, pages::switch_form_route()),
        page("POST", SWITCH, pages::switch_route()),
    ]
}

/// Applications of developers, for operators.
pub(super) fn portal_applications() -> Vec<Entry> {
    use portal::applications as pages;
    const SWITCH: &str = "/admin/applications/{applicationId}/switch/{act}";
    const BLOCK: &str = "/admin/applications/{applicationId}/subscriptions/{subscriptionId}/block";
    const UNBLOCK: &str =
        "/admin/applications/{applicationId}/subscriptions/{subscriptionId}/unblock";
    vec![
        page("GET", "/admin/applications", pages::list_route()),
        page(
            "GET",
            "/admin/applications/{applicationId}",
            pages::show_route(),
        ),
        page("GET", SWITCH, pages::switch_form_route()),
        page("POST", SWITCH, pages::switch_route()),
        page("POST", BLOCK, pages::block_route()),
        page("POST", UNBLOCK, pages::unblock_route()),
    ]
}
