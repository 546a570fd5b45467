//! Codes of an authenticator app as a second step, and recovery codes in their place.

use super::limits::{known_begin, known_forget};
use super::me::{own_note, own_password};
use super::step::{Step, step_open, step_seal};
use super::{Visitor, failure_note};
use crate::caller::{Caller, person_live};
use crate::context::Ctx;
use crate::error::Error;
use crate::session::session_begin;
use crate::token::grant::end::grants_end;
use ringfence_core::encoding::{base64url, base64url_decode};
use ringfence_core::id::UserId;
use ringfence_core::secret::{Handle, Secret};
use ringfence_core::sign_in::recovery::{N_CODES, RecoveryCode};
use ringfence_core::sign_in::totp::TotpSecret;
use ringfence_store::db;
use ringfence_store::grants::Whose;
use ringfence_store::sign_in::totp as store;
use serde::{Deserialize, Serialize};

const CODE_STEP: &str = "code";
const CODE_TTL_SECS: i64 = 600;
const ENROL_STEP: &str = "totp-enrol";
const ENROL_TTL_SECS: i64 = 1_800;
const CODES: &str = "codes";
const ISSUER: &str = "Ringfence";

#[derive(Serialize, Deserialize)]
struct CodeWanted {
    user_id: String,
    method: String,
}

#[derive(Serialize, Deserialize)]
struct Enrolment {
    user_id: String,
    secret: String,
}

/// An authenticator app that is being added.
#[derive(Debug)]
pub struct NewTotp {
    /// The secret as people type it.
    pub secret: Secret<String>,
    /// What an app reads from a QR code.
    pub uri: Secret<String>,
    /// What the form carries until the first code is given.
    pub step: Secret<String>,
}

/// Asks somebody whose first proof was right for a code.
pub(super) fn code_want(ctx: &Ctx, user_id: UserId, method: &str) -> Result<Secret<String>, Error> {
    let wanted = CodeWanted {
        user_id: user_id.to_string(),
        method: method.to_owned(),
    };
    step_seal(ctx, CODE_STEP, &wanted, CODE_TTL_SECS)
}

/// Whether a browser is at the second step.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is not, or has been for too long.
pub fn code_wanted(ctx: &Ctx, step: &str) -> Result<(), Error> {
    step_open::<CodeWanted>(ctx, CODE_STEP, step).map(drop)
}

/// Signs somebody in who gives a right code, or a recovery code.
///
/// # Errors
/// [`Error::Invalid`] for a wrong code; [`Error::Unauthenticated`] when they have to begin anew; [`Error::TooMany`]
/// after many wrong ones.
pub async fn code_sign_in(
    ctx: &Ctx,
    step: &str,
    code: &str,
    visitor: &Visitor,
) -> Result<Handle, Error> {
    let step: Step<CodeWanted> = step_open(ctx, CODE_STEP, step)?;
    let user_id = UserId::parse(&step.body.user_id).map_err(Error::internal)?;
    let (user, _) = person_live(ctx, user_id).await?;
    let n_failures = known_begin(ctx, user_id, CODES).await?;
    let mut tx = ctx.db.begin_write().await?;
    let Some(proof) = code_take(ctx, &mut tx, user_id, code).await? else {
        drop(tx);
        let reason = ("code_wrong", n_failures);
        failure_note(ctx, (user_id, user.account_id), reason, visitor).await?;
        return Err(code_wrong());
    };
    step.take(&mut tx).await?;
    known_forget(ctx, &mut tx, user_id, CODES).await?;
    tx.commit().await?;
    let method = format!("{}+{proof}", step.body.method);
    session_begin(ctx, user_id, visitor.signed_in(&method)).await
}

/// Takes a code in a transaction: what kind it was, or `None` when it is wrong.
async fn code_take(
    ctx: &Ctx,
    tx: &mut db::Tx,
    user_id: UserId,
    code: &str,
) -> Result<Option<&'static str>, Error> {
    if let Some(recovery) = RecoveryCode::parse(code) {
        let digest = recovery.digest(&ctx.digest_key);
        let used = store::recovery_code_use(tx, user_id, digest).await?;
        return Ok(used.then_some("recovery"));
    }
    let Some(totp) = store::totp_find(tx, user_id).await? else {
        return Ok(None);
    };
    let secret = secret_open(ctx, user_id, &totp.sealed)?;
    let Some(step) = secret.step_of(code, ctx.now(), totp.last_step) else {
        return Ok(None);
    };
    let taken = store::totp_step_take(tx, user_id, step).await?;
    Ok(taken.then_some("totp"))
}

/// Begins to add an authenticator app. Nothing is kept until [`totp_enrol`].
///
/// # Errors
/// [`Error::Conflict`] when they have one.
pub async fn totp_begin(ctx: &Ctx, caller: &Caller) -> Result<NewTotp, Error> {
    caller.require_session()?;
    let mut tx = ctx.db.begin_read().await?;
    if store::totp_find(&mut tx, caller.user.id).await?.is_some() {
        return Err(has_one());
    }
    drop(tx);
    let secret = TotpSecret::generate(&*ctx.random);
    shown(ctx, caller, &secret)
}

/// The same app once more, after a wrong first code.
///
/// # Errors
/// [`Error::Invalid`] when it took too long.
pub fn totp_again(ctx: &Ctx, caller: &Caller, step: &str) -> Result<NewTotp, Error> {
    let secret = enrolment_open(ctx, caller, step)?;
    shown(ctx, caller, &secret)
}

/// Adds the authenticator app that shows this code, and gives the recovery codes, once.
///
/// # Errors
/// [`Error::Invalid`] for a wrong code, or when it took too long; [`Error::Conflict`] when they have an app.
pub async fn totp_enrol(
    ctx: &Ctx,
    caller: &Caller,
    step: &str,
    code: &str,
) -> Result<Vec<Secret<String>>, Error> {
    caller.require_session()?;
    let secret = enrolment_open(ctx, caller, step)?;
    let last_step = secret
        .step_of(code, ctx.now(), i64::MIN)
        .ok_or_else(code_wrong)?;
    let sealed = ctx
        .totp_sealer
        .seal(&*ctx.random, caller.user.id.as_bytes(), secret.expose());
    let totp = store::Totp {
        sealed: sealed.map_err(Error::internal)?,
        last_step,
        created_at: ctx.now(),
    };
    let mut tx = ctx.db.begin_write().await?;
    match store::totp_insert(&mut tx, caller.user.id, &totp).await {
        Err(db::Error::Duplicate) => return Err(has_one()),
        done => done?,
    }
    let shown = codes_make(ctx, &mut tx, caller.user.id).await?;
    // A password alone opens nothing from now on, and nothing that it opened stays open.
    let whose = Whose::UserByPassword(caller.user.id);
    grants_end(ctx, &mut tx, whose, "second_factor_added", &caller.actor()).await?;
    own_note(ctx, &mut tx, caller, "totp.add").await?;
    ctx.commit(tx).await?;
    Ok(shown)
}

/// Gives new recovery codes, once; the old ones stop working.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password; [`Error::NotFound`] when they have no app.
pub async fn recovery_codes_renew(
    ctx: &Ctx,
    caller: &Caller,
    password: Secret<String>,
) -> Result<Vec<Secret<String>>, Error> {
    own_password(ctx, caller, password).await?;
    let mut tx = ctx.db.begin_write().await?;
    if store::totp_find(&mut tx, caller.user.id).await?.is_none() {
        return Err(has_none());
    }
    let shown = codes_make(ctx, &mut tx, caller.user.id).await?;
    own_note(ctx, &mut tx, caller, "recovery_codes.renew").await?;
    tx.commit().await?;
    Ok(shown)
}

/// Removes the authenticator app and the recovery codes.
///
/// # Errors
/// [`Error::Invalid`] for a wrong password; [`Error::NotFound`] when they have no app.
pub async fn totp_remove(
    ctx: &Ctx,
    caller: &Caller,
    password: Secret<String>,
) -> Result<(), Error> {
    own_password(ctx, caller, password).await?;
    let mut tx = ctx.db.begin_write().await?;
    if !store::totp_delete(&mut tx, caller.user.id).await? {
        return Err(has_none());
    }
    own_note(ctx, &mut tx, caller, "totp.remove").await?;
    tx.commit().await?;
    Ok(())
}

async fn codes_make(
    ctx: &Ctx,
    tx: &mut db::Tx,
    user_id: UserId,
) -> Result<Vec<Secret<String>>, Error> {
    let codes: Vec<RecoveryCode> = (0..N_CODES)
        .map(|_| RecoveryCode::generate(&*ctx.random))
        .collect();
    let digests: Vec<_> = codes.iter().map(|c| c.digest(&ctx.digest_key)).collect();
    store::recovery_codes_set(tx, user_id, &digests).await?;
    Ok(codes.iter().map(RecoveryCode::shown).collect())
}

fn shown(ctx: &Ctx, caller: &Caller, secret: &TotpSecret) -> Result<NewTotp, Error> {
    let enrolment = Enrolment {
        user_id: caller.user.id.to_string(),
        secret: base64url(secret.expose()),
    };
    let person = format!("{} ({})", caller.username.as_str(), caller.home.name);
    Ok(NewTotp {
        secret: secret.base32(),
        uri: secret.uri(ISSUER, &person),
        step: step_seal(ctx, ENROL_STEP, &enrolment, ENROL_TTL_SECS)?,
    })
}

fn enrolment_open(ctx: &Ctx, caller: &Caller, step: &str) -> Result<TotpSecret, Error> {
    let late = || Error::Invalid("this took too long; begin again".to_owned());
    let step: Step<Enrolment> = step_open(ctx, ENROL_STEP, step).map_err(|_| late())?;
    if step.body.user_id != caller.user.id.to_string() {
        return Err(late());
    }
    let bytes = base64url_decode(&step.body.secret).map(Secret::new);
    bytes
        .and_then(|bytes| TotpSecret::from_bytes(bytes.expose()))
        .ok_or_else(late)
}

fn secret_open(ctx: &Ctx, user_id: UserId, sealed: &[u8]) -> Result<TotpSecret, Error> {
    let opened = ctx.totp_sealer.open(user_id.as_bytes(), sealed);
    let opened = opened.map_err(Error::internal)?;
    TotpSecret::from_bytes(opened.expose())
        .ok_or_else(|| Error::Internal("a stored secret has another length".into()))
}

fn code_wrong() -> Error {
    Error::Invalid("the code is wrong, too old, or was used before".to_owned())
}

fn has_one() -> Error {
    Error::Conflict("an authenticator app is set up already; remove it first".to_owned())
}

fn has_none() -> Error {
    Error::NotFound("authenticator app".to_owned())
}
