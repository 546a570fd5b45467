//! Refresh: the next tokens of a grant for its last refresh token, which is good once (RFC 9700 §4.14).

use super::application::scope_parse;
use super::client_auth::ApplicationCaller;
use super::end::{grant_end_for, token_end};
use super::keep::{Answer, answer, grant_rotated, person_live, refresh_keep, rotation_of};
use super::{GrantFault, GrantRequest, GrantedTokens, Told};
use crate::context::Ctx;
use crate::directory::rights::LiveUser;
use crate::token::TokenError;
use crate::token::client_credentials::ScopeRefusal;
use ringfence_core::credential::StoredDigest;
use ringfence_core::family::{Grant, RefreshVerdict};
use ringfence_core::refresh_token::RefreshToken;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::grants::refresh::refresh_find;
use ringfence_store::grants::{grant_find, grant_rotate};

// Who loses a race looks again and finds the winner's rotation; a second loss needs two rotations in between.
const MOST_LOOKS: usize = 4;

/// Gives the next tokens for a refresh token.
pub(super) async fn refresh(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    request: &GrantRequest,
    told: &mut Told,
) -> Result<GrantedTokens, TokenError> {
    let text = request.refresh_token.as_ref();
    let text = text.ok_or(TokenError::Missing("refresh_token"))?;
    let token = RefreshToken::parse(text.expose()).ok_or(unknown())?;
    let digest = token.digest(&ctx.digest_key);
    let asked = match request.scope.as_deref() {
        Some(asked) => Some(scope_parse(Some(asked))?),
        None => None,
    };
    for _ in 0..MOST_LOOKS {
        let (grant, presented) = grant_of(ctx, digest).await?.ok_or(unknown())?;
        let authorization = &grant.authorization;
        if authorization.application_id != caller.application.id {
            ctx.token.grants.tally.stranger(
                caller.application.id,
                "refresh_token_of_another_application",
                request.origin.address,
            );
            told.reason = Some("refresh_token_of_another_application");
            return Err(unknown());
        }
        told.parties.user = Some((authorization.account_id, authorization.user_id));
        if grant.ended_at.is_some() {
            told.reason = Some("grant_ended");
            return Err(unknown());
        }
        let retry_secs = if caller.is_public() {
            0
        } else {
            ctx.settings.vbc.retry_window_secs
        };
        let verdict = grant.refresh_judge(presented, retry_secs, ctx.now());
        match verdict {
            RefreshVerdict::Reused => {
                told.reason = Some("refresh_reused");
                grant_end_for(ctx, grant.id, "refresh_reused").await?;
                return Err(unknown());
            }
            RefreshVerdict::Expired => {
                return Err(TokenError::InvalidGrant(GrantFault::RefreshExpired));
            }
            RefreshVerdict::Current | RefreshVerdict::Retry => {}
        }
        pace_check(&grant, ctx.now())?;
        let live = person_live(ctx, caller, authorization.user_id).await;
        let live = live.filter(|live| live.epoch <= authorization.epoch);
        let live = live.ok_or_else(|| {
            told.reason = Some("person_barred");
            unknown()
        })?;
        let scope = scope_narrow(&grant, asked.clone())?;
        if verdict == RefreshVerdict::Retry {
            // The lost answer is given again, and no other: to nobody is given more than they asked for.
            if scope != grant.token.scope {
                return Err(unknown());
            }
            return answer(ctx, caller, (&live, &grant), Answer::default());
        }
        if let Some(tokens) = rotate(ctx, caller, (&live, &grant), scope).await? {
            return Ok(tokens);
        }
    }
    Err(TokenError::Unavailable)
}

// Each refresh is a line that every node keeps in memory until the token before would have ended.
const REFRESHES_AT_ONCE: i64 = 1_000;
const SECS_A_REFRESH: i64 = 30;

/// Holds an application back that refreshes without need: so many at once, and one more every so often.
fn pace_check(grant: &Grant, now: Timestamp) -> Result<(), TokenError> {
    let age_secs = now.ms_since(grant.created_at) / 1_000;
    let over = i64::from(grant.generation) - REFRESHES_AT_ONCE - age_secs / SECS_A_REFRESH;
    if over <= 0 {
        return Ok(());
    }
    let wait_secs = over.saturating_mul(SECS_A_REFRESH);
    Err(TokenError::TooManyQuestions {
        retry_after_secs: u32::try_from(wait_secs).unwrap_or(u32::MAX),
    })
}

/// The grant of a refresh token and the token's number in it.
async fn grant_of(ctx: &Ctx, digest: StoredDigest) -> Result<Option<(Grant, u32)>, TokenError> {
    let mut tx = ctx.db.begin_read().await?;
    let Some(place) = refresh_find(&mut tx, digest).await? else {
        return Ok(None);
    };
    let grant = grant_find(&mut tx, place.grant_id).await?;
    Ok(grant.map(|grant| (grant, place.generation)))
}

/// The scope of the next access token: what was allowed, or less. The grant itself keeps what it has (checklist 66).
fn scope_narrow(grant: &Grant, asked: Option<UserScopes>) -> Result<UserScopes, TokenError> {
    let allowed = &grant.authorization.scope;
    let Some(asked) = asked else {
        return Ok(allowed.clone());
    };
    if asked.is_subset(allowed) {
        return Ok(asked);
    }
    let refusal = ScopeRefusal::Value(asked.to_string());
    Err(TokenError::InvalidScope(refusal))
}

/// Takes the grant one step on; `None` when somebody else did at the same moment.
async fn rotate(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    (live, grant): (&LiveUser, &Grant),
    scope: UserScopes,
) -> Result<Option<GrantedTokens>, TokenError> {
    let next = grant_rotated(ctx, grant, scope);
    let tokens = answer(ctx, caller, (live, &next), Answer::default())?;
    let mut tx = ctx.db.begin_write().await?;
    token_end(ctx, &mut tx, grant).await?;
    if !grant_rotate(&mut tx, grant, &rotation_of(&next)).await? {
        return Ok(None);
    }
    refresh_keep(ctx, &mut tx, &next).await?;
    ctx.commit(tx).await?;
    Ok(Some(tokens))
}

fn unknown() -> TokenError {
    TokenError::InvalidGrant(GrantFault::RefreshUnknown)
}
