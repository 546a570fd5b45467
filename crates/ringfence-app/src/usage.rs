//! Uses of secrets, gathered in memory and flushed in batches (design §5).

use crate::context::Ctx;
use crate::error::{Error, chain};
use crate::token::failures_flush;
use ringfence_core::id::CredentialId;
use ringfence_core::time::Timestamp;
use ringfence_store::credentials::{SecretUseDelta, secret_uses_add};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const N_SHARDS: usize = 16;
// Past this many different secrets in one second, further ones are not counted until the flush.
const MOST_A_SHARD: usize = 16_384;

/// What was used since the last flush. Sixteen short locks, so that callers hardly ever meet.
#[derive(Debug, Default)]
pub struct Usage {
    shards: [Mutex<HashMap<(CredentialId, u32), Use>>; N_SHARDS],
}

#[derive(Clone, Copy, Debug)]
struct Use {
    at: Timestamp,
    from: Option<IpAddr>,
    route: &'static str,
    uses: i64,
}

impl Usage {
    /// Notes one use of a credential's secret.
    pub fn note(
        &self,
        id: CredentialId,
        number: u32,
        at: Timestamp,
        from: Option<IpAddr>,
        route: &'static str,
    ) {
        let shard = &self.shards[usize::from(id.as_bytes()[15]) % N_SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST_A_SHARD && !shard.contains_key(&(id, number)) {
            return;
        }
        let entry = shard.entry((id, number)).or_insert(Use {
            at,
            from,
            route,
            uses: 0,
        });
        *entry = Use {
            at,
            from,
            route,
            uses: entry.uses + 1,
        };
    }

    fn take(&self) -> Vec<SecretUseDelta> {
        let mut deltas = Vec::new();
        for shard in &self.shards {
            let taken = std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner));
            for ((credential_id, number), used) in taken {
                deltas.push(SecretUseDelta {
                    credential_id,
                    number,
                    at: used.at,
                    from: used.from.map(|ip| ip.to_string()).unwrap_or_default(),
                    route: used.route.to_owned(),
                    uses: used.uses,
                });
            }
        }
        deltas
    }
}

/// Writes down what was used since the last time, and what failed.
///
/// # Errors
/// The store refused it; these uses are lost, which design §5 allows.
pub async fn flush(ctx: &Ctx) -> Result<(), Error> {
    for batch in ctx.usage.take().chunks(500) {
        let mut tx = ctx.db.begin_write().await?;
        secret_uses_add(&mut tx, batch).await?;
        tx.commit().await?;
    }
    failures_flush(ctx).await
}

/// Flushes every second until the task is dropped.
pub async fn run(ctx: Ctx) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(error) = flush(&ctx).await {
            tracing::warn!(error = %chain(&error), "usage of the last second was not written down");
        }
    }
}
