//! The change feed: what changed in the directory, in the order of commits (design §5).

use crate::db::{Error, Tx};
use ringfence_core::time::Timestamp;

/// The channel on which nodes are woken.
pub const CHANNEL: &str = "ringfence_feed";

/// What kind of thing changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FeedKind {
    /// An account.
    Account,
    /// A user with permissions, lines and groups.
    User,
    /// A credential with its secrets.
    Credential,
    /// A signing key.
    Key,
    /// A token was revoked; the subject is its `jti`.
    Token,
    /// An application with its keys and subscriptions.
    Application,
    /// What a person allowed an application was taken back.
    Grant,
}

/// One line of the feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedRow {
    /// Its place in the order of commits.
    pub seq: i64,
    /// What kind of thing changed.
    pub kind: FeedKind,
    /// The thing's id.
    pub subject_id: String,
}

/// Where the feed stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedHead {
    /// The last number given out.
    pub seq: i64,
    /// The last number whose line has been cleaned away.
    pub pruned: i64,
}

impl FeedKind {
    const ALL: [Self; 7] = [
        Self::Account,
        Self::User,
        Self::Credential,
        Self::Key,
        Self::Token,
        Self::Application,
        Self::Grant,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::User => "user",
            Self::Credential => "credential",
            Self::Key => "key",
            Self::Token => "token",
            Self::Application => "application",
            Self::Grant => "grant",
        }
    }
}

/// Adds a line and wakes the nodes at commit. The head's row lock makes the order of numbers the order of commits.
///
/// # Errors
/// The database refused it or broke off.
pub async fn feed_append(
    tx: &mut Tx,
    kind: FeedKind,
    subject_id: &str,
    at: Timestamp,
) -> Result<(), Error> {
    let head = tx
        .fetch_one(
            "UPDATE feed_head SET seq = seq + 1 WHERE id = 1 RETURNING seq",
            &[],
        )
        .await?;
    tx.execute(
        "INSERT INTO feed (seq, kind, subject_id, at) VALUES ($1, $2, $3, $4)",
        &[
            head.int("seq")?.into(),
            kind.as_str().into(),
            subject_id.into(),
            at.into(),
        ],
    )
    .await?;
    tx.notify(CHANNEL).await
}

/// Holds every other change of the directory, and every other line of the audit trail, off until the transaction ends.
///
/// # Errors
/// The database broke off.
pub async fn feed_lock(tx: &mut Tx) -> Result<(), Error> {
    tx.execute("UPDATE feed_head SET seq = seq WHERE id = 1", &[])
        .await?;
    Ok(())
}

/// Where the feed stands now.
///
/// # Errors
/// The database refused it or broke off.
pub async fn feed_head(tx: &mut Tx) -> Result<FeedHead, Error> {
    let row = tx
        .fetch_one("SELECT seq, pruned FROM feed_head WHERE id = 1", &[])
        .await?;
    Ok(FeedHead {
        seq: row.int("seq")?,
        pruned: row.int("pruned")?,
    })
}

/// The next lines after a number, at most `limit`.
///
/// # Errors
/// The database refused it or broke off, or a line is damaged.
pub async fn feed_after(tx: &mut Tx, seq: i64, limit: u32) -> Result<Vec<FeedRow>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT seq, kind, subject_id FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2",
            &[seq.into(), limit.into()],
        )
        .await?;
    let parse = |text: &str| {
        FeedKind::ALL
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or(())
    };
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        lines.push(FeedRow {
            seq: row.int("seq")?,
            kind: row.parsed("feed", "kind", parse)?,
            subject_id: row.text("subject_id")?,
        });
    }
    Ok(lines)
}

/// Cleans away lines older than an instant; nodes that are further behind load everything anew.
///
/// # Errors
/// The database refused it or broke off.
pub async fn feed_prune(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    let row = tx
        .fetch_one(
            "SELECT MAX(seq) AS seq FROM feed WHERE at < $1",
            &[before.into()],
        )
        .await?;
    let Some(seq) = row.opt_int("seq")? else {
        return Ok(0);
    };
    tx.execute(
        "UPDATE feed_head SET pruned = $1 WHERE id = 1 AND pruned < $1",
        &[seq.into()],
    )
    .await?;
    tx.execute("DELETE FROM feed WHERE seq <= $1", &[seq.into()])
        .await
}
