//! Whom a request is about, when it names somebody: by an ID token of theirs, or by the `claims` parameter.

use crate::context::Ctx;
use ringfence_core::application::Application;
use ringfence_core::authorization_request::{AuthorizationError, AuthorizationRequest};
use ringfence_core::id::UserId;
use ringfence_core::jwt::id_claims::{IdTokenHint, id_token_hint};

/// The only person that a request may be answered for; `None` for anybody.
pub(super) fn about(
    ctx: &Ctx,
    application: &Application,
    request: &AuthorizationRequest,
) -> Result<Option<UserId>, AuthorizationError> {
    const OTHER: AuthorizationError = AuthorizationError::InvalidRequest(
        "id_token_hint is no ID token that was issued to this application",
    );
    let hinted = match &request.id_token_hint {
        Some(token) => {
            let hint = hint_read(ctx, token).ok_or(OTHER)?;
            let ours = application.keys.as_ref().map(|keys| keys.consumer_key);
            if ours != Some(hint.aud) {
                return Err(OTHER);
            }
            Some(hint.sub)
        }
        None => None,
    };
    let claimed = match &request.claims.subject {
        // Somebody who cannot exist is nobody who could sign in.
        Some(subject) => {
            Some(UserId::parse(subject).map_err(|_| AuthorizationError::LoginRequired)?)
        }
        None => None,
    };
    match (hinted, claimed) {
        (Some(hinted), Some(claimed)) if hinted != claimed => Err(
            AuthorizationError::InvalidRequest("id_token_hint and claims name different persons"),
        ),
        (hinted, claimed) => Ok(hinted.or(claimed)),
    }
}

/// What an ID token of ours says that came back as a hint; `None` when it is none of ours.
pub(super) fn hint_read(ctx: &Ctx, token: &str) -> Option<IdTokenHint> {
    let snapshot = ctx.directory.look();
    let now = ctx.now();
    let read = id_token_hint(
        token,
        |id| snapshot.verifying_key(id, now),
        &ctx.token.vbc_issuer,
    );
    match read {
        Ok(hint) => Some(hint),
        Err(fault) => {
            tracing::info!(reason = fault.code(), "an ID token hint was not believed");
            None
        }
    }
}
