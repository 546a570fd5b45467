//! An application gives up a token (RFC 7009, vbc-api §3.9). Either token of a pair ends both.

use super::client_auth::{ApplicationCaller, ApplicationProof, caller_authenticate};
use super::end::{grant_end, token_revoke};
use crate::context::{Actor, Ctx, Note};
use crate::directory::follow::look_again;
use crate::error::{Error, chain};
use crate::token::{Origin, TokenError, directory_fresh};
use ringfence_core::id::{ApplicationId, GrantId, TokenId};
use ringfence_core::jwt::user_claims::{Subject, UserClaims};
use ringfence_core::jwt::verify::{check_user_claims, verify_signed_user};
use ringfence_core::refresh_token::RefreshToken;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_store::grants::grant_find;
use ringfence_store::grants::refresh::refresh_find;
use serde_json::json;

/// What a presented token stands for.
enum Found {
    Grant {
        id: GrantId,
        // The access token that was shown, for when the grant itself is kept no more.
        token: Option<(TokenId, Timestamp)>,
    },
    Token(TokenId, Timestamp),
}

/// Revokes a token of the caller's and whatever belongs to it. One that is unknown or over already is no failure.
///
/// # Errors
/// The caller is not authenticated, the token is another application's, or the revocation could not be made durable: then
/// it is [`TokenError::Unavailable`], never success.
pub async fn grant_token_revoke(
    ctx: &Ctx,
    proof: &ApplicationProof,
    origin: Origin,
    token: &Secret<String>,
) -> Result<(), TokenError> {
    directory_fresh(ctx)?;
    let caller = match caller_authenticate(ctx, proof, origin) {
        Err((TokenError::InvalidClient, _)) if look_again(ctx).await => {
            caller_authenticate(ctx, proof, origin)
        }
        outcome => outcome,
    };
    let caller = caller.map_err(|(error, _)| error)?;
    let found = durable(token_find(ctx, token).await)?;
    let Some((application, found)) = found else {
        return Ok(());
    };
    if application != caller.application.id {
        let tally = &ctx.token.grants.tally;
        tally.stranger(
            caller.application.id,
            "revocation_of_another_application",
            origin.address,
        );
        return Err(TokenError::UnauthorizedClient);
    }
    durable(found_end(ctx, &caller, found).await)
}

/// The application of a token, and what ends with it; `None` when it is none of ours, or is over.
async fn token_find(
    ctx: &Ctx,
    token: &Secret<String>,
) -> Result<Option<(ApplicationId, Found)>, Error> {
    let Some(refresh) = RefreshToken::parse(token.expose()) else {
        return Ok(claims_of(ctx, token.expose()).map(|claims| {
            let token = (claims.jti, claims.exp);
            let found = match claims.subject {
                Subject::User {
                    account: _,
                    user: _,
                    grant,
                    region: _,
                } => Found::Grant {
                    id: grant,
                    token: Some(token),
                },
                Subject::Application => Found::Token(token.0, token.1),
            };
            (claims.application, found)
        }));
    };
    let mut tx = ctx.db.begin_read().await?;
    let Some(place) = refresh_find(&mut tx, refresh.digest(&ctx.digest_key)).await? else {
        return Ok(None);
    };
    let grant = grant_find(&mut tx, place.grant_id).await?;
    Ok(grant.map(|grant| {
        let found = Found::Grant {
            id: grant.id,
            token: None,
        };
        (grant.authorization.application_id, found)
    }))
}

fn claims_of(ctx: &Ctx, token: &str) -> Option<UserClaims> {
    let now = ctx.now();
    let snapshot = ctx.directory.look();
    let claims = verify_signed_user(token, |id| snapshot.verifying_key(id, now)).ok()?;
    check_user_claims(&claims, &ctx.token.vbc_rule, now).ok()?;
    Some(claims)
}

async fn found_end(ctx: &Ctx, caller: &ApplicationCaller, found: Found) -> Result<(), Error> {
    let actor = Actor(format!("application:{}", caller.application.id));
    let token = match found {
        Found::Grant { id, token } => {
            if grant_end(ctx, id, "revoked", &actor).await? {
                return Ok(());
            }
            token
        }
        Found::Token(id, exp) => Some((id, exp)),
    };
    let Some(token) = token else {
        return Ok(());
    };
    let mut tx = ctx.db.begin_write().await?;
    if !token_revoke(ctx, &mut tx, caller.application.id, token).await? {
        return Ok(());
    }
    let note = Note {
        account_id: None,
        act: "token.revoke",
        subject: token.0.to_string(),
        detail: json!({"application_id": caller.application.id.to_string()}),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await
}

fn durable<T>(outcome: Result<T, Error>) -> Result<T, TokenError> {
    outcome.map_err(|error| {
        tracing::error!(error = %chain(&error), "a revocation could not be made durable");
        TokenError::Unavailable
    })
}
