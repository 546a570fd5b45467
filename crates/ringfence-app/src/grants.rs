//! What people allowed applications, taken back: gone on every node within a second.

use crate::context::{Actor, Change, Ctx};
use crate::error::Error;
use ringfence_core::id::{AccountId, ApplicationId, GrantId};
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::feed::FeedKind;
use ringfence_store::revocations::{RevokedGrant, revoked_grant_insert};
use serde_json::json;

// A token is forgiven this much clock difference after its end, so its grant must stay revoked as long.
const MAX_SKEW_SECS: i64 = 60;

/// A grant that is to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndingGrant {
    /// Its id.
    pub id: GrantId,
    /// The application.
    pub application_id: ApplicationId,
    /// The person's account.
    pub account_id: AccountId,
    /// When the last access token that came of it ends.
    pub last_token_ends_at: Timestamp,
}

/// Has every access token of a grant refused on every node; `why` goes into the audit trail. Its refresh tokens are the
/// caller's to end, in the same transaction.
///
/// # Errors
/// The store refused it or broke off.
pub async fn grant_tokens_end(
    ctx: &Ctx,
    tx: &mut Tx,
    grant: EndingGrant,
    why: &'static str,
    actor: &Actor,
) -> Result<(), Error> {
    let revoked = RevokedGrant {
        id: grant.id,
        expires_at: grant.last_token_ends_at.plus_secs(MAX_SKEW_SECS),
    };
    if !revoked_grant_insert(tx, revoked, ctx.now()).await? {
        return Ok(());
    }
    let change = Change {
        kind: FeedKind::Grant,
        account_id: Some(grant.account_id),
        act: "grant.revoke",
        subject: grant.id.to_string(),
        detail: json!({"application_id": grant.application_id.to_string(), "reason": why}),
        actor,
    };
    ctx.record(tx, change).await
}
