//! A line of the audit trail and the chain of digests over the lines.

use crate::id::{AccountId, AuditId};
use crate::time::Timestamp;

/// Who did what to which thing. Never holds a secret or a body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// The account it concerns, if any.
    pub account_id: Option<AccountId>,
    /// Who did it: `cli`, `system`, or a person's or credential's id.
    pub actor: String,
    /// What was done: `credential.create`.
    pub act: &'static str,
    /// The id of the thing it was done to.
    pub subject: String,
    /// What changed, as JSON.
    pub detail: String,
}

/// The digest of a line and all before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditDigest(pub [u8; 32]);

impl AuditDigest {
    /// The digest before the first line.
    pub const START: Self = Self([0; 32]);

    /// The digest after one line more: SHA-256 over this digest and each field with its length before it.
    #[must_use]
    pub fn then(self, seq: i64, entry: &AuditEntry) -> Self {
        let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        hash.update(&self.0);
        hash.update(&seq.to_be_bytes());
        hash.update(&entry.at.ms().to_be_bytes());
        let account = entry
            .account_id
            .map(|id| id.to_string())
            .unwrap_or_default();
        let id = entry.id.to_string();
        for field in [
            &id,
            &account,
            &entry.actor,
            entry.act,
            &entry.subject,
            &entry.detail,
        ] {
            hash.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field.as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(hash.finish().as_ref());
        Self(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts() {
        let entry = AuditEntry {
            id: AuditId::from_bytes([1; 16]),
            at: Timestamp::from_ms(5),
            account_id: None,
            actor: "cli".to_owned(),
            act: "user.set",
            subject: "a".to_owned(),
            detail: "{}".to_owned(),
        };
        let first = AuditDigest::START.then(1, &entry);
        assert_ne!(first, AuditDigest::START.then(2, &entry));
        assert_ne!(
            first,
            AuditDigest::START.then(
                1,
                &AuditEntry {
                    actor: "cl".to_owned(),
                    ..entry.clone()
                }
            )
        );
        // A sign moved from one field to the next changes the digest too.
        let moved = AuditEntry {
            actor: "cliu".to_owned(),
            act: "ser.set",
            ..entry.clone()
        };
        assert_ne!(first, AuditDigest::START.then(1, &moved));
        assert_ne!(first.then(2, &entry), first);
    }
}
