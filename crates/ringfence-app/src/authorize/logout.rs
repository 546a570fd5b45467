//! An application sends a person here to sign out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Only a believed ID token of the very stay spares a person the question; only a registered address is gone on to.

use super::hint::hint_read;
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::session::session_end;
use crate::sign_in::step::{step_open, step_seal};
use ringfence_core::application::{Application, ApplicationStatus};
use ringfence_core::authorization_request::Parameters;
use ringfence_core::authorization_request::answer::{LONGEST_STATE, url_with};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::id::{SessionId, UserId};
use ringfence_core::secret::Secret;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const STEP: &str = "logout";
const STEP_TTL_SECS: i64 = 1_800;

/// What comes next.
#[derive(Debug)]
pub enum LogoutNext {
    /// The request is bad and nobody is sent anywhere; who is signed in may still sign out. The text is for them.
    Refused(&'static str),
    /// They are asked.
    Ask(LogoutQuestion),
    /// They are signed out.
    Done {
        /// Where they go on to.
        target: Option<String>,
        /// Whether the stay of the browser that asks has ended.
        here: bool,
    },
}

/// What a person is asked.
#[derive(Debug)]
pub struct LogoutQuestion {
    /// What the answer comes back with.
    pub step: Secret<String>,
    /// The application that sent them, when it is known.
    pub application: Option<String>,
    /// Where they go on to.
    pub target: Option<String>,
}

/// A request that was found good.
#[derive(Debug, Serialize, Deserialize)]
struct Good {
    application: Option<String>,
    target: Option<String>,
    sub: Option<String>,
    sid: Option<String>,
    /// The application is there and not suspended.
    is_live: bool,
}

/// Reads a request and does what it asks, or says what comes first.
///
/// # Errors
/// The store broke off.
pub async fn logout_begin(
    ctx: &Ctx,
    parameters: &Parameters,
    caller: Option<&Caller>,
) -> Result<LogoutNext, Error> {
    match good_of(ctx, parameters) {
        Ok(good) => go_on(ctx, good, caller).await,
        Err(text) => Ok(LogoutNext::Refused(text)),
    }
}

/// Reads a request that another site's page posted; the browser is sent on with it sealed, as the cookie of a stay does not
/// come along with one.
///
/// # Errors
/// It could not be sealed.
pub fn logout_carry(
    ctx: &Ctx,
    parameters: &Parameters,
) -> Result<Result<Secret<String>, LogoutNext>, Error> {
    match good_of(ctx, parameters) {
        Ok(good) => step_seal(ctx, STEP, &good, STEP_TTL_SECS).map(Ok),
        Err(text) => Ok(Err(LogoutNext::Refused(text))),
    }
}

/// Goes on with a request that a browser carried.
///
/// # Errors
/// The store broke off.
pub async fn logout_go_on(
    ctx: &Ctx,
    step: &str,
    caller: Option<&Caller>,
) -> Result<LogoutNext, Error> {
    match step_open::<Good>(ctx, STEP, step) {
        Ok(opened) => go_on(ctx, opened.body, caller).await,
        Err(_) => Ok(LogoutNext::Refused(super::LATE)),
    }
}

/// Signs the caller out who said yes.
///
/// # Errors
/// The store broke off.
pub async fn logout_confirm(
    ctx: &Ctx,
    step: &str,
    caller: Option<&Caller>,
) -> Result<LogoutNext, Error> {
    let Ok(opened) = step_open::<Good>(ctx, STEP, step) else {
        return Ok(LogoutNext::Refused(super::LATE));
    };
    if let Some(caller) = caller {
        here_end(ctx, caller).await?;
    }
    Ok(LogoutNext::Done {
        target: opened.body.target,
        here: true,
    })
}

async fn go_on(ctx: &Ctx, good: Good, caller: Option<&Caller>) -> Result<LogoutNext, Error> {
    let sub = good.sub.as_deref().and_then(|id| UserId::parse(id).ok());
    let sid = good.sid.as_deref().and_then(|id| SessionId::parse(id).ok());
    let Some(caller) = caller else {
        return Ok(LogoutNext::Done {
            target: good.target,
            here: false,
        });
    };
    // Any application may have an ID token of any time: it speaks for this stay only if it came of it.
    let is_of_this = sub == Some(caller.user.id) && sid == Some(caller.require_session()?);
    if !is_of_this || !good.is_live {
        let step = step_seal(ctx, STEP, &good, STEP_TTL_SECS)?;
        return Ok(LogoutNext::Ask(LogoutQuestion {
            step,
            application: good.application,
            target: good.target,
        }));
    }
    here_end(ctx, caller).await?;
    Ok(LogoutNext::Done {
        target: good.target,
        here: true,
    })
}

/// Ends the stay of the browser that asks, unless it has ended by itself.
async fn here_end(ctx: &Ctx, caller: &Caller) -> Result<(), Error> {
    let here = caller.require_session()?;
    match session_end(ctx, caller, here).await {
        Ok(()) | Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn good_of(ctx: &Ctx, parameters: &Parameters) -> Result<Good, &'static str> {
    if parameters.once_each().is_err() {
        return Err("the request says something twice");
    }
    let hint = match parameters.get("id_token_hint") {
        Some(token) => {
            let hint = hint_read(ctx, token);
            Some(hint.ok_or("the request carries an ID token that is not one of this service")?)
        }
        None => None,
    };
    let named = match parameters.get("client_id") {
        Some(id) => Some(ConsumerKey::parse(id).map_err(|_| super::UNKNOWN)?),
        None => None,
    };
    let key = match (hint.as_ref().map(|hint| hint.aud), named) {
        (Some(hinted), Some(named)) if hinted != named => {
            return Err("the request carries an ID token of another application");
        }
        (hinted, named) => hinted.or(named),
    };
    let snapshot = ctx.directory.look();
    let application = key.and_then(|key| snapshot.application_by_key(key).cloned());
    if named.is_some() && application.is_none() {
        return Err(super::UNKNOWN);
    }
    let target = match parameters.get("post_logout_redirect_uri") {
        Some(uri) => target_of(application.as_ref(), uri, parameters.get("state"))?,
        None => None,
    };
    let is_live = application
        .as_ref()
        .is_some_and(|a| a.status == ApplicationStatus::Approved);
    Ok(Good {
        is_live,
        application: application.map(|a| a.name.as_str().to_owned()),
        target,
        sub: hint.as_ref().map(|hint| hint.sub.to_string()),
        sid: hint.and_then(|hint| hint.sid).map(|sid| sid.to_string()),
    })
}

/// Where they go on to. Without an application it cannot be known whether the address is registered, so it is left out and
/// the person is asked.
fn target_of(
    application: Option<&Arc<Application>>,
    uri: &str,
    state: Option<&str>,
) -> Result<Option<String>, &'static str> {
    let Some(application) = application else {
        return Ok(None);
    };
    let keys = application.keys.as_ref();
    let is_registered = |url: &CallbackUrl| url.as_str() == uri;
    if !keys.is_some_and(|keys| keys.post_logout.iter().any(is_registered)) {
        return Err(
            "the application has not registered the address that it wants you to be sent to",
        );
    }
    let mut fields = Vec::new();
    if let Some(state) = state {
        if state.len() > LONGEST_STATE {
            return Err("state is too long");
        }
        fields.push(("state", state.to_owned()));
    }
    Ok(Some(url_with(uri, &fields)))
}
