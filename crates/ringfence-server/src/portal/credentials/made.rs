//! What is shown once: a new secret, the link to it, or the file that holds it.
//!
//! The page is the answer to the form itself. No other response holds the secret, nothing keeps this one, and the same
//! form sent again is told so.

use super::path_of;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::render;
use crate::portal::time::Moment;
use askama::Template;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use ringfence_app::manage::credentials::handover::{Delivered, Made, MadeSecret};
use ringfence_core::encoding::base64;
use ringfence_core::handover::armor;
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::time::Timestamp;

const WEEK_SECS: i64 = 7 * 86_400;

#[derive(Template)]
#[template(path = "credentials/made.html")]
struct MadePage<'m> {
    chrome: Chrome,
    is_new: bool,
    name: &'m str,
    id: String,
    number: u32,
    region: &'static str,
    scopes: String,
    credential_path: String,
    how: How<'m>,
}

/// How the secret goes on.
enum How<'m> {
    Shown {
        secret: &'m str,
        token_line: String,
        call_line: Option<String>,
    },
    Link {
        url: String,
        expires: Moment,
    },
    Sealed {
        file_name: String,
        data: String,
        armored: String,
    },
}

#[derive(Template)]
#[template(path = "credentials/made_before.html")]
struct MadeBeforePage {
    chrome: Chrome,
    number: u32,
    credential_path: String,
}

/// The page of a secret just made; `is_new` when its credential is, too.
pub(super) fn made_page(
    app: &App,
    chrome: Chrome,
    made: &Made,
    is_new: bool,
) -> Result<Response, PortalError> {
    let mut response = match made {
        Made::Now(made) => {
            let credential = &made.credential;
            render(&MadePage {
                chrome,
                is_new,
                name: credential.name.as_str(),
                id: credential.id.to_string(),
                number: made.number,
                region: made.region.as_str(),
                scopes: credential.scopes.to_string(),
                credential_path: path_of(credential.id),
                how: how(app, made),
            })
        }
        Made::Before {
            credential_id,
            number,
        } => render(&MadeBeforePage {
            chrome,
            number: *number,
            credential_path: path_of(*credential_id),
        }),
    }?;
    let nobody_keeps_it = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(CACHE_CONTROL, nobody_keeps_it);
    Ok(response)
}

fn how<'m>(app: &App, made: &'m MadeSecret) -> How<'m> {
    let base = &app.ctx.settings.public_url;
    let id = made.credential.id.to_string();
    match &made.delivered {
        Delivered::Shown(secret) => {
            let scope = tried(made.credential.scopes);
            let token = token_line(base, &id, secret.expose(), scope);
            let call = scope.and_then(|scope| call_of(base, scope, made.made_at));
            How::Shown {
                secret: secret.expose(),
                call_line: call.map(|call| {
                    format!(
                        "curl -sS {call} -H \"Authorization: Bearer $({token} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\""
                    )
                }),
                token_line: token,
            }
        }
        Delivered::Link { link, expires_at } => How::Link {
            url: format!("{base}/handover/{}", link.expose()),
            expires: Moment(*expires_at),
        },
        Delivered::Sealed(sealed) => How::Sealed {
            file_name: format!("credential-{id}.age"),
            data: base64(sealed),
            armored: armor(sealed),
        },
    }
}

/// The scope to try first: one with a call that answers something.
fn tried(scopes: ScopeSet) -> Option<Scope> {
    let best = [
        Scope::Stats,
        Scope::InteractionContentRead,
        Scope::UsersRead,
        Scope::UsersWrite,
    ];
    let callable = best.into_iter().find(|scope| scopes.contains(*scope));
    callable.or_else(|| scopes.iter().next())
}

fn token_line(base: &str, id: &str, secret: &str, scope: Option<Scope>) -> String {
    let scope = scope.map_or("", Scope::as_str);
    format!(
        "curl -sS {base}/Auth/connect/token -d grant_type=client_credentials -d client_id={id} -d client_secret={secret} --data-urlencode scope={scope}"
    )
}

/// What to call with a token of that scope.
fn call_of(base: &str, scope: Scope, now: Timestamp) -> Option<String> {
    let call = |path: &str, version: u32| {
        format!("'{base}{path}' -H 'Accept: application/vnd.newvoicemedia.v{version}+json'")
    };
    match scope {
        Scope::Stats => Some(call("/stats/agent-status", 3)),
        Scope::InteractionContentRead => {
            let (start, end) = (now.plus_secs(-WEEK_SECS).to_iso_secs(), now.to_iso_secs());
            let path = format!("/interaction-content/interactions?start={start}&end={end}&limit=5");
            Some(call(&path, 3))
        }
        Scope::UsersRead | Scope::UsersWrite => Some(call("/useradmin/users?limit=5", 4)),
        Scope::AgentsAvailabilityRead
        | Scope::InteractionContentDelete
        | Scope::InteractionsWrite
        | Scope::GlobalPci
        | Scope::AdminRead
        | Scope::AdminWrite
        | Scope::ManagementRead
        | Scope::ManagementWrite => None,
    }
}
