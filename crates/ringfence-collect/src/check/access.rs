//! Who may come in: tokens for each scope, and the people of the account.

use super::{CheckResult, Sheet};
use crate::connection::Connection;
use crate::context::CollectCtx;
use crate::coverage::OwnerView;
use crate::upstream::access::{self, CONTENT_SCOPE, STATS_SCOPE, USERS_SCOPE};
use crate::upstream::auth::AuthError;
use crate::upstream::client::Upstream;
use crate::upstream::line::Line;

// Tries each scope alone; gives the door to content, if it opens.
pub(super) async fn tokens(ctx: &CollectCtx, line: &Line, sheet: &mut Sheet) -> Option<Upstream> {
    let scopes = [
        ("scope-interaction-content", CONTENT_SCOPE),
        ("scope-users", USERS_SCOPE),
        ("scope-stats", STATS_SCOPE),
    ];
    let mut content = None;
    for (id, scope) in scopes {
        let upstream = Upstream::new(ctx, line, &[scope]).ok()?;
        match upstream.tokens().token().await {
            Ok(token) => {
                sheet.set(
                    id,
                    CheckResult::Pass,
                    format!("a token was issued for {} s", token.expires_in_secs),
                );
                sheet.set("region", CheckResult::Pass, "the token endpoint answers");
                sheet.set("id-and-secret", CheckResult::Pass, "they are accepted");
                sheet.set("credential", CheckResult::Pass, "it is active");
                sheet.set(
                    "api-credentials-area",
                    CheckResult::Pass,
                    "a credential made there is in use",
                );
                if scope == CONTENT_SCOPE {
                    content = Some(upstream);
                }
            }
            Err(AuthError::Scope(_)) => {
                sheet.set("region", CheckResult::Pass, "the token endpoint answers");
                sheet.set("id-and-secret", CheckResult::Pass, "they are accepted");
                sheet.set("credential", CheckResult::Pass, "it is active");
                sheet.set(
                    "api-credentials-area",
                    CheckResult::Pass,
                    "a credential made there is in use",
                );
                sheet.set(id, CheckResult::Fail, format!(
                    "the credential lacks {scope}: edit it in the API Credentials area and add the scope"
                ));
            }
            Err(AuthError::Credential(said)) => {
                sheet.set("region", CheckResult::Pass, "the token endpoint answers");
                sheet.set("id-and-secret", CheckResult::Fail, format!(
                    "they are not accepted ({said}): copy both anew; a lost secret needs a new credential"
                ));
                sheet.set("credential", CheckResult::Fail, "deleted or suspended, or its owner is no longer active; or id and secret are wrong");
                return None;
            }
            Err(AuthError::Refused(said)) => {
                sheet.set(
                    id,
                    CheckResult::Fail,
                    format!("the token request is refused: {said}"),
                );
            }
            Err(AuthError::Unreachable(said)) => {
                sheet.set("region", CheckResult::Fail, format!(
                    "the token endpoint does not answer properly ({said}): check the region or address of the connection"
                ));
                return None;
            }
        }
    }
    content
}

pub(super) async fn people(
    ctx: &CollectCtx,
    line: &Line,
    connection: &Connection,
    sheet: &mut Sheet,
) -> OwnerView {
    let Ok(upstream) = Upstream::new(ctx, line, &[USERS_SCOPE]) else {
        return OwnerView::default();
    };
    if upstream.tokens().token().await.is_err() {
        sheet.set("users", CheckResult::Fail, "needs the scope users:read");
        return OwnerView::default();
    }
    match access::users_page(&upstream, 1).await {
        Ok(users) if users.is_empty() => {
            sheet.set("users", CheckResult::Unknown, "the list is empty");
        }
        Ok(_) => sheet.set("users", CheckResult::Pass, "the list can be read"),
        Err(error) => sheet.set("users", CheckResult::Fail, error.to_string()),
    }
    let Some(username) = &connection.owner else {
        return OwnerView::default();
    };
    match access::owner(&upstream, username).await {
        Some(owner) if owner.role.eq_ignore_ascii_case("admin") && owner.active => {
            sheet.set(
                "admin-portal",
                CheckResult::Pass,
                "the owner has the Admin licence",
            );
        }
        Some(owner) => sheet.set(
            "admin-portal",
            CheckResult::Unknown,
            format!(
                "the owner's licence is {}, not Admin; another user may be the admin",
                owner.role
            ),
        ),
        None => sheet.set(
            "admin-portal",
            CheckResult::Unknown,
            "the owner named by --owner cannot be read",
        ),
    }
    access::owner_view(&upstream, username).await
}
