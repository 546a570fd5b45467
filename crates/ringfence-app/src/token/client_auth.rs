//! Who is calling.
//!
//! Every failure looks alike and costs about the same: unknown client, wrong or expired
//! secret, an owner who may not act. The digest is made and compared whatever was found.
//! What little differs in time, the surface hides by answering failures when they are due.

use super::{Origin, TokenError};
use crate::context::Ctx;
use crate::directory::rights::Live;
use crate::gateway::{Who, WhoScopes};
use ringfence_core::client::Client;
use ringfence_core::credential::{Owner, SecretInfo, StoredDigest};
use ringfence_core::id::CredentialId;
use ringfence_core::scope::ScopeSet;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;

/// What a client shows to prove who it is.
#[derive(Debug)]
pub struct ClientProof {
    /// The client id, as sent.
    pub client_id: String,
    /// The secret, as sent.
    pub secret: Secret<String>,
}

/// A client that has proved who it is and may act now.
#[derive(Debug)]
pub(super) struct Caller {
    /// What it may do now.
    pub live: Live,
    /// The number of the secret it used.
    pub secret_no: u32,
    /// From when on that secret is refused.
    pub secret_expires_at: Option<Timestamp>,
}

/// The credential that a request names, when there is one; that it is also the caller is not proved.
pub(super) fn client_named(ctx: &Ctx, proof: &ClientProof) -> Option<Who> {
    let id = CredentialId::parse(&proof.client_id).ok()?;
    let snapshot = ctx.directory.look();
    let credential = snapshot.credential(id)?;
    Some(Who {
        account_id: Some(credential.account_id),
        client: Client::Credential(id),
        owner_id: match credential.owner {
            Owner::User(id) => Some(id),
            Owner::Account => None,
        },
        scopes: WhoScopes::Credential(ScopeSet::EMPTY),
    })
}

/// Authenticates a client. Why it fails goes to `true_reason`, for the record alone.
pub(super) fn client_authenticate(
    ctx: &Ctx,
    proof: &ClientProof,
    origin: Origin,
    true_reason: &mut Option<&'static str>,
) -> Result<Caller, TokenError> {
    let throttle = &ctx.token.throttle;
    let now_ms = ctx.clock.monotonic_ms();
    throttle
        .check(&proof.client_id, origin.address, now_ms)
        .map_err(|retry_after_secs| TokenError::TooManyFailures { retry_after_secs })?;
    match authenticate(ctx, proof, origin) {
        Ok(caller) => Ok(caller),
        Err(reason) => {
            throttle.note_failure(&proof.client_id, origin.address, now_ms);
            failure_note(ctx, proof, origin, reason);
            *true_reason = Some(reason);
            Err(TokenError::InvalidClient)
        }
    }
}

/// For the log and, when the credential exists, for the audit trail.
fn failure_note(ctx: &Ctx, proof: &ClientProof, origin: Origin, reason: &'static str) {
    let id = CredentialId::parse(&proof.client_id).ok();
    // The id is the caller's own text until it is known to be one of ours.
    let client_id = id.map(|id| id.to_string());
    tracing::info!(
        client.id = client_id,
        reason,
        "client authentication failed"
    );
    let snapshot = ctx.directory.look();
    if let Some(credential) = id.and_then(|id| snapshot.credential(id)) {
        let (id, account_id) = (credential.id, credential.account_id);
        ctx.token
            .failures
            .note(id, account_id, reason, origin.address);
    }
}

fn authenticate(ctx: &Ctx, proof: &ClientProof, origin: Origin) -> Result<Caller, &'static str> {
    let presented = ctx.digest_key.digest(proof.secret.expose());
    let snapshot = ctx.directory.look();
    let now = ctx.now();
    let id = CredentialId::parse(&proof.client_id).ok();
    let credential = id.and_then(|id| snapshot.credential(id));
    let nobody = [SecretInfo {
        number: 0,
        digest: StoredDigest([0; 32]),
        created_at: now,
        expires_at: Some(now),
    }];
    let secrets = credential.map_or(&nobody[..], |c| &c.secrets);
    let mut matching = None;
    for secret in secrets {
        if secret.digest.matches(&presented) {
            matching = Some(secret);
        }
    }
    let live = id.map(|id| snapshot.live(id, now));
    let secret = matching.ok_or("secret_wrong")?;
    if secret.expired(now) {
        return Err("secret_expired");
    }
    let live = live
        .ok_or("credential_unknown")?
        .map_err(|barred| barred.code())?;
    if let Some(address) = origin.address {
        let networks = &live.credential.networks;
        if !networks.is_empty() && !networks.iter().any(|n| n.contains(address)) {
            return Err("network_refused");
        }
    }
    if origin
        .region
        .is_some_and(|region| region != live.account.region)
    {
        return Err("region_wrong");
    }
    Ok(Caller {
        live,
        secret_no: secret.number,
        secret_expires_at: secret.expires_at,
    })
}
