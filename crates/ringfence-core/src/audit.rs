//! Lines of the audit trail, and the chain of digests that proves them.
//!
//! A line's leaf is `SHA-256(tag, rest)`: the tag binds its account, the rest everything else. The digest after a line
//! is `SHA-256(digest before, number, leaf)`. So a line of another account can be left out of an export by giving its
//! tag and rest alone: the chain still closes, and whoever holds the export can see that the line is none of theirs.
//! Nothing can be guessed from the two, since a line's id has 74 random bits and so has an account's.

use crate::encoding::hex;
use crate::id::{AccountId, AuditId};
use crate::time::Timestamp;
use aws_lc_rs::digest::{Context, SHA256};
use std::borrow::Cow;
use thiserror::Error;

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
    pub act: Cow<'static, str>,
    /// The id of the thing it was done to.
    pub subject: String,
    /// What changed, as JSON.
    pub detail: String,
}

/// What a line adds to the chain: digests of its account and of the rest of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditLeaf {
    /// Binds the account without naming it.
    pub tag: AuditDigest,
    /// Binds everything else.
    pub rest: AuditDigest,
}

/// A digest of the chain or of a part of a line; its text is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditDigest(pub [u8; 32]);

/// A place in the chain: the number of a line, and the digest after it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditPlace {
    /// The number of the last line; 0 before the first.
    pub seq: i64,
    /// The digest after it.
    pub digest: AuditDigest,
}

/// A line and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditLine {
    /// Its place.
    pub place: AuditPlace,
    /// What it says.
    pub entry: AuditEntry,
}

/// Why a line does not follow the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ChainFault {
    /// A line is missing, or stands in another place.
    #[error("line {expected} is missing: {found} stands in its place")]
    Order {
        /// The number that should come next.
        expected: i64,
        /// The number that comes.
        found: i64,
    },
    /// The line, or one before it, is not what was written.
    #[error("line {0} is not what was written: its digest does not follow")]
    Digest(i64),
}

impl ChainFault {
    /// The number of the line where the chain breaks.
    #[must_use]
    pub const fn line(self) -> i64 {
        match self {
            Self::Order { expected, .. } => expected,
            Self::Digest(line) => line,
        }
    }
}

impl AuditEntry {
    /// What it adds to the chain as that line.
    #[must_use]
    pub fn leaf(&self, seq: i64) -> AuditLeaf {
        let mut hash = Context::new(&SHA256);
        hash.update(b"ringfence/audit/rest");
        hash.update(&self.at.ms().to_be_bytes());
        let id = self.id.to_string();
        for field in [&*id, &self.actor, &self.act, &self.subject, &self.detail] {
            hash.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field.as_bytes());
        }
        AuditLeaf {
            tag: AuditLeaf::tag_of(seq, self.account_id),
            rest: AuditDigest::of(hash),
        }
    }
}

impl AuditLeaf {
    /// The tag that a line of that account carries at that place; another one at every place.
    #[must_use]
    pub fn tag_of(seq: i64, account_id: Option<AccountId>) -> AuditDigest {
        let mut hash = Context::new(&SHA256);
        hash.update(b"ringfence/audit/tag");
        hash.update(&seq.to_be_bytes());
        if let Some(id) = account_id {
            hash.update(id.as_bytes());
        }
        AuditDigest::of(hash)
    }
}

impl AuditDigest {
    /// Parses 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        if text.len() != 64 {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self(digest))
    }

    fn of(hash: Context) -> Self {
        let mut digest = [0; 32];
        digest.copy_from_slice(hash.finish().as_ref());
        Self(digest)
    }
}

impl AuditPlace {
    /// Before the first line.
    pub const START: Self = Self {
        seq: 0,
        digest: AuditDigest([0; 32]),
    };

    /// The place after one line more.
    #[must_use]
    pub fn then(self, leaf: AuditLeaf) -> Self {
        let seq = self.seq.saturating_add(1);
        let mut hash = Context::new(&SHA256);
        hash.update(b"ringfence/audit/line");
        hash.update(&self.digest.0);
        hash.update(&seq.to_be_bytes());
        hash.update(&leaf.tag.0);
        hash.update(&leaf.rest.0);
        Self {
            seq,
            digest: AuditDigest::of(hash),
        }
    }

    /// Goes on to a line that is said to stand there.
    ///
    /// # Errors
    /// It does not follow.
    pub fn follow(self, said: Self, leaf: AuditLeaf) -> Result<Self, ChainFault> {
        let next = self.then(leaf);
        if next.seq != said.seq {
            return Err(ChainFault::Order {
                expected: next.seq,
                found: said.seq,
            });
        }
        if next.digest != said.digest {
            return Err(ChainFault::Digest(said.seq));
        }
        Ok(next)
    }
}

impl std::fmt::Display for AuditDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AuditEntry {
        AuditEntry {
            id: AuditId::from_bytes([1; 16]),
            at: Timestamp::from_ms(5),
            account_id: Some(AccountId::from_bytes([2; 16])),
            actor: "cli".to_owned(),
            act: "user.set".into(),
            subject: "a".to_owned(),
            detail: "{}".to_owned(),
        }
    }

    #[test]
    fn every_field_and_the_place_count() {
        let start = AuditPlace::START;
        let first = start.then(entry().leaf(1));
        let changed = [
            AuditEntry {
                id: AuditId::from_bytes([9; 16]),
                ..entry()
            },
            AuditEntry {
                at: Timestamp::from_ms(6),
                ..entry()
            },
            AuditEntry {
                account_id: None,
                ..entry()
            },
            AuditEntry {
                actor: "cl".to_owned(),
                ..entry()
            },
            AuditEntry {
                subject: "b".to_owned(),
                ..entry()
            },
            AuditEntry {
                detail: "{ }".to_owned(),
                ..entry()
            },
            // A sign moved from one field to the next changes the digest too.
            AuditEntry {
                actor: "cliu".to_owned(),
                act: "ser.set".into(),
                ..entry()
            },
        ];
        for other in changed {
            let outcome = start.follow(first, other.leaf(1));
            assert_eq!(outcome, Err(ChainFault::Digest(1)), "{other:?}");
        }
        assert_eq!(start.follow(first, entry().leaf(1)), Ok(first));
        let second = first.then(entry().leaf(2));
        assert_ne!(second.digest, first.then(entry().leaf(1)).digest);
        assert_eq!(
            start.follow(second, entry().leaf(2)),
            Err(ChainFault::Order {
                expected: 1,
                found: 2
            })
        );
    }

    #[test]
    fn a_tag_tells_whose_a_line_is_to_those_who_know_the_account() {
        let (ours, theirs) = (entry().account_id, Some(AccountId::from_bytes([3; 16])));
        assert_eq!(entry().leaf(7).tag, AuditLeaf::tag_of(7, ours));
        assert_ne!(entry().leaf(7).tag, AuditLeaf::tag_of(7, theirs));
        assert_ne!(AuditLeaf::tag_of(7, theirs), AuditLeaf::tag_of(8, theirs));
    }

    #[test]
    fn digests_have_one_spelling() {
        let digest = AuditPlace::START.then(entry().leaf(1)).digest;
        assert_eq!(AuditDigest::parse(&digest.to_string()), Some(digest));
        assert_eq!(AuditDigest::parse(&digest.to_string().to_uppercase()), None);
        assert_eq!(AuditDigest::parse("00"), None);
    }
}
