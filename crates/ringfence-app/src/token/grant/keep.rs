//! Grants kept and answered: what exchange, refresh and password share.

use super::GrantedTokens;
use super::client_auth::ApplicationCaller;
use super::mint::{access_mint, facts_new};
use crate::context::Ctx;
use crate::directory::follow::look_again;
use crate::directory::rights::LiveUser;
use crate::error::Error;
use crate::token::TokenError;
use crate::token::id_token::{IdTokenOf, id_token_mint};
use ringfence_core::account::TokenAlg;
use ringfence_core::application::GrantType;
use ringfence_core::family::{Grant, GrantKind};
use ringfence_core::grant::Authorization;
use ringfence_core::id::{GrantId, UserId};
use ringfence_core::refresh_token::RefreshToken;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::{UserScope, UserScopes};
use ringfence_store::db::Tx;
use ringfence_store::grants::refresh::{RefreshPlace, refresh_insert};
use ringfence_store::grants::{Rotation, grant_insert};

/// The rights of a person with an application now; `None` when either may not act. Somebody made or enabled on another
/// node a moment ago is found as well.
pub(super) async fn person_live(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    user_id: UserId,
) -> Option<LiveUser> {
    let seen = || {
        let snapshot = ctx.directory.look();
        snapshot.live_user(caller.application.id, user_id).ok()
    };
    match seen() {
        Some(live) => Some(live),
        None if look_again(ctx).await => seen(),
        None => None,
    }
}

/// A grant that begins now.
pub(super) fn grant_new(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    kind: GrantKind,
    authorization: Authorization,
) -> Grant {
    let now = ctx.now();
    let vbc = &ctx.settings.vbc;
    let refreshes = caller.grant_types().contains(GrantType::RefreshToken);
    let absolute_end = now.plus_secs(vbc.refresh_longest_secs.into());
    let token = facts_new(ctx, authorization.scope.clone(), absolute_end);
    let idle_end = if refreshes {
        now.plus_secs(vbc.refresh_idle_secs.into())
            .min(absolute_end)
    } else {
        token.exp
    };
    Grant {
        id: GrantId::new(now, &*ctx.random),
        kind,
        authorization: Authorization {
            nonce: None,
            ..authorization
        },
        generation: u32::from(refreshes),
        token,
        created_at: now,
        rotated_at: now,
        idle_end,
        absolute_end,
        ended_at: None,
    }
}

/// The grant as it is after a rotation to a token of that scope.
pub(super) fn grant_rotated(ctx: &Ctx, grant: &Grant, scope: UserScopes) -> Grant {
    let now = ctx.now();
    let idle_end = now.plus_secs(ctx.settings.vbc.refresh_idle_secs.into());
    Grant {
        generation: grant.generation.saturating_add(1),
        token: facts_new(ctx, scope, grant.absolute_end),
        rotated_at: now,
        idle_end: idle_end.min(grant.absolute_end),
        ..grant.clone()
    }
}

/// Keeps a new grant with its refresh token, in the transaction of what it came of.
pub(super) async fn grant_keep(ctx: &Ctx, tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    grant_insert(tx, grant).await?;
    refresh_keep(ctx, tx, grant).await
}

/// Keeps the way from the present refresh token to its grant.
pub(super) async fn refresh_keep(ctx: &Ctx, tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
    if grant.generation == 0 {
        return Ok(());
    }
    let token = RefreshToken::derive(&ctx.refresh_key, grant.id, grant.generation);
    let place = RefreshPlace {
        grant_id: grant.id,
        generation: grant.generation,
    };
    let digest = token.digest(&ctx.digest_key);
    refresh_insert(tx, digest, place, grant.idle_end).await?;
    Ok(())
}

/// What the store writes of a rotation.
pub(super) fn rotation_of(grant: &Grant) -> Rotation {
    Rotation {
        token: grant.token.clone(),
        at: grant.rotated_at,
        idle_end: grant.idle_end,
    }
}

/// What is particular to one answer.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Answer<'a> {
    /// The code that was exchanged.
    pub(super) code: Option<&'a str>,
    /// The nonce of the request, for the first ID token only (OpenID Connect Core §12.2).
    pub(super) nonce: Option<&'a str>,
}

/// The answer that a grant in that state gives, whether its tokens are new or given again.
pub(super) fn answer(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    (live, grant): (&LiveUser, &Grant),
    answer: Answer<'_>,
) -> Result<GrantedTokens, TokenError> {
    let now = ctx.now();
    let access_token = access_mint(ctx, live, caller.consumer_key, grant)?;
    let id_token = if grant.token.scope.contains(UserScope::Openid) {
        let authorization = Authorization {
            nonce: answer.nonce.map(str::to_owned),
            scope: grant.token.scope.clone(),
            ..grant.authorization.clone()
        };
        let of = IdTokenOf {
            authorization: &authorization,
            consumer_key: &caller.consumer_key,
            // What clients expect that have registered nothing else (OpenID Connect Core §3.1.3.7).
            alg: TokenAlg::Rs256,
            access_token: access_token.expose(),
            code: answer.code,
            now,
        };
        Some(id_token_mint(ctx, &of)?)
    } else {
        None
    };
    Ok(GrantedTokens {
        access_token,
        refresh_token: refresh_of(ctx, grant),
        scope: grant.token.scope.clone(),
        id_token,
        expires_in_secs: remaining_secs(grant.token.exp, now),
    })
}

fn refresh_of(ctx: &Ctx, grant: &Grant) -> Option<Secret<String>> {
    let generation = Some(grant.generation).filter(|n| *n > 0)?;
    let token = RefreshToken::derive(&ctx.refresh_key, grant.id, generation);
    Some(token.secret().clone())
}

fn remaining_secs(exp: Timestamp, now: Timestamp) -> i64 {
    (exp.secs() - now.secs()).max(0)
}
