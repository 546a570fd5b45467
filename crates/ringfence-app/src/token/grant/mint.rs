//! Signed access tokens of applications, for a person or for the application itself.
//!
//! A token follows from its facts, so the same one can be made again: nothing that opens anything is stored.

use super::client_auth::ApplicationCaller;
use crate::context::Ctx;
use crate::directory::rights::LiveUser;
use crate::error::Error;
use crate::token::TokenError;
use ringfence_core::account::{Region, TokenAlg};
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::family::{Grant, TokenFacts};
use ringfence_core::id::TokenId;
use ringfence_core::issuer::vbc_audience;
use ringfence_core::jwt::user_claims::{Subject, UserClaims};
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;

/// The facts of a new token that ends at `latest` at the latest.
pub(super) fn facts_new(ctx: &Ctx, scope: UserScopes, latest: Timestamp) -> TokenFacts {
    let now = ctx.now();
    let iat = Timestamp::from_secs(now.secs());
    let longest = iat.plus_secs(ctx.settings.vbc.access_ttl_secs.into());
    let latest = Timestamp::from_secs(latest.secs()).max(iat.plus_secs(1));
    TokenFacts {
        id: TokenId::new(now, &*ctx.random),
        scope,
        iat,
        exp: longest.min(latest),
    }
}

/// The access token of a grant with those facts; the same facts give the same token until the signing key changes.
pub(super) fn access_mint(
    ctx: &Ctx,
    live: &LiveUser,
    consumer_key: ConsumerKey,
    grant: &Grant,
) -> Result<Secret<String>, TokenError> {
    let authorization = &grant.authorization;
    let token = &grant.token;
    let claims = UserClaims {
        iss: ctx.token.vbc_issuer.clone(),
        aud: vbc_audience(live.account.region),
        exp: token.exp,
        iat: token.iat,
        nbf: token.iat,
        jti: token.id,
        client_id: consumer_key,
        application: authorization.application_id,
        scope: token.scope.clone(),
        subject: Subject::User {
            account: authorization.account_id,
            user: authorization.user_id,
            grant: grant.id,
            region: live.account.region,
        },
        epoch: authorization.epoch,
    };
    sign(ctx, live.account.token_alg, &claims)
}

/// The access token of an application for itself. It is for no account, so it is of the first region.
pub(super) fn application_mint(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    facts: &TokenFacts,
) -> Result<Secret<String>, TokenError> {
    let claims = UserClaims {
        iss: ctx.token.vbc_issuer.clone(),
        aud: vbc_audience(Region::ALL[0]),
        exp: facts.exp,
        iat: facts.iat,
        nbf: facts.iat,
        jti: facts.id,
        client_id: caller.consumer_key,
        application: caller.application.id,
        scope: facts.scope.clone(),
        subject: Subject::Application,
        epoch: u64::from(caller.application.epoch),
    };
    sign(ctx, TokenAlg::default(), &claims)
}

fn sign(ctx: &Ctx, alg: TokenAlg, claims: &UserClaims) -> Result<Secret<String>, TokenError> {
    let snapshot = ctx.directory.look();
    let Some(key) = snapshot.signing_key(alg, ctx.now()) else {
        tracing::error!(alg = alg.as_str(), "no signing key is in use");
        return Err(TokenError::Unavailable);
    };
    let token = key
        .signing
        .sign_access_token(claims.to_json().as_bytes())
        .map_err(|error| TokenError::Internal(Error::internal(error)))?;
    Ok(Secret::new(token))
}
