//! The token service of applications, and the VBC APIs.

use crate::oauth;
use crate::router::{Access, Dialect, Entry, Rule};
use crate::vbc;
use ringfence_core::suite::Suite;

/// The token service of applications (vbc-api §3), at the root and under the tenant.
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
    use oauth::vbc::{jwks_route, revocation_route, token_route};
    vec![
        entry("POST", "/token", Client, token_route()),
        entry("POST", "/t/vbc.prod/oauth2/token", Client, token_route()),
        entry("POST", "/revoke", Client, revocation_route()),
        entry(
            "POST",
            "/t/vbc.prod/oauth2/revoke",
            Client,
            revocation_route(),
        ),
        entry("GET", "/oauth2/jwks", Public, jwks_route()),
        entry("GET", "/t/vbc.prod/oauth2/jwks", Public, jwks_route()),
    ]
}

/// The Provisioning suite (vbc-api §5), with and without the version.
pub(super) fn provisioning() -> Vec<Entry> {
    use vbc::provisioning as api;
    let entry = |path, access, dialect, handler| Entry {
        rule: Rule {
            method: "GET",
            path,
            access,
        },
        handler,
        dialect,
    };
    let read = |path, handler| {
        let access = Access::User(Some(Suite::Provisioning));
        entry(path, access, Dialect::Vbc, handler)
    };
    const ACCOUNT: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}",
    ];
    const LOCATIONS: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}/locations",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}/locations",
    ];
    const LOCATION: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}/locations/{locationId}",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}/locations/{locationId}",
    ];
    const EXTENSIONS: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}/extensions",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}/extensions",
    ];
    const EXTENSION: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}/extensions/{externalId}",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}/extensions/{externalId}",
    ];
    const USERS: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}/users",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}/users",
    ];
    const USER: [&str; 2] = [
        "/t/vbc.prod/provisioning/api/accounts/{accountId}/users/{userId}",
        "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}/users/{userId}",
    ];
    const METADATA: &str = "/.well-known/oauth-protected-resource/t/vbc.prod/provisioning";
    let mut entries = vec![entry(
        METADATA,
        Access::Public,
        Dialect::Plain,
        api::metadata_route(),
    )];
    for form in 0..2 {
        entries.extend([
            read(ACCOUNT[form], api::account_route()),
            read(LOCATIONS[form], api::locations_route()),
            read(LOCATION[form], api::location_route()),
            read(EXTENSIONS[form], api::extensions_route()),
            read(EXTENSION[form], api::extension_route()),
            read(USERS[form], api::users_route()),
            read(USER[form], api::user_route()),
        ]);
    }
    entries
}

/// What applications learn of the service and of the person they act for (OpenID Connect Discovery 1.0, Core §5.3).
pub(super) fn openid() -> Vec<Entry> {
    let entry = |method, path, access, handler| Entry {
        rule: Rule {
            method,
            path,
            access,
        },
        handler,
        dialect: Dialect::Plain,
    };
    use Access::Public;
    const PLACES: [&str; 3] = [
        "/oauth2/token/.well-known/openid-configuration",
        "/.well-known/openid-configuration/oauth2/token",
        "/.well-known/oauth-authorization-server/oauth2/token",
    ];
    let mut entries: Vec<Entry> = PLACES
        .into_iter()
        .map(|path| entry("GET", path, Public, oauth::vbc::discovery_route()))
        .collect();
    let [show, show_posted] = oauth::vbc::userinfo_routes();
    entries.push(entry("GET", "/userinfo", Access::User(None), show));
    entries.push(entry("POST", "/userinfo", Access::User(None), show_posted));
    entries
}
