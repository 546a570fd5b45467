//! The token service: who is calling, what they may have, and the signed token.
//!
//! [`token_issue`] is the walk on one screen. A machine's token touches the directory
//! only, never the store. Nothing here knows HTTP.

mod client_auth;
mod client_credentials;
mod failures;
pub mod grant;
mod id_token;
mod introspect;
mod mint;
mod revoke;
pub mod standing;
mod throttle;

pub use client_auth::ClientProof;
pub use client_credentials::ScopeRefusal;
pub use failures::failures_flush;
pub use introspect::{Introspection, token_introspect};
pub use revoke::token_revoke;
pub use throttle::{FailureLimits, Rate};

use crate::context::{Ctx, Settings};
use crate::credentials::LONGEST_TOKEN_SECS;
use crate::directory::rights::Barred;
use crate::error::Error;
use crate::gateway::{Who, WhoScopes};
use crate::usage::SecretUsed;
use ringfence_core::account::Region;
use ringfence_core::id::CredentialId;
use ringfence_core::issuer::{audience, issuer, vbc_audience, vbc_issuer};
use ringfence_core::jwt::verify::TokenRule;
use ringfence_core::scope::ScopeSet;
use ringfence_core::secret::Secret;
use std::net::IpAddr;

/// What the token service keeps between requests.
#[derive(Debug)]
pub struct TokenService {
    /// The issuer of every token.
    pub issuer: String,
    /// Which tokens are ours: issuer, audiences and forgiven clock difference.
    pub rule: TokenRule,
    /// The issuer of applications' tokens.
    pub vbc_issuer: String,
    /// Which tokens are applications'.
    pub vbc_rule: TokenRule,
    throttle: throttle::Throttle,
    grants: grant::Grants,
    failures: failures::Failures,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The address of the caller.
    pub address: Option<IpAddr>,
    /// The region whose host name was called, when it is one region's alone.
    pub region: Option<Region>,
}

/// A request for a token.
#[derive(Debug)]
pub struct TokenRequest {
    /// Who says to be calling, with the proof.
    pub proof: ClientProof,
    /// Where it comes from.
    pub origin: Origin,
    /// The grant asked for.
    pub grant_type: Option<String>,
    /// The scopes asked for.
    pub scope: Option<String>,
}

/// A token just made.
#[derive(Debug)]
pub struct IssuedToken {
    /// The signed token.
    pub access_token: Secret<String>,
    /// How long it lives, in seconds.
    pub expires_in_secs: i64,
    /// What it may be used for.
    pub scope: ScopeSet,
}

/// Why no token was issued: the codes of RFC 6749 §5.2, and faults of ours.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The request is malformed; the text says how.
    #[error("invalid request: {0}")]
    InvalidRequest(&'static str),
    /// A parameter that the grant needs is missing.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// The body is longer than allowed.
    #[error("the request body is too large")]
    TooLarge,
    /// The caller is not who they say, or may not act now. Never says which.
    #[error("client authentication failed")]
    InvalidClient,
    /// The caller may not do this.
    #[error("the client is not allowed to do this")]
    UnauthorizedClient,
    /// Not a grant of this service.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
    /// What was shown for a grant is not good.
    #[error("invalid grant: {0}")]
    InvalidGrant(grant::GrantFault),
    /// A scope the caller may not have.
    #[error("invalid scope: {0}")]
    InvalidScope(ScopeRefusal),
    /// Too many failed attempts from there.
    #[error("too many failed attempts; try again in {retry_after_secs} s")]
    TooManyFailures {
        /// When to try again, in seconds.
        retry_after_secs: u32,
    },
    /// Too many questions of one client.
    #[error("too many questions; try again in {retry_after_secs} s")]
    TooManyQuestions {
        /// When to try again, in seconds.
        retry_after_secs: u32,
    },
    /// Something needed cannot be reached for the moment.
    #[error("temporarily unavailable")]
    Unavailable,
    /// A fault of ours.
    #[error("internal error")]
    Internal(#[source] Error),
}

/// How a request for a token ended, also for the record.
#[derive(Debug)]
pub struct TokenOutcome {
    /// The token, or what the caller is told.
    pub result: Result<IssuedToken, TokenError>,
    /// Who asked, when the request names a credential that exists.
    pub who: Option<Who>,
    /// The true reason of a refusal, which the caller is not always told.
    pub reason: Option<&'static str>,
}

/// Issues a token, or says why not.
///
/// # Errors
/// See [`TokenError`].
pub fn token_issue(ctx: &Ctx, request: &TokenRequest) -> Result<IssuedToken, TokenError> {
    token_issue_told(ctx, request).result
}

/// Issues a token, or says why not; tells for the record who asked and what the true reason is.
pub fn token_issue_told(ctx: &Ctx, request: &TokenRequest) -> TokenOutcome {
    let mut true_reason = None;
    let result = issue(ctx, request, &mut true_reason);
    let reason = match &result {
        Ok(_) => None,
        Err(error) => true_reason.or(Some(error.reason())),
    };
    let mut who = client_auth::client_named(ctx, &request.proof);
    if let (Some(who), Ok(issued)) = (&mut who, &result) {
        who.scopes = WhoScopes::Credential(issued.scope);
    }
    TokenOutcome {
        result,
        who,
        reason,
    }
}

fn issue(
    ctx: &Ctx,
    request: &TokenRequest,
    true_reason: &mut Option<&'static str>,
) -> Result<IssuedToken, TokenError> {
    directory_fresh(ctx)?;
    let caller =
        client_auth::client_authenticate(ctx, &request.proof, request.origin, true_reason)?;
    let scope = match request.grant_type.as_deref() {
        Some("client_credentials") => {
            client_credentials::scope_grant(&caller.live, request.scope.as_deref())?
        }
        Some(_) | None => return Err(TokenError::UnsupportedGrantType),
    };
    let token = mint::token_mint(ctx, &caller, scope, LONGEST_TOKEN_SECS)?;
    let used = SecretUsed {
        credential_id: caller.live.credential.id,
        number: caller.secret_no,
        at: ctx.now(),
        from: request.origin.address,
    };
    ctx.usage.token_issued(used, scope);
    Ok(token)
}

/// How long a token to try a call with lives, in seconds.
const TRY_SECS: u32 = 60;

/// Why there is no token to try a call with.
#[derive(Debug)]
pub(crate) enum TryRefusal {
    /// The credential may not act now.
    Barred(Barred),
    /// It holds none of the scopes now.
    Scope,
    /// None of its secrets is in force, so none could make a token.
    NoSecret,
    /// No token could be made.
    Token(TokenError),
}

/// A token of one scope with which a person who may use a credential tries a call, without its secret and for a minute.
///
/// The credential's rights are those of any token of it; that the person may use it, the caller has made sure of.
///
/// # Errors
/// See [`TryRefusal`].
pub(crate) fn token_try(
    ctx: &Ctx,
    id: CredentialId,
    needed: ScopeSet,
) -> Result<IssuedToken, TryRefusal> {
    directory_fresh(ctx).map_err(TryRefusal::Token)?;
    let now = ctx.now();
    let live = ctx.directory.look().live(id, now);
    let live = live.map_err(TryRefusal::Barred)?;
    let scope = needed.intersection(live.scopes).iter().next();
    let scope = ScopeSet::EMPTY.with(scope.ok_or(TryRefusal::Scope)?);
    // A token belongs to a secret and ends with it; the newest one lasts longest.
    let in_force = live.credential.secrets.iter().filter(|s| !s.expired(now));
    let secret = in_force.max_by_key(|secret| secret.number);
    let (secret_no, secret_expires_at) = secret
        .map(|secret| (secret.number, secret.expires_at))
        .ok_or(TryRefusal::NoSecret)?;
    let caller = client_auth::Caller {
        live,
        secret_no,
        secret_expires_at,
    };
    mint::token_mint(ctx, &caller, scope, TRY_SECS).map_err(TryRefusal::Token)
}

impl TokenError {
    /// The reason code of the record.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::Missing(_) | Self::TooLarge => "invalid_request",
            Self::InvalidClient => "client_unreadable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidGrant(fault) => fault.reason(),
            Self::InvalidScope(_) => "invalid_scope",
            Self::TooManyFailures { .. } => "too_many_failures",
            Self::TooManyQuestions { .. } => "slow_down",
            Self::Unavailable => "unavailable",
            Self::Internal(_) => "internal",
        }
    }
}

impl From<Error> for TokenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => Self::Unavailable,
            Error::TooMany { retry_after_secs } => Self::TooManyFailures { retry_after_secs },
            Error::Invalid(_)
            | Error::Unauthenticated
            | Error::Forbidden(_)
            | Error::NotFound(_)
            | Error::Conflict(_)
            | Error::Stale
            | Error::Internal(_) => Self::Internal(error),
        }
    }
}

impl From<ringfence_store::db::Error> for TokenError {
    fn from(error: ringfence_store::db::Error) -> Self {
        Error::from(error).into()
    }
}

/// A node that has not seen the change feed for too long does not guess (design §5).
fn directory_fresh(ctx: &Ctx) -> Result<(), TokenError> {
    let staleness_ms = ctx.directory.staleness_ms(ctx.clock.monotonic_ms());
    if staleness_ms > ctx.settings.max_staleness_ms {
        return Err(TokenError::Unavailable);
    }
    Ok(())
}

impl TokenService {
    /// Puts the service together from the settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let issuer = issuer(&settings.public_url);
        let rule = TokenRule {
            issuers: vec![issuer.clone()],
            audiences: Region::ALL.into_iter().map(audience).collect(),
            skew_secs: settings.clock_skew_secs,
        };
        let vbc_issuer = vbc_issuer(&settings.public_url);
        let vbc_rule = TokenRule {
            issuers: vec![vbc_issuer.clone()],
            audiences: Region::ALL.into_iter().map(vbc_audience).collect(),
            skew_secs: settings.clock_skew_secs,
        };
        Self {
            issuer,
            rule,
            vbc_issuer,
            vbc_rule,
            throttle: throttle::Throttle::new(settings.failure_limits),
            grants: grant::Grants::default(),
            failures: failures::Failures::default(),
        }
    }
}
