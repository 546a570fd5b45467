//! What a browser carries from one page of a sign-in to the next: sealed, short-lived, and good once.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::encoding::{base64url, base64url_decode, hex};
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_store::db::Tx;
use ringfence_store::sign_in::steps::step_take;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

const LONGEST: usize = 6_000;

/// An opened step.
#[derive(Debug)]
pub(crate) struct Step<T> {
    /// What it carries.
    pub(crate) body: T,
    id: String,
    expires_at: Timestamp,
}

/// Seals a step. The place names its kind, and opens no other.
pub(crate) fn step_seal(
    ctx: &Ctx,
    place: &'static str,
    body: &impl Serialize,
    ttl_secs: i64,
) -> Result<Secret<String>, Error> {
    let mut id = [0; 16];
    ctx.random.fill(&mut id);
    let plain = json!({
        "id": hex(&id),
        "expires_at": ctx.now().plus_secs(ttl_secs).ms(),
        "body": body,
    });
    let plain = Secret::new(plain.to_string());
    let sealed = ctx
        .step_sealer
        .seal(&*ctx.random, place.as_bytes(), plain.expose().as_bytes())
        .map_err(Error::internal)?;
    Ok(Secret::new(base64url(&sealed)))
}

/// Opens a step; anything that is not one of that kind, or is too old, is [`Error::Unauthenticated`].
pub(crate) fn step_open<T: DeserializeOwned>(
    ctx: &Ctx,
    place: &'static str,
    text: &str,
) -> Result<Step<T>, Error> {
    if text.len() > LONGEST {
        return Err(Error::Unauthenticated);
    }
    let sealed = base64url_decode(text).ok_or(Error::Unauthenticated)?;
    let plain = ctx.step_sealer.open(place.as_bytes(), &sealed);
    let plain = plain.map_err(|_| Error::Unauthenticated)?;
    #[derive(serde::Deserialize)]
    struct Opened<T> {
        id: String,
        expires_at: i64,
        body: T,
    }
    let opened: Opened<T> = serde_json::from_slice(plain.expose()).map_err(Error::internal)?;
    let expires_at = Timestamp::from_ms(opened.expires_at);
    if expires_at <= ctx.now() {
        return Err(Error::Unauthenticated);
    }
    Ok(Step {
        body: opened.body,
        id: opened.id,
        expires_at,
    })
}

impl<T> Step<T> {
    /// Takes the step, once over all nodes.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it was taken before.
    pub(crate) async fn take(&self, tx: &mut Tx) -> Result<(), Error> {
        if step_take(tx, &self.id, self.expires_at).await? {
            Ok(())
        } else {
            Err(Error::Unauthenticated)
        }
    }
}
