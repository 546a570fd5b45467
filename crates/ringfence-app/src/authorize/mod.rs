//! A person allows an application to act for them, or does not: what stands behind `/authorize`.
//!
//! [`authorize_begin`] reads a request and [`standing`] says what comes next: they sign in, they are asked, or the answer
//! goes out. What has to wait for a page is sealed and carried by the browser ([`carry`]), and everything is looked at again
//! when it comes back: a step proves what was asked, never what is allowed. [`consents`] is what was allowed before,
//! [`logout`] the way out. Nothing here knows HTTP.

mod carry;
pub mod consents;
mod hint;
pub mod logout;
mod question;
mod standing;

pub use question::{Asking, Choice, Question, asking, authorize_choose, form_target};

use crate::caller::{Caller, Via};
use crate::context::Ctx;
use crate::directory::follow::look_again;
use crate::error::Error;
use crate::session::session_proof;
use crate::sign_in::step::{step_open, step_seal};
use carry::{Carried, STEP, STEP_TTL_SECS};
use ringfence_core::application::{Application, ApplicationStatus, GrantType};
use ringfence_core::authorization_request::{
    Answer, AuthorizationError, AuthorizationRequest, Parameters, Place, client_and_redirect,
};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::id::UserId;
use ringfence_core::secret::Secret;
use std::sync::Arc;

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// Nothing may be sent anywhere; the text is for the person.
    Nowhere(&'static str),
    /// They sign in, and come back with this.
    SignIn(Secret<String>),
    /// They are asked.
    Ask(Box<Question>),
    /// Who is signed in cannot be spoken for; they may sign in as somebody else and come back with this.
    Unfit {
        /// What they come back with.
        step: Secret<String>,
        /// Who is signed in.
        username: String,
        /// Their account.
        account: String,
        /// The application that asks.
        application: String,
    },
    /// The application is answered.
    Answer(Box<Answer>),
}

/// A request of an application that exists, whose answer has a place to go.
#[derive(Debug)]
struct Asked {
    application: Arc<Application>,
    place: Place,
    request: AuthorizationRequest,
    /// The only person that the request is about, when it names one.
    about: Option<UserId>,
}

/// An application that may be spoken with, and where it is answered.
struct Party {
    application: Arc<Application>,
    pkce_optional: bool,
    may_ask: bool,
}

const UNKNOWN: &str = "the application is not known here";
const NOT_REGISTERED: &str =
    "the application has not registered the address that the answer should go to";

/// Reads a request and says what comes next.
///
/// # Errors
/// The store broke off, or rights are too old to be trusted.
pub async fn authorize_begin(
    ctx: &Ctx,
    parameters: &Parameters,
    caller: Option<&Caller>,
) -> Result<Next, Error> {
    match asked_now(ctx, parameters).await {
        Ok(asked) => standing::next(ctx, &asked, (None, None), caller).await,
        Err(next) => Ok(next),
    }
}

/// Reads a request that another site's page posted. The cookie of a stay does not come along with one, so the browser is
/// sent on with the request sealed.
///
/// # Errors
/// The request could not be sealed.
pub async fn authorize_carry(
    ctx: &Ctx,
    parameters: &Parameters,
) -> Result<Result<Secret<String>, Next>, Error> {
    match asked_now(ctx, parameters).await {
        Ok(asked) => seal(ctx, &Carried::of(&asked, None)).map(Ok),
        Err(next) => Ok(Err(next)),
    }
}

/// Goes on with a request that a browser carried through a page.
///
/// # Errors
/// The store broke off, or rights are too old to be trusted.
pub async fn authorize_go_on(
    ctx: &Ctx,
    step: &str,
    caller: Option<&Caller>,
) -> Result<Next, Error> {
    let Ok(opened) = step_open::<Carried>(ctx, STEP, step) else {
        return Ok(Next::Nowhere(LATE));
    };
    let demand = opened.body.demand();
    match carried(ctx, &opened.body)? {
        Ok(asked) => standing::next(ctx, &asked, (demand, Some(&opened)), caller).await,
        Err(next) => Ok(next),
    }
}

const LATE: &str = "that took too long, or the address is incomplete; go back to the application and begin again there";

/// Whether a step demands a sign-in that has not happened yet, also of somebody who is in.
#[must_use]
pub async fn sign_in_wanted(ctx: &Ctx, step: &str, caller: &Caller) -> bool {
    let Ok(opened) = step_open::<Carried>(ctx, STEP, step) else {
        return false;
    };
    match opened.body.demand() {
        Some(demand) => session_proof(ctx, caller)
            .await
            .is_ok_and(|proof| !demand.is_met(&proof)),
        None => false,
    }
}

/// Whether the request behind a step wants a person to prove who they are although they may be signed in.
#[must_use]
pub fn proof_wanted(ctx: &Ctx, step: &str) -> bool {
    let opened = step_open::<Carried>(ctx, STEP, step);
    opened.is_ok_and(|opened| opened.body.wants_proof())
}

/// The request, or what is said instead. An application or an address that was registered on another node a moment ago
/// counts for the very next request.
async fn asked_now(ctx: &Ctx, parameters: &Parameters) -> Result<Asked, Next> {
    match asked_of(ctx, parameters) {
        Err(Next::Nowhere(_)) if look_again(ctx).await => asked_of(ctx, parameters),
        outcome => outcome,
    }
}

/// Before client and redirect are known to belong together nothing is sent anywhere (checklist 44).
fn asked_of(ctx: &Ctx, parameters: &Parameters) -> Result<Asked, Next> {
    let (client_id, redirect_uri) = client_and_redirect(parameters).map_err(Next::Nowhere)?;
    let party = party_of(ctx, client_id, redirect_uri).map_err(Next::Nowhere)?;
    let place = Place::of(redirect_uri, parameters);
    let refuse = |error| {
        let answer = Answer::error(place.clone(), &ctx.token.vbc_issuer, error);
        Next::Answer(Box::new(answer))
    };
    if !party.may_ask {
        return Err(refuse(AuthorizationError::UnauthorizedClient));
    }
    let request = AuthorizationRequest::parse(parameters, party.pkce_optional).map_err(refuse)?;
    let about = hint::about(ctx, &party.application, &request).map_err(refuse)?;
    Ok(Asked {
        application: party.application,
        place,
        request,
        about,
    })
}

/// The request behind a step, if its application still may be answered there.
fn carried(ctx: &Ctx, carried: &Carried) -> Result<Result<Asked, Next>, Error> {
    let party = match party_of(ctx, &carried.client_id, &carried.redirect_uri) {
        Ok(party) if party.may_ask => party,
        Ok(_) => return Ok(Err(Next::Nowhere(UNKNOWN))),
        Err(text) => return Ok(Err(Next::Nowhere(text))),
    };
    carried.asked(party.application).map(Ok)
}

fn party_of(ctx: &Ctx, client_id: &str, redirect_uri: &str) -> Result<Party, &'static str> {
    let key = ConsumerKey::parse(client_id).map_err(|_| UNKNOWN)?;
    let snapshot = ctx.directory.look();
    let application = snapshot.application_by_key(key).ok_or(UNKNOWN)?;
    let keys = application.keys.as_ref().ok_or(UNKNOWN)?;
    match application.status {
        ApplicationStatus::Approved => {}
        ApplicationStatus::Suspended => return Err(UNKNOWN),
    }
    let is_registered = |url: &CallbackUrl| url.matches(redirect_uri, keys.is_public());
    if !keys.callbacks.iter().any(is_registered) {
        return Err(NOT_REGISTERED);
    }
    Ok(Party {
        pkce_optional: keys.pkce_optional && !keys.is_public(),
        may_ask: keys.grant_types.contains(GrantType::AuthorizationCode),
        application: Arc::clone(application),
    })
}

fn seal(ctx: &Ctx, carried: &Carried) -> Result<Secret<String>, Error> {
    step_seal(ctx, STEP, carried, STEP_TTL_SECS)
}

/// Whether they came by a stay; a program's token allows nothing here.
fn is_person(caller: &Caller) -> bool {
    matches!(caller.via, Via::Session(_))
}
