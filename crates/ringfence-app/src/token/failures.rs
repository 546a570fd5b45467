//! Failed uses of credentials, gathered in memory until they are written to the audit trail.
//!
//! A caller must not be able to make the store write for each wrong secret, so the trail
//! gets one line for each credential and reason, with the count.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::audit::AuditEntry;
use ringfence_core::id::{AccountId, AuditId, CredentialId};
use ringfence_store::audit::audit_append;
use ringfence_store::feed::feed_lock;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// What failed since the last flush. It holds credentials that exist only, so it is no larger than they are many.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<(CredentialId, &'static str), Failure>>);

#[derive(Clone, Copy, Debug)]
struct Failure {
    account_id: AccountId,
    last_from: Option<IpAddr>,
    n: u64,
}

impl Failures {
    /// Notes a failed use of a credential that exists.
    pub(super) fn note(
        &self,
        id: CredentialId,
        account_id: AccountId,
        reason: &'static str,
        from: Option<IpAddr>,
    ) {
        let failure = Failure {
            account_id,
            last_from: from,
            n: 1,
        };
        self.merge((id, reason), failure);
    }

    fn merge(&self, key: (CredentialId, &'static str), failure: Failure) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = all.entry(key).or_insert(Failure { n: 0, ..failure });
        entry.n += failure.n;
        entry.last_from = failure.last_from;
    }

    fn take(&self) -> HashMap<(CredentialId, &'static str), Failure> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes what failed since the last time to the audit trail.
///
/// # Errors
/// The store refused it; nothing is lost, and the next flush tries again.
pub async fn failures_flush(ctx: &Ctx) -> Result<(), Error> {
    let failures = ctx.token.failures.take();
    if failures.is_empty() {
        return Ok(());
    }
    let written = failures_write(ctx, &failures).await;
    if written.is_err() {
        for (key, failure) in failures {
            ctx.token.failures.merge(key, failure);
        }
    }
    written
}

async fn failures_write(
    ctx: &Ctx,
    failures: &HashMap<(CredentialId, &'static str), Failure>,
) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    feed_lock(&mut tx).await?;
    for ((id, reason), failure) in failures {
        let at = ctx.now();
        let detail = serde_json::json!({
            "reason": reason,
            "count": failure.n,
            "last_from": failure.last_from.map(|ip| ip.to_string()),
        });
        let entry = AuditEntry {
            id: AuditId::new(at, &*ctx.random),
            at,
            account_id: Some(failure.account_id),
            actor: "unknown".to_owned(),
            act: "credential.use_failed".into(),
            subject: id.to_string(),
            detail: detail.to_string(),
        };
        audit_append(&mut tx, &entry).await?;
    }
    tx.commit().await?;
    Ok(())
}
