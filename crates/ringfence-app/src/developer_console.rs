//! What the API console of the Developer Portal carries from page to page: a token in hand, and a sign-in on its way.
//!
//! Nothing of it is kept here. The browser carries both, sealed and for minutes, and they open for the developer whose
//! they are and for nobody else. A user's password passes through one request and is not even carried.

use crate::context::Ctx;
use crate::developer_caller::DeveloperCaller;
use crate::error::Error;
use crate::sign_in::step::{step_open, step_seal};
use ringfence_core::application::ApplicationKeys;
use ringfence_core::digest::ContentDigest;
use ringfence_core::encoding::base64url;
use ringfence_core::id::ApplicationId;
use ringfence_core::secret::{Handle, Secret};
use ringfence_core::suite::Suite;
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the console has people sent back to; an application that uses it registers this under the public URL.
pub const CALLBACK_PATH: &str = "/devportal/console/callback";

const TOKEN: &str = "console token";
const FLOW: &str = "console flow";
const CODE: &str = "console code";
const TOKEN_SECS: i64 = 900;
const FLOW_SECS: i64 = 600;
const CODE_SECS: i64 = 120;

/// An access token that a page of the console holds.
#[derive(Clone, Debug)]
pub struct HeldToken {
    /// The token.
    pub token: Secret<String>,
    /// Where it came from, for people: an application's name.
    pub from: String,
}

/// A sign-in for the console that is on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsoleFlow {
    /// The application that the token will be of.
    pub application_id: ApplicationId,
    /// The page that is come back to.
    pub suite: Suite,
    /// The operation on it.
    pub op: String,
    /// Proves that who exchanges the code began the flow.
    pub verifier: String,
}

/// Where to send the browser, and what it carries until it comes back.
#[derive(Debug)]
pub struct FlowBegun {
    /// The address.
    pub url: String,
    /// For a cookie.
    pub carried: Secret<String>,
}

#[derive(Serialize, Deserialize)]
struct TokenBody {
    developer: String,
    token: String,
    from: String,
}

#[derive(Serialize, Deserialize)]
struct FlowBody {
    developer: String,
    application: String,
    suite: String,
    op: String,
    verifier: String,
    /// The state of a flow, or the code that it brought.
    tie: String,
}

/// Seals a token for a field of the page.
///
/// # Errors
/// The cryptographic library fails.
pub fn console_token_seal(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    held: &HeldToken,
) -> Result<Secret<String>, Error> {
    let body = TokenBody {
        developer: caller.developer.id.to_string(),
        token: held.token.expose().clone(),
        from: held.from.clone(),
    };
    step_seal(ctx, TOKEN, &body, TOKEN_SECS)
}

/// Opens the token of a field.
///
/// # Errors
/// [`Error::Unauthenticated`] when it was held for too long, or is another developer's.
pub fn console_token_open(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    sealed: &str,
) -> Result<HeldToken, Error> {
    let body: TokenBody = step_open(ctx, TOKEN, sealed)?.body;
    own(caller, &body.developer)?;
    Ok(HeldToken {
        token: Secret::new(body.token),
        from: body.from,
    })
}

/// Begins a sign-in for the console: the authorization code flow of the developer's own application, with PKCE.
///
/// # Errors
/// [`Error::Invalid`] when the application has not registered the console's callback URL.
pub fn console_flow_begin(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    keys: &ApplicationKeys,
    wanted: (ApplicationId, Suite, &str),
) -> Result<FlowBegun, Error> {
    let callback = callback_url(ctx);
    if !keys.callbacks.iter().any(|url| url.as_str() == callback) {
        return Err(Error::Invalid(format!(
            "add {callback} to the callback URLs of the application first"
        )));
    }
    let random = || Handle::generate(&*ctx.random).expose().to_owned();
    let (application, suite, op) = wanted;
    let body = FlowBody {
        developer: caller.developer.id.to_string(),
        application: application.to_string(),
        suite: suite.name().to_owned(),
        op: op.to_owned(),
        verifier: random(),
        tie: random(),
    };
    let challenge = base64url(ContentDigest::of(body.verifier.as_bytes()).as_bytes());
    let authorize = format!("{}/authorize", ctx.settings.public_url);
    let mut url = Url::parse(&authorize).map_err(Error::internal)?;
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", keys.consumer_key.as_str())
        .append_pair("redirect_uri", &callback)
        .append_pair("scope", "openid")
        .append_pair("state", &body.tie)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(FlowBegun {
        url: url.into(),
        carried: step_seal(ctx, FLOW, &body, FLOW_SECS)?,
    })
}

/// The sign-in that a browser comes back from, when the state is the one it went with.
///
/// # Errors
/// [`Error::Unauthenticated`] when it is another one, took too long, or was begun by somebody else.
pub fn console_flow_back(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    carried: &str,
    state: &str,
) -> Result<ConsoleFlow, Error> {
    let (flow, tie) = flow_open(ctx, caller, FLOW, carried)?;
    let (kept, presented) = (ctx.digest_key.digest(&tie), ctx.digest_key.digest(state));
    if kept.matches(&presented) {
        Ok(flow)
    } else {
        Err(Error::Unauthenticated)
    }
}

/// Seals the code of a sign-in for a field of the page that asks for the consumer secret.
///
/// # Errors
/// The cryptographic library fails.
pub fn console_code_seal(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    flow: &ConsoleFlow,
    code: &str,
) -> Result<Secret<String>, Error> {
    let body = FlowBody {
        developer: caller.developer.id.to_string(),
        application: flow.application_id.to_string(),
        suite: flow.suite.name().to_owned(),
        op: flow.op.clone(),
        verifier: flow.verifier.clone(),
        tie: code.to_owned(),
    };
    step_seal(ctx, CODE, &body, CODE_SECS)
}

/// Opens a sign-in with its code.
///
/// # Errors
/// [`Error::Unauthenticated`] when it was held for too long, or is another developer's.
pub fn console_code_open(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    sealed: &str,
) -> Result<(ConsoleFlow, Secret<String>), Error> {
    let (flow, code) = flow_open(ctx, caller, CODE, sealed)?;
    Ok((flow, Secret::new(code)))
}

/// The callback URL of the console.
#[must_use]
pub fn callback_url(ctx: &Ctx) -> String {
    format!("{}{CALLBACK_PATH}", ctx.settings.public_url)
}

fn flow_open(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    place: &'static str,
    sealed: &str,
) -> Result<(ConsoleFlow, String), Error> {
    let body: FlowBody = step_open(ctx, place, sealed)?.body;
    own(caller, &body.developer)?;
    let flow = ConsoleFlow {
        application_id: ApplicationId::parse(&body.application).map_err(Error::internal)?,
        suite: Suite::parse(&body.suite).map_err(Error::internal)?,
        op: body.op,
        verifier: body.verifier,
    };
    Ok((flow, body.tie))
}

fn own(caller: &DeveloperCaller, id: &str) -> Result<(), Error> {
    if caller.developer.id.to_string() == id {
        Ok(())
    } else {
        Err(Error::Unauthenticated)
    }
}
