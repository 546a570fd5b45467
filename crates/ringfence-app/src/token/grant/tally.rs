//! What applications and people do at the token service, counted in memory until it is written to the audit trail.
//!
//! Nobody must be able to make the store write for each wrong secret or each password, so the trail gets one line for
//! each of them, with the count (checklist 27). Only things that exist are counted, so it is no larger than they are many.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::audit::AuditEntry;
use ringfence_core::id::{AccountId, ApplicationId, AuditId, UserId};
use ringfence_store::audit::audit_append;
use ringfence_store::feed::feed_lock;
use serde_json::json;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<HashMap<What, Count>>);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct What {
    act: &'static str,
    reason: &'static str,
    application_id: ApplicationId,
    person: Option<(AccountId, UserId)>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    n: u64,
    last_from: Option<IpAddr>,
}

impl Tally {
    /// An application that exists did not prove which it is.
    pub(super) fn application_failed(
        &self,
        id: ApplicationId,
        reason: &'static str,
        from: Option<IpAddr>,
    ) {
        let what = What {
            act: "application.use_failed",
            reason,
            application_id: id,
            person: None,
        };
        self.add(what, from);
    }

    /// An application showed a token or code that was given to another one (checklist 65).
    pub(super) fn stranger(&self, id: ApplicationId, reason: &'static str, from: Option<IpAddr>) {
        tracing::warn!(application.id = %id, reason, "an application showed what was given to another one");
        let what = What {
            act: "application.stranger",
            reason,
            application_id: id,
            person: None,
        };
        self.add(what, from);
    }

    /// An application showed the password of somebody who exists.
    pub(super) fn password(
        &self,
        application_id: ApplicationId,
        person: (AccountId, UserId),
        reason: &'static str,
        from: Option<IpAddr>,
    ) {
        let what = What {
            act: "password_grant.use",
            reason,
            application_id,
            person: Some(person),
        };
        self.add(what, from);
    }

    fn add(&self, what: What, from: Option<IpAddr>) {
        let count = Count {
            n: 1,
            last_from: from,
        };
        self.merge(what, count);
    }

    fn merge(&self, what: What, count: Count) {
        let mut all = self.locked();
        let entry = all.entry(what).or_insert(Count { n: 0, ..count });
        entry.n += count.n;
        entry.last_from = count.last_from;
    }

    fn take(&self) -> HashMap<What, Count> {
        std::mem::take(&mut *self.locked())
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<What, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what was counted since the last time to the audit trail.
///
/// # Errors
/// The store refused it; nothing is lost, and the next flush tries again.
pub(crate) async fn tally_flush(ctx: &Ctx) -> Result<(), Error> {
    let tally = &ctx.token.grants.tally;
    let counts = tally.take();
    if counts.is_empty() {
        return Ok(());
    }
    let written = counts_write(ctx, &counts).await;
    if written.is_err() {
        for (what, count) in counts {
            tally.merge(what, count);
        }
    }
    written
}

async fn counts_write(ctx: &Ctx, counts: &HashMap<What, Count>) -> Result<(), Error> {
    let mut tx = ctx.db.begin_write().await?;
    feed_lock(&mut tx).await?;
    for (what, count) in counts {
        let at = ctx.now();
        let application = what.application_id.to_string();
        let detail = json!({
            "reason": what.reason,
            "count": count.n,
            "application_id": application,
            "last_from": count.last_from.map(|ip| ip.to_string()),
        });
        let entry = AuditEntry {
            id: AuditId::new(at, &*ctx.random),
            at,
            account_id: what.person.map(|(account_id, _)| account_id),
            actor: "unknown".to_owned(),
            act: what.act.into(),
            subject: what
                .person
                .map_or(application, |(_, user)| user.to_string()),
            detail: detail.to_string(),
        };
        audit_append(&mut tx, &entry).await?;
    }
    tx.commit().await?;
    Ok(())
}
