//! The token service of applications, and the VBC APIs.

use crate::oauth;
use crate::router::{Access, Dialect, Entry, Rule};

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

/// The Provisioning suite (vbc-api §5).
pub(super) fn provisioning() -> Vec<Entry> {
    Vec::new()
}
