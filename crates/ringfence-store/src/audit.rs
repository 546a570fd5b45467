//! The audit trail: append-only, each line carrying the digest of all before it.

use crate::db::{Error, Tx};
use ringfence_core::audit::{AuditDigest, AuditEntry};

/// Appends a line. The caller has appended to the feed in the same transaction: the feed's lock makes the order.
///
/// # Errors
/// The database refused it or broke off, or the last line is damaged.
pub async fn audit_append(tx: &mut Tx, entry: &AuditEntry) -> Result<(), Error> {
    let last = tx
        .fetch_optional(
            "SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1",
            &[],
        )
        .await?;
    let (seq, previous) = match last {
        Some(row) => {
            let digest: [u8; 32] = row
                .bytes("digest")?
                .try_into()
                .map_err(|_| Error::Corrupt {
                    table: "audit",
                    row: String::new(),
                    column: "digest",
                })?;
            (row.int("seq")? + 1, AuditDigest(digest))
        }
        None => (1, AuditDigest::START),
    };
    let digest = previous.then(seq, entry);
    tx.execute(
        "INSERT INTO audit (seq, id, at, account_id, actor, act, subject, detail, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            seq.into(),
            entry.id.to_string().into(),
            entry.at.into(),
            entry.account_id.map(|id| id.to_string()).into(),
            entry.actor.as_str().into(),
            entry.act.into(),
            entry.subject.as_str().into(),
            entry.detail.as_str().into(),
            digest.0.as_slice().into(),
        ],
    )
    .await?;
    Ok(())
}
