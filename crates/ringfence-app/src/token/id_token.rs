//! The ID token: who signed in, when and how, for the application that asked (OpenID Connect Core §2).

use super::TokenError;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::account::TokenAlg;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::grant::Authorization;
use ringfence_core::id::TokenId;
use ringfence_core::jwt::id_claims::IdTokenClaims;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::strength::{acr, amr};
use ringfence_core::time::Timestamp;

/// What an ID token is made of.
#[derive(Debug)]
pub(crate) struct IdTokenOf<'t> {
    /// What the person allowed, and how they had proved who they are.
    pub(crate) authorization: &'t Authorization,
    /// The application it is for.
    pub(crate) consumer_key: &'t ConsumerKey,
    /// The signature of the account's tokens.
    pub(crate) alg: TokenAlg,
    /// The access token that it comes with.
    pub(crate) access_token: &'t str,
    /// The code that it was exchanged for.
    pub(crate) code: Option<&'t str>,
    /// When it is made.
    pub(crate) now: Timestamp,
}

/// Makes an ID token. The person's stay is named only while the grant is bound to one.
///
/// # Errors
/// [`TokenError::Unavailable`] when no key signs with that algorithm now.
pub(crate) fn id_token_mint(ctx: &Ctx, of: &IdTokenOf<'_>) -> Result<Secret<String>, TokenError> {
    let authorization = of.authorization;
    let snapshot = ctx.directory.look();
    let Some(key) = snapshot.signing_key(of.alg, of.now) else {
        tracing::error!(alg = of.alg.as_str(), "no signing key is in use");
        return Err(TokenError::Unavailable);
    };
    let iat = Timestamp::from_secs(of.now.secs());
    let ttl_secs = i64::from(ctx.settings.vbc.id_token_ttl_secs);
    let claims = IdTokenClaims {
        iss: &ctx.token.vbc_issuer,
        sub: authorization.user_id,
        aud: *of.consumer_key,
        exp: iat.plus_secs(ttl_secs),
        iat,
        jti: TokenId::new(of.now, &*ctx.random),
        auth_time: authorization.auth_time,
        nonce: authorization.nonce.as_deref(),
        access_token: of.access_token,
        code: of.code,
        amr: amr(&authorization.method),
        acr: Some(acr(&authorization.method)),
        sid: authorization.session_id,
    };
    let token = key
        .signing
        .sign_id_token(claims.to_json().as_bytes())
        .map_err(|error| TokenError::Internal(Error::internal(error)))?;
    Ok(Secret::new(token))
}
