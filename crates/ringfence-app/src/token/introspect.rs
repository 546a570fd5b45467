//! What a token is worth now, told to those who may know (RFC 7662).

use super::client_auth::{ClientProof, client_authenticate};
use super::{Origin, TokenError, directory_fresh};
use crate::context::Ctx;
use crate::directory::rights::Live;
use ringfence_core::jwt::claims::AccessClaims;
use ringfence_core::jwt::verify::verify_access;
use ringfence_core::scope::{Scope, ScopeSet};

/// What is told about a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Introspection {
    /// Nothing, whatever the reason.
    Inactive,
    /// It stands, with these scopes left.
    Active {
        /// What it says.
        claims: Box<AccessClaims>,
        /// Its scopes that are still in force.
        scope: ScopeSet,
    },
}

/// Tells a client about a token.
///
/// A client may know its own tokens, and with `admin:read` those of its account; the
/// possession of a token alone tells nothing.
///
/// # Errors
/// The caller is not authenticated, or asks too often.
pub fn token_introspect(
    ctx: &Ctx,
    proof: &ClientProof,
    origin: Origin,
    token: &str,
) -> Result<Introspection, TokenError> {
    directory_fresh(ctx)?;
    let caller = client_authenticate(ctx, proof, origin, &mut None)?;
    ctx.token
        .throttle
        .take_question(&proof.client_id, ctx.clock.monotonic_ms())
        .map_err(|retry_after_secs| TokenError::TooManyQuestions { retry_after_secs })?;
    let now = ctx.now();
    let snapshot = ctx.directory.look();
    let key_of = |id| snapshot.verifying_key(id, now);
    let Ok(claims) = verify_access(token, key_of, &ctx.token.rule, now) else {
        return Ok(Introspection::Inactive);
    };
    if !may_know(&caller.live, &claims) {
        return Ok(Introspection::Inactive);
    }
    let Ok(live) = snapshot.token_standing(&claims, now) else {
        return Ok(Introspection::Inactive);
    };
    // The forgiveness of clocks is for admitting calls; an ended token is told as ended.
    let scope = claims.scope.intersection(live.scopes);
    if scope.is_empty() || now >= claims.exp {
        return Ok(Introspection::Inactive);
    }
    Ok(Introspection::Active {
        claims: Box::new(claims),
        scope,
    })
}

fn may_know(caller: &Live, claims: &AccessClaims) -> bool {
    caller.credential.id == claims.client_id
        || (caller.account.id == claims.account && caller.scopes.contains(Scope::AdminRead))
}
