//! The Developer Portal.

use crate::app::App;
use crate::portal::developer;
use crate::router::{Access, CONSOLE, Dialect, Entry, Rule};
use axum::routing::MethodRouter;
use ringfence_app::developer_console::CALLBACK_PATH;

/// A page that asks for a developer's stay.
fn page(method: &'static str, path: &'static str, handler: MethodRouter<App>) -> Entry {
    let rule = Rule {
        method,
        path,
        access: Access::Developer,
    };
    Entry {
        rule,
        handler,
        dialect: Dialect::Portal,
    }
}

/// Pages of developers.
pub(super) fn pages() -> Vec<Entry> {
    [sign_in(), applications(), catalogue(), own()]
        .into_iter()
        .flatten()
        .collect()
}

/// The way in and out.
fn sign_in() -> Vec<Entry> {
    use developer::sign_in as area;
    let open = |method, handler| Entry {
        rule: Rule {
            method,
            path: "/devportal/login",
            access: Access::Public,
        },
        handler,
        dialect: Dialect::Portal,
    };
    vec![
        open("GET", area::login_form_route()),
        open("POST", area::login_route()),
        page("GET", "/devportal", area::start_route()),
        page("GET", "/devportal/{*path}", area::missing_route()),
        page("POST", "/devportal/logout", area::sign_out_route()),
    ]
}

/// Applications with their keys and subscriptions.
fn applications() -> Vec<Entry> {
    use developer::{application as one, applications as all, keys, secret, subscriptions};
    const ALL: &str = "/devportal/applications";
    const NEW: &str = "/devportal/applications/new";
    const ONE: &str = "/devportal/applications/{id}";
    const EDIT: &str = "/devportal/applications/{id}/edit";
    const DELETE: &str = "/devportal/applications/{id}/delete";
    const KEYS: &str = "/devportal/applications/{id}/keys";
    const SECRET: &str = "/devportal/applications/{id}/keys/secret";
    const KEYS_REMOVE: &str = "/devportal/applications/{id}/keys/remove";
    const SUBSCRIPTIONS: &str = "/devportal/applications/{id}/subscriptions";
    const UNSUBSCRIBE: &str = "/devportal/applications/{id}/subscriptions/{subscriptionId}/remove";
    vec![
        page("GET", ALL, all::list_route()),
        page("POST", ALL, all::create_route()),
        page("GET", NEW, all::create_form_route()),
        page("GET", ONE, one::show_route()),
        page("GET", EDIT, all::edit_form_route()),
        page("POST", EDIT, all::edit_route()),
        page("GET", DELETE, one::delete_form_route()),
        page("POST", DELETE, one::delete_route()),
        page("GET", KEYS, keys::show_route()),
        page("POST", KEYS, keys::save_route()),
        page("GET", SECRET, secret::secret_form_route()),
        page("POST", SECRET, secret::secret_route()),
        page("GET", KEYS_REMOVE, secret::remove_form_route()),
        page("POST", KEYS_REMOVE, secret::remove_route()),
        page("GET", SUBSCRIPTIONS, subscriptions::list_route()),
        page("POST", SUBSCRIPTIONS, subscriptions::add_route()),
        page("GET", UNSUBSCRIBE, subscriptions::remove_form_route()),
        page("POST", UNSUBSCRIBE, subscriptions::remove_route()),
    ]
}

/// The API suites.
fn catalogue() -> Vec<Entry> {
    use developer::{apis, console, documentation};
    const ONE: &str = "/devportal/apis/{suite}";
    const APPLICATIONS: &str = "/devportal/apis/{suite}/applications";
    const DOCUMENTATION: &str = "/devportal/apis/{suite}/documentation";
    vec![
        page("GET", "/devportal/apis", apis::list_route()),
        page("GET", ONE, apis::show_route()),
        page("GET", APPLICATIONS, apis::applications_route()),
        page("POST", APPLICATIONS, apis::subscribe_route()),
        page("GET", CONSOLE.1, console::show_route()),
        page(CONSOLE.0, CONSOLE.1, console::act_route()),
        page("GET", CALLBACK_PATH, console::callback_route()),
        page("GET", DOCUMENTATION, documentation::suite_route()),
        page(
            "GET",
            "/devportal/documentation",
            documentation::tokens_route(),
        ),
    ]
}

/// What developers do about themselves.
fn own() -> Vec<Entry> {
    use developer::{me, profile, tokens};
    const SESSION: &str = "/devportal/me/sessions/{sessionId}/end";
    const SESSIONS: &str = "/devportal/me/sessions/end";
    const TOKEN: &str = "/devportal/me/tokens/{tokenId}/delete";
    const PROFILE: &str = "/devportal/me/profile";
    const PASSWORD: &str = "/devportal/me/password";
    vec![
        page("GET", "/devportal/me", me::me_route()),
        page("GET", PROFILE, profile::profile_form_route()),
        page("POST", PROFILE, profile::profile_route()),
        page("GET", PASSWORD, profile::password_form_route()),
        page("POST", PASSWORD, profile::password_route()),
        page("GET", SESSIONS, me::sessions_end_form_route()),
        page("POST", SESSIONS, me::sessions_end_route()),
        page("GET", SESSION, me::session_end_form_route()),
        page("POST", SESSION, me::session_end_route()),
        page("GET", "/devportal/me/tokens/new", tokens::make_form_route()),
        page("POST", "/devportal/me/tokens", tokens::make_route()),
        page("GET", TOKEN, tokens::delete_form_route()),
        page("POST", TOKEN, tokens::delete_route()),
    ]
}
