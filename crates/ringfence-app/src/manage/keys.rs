//! Signing keys, for operators.

use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::keys::{self as acts, KeyView};
use ringfence_core::account::TokenAlg;
use ringfence_core::id::KeyId;
use ringfence_core::key_schedule::KeySchedule;

/// Every signing key, oldest first, and the lengths of a key's life.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator.
pub async fn key_list(ctx: &Ctx, caller: &Caller) -> Result<(Vec<KeyView>, KeySchedule), Error> {
    caller.require_operator()?;
    Ok((acts::keys_list(ctx).await?, ctx.settings.keys))
}

/// One signing key.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none.
pub async fn key_show(ctx: &Ctx, caller: &Caller, id: KeyId) -> Result<KeyView, Error> {
    let (keys, _) = key_list(ctx, caller).await?;
    let found = keys.into_iter().find(|key| key.times.id == id);
    found.ok_or_else(|| Error::NotFound("key".to_owned()))
}

/// Announces a successor of the present key, of one algorithm or of all.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator.
pub async fn key_rotate(ctx: &Ctx, caller: &Caller, alg: Option<TokenAlg>) -> Result<(), Error> {
    caller.require_operator()?;
    acts::keys_rotate(ctx, &caller.actor(), alg).await
}

/// Takes a key away: nothing it signed is accepted from now on, and another one signs.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none; [`Error::Conflict`] when it is of no use any more.
pub async fn key_withdraw(ctx: &Ctx, caller: &Caller, id: KeyId) -> Result<(), Error> {
    let key = key_show(ctx, caller, id).await?;
    if key.times.withdrawn_at.is_some() {
        return Err(Error::Conflict("the key is withdrawn already".to_owned()));
    }
    acts::keys_withdraw(ctx, &caller.actor(), id).await
}
