//! A client gives up one of its tokens (RFC 7009).

use super::client_auth::{ClientProof, client_authenticate};
use super::{Origin, TokenError, directory_fresh};
use crate::context::{Actor, Change, Ctx};
use crate::error::{Error, chain};
use ringfence_core::jwt::claims::AccessClaims;
use ringfence_core::jwt::verify::verify_access;
use ringfence_store::feed::FeedKind;
use ringfence_store::revocations::{RevokedToken, TokenHolder, revoked_token_insert};

// A token is forgiven this much clock difference after its end, so it must stay revoked as long.
const MAX_SKEW_SECS: i64 = 60;

/// Revokes a token of the caller's. A token that is unknown or over already is no failure.
///
/// # Errors
/// The caller is not authenticated, the token is another client's, or the revocation
/// could not be made durable: then it is [`TokenError::Unavailable`], never success.
pub async fn token_revoke(
    ctx: &Ctx,
    proof: &ClientProof,
    origin: Origin,
    token: &str,
) -> Result<(), TokenError> {
    directory_fresh(ctx)?;
    let caller = client_authenticate(ctx, proof, origin, &mut None)?;
    let now = ctx.now();
    let verified = {
        let snapshot = ctx.directory.look();
        verify_access(
            token,
            |id| snapshot.verifying_key(id, now),
            &ctx.token.rule,
            now,
        )
    };
    let Ok(claims) = verified else {
        return Ok(());
    };
    if claims.client_id != caller.live.credential.id {
        return Err(TokenError::UnauthorizedClient);
    }
    match revoke(ctx, &claims).await {
        Ok(()) => Ok(()),
        Err(error) => {
            tracing::error!(error = %chain(&error), token.id = %claims.jti, "a revocation could not be made durable");
            Err(TokenError::Unavailable)
        }
    }
}

async fn revoke(ctx: &Ctx, claims: &AccessClaims) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    let revoked = RevokedToken {
        id: claims.jti,
        expires_at: claims.exp.plus_secs(MAX_SKEW_SECS),
    };
    let holder = TokenHolder::Credential(claims.client_id);
    if !revoked_token_insert(&mut tx, &revoked, holder, ctx.now()).await? {
        return Ok(());
    }
    let actor = Actor(claims.client_id.to_string());
    let change = Change {
        kind: FeedKind::Token,
        account_id: Some(claims.account),
        act: "token.revoke",
        subject: claims.jti.to_string(),
        detail: serde_json::json!({ "client_id": claims.client_id.to_string() }),
        actor: &actor,
    };
    ctx.record(&mut tx, change).await?;
    ctx.commit(tx).await
}
