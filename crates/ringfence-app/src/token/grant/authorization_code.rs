//! Codes: made when a person allows it, exchanged once.

use super::client_auth::ApplicationCaller;
use super::end::grant_end_for;
use super::keep::{Answer, answer, grant_keep, grant_new, person_live};
use super::{GrantFault, GrantRequest, GrantedTokens, Told};
use crate::context::Ctx;
use crate::error::Error;
use crate::token::TokenError;
use ringfence_core::credential::StoredDigest;
use ringfence_core::family::GrantKind;
use ringfence_core::grant::Authorization;
use ringfence_core::pkce::CodeChallenge;
use ringfence_core::secret::{Handle, Secret};
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::grants::codes::{Code, code_find, code_insert, code_use};

const PURPOSE: &str = "authorization code";
// A code that nobody exchanges still answers for a while that it has run out.
const KEPT_UNUSED_SECS: i64 = 600;

/// What a code is made for.
#[derive(Debug)]
pub struct NewCode {
    /// What the person allowed.
    pub authorization: Authorization,
    /// Where the code is sent.
    pub redirect_uri: String,
    /// The digest of the verifier that its exchange must show; `None` for a legacy application that shows none.
    pub challenge: Option<CodeChallenge>,
}

/// Makes a code, for the application that the person is sent back to.
///
/// # Errors
/// The store refused it or broke off.
pub async fn code_issue(ctx: &Ctx, new: NewCode) -> Result<Handle, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let handle = code_keep(ctx, &mut tx, new).await?;
    tx.commit().await?;
    Ok(handle)
}

/// As [`code_issue`], in the transaction of what decides that there may be one.
pub(crate) async fn code_keep(ctx: &Ctx, tx: &mut Tx, new: NewCode) -> Result<Handle, Error> {
    let handle = Handle::generate(&*ctx.random);
    let expires_at = ctx.now().plus_secs(ctx.settings.vbc.code_ttl_secs.into());
    let code = Code {
        authorization: new.authorization,
        redirect_uri: new.redirect_uri,
        challenge: new.challenge,
        expires_at,
        used_at: None,
        grant_id: None,
    };
    let digest = handle.digest(&ctx.digest_key, PURPOSE);
    let kept_until = expires_at.plus_secs(KEPT_UNUSED_SECS);
    code_insert(tx, digest, &code, kept_until).await?;
    Ok(handle)
}

/// Exchanges a code for tokens, once.
pub(super) async fn code_exchange(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    request: &GrantRequest,
    told: &mut Told,
) -> Result<GrantedTokens, TokenError> {
    let text = request.code.as_ref().ok_or(TokenError::Missing("code"))?;
    let handle = Handle::parse(text.expose()).ok_or(fault(GrantFault::CodeUnknown))?;
    let digest = handle.digest(&ctx.digest_key, PURPOSE);
    let mut tx = ctx.db.begin_read().await?;
    let found = code_find(&mut tx, digest).await?;
    drop(tx);
    let code = found.ok_or(fault(GrantFault::CodeUnknown))?;
    let authorization = &code.authorization;
    if authorization.application_id != caller.application.id {
        // The code stays good for the application it was made for (checklist 59).
        ctx.token.grants.tally.stranger(
            caller.application.id,
            "code_of_another_application",
            request.origin.address,
        );
        told.reason = Some("code_of_another_application");
        return Err(fault(GrantFault::CodeUnknown));
    }
    told.parties.user = Some((authorization.account_id, authorization.user_id));
    if code.used_at.is_some() {
        return Err(code_reused(ctx, &code).await?);
    }
    if code.expires_at <= ctx.now() {
        return Err(fault(GrantFault::CodeExpired));
    }
    if let Err(wrong) = binding_check(&code, request) {
        return Err(code_spoil(ctx, caller, digest, wrong).await?);
    }
    let live = person_live(ctx, caller, authorization.user_id).await;
    let live = live.filter(|live| live.epoch <= authorization.epoch);
    let live = live.ok_or_else(|| {
        told.reason = Some("person_barred");
        fault(GrantFault::CodeExpired)
    })?;
    let grant = grant_new(ctx, caller, GrantKind::Code, authorization.clone());
    let particular = Answer {
        code: Some(text.expose()),
        nonce: authorization.nonce.as_deref(),
    };
    // Signing comes first, so that no code is used up for an answer that cannot be given.
    let tokens = answer(ctx, caller, (&live, &grant), particular)?;
    let mut tx = ctx.db.begin_write().await?;
    let times = (ctx.now(), grant.absolute_end);
    if !code_use(&mut tx, digest, Some(grant.id), times).await? {
        drop(tx);
        let mut tx = ctx.db.begin_read().await?;
        let used = code_find(&mut tx, digest).await?.unwrap_or(code);
        drop(tx);
        return Err(code_reused(ctx, &used).await?);
    }
    grant_keep(ctx, &mut tx, &grant).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(tokens)
}

/// A code shown twice is in two hands: whatever came of it ends (RFC 6749 §4.1.2).
async fn code_reused(ctx: &Ctx, code: &Code) -> Result<TokenError, TokenError> {
    if let Some(id) = code.grant_id {
        grant_end_for(ctx, id, "code_reused").await?;
    }
    Ok(fault(GrantFault::CodeUsed))
}

/// Whether the exchange shows what the code was bound to. `redirect_uri` and the challenge are compared as they stand.
fn binding_check(code: &Code, request: &GrantRequest) -> Result<(), GrantFault> {
    if request.redirect_uri.as_deref() != Some(code.redirect_uri.as_str()) {
        return Err(GrantFault::RedirectUri);
    }
    let verifier = request.code_verifier.as_ref().map(Secret::expose);
    let proved = match (&code.challenge, verifier) {
        (Some(challenge), Some(verifier)) => challenge.verifies(verifier),
        (None, None) => true,
        // One without the other is a downgrade (RFC 9700 §4.8).
        (Some(_), None) | (None, Some(_)) => false,
    };
    if proved {
        Ok(())
    } else {
        Err(GrantFault::Pkce)
    }
}

/// The application that a code was made for has shown it with something wrong: it may have been slipped to it, so it is
/// used up. Anybody may speak for a public client, so there it stays good (checklist 59).
async fn code_spoil(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    digest: StoredDigest,
    wrong: GrantFault,
) -> Result<TokenError, TokenError> {
    if !caller.is_public() {
        let now = ctx.now();
        let times: (Timestamp, Timestamp) = (now, now.plus_secs(KEPT_UNUSED_SECS));
        let mut tx = ctx.db.begin_write().await?;
        code_use(&mut tx, digest, None, times).await?;
        tx.commit().await.map_err(Error::from)?;
    }
    Ok(fault(wrong))
}

fn fault(fault: GrantFault) -> TokenError {
    TokenError::InvalidGrant(fault)
}
