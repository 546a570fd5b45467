//! The signed token.

use super::client_auth::Caller;
use super::{IssuedToken, TokenError};
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::id::TokenId;
use ringfence_core::issuer::audience;
use ringfence_core::jwt::claims::AccessClaims;
use ringfence_core::scope::ScopeSet;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;

/// Makes a token for a caller that lives at most so long.
pub(super) fn token_mint(
    ctx: &Ctx,
    caller: &Caller,
    scope: ScopeSet,
    most_secs: u32,
) -> Result<IssuedToken, TokenError> {
    let now = ctx.now();
    let live = &caller.live;
    let credential = &live.credential;
    let alg = credential.token_alg.unwrap_or(live.account.token_alg);
    let snapshot = ctx.directory.look();
    let Some(key) = snapshot.signing_key(alg, now) else {
        tracing::error!(alg = alg.as_str(), "no signing key is in use");
        return Err(TokenError::Unavailable);
    };
    let iat = Timestamp::from_secs(now.secs());
    let exp = expiry(ctx, caller, iat, most_secs);
    let claims = AccessClaims {
        iss: ctx.token.issuer.clone(),
        // The credential itself; a person's subject never has this form alone.
        sub: credential.id.to_string(),
        aud: audience(live.account.region),
        exp,
        iat,
        nbf: iat,
        jti: TokenId::new(now, &*ctx.random),
        client_id: credential.id,
        scope,
        account: live.account.id,
        region: live.account.region,
        epoch: live.epoch,
        secret_no: caller.secret_no,
    };
    let access_token = key
        .signing
        .sign_access_token(claims.to_json().as_bytes())
        .map_err(|error| TokenError::Internal(Error::internal(error)))?;
    Ok(IssuedToken {
        access_token: Secret::new(access_token),
        expires_in_secs: exp.secs() - iat.secs(),
        scope,
    })
}

/// The end of a token's life: never beyond that of the credential or the secret that made it.
fn expiry(ctx: &Ctx, caller: &Caller, iat: Timestamp, most_secs: u32) -> Timestamp {
    let credential = &caller.live.credential;
    let ttl_secs = credential
        .token_ttl_secs
        .unwrap_or(ctx.settings.token_ttl_secs)
        .clamp(1, most_secs);
    let mut exp = iat.plus_secs(i64::from(ttl_secs));
    for end in [credential.expires_at, caller.secret_expires_at]
        .into_iter()
        .flatten()
    {
        exp = exp.min(Timestamp::from_secs(end.secs()).max(iat.plus_secs(1)));
    }
    exp
}
