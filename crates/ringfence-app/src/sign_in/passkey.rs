//! Passkeys: made and removed by their owner, and used to sign in without a name or a password.

use super::limits::{Door, attempt_begin, attempt_take_back};
use super::me::{own_note, own_password};
use super::step::{Step, step_open, step_seal};
use super::{Visitor, failure_note};
use crate::caller::{Caller, person_live};
use crate::context::Ctx;
use crate::error::Error;
use crate::session::session_begin;
use ringfence_core::encoding::{base64url, base64url_decode};
use ringfence_core::secret::{Handle, Secret};
use ringfence_core::sign_in::passkey::{
    ALGORITHMS, Assertion, MAX_PIECE_BYTES, Registration, RelyingParty, passkey_id,
};
use ringfence_store::db;
use ringfence_store::sign_in::passkeys as store;
use serde::{Deserialize, Serialize};

const MAKE_STEP: &str = "passkey-make";
const USE_STEP: &str = "passkey-use";
const STEP_TTL_SECS: i64 = 300;
const MOST: usize = 20;
const LONGEST_NAME: usize = 60;

/// What a browser needs to make a passkey.
#[derive(Clone, Debug)]
pub struct PasskeyOffer {
    /// The site.
    pub site: RelyingParty,
    /// What is to be signed, as base64url.
    pub challenge: String,
    /// The person's id as passkeys carry it, as base64url.
    pub user_handle: String,
    /// Their user name.
    pub username: String,
    /// How people call them.
    pub name: String,
    /// The ids of the passkeys they have.
    pub present: Vec<String>,
    /// The algorithms, as COSE numbers them.
    pub algorithms: [i64; 3],
    /// What the browser sends back.
    pub step: Secret<String>,
}

/// What a browser needs to use a passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRequest {
    /// The site's id.
    pub site_id: String,
    /// What is to be signed, as base64url.
    pub challenge: String,
    /// What the browser sends back.
    pub step: Secret<String>,
}

/// A passkey just made, as a browser sends it, each piece as base64url.
#[derive(Clone, Debug)]
pub struct PasskeyMade {
    /// What its owner calls it.
    pub name: String,
    /// What the offer held.
    pub step: String,
    /// What the browser says.
    pub client_data: String,
    /// What the authenticator says.
    pub attestation: String,
}

/// A use of a passkey, as a browser sends it, each piece as base64url.
#[derive(Clone, Debug)]
pub struct PasskeyUsed {
    /// What the request held.
    pub step: String,
    /// Which passkey.
    pub id: String,
    /// What the browser says.
    pub client_data: String,
    /// What the authenticator says.
    pub authenticator_data: String,
    /// The signature over both.
    pub signature: String,
}

#[derive(Serialize, Deserialize)]
struct Challenge {
    challenge: String,
    user_id: Option<String>,
}

/// Whether browsers allow passkeys at this server's address.
#[must_use]
pub fn passkeys_work(ctx: &Ctx) -> bool {
    RelyingParty::of_public_url(&ctx.settings.public_url).is_some()
}

/// Begins to make a passkey.
///
/// # Errors
/// [`Error::Conflict`] when they have too many, or browsers allow none here.
pub async fn passkey_begin(ctx: &Ctx, caller: &Caller) -> Result<PasskeyOffer, Error> {
    caller.require_session()?;
    let site = site(ctx)?;
    let mut tx = ctx.db.begin_read().await?;
    let present = store::passkey_list(&mut tx, caller.user.id).await?;
    drop(tx);
    if present.len() >= MOST {
        return Err(Error::Conflict(format!(
            "you have {MOST} passkeys; remove one first"
        )));
    }
    let user_id = Some(caller.user.id.to_string());
    let (challenge, step) = challenge_make(ctx, MAKE_STEP, user_id)?;
    Ok(PasskeyOffer {
        site,
        challenge,
        user_handle: base64url(caller.user.id.as_bytes()),
        username: caller.username.as_str().to_owned(),
        name: caller.name.clone(),
        present: present.into_iter().map(|p| p.id).collect(),
        algorithms: ALGORITHMS,
        step,
    })
}

/// Keeps a passkey that was made.
///
/// # Errors
/// [`Error::Invalid`] when the answer is not acceptable.
pub async fn passkey_add(ctx: &Ctx, caller: &Caller, made: PasskeyMade) -> Result<(), Error> {
    caller.require_session()?;
    let site = site(ctx)?;
    let step: Step<Challenge> =
        step_open(ctx, MAKE_STEP, &made.step).map_err(|_| not_acceptable())?;
    if step.body.user_id != Some(caller.user.id.to_string()) {
        return Err(not_acceptable());
    }
    let name = made.name.trim();
    let good = !name.is_empty() && !name.chars().any(char::is_control);
    if !good || name.chars().count() > LONGEST_NAME {
        return Err(Error::Invalid(format!(
            "the name of a passkey has 1 to {LONGEST_NAME} characters"
        )));
    }
    let (client_data, attestation) = (piece(&made.client_data)?, piece(&made.attestation)?);
    let answer = Registration {
        client_data: &client_data,
        attestation: &attestation,
    };
    let new = site
        .register(&piece(&step.body.challenge)?, answer)
        .map_err(|fault| {
            tracing::info!(reason = %fault, "a passkey was refused");
            not_acceptable()
        })?;
    let passkey = store::Passkey {
        id: base64url(&new.id),
        user_id: caller.user.id,
        name: name.to_owned(),
        public_key: new.public_key,
        counter: new.counter,
        synced: new.synced,
        created_at: ctx.now(),
        last_used_at: None,
    };
    let mut tx = ctx.db.begin_write().await?;
    step.take(&mut tx).await.map_err(|_| not_acceptable())?;
    match store::passkey_insert(&mut tx, &passkey).await {
        Err(db::Error::Duplicate) => {
            return Err(Error::Conflict("this passkey is known already".to_owned()));
        }
        done => done?,
    }
    own_note(ctx, &mut tx, caller, "passkey.add").await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a passkey of the caller's own.
///
/// # Errors
/// [`Error::NotFound`] when they have none of that id; [`Error::Invalid`] for a wrong password.
pub async fn passkey_remove(
    ctx: &Ctx,
    caller: &Caller,
    id: &str,
    password: Secret<String>,
) -> Result<(), Error> {
    own_password(ctx, caller, password).await?;
    let mut tx = ctx.db.begin_write().await?;
    if !store::passkey_delete(&mut tx, caller.user.id, id).await? {
        return Err(Error::NotFound("passkey".to_owned()));
    }
    own_note(ctx, &mut tx, caller, "passkey.remove").await?;
    tx.commit().await?;
    Ok(())
}

/// Begins to sign somebody in by passkey. Nothing is kept until they have.
///
/// # Errors
/// [`Error::Conflict`] when browsers allow no passkeys here.
pub fn passkey_ask(ctx: &Ctx) -> Result<PasskeyRequest, Error> {
    let site = site(ctx)?;
    let (challenge, step) = challenge_make(ctx, USE_STEP, None)?;
    Ok(PasskeyRequest {
        site_id: site.id,
        challenge,
        step,
    })
}

/// Signs somebody in who used a passkey. That is two factors: the authenticator, and what it verified them by.
///
/// # Errors
/// [`Error::Unauthenticated`] for anything that is not acceptable; [`Error::TooMany`] after many failures.
pub async fn passkey_sign_in(
    ctx: &Ctx,
    used: PasskeyUsed,
    visitor: &Visitor,
) -> Result<Handle, Error> {
    let site = site(ctx)?;
    let step: Step<Challenge> = step_open(ctx, USE_STEP, &used.step)?;
    let id = passkey_id(&used.id).ok_or(Error::Unauthenticated)?;
    let id = base64url(&id);
    let counted = attempt_begin(ctx, Door::People, &format!("passkey {id}"), visitor).await?;
    let mut tx = ctx.db.begin_read().await?;
    let passkey = store::passkey_find(&mut tx, &id).await?;
    drop(tx);
    let passkey = passkey.ok_or(Error::Unauthenticated)?;
    let (user, _) = person_live(ctx, passkey.user_id).await?;
    let unreadable = |_| Error::Unauthenticated;
    let client_data = piece(&used.client_data).map_err(unreadable)?;
    let authenticator_data = piece(&used.authenticator_data).map_err(unreadable)?;
    let signature = piece(&used.signature).map_err(unreadable)?;
    let challenge = piece(&step.body.challenge)?;
    let answer = Assertion {
        client_data: &client_data,
        authenticator_data: &authenticator_data,
        signature: &signature,
    };
    let key = (passkey.public_key.as_slice(), passkey.counter);
    let counter = match site.verify(&challenge, key, answer) {
        Ok(counter) => counter,
        Err(fault) => {
            tracing::info!(reason = %fault, "a sign-in by passkey failed");
            let reason = ("passkey_refused", counted.n_failures);
            failure_note(ctx, (user.id, user.account_id), reason, visitor).await?;
            return Err(Error::Unauthenticated);
        }
    };
    let mut tx = ctx.db.begin_write().await?;
    step.take(&mut tx).await?;
    if !store::passkey_use(&mut tx, &passkey, counter, ctx.now()).await? {
        return Err(Error::Unauthenticated);
    }
    tx.commit().await?;
    attempt_take_back(ctx, &counted, true).await?;
    session_begin(ctx, user.id, visitor.signed_in("passkey")).await
}

fn challenge_make(
    ctx: &Ctx,
    place: &'static str,
    user_id: Option<String>,
) -> Result<(String, Secret<String>), Error> {
    let mut bytes = [0; 32];
    ctx.random.fill(&mut bytes);
    let body = Challenge {
        challenge: base64url(&bytes),
        user_id,
    };
    let step = step_seal(ctx, place, &body, STEP_TTL_SECS)?;
    Ok((body.challenge, step))
}

fn site(ctx: &Ctx) -> Result<RelyingParty, Error> {
    RelyingParty::of_public_url(&ctx.settings.public_url).ok_or_else(|| {
        Error::Conflict(
            "browsers allow passkeys only where the server has a name and HTTPS, or at localhost"
                .to_owned(),
        )
    })
}

fn piece(text: &str) -> Result<Vec<u8>, Error> {
    let bytes = base64url_decode(text).ok_or_else(not_acceptable)?;
    if bytes.len() > MAX_PIECE_BYTES {
        return Err(not_acceptable());
    }
    Ok(bytes)
}

fn not_acceptable() -> Error {
    Error::Invalid("the answer of the passkey is not acceptable; try again".to_owned())
}
