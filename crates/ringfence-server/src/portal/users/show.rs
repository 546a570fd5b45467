//! A user: what they may do, and what programs do in their name.

use super::{StateBadge, badge, id, licence_text};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::render;
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::users::{OwnCredential, UserDetail, user_show};
use ringfence_core::permission::{PERMISSIONS, Permission};
use ringfence_core::scope::Scope;
use ringfence_core::user::User;

const LINES_SHOWN: usize = 20;
const CREDENTIALS_SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "directory/user.html")]
struct ShowPage {
    chrome: Chrome,
    user: User,
    state: StateBadge,
    is_self: bool,
    may_change: bool,
    licence: &'static str,
    created: Moment,
    last_sign_in: Option<Moment>,
    permissions: Vec<PermissionLine>,
    lines: Vec<String>,
    n_more_lines: usize,
    by_groups: bool,
    groups: Vec<String>,
    credentials: Vec<CredentialLine>,
    has_more_credentials: bool,
}

struct PermissionLine {
    title: &'static str,
    yes: bool,
    by_hand: bool,
}

struct CredentialLine {
    id: String,
    name: String,
    works: Vec<&'static str>,
    lost: Vec<&'static str>,
    reads_content: bool,
    expired: bool,
}

/// `GET /admin/users/{userId}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let UserDetail {
        user,
        groups,
        credentials,
        version: _,
    } = user_show(&app.ctx, &caller, id(&user)?).await?;
    let in_force = user.permissions_in_force();
    let permissions = PERMISSIONS.iter().map(|info| PermissionLine {
        title: info.title,
        yes: in_force.contains(info.permission),
        by_hand: user.permissions.set_by_hand(info.permission).is_some(),
    });
    let lines = user.lines.iter().take(LINES_SHOWN);
    let now = app.ctx.now();
    let credential = |own: OwnCredential| CredentialLine {
        expired: own.credential.expired(now),
        ..credential_line(&own)
    };
    render(&ShowPage {
        chrome,
        state: badge(&user),
        is_self: user.id == caller.user.id,
        may_change: !user.operator || caller.is_operator(),
        licence: licence_text(user.role),
        created: Moment(user.created_at),
        last_sign_in: user.last_login_at.map(Moment),
        permissions: permissions.collect(),
        lines: lines.map(|line| line.as_str().to_owned()).collect(),
        n_more_lines: user.lines.len().saturating_sub(LINES_SHOWN),
        by_groups: in_force.contains(Permission::AccessGroupsContent),
        groups,
        has_more_credentials: credentials.len() > CREDENTIALS_SHOWN,
        credentials: credentials
            .into_iter()
            .take(CREDENTIALS_SHOWN)
            .map(credential)
            .collect(),
        user,
    })
}

fn credential_line(own: &OwnCredential) -> CredentialLine {
    let values =
        |scopes: ringfence_core::scope::ScopeSet| scopes.iter().map(Scope::as_str).collect();
    CredentialLine {
        id: own.credential.id.to_string(),
        name: own.credential.name.as_str().to_owned(),
        works: values(own.works),
        lost: values(own.credential.scopes.difference(own.works)),
        reads_content: own.works.contains(Scope::InteractionContentRead),
        expired: false,
    }
}
