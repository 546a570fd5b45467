//! The password grant: legacy, off for new applications (checklist 26, 27; vbc-api §3.3).
//!
//! An unknown name, a wrong password, a person with a second factor and one who may not act are answered alike and at the
//! same cost, and count alike towards the lock-out, which locks this grant for the name and nothing else.

use super::application::scope_parse;
use super::client_auth::ApplicationCaller;
use super::end::grant_end_within;
use super::keep::{Answer, answer, grant_keep, grant_new, person_live};
use super::{GrantFault, GrantRequest, GrantedTokens, Told};
use crate::context::{Actor, Ctx};
use crate::directory::rights::LiveUser;
use crate::error::Error;
use crate::password::{Checked, password_check};
use crate::sign_in::password_rehash;
use crate::token::TokenError;
use ringfence_core::application::GrantType;
use ringfence_core::credential::StoredDigest;
use ringfence_core::family::{Grant, GrantKind};
use ringfence_core::grant::Authorization;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::patience::Failures;
use ringfence_core::tenant::login_of;
use ringfence_core::user::Username;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::db::{self, Tx};
use ringfence_store::feed::feed_lock;
use ringfence_store::grants::grant_reusable;
use ringfence_store::grants::lockouts::{lockout_count, lockout_find, lockout_forget};
use ringfence_store::sign_in::people::{user_password, vbc_user_ids_by_username};
use ringfence_store::sign_in::totp::totp_find;

/// Somebody whose name was typed.
#[derive(Debug)]
struct Person {
    user_id: UserId,
    account_id: AccountId,
    /// The hash of their password, if they have one.
    stored: Option<String>,
    second_factor: bool,
}

/// Gives tokens for a person's name and password.
pub(super) async fn password_grant(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    request: &GrantRequest,
    told: &mut Told,
) -> Result<GrantedTokens, TokenError> {
    let username = request.username.as_deref();
    let username = username.ok_or(TokenError::Missing("username"))?;
    let password = request.password.as_ref();
    let password = password.ok_or(TokenError::Missing("password"))?;
    let scope = scope_parse(request.scope.as_deref())?;
    let login = login_of(username).map_err(|other| {
        TokenError::InvalidGrant(GrantFault::Tenant {
            tenant: other.0,
            consumer_key: caller.consumer_key.to_string(),
        })
    })?;
    let key = ctx
        .digest_key
        .digest(&format!("password grant:{}", login.to_lowercase()));
    let turn = ctx.token.grants.limits.turn(key.0);
    let _its_turn = turn.come().await;
    let live = person_prove(ctx, caller, request, (login, key, password), told).await;
    let proved = live.map_err(|refused| refused.into_error(username))?;
    if ctx.settings.vbc.token_reuse
        && let Some(tokens) = tokens_again(ctx, caller, &proved.live, &scope).await?
    {
        return Ok(tokens);
    }
    let tokens = tokens_new(ctx, caller, &proved, scope).await?;
    let tokens = tokens.ok_or_else(|| Refused::Wrong.into_error(username))?;
    if let (Checked::RightButOld, Some(before)) = (proved.checked, &proved.stored) {
        password_rehash(ctx, proved.live.user.id, before, password.clone()).await?;
    }
    Ok(tokens)
}

/// Somebody whose password was right when it was looked at.
struct Proved {
    live: LiveUser,
    stored: Option<String>,
    checked: Checked,
}

/// Why a password is not taken.
enum Refused {
    Wrong,
    Locked,
    Error(TokenError),
}

impl Refused {
    fn into_error(self, username: &str) -> TokenError {
        let username = username.to_owned();
        match self {
            Self::Wrong => TokenError::InvalidGrant(GrantFault::Password { username }),
            Self::Locked => TokenError::InvalidGrant(GrantFault::Locked { username }),
            Self::Error(error) => error,
        }
    }
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self::Error(error)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<db::Error> for Refused {
    fn from(error: db::Error) -> Self {
        Self::Error(error.into())
    }
}

/// The person of a name whose password is right, and who may use this grant now.
async fn person_prove(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    request: &GrantRequest,
    (login, key, password): (&str, StoredDigest, &Secret<String>),
    told: &mut Told,
) -> Result<Proved, Refused> {
    let from = request.origin.address;
    let limits = &ctx.token.grants.limits;
    limits.check(login, from, ctx.clock.monotonic_ms())?;
    let mut tx = ctx.db.begin_read().await?;
    let failures = lockout_find(&mut tx, key).await?;
    let person = person_find(&mut tx, login).await?;
    drop(tx);
    if let Some(person) = &person {
        told.parties.user = Some((person.account_id, person.user_id));
    }
    let outcome = if failures.is_some_and(|failures| is_locked(ctx, failures)) {
        Err("password_locked")
    } else {
        person_check(ctx, caller, person.as_ref(), password).await?
    };
    if let Some(person) = &person {
        let whose = (person.account_id, person.user_id);
        let reason = outcome
            .as_ref()
            .map_or_else(|reason| *reason, |_| "granted");
        let tally = &ctx.token.grants.tally;
        tally.password(caller.application.id, whose, reason, from);
    }
    match outcome {
        Ok(proved) => {
            if failures.is_some() {
                let mut tx = ctx.db.begin_write().await?;
                lockout_forget(&mut tx, key).await?;
                tx.commit().await?;
            }
            Ok(proved)
        }
        Err(reason) => {
            told.reason = Some(reason);
            tracing::info!(
                reason,
                known = person.is_some(),
                "a password grant was refused"
            );
            limits.note_wrong(login, from, ctx.clock.monotonic_ms());
            failure_count(ctx, key).await?;
            Err(if reason == "password_locked" {
                Refused::Locked
            } else {
                Refused::Wrong
            })
        }
    }
}

/// Whether the name is locked: for some time after the last try, so each further try makes it longer.
fn is_locked(ctx: &Ctx, failures: Failures) -> bool {
    let vbc = &ctx.settings.vbc;
    failures.n >= vbc.lockout_failures
        && ctx.now() < failures.last_at.plus_secs(vbc.lockout_secs.into())
}

async fn failure_count(ctx: &Ctx, key: StoredDigest) -> Result<(), Error> {
    let now = ctx.now();
    let since = now.plus_secs(-i64::from(ctx.settings.vbc.lockout_secs));
    let mut tx = ctx.db.begin_write().await?;
    lockout_count(&mut tx, key, (since, now)).await?;
    tx.commit().await?;
    Ok(())
}

/// The person of a login in the VBC accounts; a login that two of them know is nobody's.
async fn person_find(tx: &mut Tx, login: &str) -> Result<Option<Person>, Error> {
    let Ok(username) = Username::parse(login) else {
        return Ok(None);
    };
    let [(user_id, account_id)] = vbc_user_ids_by_username(tx, &username).await?[..] else {
        return Ok(None);
    };
    Ok(Some(Person {
        user_id,
        account_id,
        stored: user_password(tx, user_id).await?,
        second_factor: totp_find(tx, user_id).await?.is_some(),
    }))
}

/// Checks the password first, whoever it is, so that every refusal costs the same; then whether the person may.
async fn person_check(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    person: Option<&Person>,
    password: &Secret<String>,
) -> Result<Result<Proved, &'static str>, Error> {
    let stored = person.and_then(|person| person.stored.clone());
    let checked = password_check(stored.clone(), password.clone()).await?;
    let Some(person) = person else {
        return Ok(Err("user_unknown"));
    };
    if checked == Checked::Wrong {
        return Ok(Err("password_wrong"));
    }
    if person.second_factor {
        return Ok(Err("second_factor"));
    }
    let Some(live) = person_live(ctx, caller, person.user_id).await else {
        return Ok(Err("person_barred"));
    };
    Ok(Ok(Proved {
        live,
        stored,
        checked,
    }))
}

/// The tokens that the application has already for this person and scope (vbc-api §3.4), if they still live.
async fn tokens_again(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    live: &LiveUser,
    scope: &UserScopes,
) -> Result<Option<GrantedTokens>, TokenError> {
    let whose = (live.user.id, caller.application.id);
    let mut tx = ctx.db.begin_read().await?;
    let found = grant_reusable(&mut tx, whose, scope, ctx.now()).await?;
    drop(tx);
    let refreshes = caller.grant_types().contains(GrantType::RefreshToken);
    let good = |grant: &Grant| {
        grant.authorization.epoch >= live.epoch && (grant.generation > 0) == refreshes
    };
    let Some(grant) = found.filter(good) else {
        return Ok(None);
    };
    answer(ctx, caller, (live, &grant), Answer::default()).map(Some)
}

/// New tokens; `None` when the password was changed, or a second factor added, since it was looked at. Where none is given
/// twice, those before end (vbc-api §3.4).
async fn tokens_new(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    proved: &Proved,
    scope: UserScopes,
) -> Result<Option<GrantedTokens>, TokenError> {
    let live = &proved.live;
    let authorization = Authorization {
        application_id: caller.application.id,
        user_id: live.user.id,
        account_id: live.account.id,
        scope,
        auth_time: ctx.now(),
        method: "password".to_owned(),
        session_id: None,
        nonce: None,
        acr: None,
        claims: None,
        epoch: live.epoch,
    };
    let grant = grant_new(ctx, caller, GrantKind::Password, authorization);
    let tokens = answer(ctx, caller, (live, &grant), Answer::default())?;
    let whose = (live.user.id, caller.application.id);
    let scope = &grant.authorization.scope;
    let actor = Actor(format!("application:{}", caller.application.id));
    let mut tx = ctx.db.begin_write().await?;
    // Whoever changes it holds this lock too, and ends what is there.
    feed_lock(&mut tx).await?;
    let is_changed = user_password(&mut tx, live.user.id).await? != proved.stored;
    if is_changed || totp_find(&mut tx, live.user.id).await?.is_some() {
        return Ok(None);
    }
    if !ctx.settings.vbc.token_reuse {
        while let Some(before) = grant_reusable(&mut tx, whose, scope, ctx.now()).await? {
            grant_end_within(ctx, &mut tx, before.id, "replaced", &actor).await?;
        }
    }
    grant_keep(ctx, &mut tx, &grant).await?;
    ctx.commit(tx).await?;
    Ok(Some(tokens))
}
