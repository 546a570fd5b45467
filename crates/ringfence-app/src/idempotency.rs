//! Keys that make a create safe to repeat: the same key and request get the first answer again, for a day.
//!
//! An answer that carried a secret is remembered without it, since a secret stands in exactly one response.

use crate::context::{Actor, Ctx};
use crate::error::Error;
use ringfence_core::digest::ContentDigest;
use ringfence_store::idempotency as store;
pub use ringfence_store::idempotency::KeptAnswer;

/// How long a key is remembered, in seconds.
pub const KEPT_SECS: i64 = 86_400;
const LONGEST_KEY: usize = 128;

/// What a caller chose to name a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey(Box<str>);

/// What is to be done with a request that names a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It is new: do it.
    First,
    /// It was done: give this answer again.
    Again(KeptAnswer),
    /// The key named another request.
    Other,
    /// It has no answer yet.
    InFlight,
}

impl IdempotencyKey {
    /// Takes 1 to 128 printable ASCII characters.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let good = !text.is_empty()
            && text.len() <= LONGEST_KEY
            && text.bytes().all(|b| (0x20..0x7f).contains(&b));
        if !good {
            return Err(Error::Invalid(format!(
                "an idempotency key has 1 to {LONGEST_KEY} printable ASCII characters"
            )));
        }
        Ok(Self(text.into()))
    }
}

/// Takes a key for a request, or says what became of it.
///
/// # Errors
/// The store refused it or broke off.
pub async fn idempotency_begin(
    ctx: &Ctx,
    actor: &Actor,
    key: &IdempotencyKey,
    digest: ContentDigest,
) -> Result<Begun, Error> {
    let name = (actor.0.as_str(), &*key.0);
    let mut tx = ctx.db.begin_write().await?;
    let now = ctx.now();
    store::idempotency_prune(&mut tx, now.plus_secs(-KEPT_SECS)).await?;
    let begun = if store::idempotency_take(&mut tx, name, digest, now).await? {
        Begun::First
    } else {
        match store::idempotency_find(&mut tx, name).await? {
            Some(kept) if kept.digest != digest => Begun::Other,
            Some(store::KeptRequest {
                answer: Some(answer),
                ..
            }) => Begun::Again(answer),
            // Without a row its holder has just given it back: the caller may try again.
            Some(store::KeptRequest { answer: None, .. }) | None => Begun::InFlight,
        }
    };
    tx.commit().await?;
    Ok(begun)
}

/// Keeps the answer to a request that was done.
///
/// # Errors
/// The store refused it or broke off.
pub async fn idempotency_end(
    ctx: &Ctx,
    actor: &Actor,
    key: &IdempotencyKey,
    answer: &KeptAnswer,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    store::idempotency_answer(&mut tx, (&actor.0, &key.0), answer).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a key back after a request that did nothing.
///
/// # Errors
/// The store refused it or broke off.
pub async fn idempotency_release(
    ctx: &Ctx,
    actor: &Actor,
    key: &IdempotencyKey,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    store::idempotency_release(&mut tx, (&actor.0, &key.0)).await?;
    tx.commit().await?;
    Ok(())
}
