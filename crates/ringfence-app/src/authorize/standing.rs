//! Where a request stands: who is signed in, whether that is enough, and whether they have allowed it.

use super::carry::{Carried, Demand};
use super::question::{ANSWERED, Question};
use super::{Asked, Next, is_person, seal};
use crate::caller::Caller;
use crate::context::{Actor, Ctx};
use crate::directory::rights::{Barred, LiveUser};
use crate::error::Error;
use crate::session::{SessionProof, session_proof};
use crate::sign_in::step::Step;
use crate::token::grant::authorization_code::{NewCode, code_keep};
use ringfence_core::account::AccountKind;
use ringfence_core::authorization_request::{Answer, AuthorizationError};
use ringfence_core::grant::Authorization;
use ringfence_core::sign_in::strength::acr;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::consents::consent_find;
use ringfence_store::db::Tx;
use ringfence_store::feed::feed_lock;
use ringfence_store::sessions::session_find_by_id;

/// For how long a sign-in that was demanded counts as one.
const FRESH_MS: i64 = 5 * 60 * 1_000;

/// Somebody who is signed in well enough and may be spoken for.
pub(super) struct Person<'c> {
    pub(super) caller: &'c Caller,
    pub(super) proof: SessionProof,
    pub(super) live: LiveUser,
    pub(super) actor: Actor,
}

/// Says what comes next.
pub(super) async fn next(
    ctx: &Ctx,
    asked: &Asked,
    (demand, step): (Option<Demand>, Option<&Step<Carried>>),
    caller: Option<&Caller>,
) -> Result<Next, Error> {
    let person = match person_of(ctx, asked, demand, caller).await? {
        Ok(person) => person,
        Err(next) => return Ok(next),
    };
    let prompt = asked.request.prompt;
    let allowed = is_allowed(ctx, asked, &person).await?;
    let must_act = has_own_scheme(&asked.place.redirect_uri);
    if prompt.none {
        if !allowed {
            return Ok(refused(ctx, asked, AuthorizationError::ConsentRequired));
        }
        if must_act {
            return Ok(refused(ctx, asked, AuthorizationError::InteractionRequired));
        }
    }
    if allowed && !must_act && !prompt.consent && !prompt.select_account {
        return answer_with_code(ctx, asked, &person, step).await;
    }
    let question = Question::of(ctx, asked, demand, &person).await?;
    Ok(Next::Ask(Box::new(question)))
}

/// Who is signed in, when that is enough for the request; otherwise what comes first.
pub(super) async fn person_of<'c>(
    ctx: &Ctx,
    asked: &Asked,
    demand: Option<Demand>,
    caller: Option<&'c Caller>,
) -> Result<Result<Person<'c>, Next>, Error> {
    let Some(caller) = caller.filter(|caller| is_person(caller)) else {
        return sign_in(
            ctx,
            asked,
            demand.map_or(Demanding::Nothing, Demanding::Still),
        )
        .map(Err);
    };
    let proof = session_proof(ctx, caller).await?;
    let request = &asked.request;
    let age_ms = ctx.now().ms_since(proof.at);
    // A demanded sign-in counts for a while only: its step stands in the browser's history.
    let is_stale = (request.prompt.login || request.max_age_secs.is_some())
        && age_ms
            > FRESH_MS.max(i64::from(request.max_age_secs.unwrap_or(0)).saturating_mul(1_000));
    if let Some(demand) = demand
        && (is_stale || !demand.is_met(&proof))
    {
        return sign_in(ctx, asked, Demanding::Still(demand)).map(Err);
    }
    // What can be mended by signing in again is demanded once; after that it is how it is.
    let is_other = asked.about.is_some_and(|about| about != caller.user.id);
    let class = acr(&proof.method);
    let unmet = !request.claims.acr_demanded.is_empty()
        && !request
            .claims
            .acr_demanded
            .iter()
            .any(|wanted| wanted == class);
    if demand.is_none() {
        let is_old = request
            .max_age_secs
            .is_some_and(|most| age_ms > i64::from(most).saturating_mul(1_000));
        let is_now = request.max_age_secs == Some(0);
        if request.prompt.login || is_old || is_now || is_other || unmet {
            return sign_in(ctx, asked, Demanding::Anew(&proof)).map(Err);
        }
    }
    if is_other {
        return Ok(Err(refused(ctx, asked, AuthorizationError::LoginRequired)));
    }
    if unmet {
        return Ok(Err(refused(
            ctx,
            asked,
            AuthorizationError::UnmetAuthentication,
        )));
    }
    let live = ctx
        .directory
        .look()
        .live_user(asked.application.id, caller.user.id);
    match live {
        Ok(live) if live.account.kind == AccountKind::Vbc => Ok(Ok(Person {
            actor: caller.actor(),
            caller,
            proof,
            live,
        })),
        Err(Barred::ApplicationUnknown | Barred::ApplicationSuspended) => {
            Ok(Err(Next::Nowhere(super::UNKNOWN)))
        }
        Ok(_) | Err(_) => unfit(ctx, asked, caller, &proof).map(Err),
    }
}

/// Which sign-in is demanded.
#[derive(Clone, Copy)]
enum Demanding<'p> {
    /// Any: nobody is in.
    Nothing,
    /// The one that was demanded before.
    Still(Demand),
    /// A new one, although somebody is in.
    Anew(&'p SessionProof),
}

fn sign_in(ctx: &Ctx, asked: &Asked, demanding: Demanding<'_>) -> Result<Next, Error> {
    if asked.request.prompt.none {
        return Ok(refused(ctx, asked, AuthorizationError::LoginRequired));
    }
    let demand = match demanding {
        // Nobody is in: whoever signs in has signed in anew.
        Demanding::Nothing => Demand {
            since: ctx.now(),
            not: None,
        },
        Demanding::Still(demand) => demand,
        Demanding::Anew(proof) => Demand {
            since: ctx.now(),
            not: Some(proof.session_id),
        },
    };
    Ok(Next::SignIn(seal(ctx, &Carried::of(asked, Some(demand)))?))
}

fn unfit(ctx: &Ctx, asked: &Asked, caller: &Caller, proof: &SessionProof) -> Result<Next, Error> {
    if asked.request.prompt.none {
        return Ok(refused(ctx, asked, AuthorizationError::LoginRequired));
    }
    let demand = Demand {
        since: ctx.now(),
        not: Some(proof.session_id),
    };
    Ok(Next::Unfit {
        step: seal(ctx, &Carried::of(asked, Some(demand)))?,
        username: caller.username.as_str().to_owned(),
        account: caller.home.name.as_str().to_owned(),
        application: asked.application.name.as_str().to_owned(),
    })
}

/// The answer with an error.
pub(super) fn refused(ctx: &Ctx, asked: &Asked, error: AuthorizationError) -> Next {
    Next::Answer(Box::new(Answer::error(
        asked.place.clone(),
        &ctx.token.vbc_issuer,
        error,
    )))
}

/// The answer with a code of what the person allowed; a step that led here straight is taken by it.
///
/// Consent and stay are looked at once more in the code's own transaction, so that a code is either there when they end,
/// and ends with them, or not made.
pub(super) async fn answer_with_code(
    ctx: &Ctx,
    asked: &Asked,
    person: &Person<'_>,
    step: Option<&Step<Carried>>,
) -> Result<Next, Error> {
    let request = &asked.request;
    let authorization = Authorization {
        application_id: asked.application.id,
        user_id: person.caller.user.id,
        account_id: person.live.account.id,
        scope: request.scope.clone(),
        auth_time: person.proof.at,
        method: person.proof.method.clone(),
        session_id: Some(person.proof.session_id),
        nonce: request.nonce.clone(),
        acr: Some(acr(&person.proof.method).to_owned()),
        claims: request.claims.userinfo_text(),
        epoch: person.live.epoch,
    };
    let new = NewCode {
        authorization,
        redirect_uri: asked.place.redirect_uri.clone(),
        challenge: request.challenge.clone(),
    };
    let mut tx = ctx.db.begin_write().await?;
    feed_lock(&mut tx).await?;
    let session = session_find_by_id(&mut tx, person.proof.session_id).await?;
    if session.is_none_or(|session| session.user_id != person.caller.user.id) {
        return Ok(refused(ctx, asked, AuthorizationError::LoginRequired));
    }
    if !consent_covers(&mut tx, asked, person).await? {
        return Ok(refused(ctx, asked, AuthorizationError::ConsentRequired));
    }
    if let Some(step) = step {
        match step.take(&mut tx).await {
            Ok(()) => {}
            Err(Error::Unauthenticated) => return Ok(Next::Nowhere(ANSWERED)),
            Err(error) => return Err(error),
        }
    }
    let code = code_keep(ctx, &mut tx, new).await?;
    tx.commit().await?;
    let answer = Answer::code(asked.place.clone(), &ctx.token.vbc_issuer, code.expose());
    Ok(Next::Answer(Box::new(answer)))
}

/// All that a person is asked to allow: the scopes, and those that single claims stand for.
pub(super) fn wanted(asked: &Asked) -> UserScopes {
    let mut wanted = UserScopes::default();
    for scope in asked.request.scope.iter() {
        wanted = wanted.with(scope);
    }
    for claim in &asked.request.claims.userinfo {
        wanted = wanted.with(claim.scope());
    }
    wanted
}

async fn is_allowed(ctx: &Ctx, asked: &Asked, person: &Person<'_>) -> Result<bool, Error> {
    let mut tx = ctx.db.begin_read().await?;
    consent_covers(&mut tx, asked, person).await
}

async fn consent_covers(tx: &mut Tx, asked: &Asked, person: &Person<'_>) -> Result<bool, Error> {
    let consent = consent_find(tx, person.caller.user.id, asked.application.id).await?;
    Ok(consent.is_some_and(|consent| wanted(asked).is_subset(&consent.scope)))
}

/// RFC 8252 §8.6: any application of a machine can take a scheme of its own, so nothing goes there unasked.
fn has_own_scheme(redirect_uri: &str) -> bool {
    !redirect_uri.starts_with("https://") && !redirect_uri.starts_with("http://")
}
