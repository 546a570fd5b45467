//! What a credential opens: its scopes, and what its owner may see where that can be read.

use crate::context::CollectCtx;
use crate::coverage::OwnerView;
use crate::error::Error;
use crate::list::refusal;
use crate::upstream::auth::AuthError;
use crate::upstream::client::{Upstream, UpstreamError};
use crate::upstream::line::{Api, Line, Request};
use crate::upstream::wire;
use crate::upstream::wire::account::ListedUser;
use ringfence_core::permission::Permission;
use std::sync::Arc;

/// The scope without which nothing can be collected.
pub const CONTENT_SCOPE: &str = "interaction-content:read";
/// The scope of users.
pub const USERS_SCOPE: &str = "users:read";
/// The scope of statistics.
pub const STATS_SCOPE: &str = "stats";

const USERS_PAGE: usize = 1_000;

/// An account as one credential opens it.
#[derive(Clone, Debug)]
pub struct Access {
    /// The account.
    pub upstream: Arc<Upstream>,
    /// Whether the credential holds `stats`.
    pub has_stats: bool,
    /// Whether the credential holds `users:read`.
    pub has_users: bool,
}

/// Gets a token with as many of the three scopes as the credential holds.
///
/// # Errors
/// The credential is refused, lacks the content scope, or the platform does not answer.
pub async fn open(ctx: &CollectCtx, line: &Line) -> Result<Access, Error> {
    let mut wanted = vec![CONTENT_SCOPE, USERS_SCOPE, STATS_SCOPE];
    // When the platform does not say which scope it refuses, these are tried in turn.
    let mut fallbacks = vec![
        vec![CONTENT_SCOPE],
        vec![CONTENT_SCOPE, USERS_SCOPE],
        vec![CONTENT_SCOPE, STATS_SCOPE],
    ];
    loop {
        let upstream = Upstream::new(ctx, line, &wanted).map_err(|e| refusal(e, "the token"))?;
        match upstream.tokens().token().await {
            Ok(_) => {
                return Ok(Access {
                    upstream: Arc::new(upstream),
                    has_stats: wanted.contains(&STATS_SCOPE),
                    has_users: wanted.contains(&USERS_SCOPE),
                });
            }
            Err(AuthError::Scope(name)) if name == CONTENT_SCOPE || wanted.len() == 1 => {
                return Err(Error::NotAllowed(format!(
                    "the credential does not hold the scope {CONTENT_SCOPE}: add it in the API Credentials area"
                )));
            }
            Err(AuthError::Scope(name)) if wanted.contains(&name.as_str()) => {
                wanted.retain(|scope| *scope != name);
            }
            Err(AuthError::Scope(_)) => {
                wanted = fallbacks.pop().unwrap_or_else(|| vec![CONTENT_SCOPE]);
            }
            Err(error) => return Err(refusal(UpstreamError::Auth(error), "the token")),
        }
    }
}

/// What the owner may see, as far as it can be read; unknown otherwise.
pub async fn owner_view(upstream: &Upstream, username: &str) -> OwnerView {
    let Some(owner) = owner(upstream, username).await else {
        return OwnerView::default();
    };
    let list = |name: &str| {
        Request::new(
            Api::Users,
            &["useradmin", "users", &owner.user_id, "permissions", name],
        )
        .with("limit", "5000")
    };
    let levels = upstream
        .get_json(&list("accessPermissions"), |body| {
            wire::account::pairs(
                body,
                "accessPermissions",
                "permissionKey",
                "permissionLevel",
            )
        })
        .await
        .unwrap_or_default();
    let lines = upstream
        .get_json(&list("addresses"), |body| {
            wire::account::pairs(body, "addressPermissions", "addressId", "addressName")
        })
        .await
        .ok();
    let level = |permission: Permission| {
        levels
            .iter()
            .find(|(key, _)| Permission::parse_key(key) == Ok(permission))
            .map(|(_, level)| !matches!(level.to_ascii_lowercase().as_str(), "no" | "none"))
    };
    OwnerView {
        inbound: level(Permission::ViewInboundContent),
        outbound: level(Permission::ViewOutboundContent),
        groups: level(Permission::AccessGroupsContent),
        lines: lines.map(|l| l.into_iter().flat_map(|(id, name)| [id, name]).collect()),
    }
}

/// The user of that name, if it can be read.
pub async fn owner(upstream: &Upstream, username: &str) -> Option<ListedUser> {
    let request = Request::new(
        Api::Users,
        &["useradmin", "users", "by", "username", username],
    );
    upstream
        .get_json(&request, wire::account::user_one)
        .await
        .ok()
}

/// One page of users; empty at the end.
///
/// # Errors
/// The platform refuses or does not answer.
pub async fn users_page(upstream: &Upstream, page: usize) -> Result<Vec<ListedUser>, Error> {
    let request = Request::new(Api::Users, &["useradmin", "users"])
        .with("include", "All")
        .with("limit", USERS_PAGE.to_string())
        .with("page", page.to_string());
    upstream
        .get_json(&request, wire::account::users)
        .await
        .map_err(|e| refusal(e, "the users"))
}

/// Whether a page of this length is the last one.
#[must_use]
pub const fn is_last_page(n_users: usize) -> bool {
    n_users < USERS_PAGE
}
