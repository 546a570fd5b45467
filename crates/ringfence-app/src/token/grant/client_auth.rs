//! Which application is calling.
//!
//! Every failure looks alike and costs about the same: unknown key, wrong secret, suspended application. The digest is
//! made and compared whatever was found, and the surface answers failures when they are due.

use super::{GrantRequest, Told};
use crate::context::Ctx;
use crate::token::{Origin, TokenError};
use ringfence_core::application::{Application, ApplicationStatus, GrantTypes};
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::ApplicationId;
use ringfence_core::secret::Secret;
use std::sync::Arc;

/// What an application shows to prove which it is.
#[derive(Debug)]
pub struct ApplicationProof {
    /// The consumer key, as sent.
    pub client_id: String,
    /// The consumer secret, as sent; none of a public client.
    pub secret: Option<Secret<String>>,
}

/// An application that has proved which it is and may act now.
#[derive(Debug)]
pub(super) struct ApplicationCaller {
    pub(super) application: Arc<Application>,
    pub(super) consumer_key: ConsumerKey,
    grant_types: GrantTypes,
    is_public: bool,
}

impl ApplicationCaller {
    pub(super) const fn grant_types(&self) -> GrantTypes {
        self.grant_types
    }

    /// Whether it keeps no secret, so that anybody may be calling.
    pub(super) const fn is_public(&self) -> bool {
        self.is_public
    }
}

/// The application that a request names, when there is one; that it is also the caller is not proved.
pub(super) fn application_named(ctx: &Ctx, proof: &ApplicationProof) -> Option<ApplicationId> {
    let key = ConsumerKey::parse(&proof.client_id).ok()?;
    let snapshot = ctx.directory.look();
    snapshot
        .application_by_key(key)
        .map(|application| application.id)
}

/// Authenticates the application of a request for tokens.
pub(super) fn application_authenticate(
    ctx: &Ctx,
    request: &GrantRequest,
    told: &mut Told,
) -> Result<ApplicationCaller, TokenError> {
    let caller = caller_authenticate(ctx, &request.proof, request.origin);
    caller.map_err(|(error, reason)| {
        told.reason = reason;
        error
    })
}

/// Authenticates an application; a failure comes with its true reason, for the record alone.
pub(super) fn caller_authenticate(
    ctx: &Ctx,
    proof: &ApplicationProof,
    origin: Origin,
) -> Result<ApplicationCaller, (TokenError, Option<&'static str>)> {
    let throttle = &ctx.token.throttle;
    let now_ms = ctx.clock.monotonic_ms();
    throttle
        .check(&proof.client_id, origin.address, now_ms)
        .map_err(|retry_after_secs| (TokenError::TooManyFailures { retry_after_secs }, None))?;
    authenticate(ctx, proof).map_err(|reason| {
        throttle.note_failure(&proof.client_id, origin.address, now_ms);
        failure_note(ctx, proof, origin, reason);
        (TokenError::InvalidClient, Some(reason))
    })
}

/// For the log and, when the application exists, for the audit trail.
fn failure_note(ctx: &Ctx, proof: &ApplicationProof, origin: Origin, reason: &'static str) {
    let key = ConsumerKey::parse(&proof.client_id).ok();
    let snapshot = ctx.directory.look();
    let application = key.and_then(|key| snapshot.application_by_key(key));
    // The key is the caller's own text until it is known to be one of ours.
    let known = application.map(|application| application.id);
    tracing::info!(
        application.id = known.map(|id| id.to_string()),
        reason,
        "application authentication failed"
    );
    if let Some(id) = known {
        ctx.token
            .grants
            .tally
            .application_failed(id, reason, origin.address);
    }
}

fn authenticate(ctx: &Ctx, proof: &ApplicationProof) -> Result<ApplicationCaller, &'static str> {
    const NOBODY: StoredDigest = StoredDigest([0; 32]);
    let secret = proof.secret.as_ref().map_or("", |secret| secret.expose());
    let presented = ctx.digest_key.digest(secret);
    let snapshot = ctx.directory.look();
    let key = ConsumerKey::parse(&proof.client_id).ok();
    let application = key.and_then(|key| snapshot.application_by_key(key));
    let keys = application.and_then(|application| application.keys.as_ref());
    let stored = keys.and_then(|keys| keys.secret);
    let matches = stored.unwrap_or(NOBODY).matches(&presented);
    let (Some(consumer_key), Some(application), Some(keys)) = (key, application, keys) else {
        return Err("application_unknown");
    };
    let is_public = stored.is_none();
    // A client registered for one method does not authenticate by another (checklist 24).
    if is_public == proof.secret.is_some() {
        return Err("secret_wrong");
    }
    if !is_public && !matches {
        return Err("secret_wrong");
    }
    match application.status {
        ApplicationStatus::Approved => {}
        ApplicationStatus::Suspended => return Err("application_suspended"),
    }
    Ok(ApplicationCaller {
        application: Arc::clone(application),
        consumer_key,
        grant_types: keys.grant_types,
        is_public,
    })
}
