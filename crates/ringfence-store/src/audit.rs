//! The audit trail: append-only, each line carrying the digest of all before it.

use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::audit::{AuditDigest, AuditEntry, AuditLine, AuditPlace};
use ringfence_core::id::{AccountId, AuditId};
use ringfence_core::time::Timestamp;

const TABLE: &str = "audit";

/// Which lines to look for; what is `None` fits every line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuditFilter {
    /// Lines that concern this account.
    pub account_id: Option<AccountId>,
    /// An act, `credential.create`, or the acts of a noun, `credential`.
    pub act: Option<String>,
    /// Who did it, as it is written.
    pub actor: Option<String>,
    /// The thing's id.
    pub subject: Option<String>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// Appends a line. The caller has appended to the feed in the same transaction: the feed's lock makes the order.
///
/// # Errors
/// The database refused it or broke off, or the last line is damaged.
pub async fn audit_append(tx: &mut Tx, entry: &AuditEntry) -> Result<(), Error> {
    let last = audit_head(tx).await?;
    let place = last.then(entry.leaf(last.seq.saturating_add(1)));
    tx.execute(
        "INSERT INTO audit (seq, id, at, account_id, actor, act, subject, detail, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            place.seq.into(),
            entry.id.to_string().into(),
            entry.at.into(),
            entry.account_id.map(|id| id.to_string()).into(),
            entry.actor.as_str().into(),
            (&*entry.act).into(),
            entry.subject.as_str().into(),
            entry.detail.as_str().into(),
            place.digest.0.as_slice().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Where the trail ends now.
///
/// # Errors
/// The database broke off, or the last line is damaged.
pub async fn audit_head(tx: &mut Tx) -> Result<AuditPlace, Error> {
    let last = tx
        .fetch_optional(
            "SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1",
            &[],
        )
        .await?;
    last.as_ref().map_or(Ok(AuditPlace::START), place)
}

/// The next lines after a number, oldest first.
///
/// # Errors
/// The database broke off, or a line is damaged.
pub async fn audit_after(tx: &mut Tx, seq: i64, limit: u32) -> Result<Vec<AuditLine>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
            &[seq.into(), limit.into()],
        )
        .await?;
    rows.iter().map(line).collect()
}

/// The newest lines that fit, before a number.
///
/// # Errors
/// The database broke off, or a line is damaged.
pub async fn audit_page(
    tx: &mut Tx,
    filter: &AuditFilter,
    before: i64,
    limit: u32,
) -> Result<Vec<AuditLine>, Error> {
    let mut sql = "SELECT * FROM audit WHERE seq < $1".to_owned();
    let mut args: Vec<Arg> = vec![before.into()];
    let mut also = |condition: &str, arg: Arg| {
        args.push(arg);
        sql.push_str(&condition.replace('?', &format!("${}", args.len())));
    };
    if let Some(id) = filter.account_id {
        also(" AND account_id = ?", id.to_string().into());
    }
    match filter.act.as_deref() {
        Some(act) if act.contains('.') => also(" AND act = ?", act.into()),
        // The sign after the dot ends the acts of a noun; a range uses the index, LIKE would not.
        Some(noun) => {
            also(" AND act > ?", format!("{noun}.").into());
            also(" AND act < ?", format!("{noun}/").into());
        }
        None => {}
    }
    if let Some(actor) = filter.actor.as_deref() {
        also(" AND actor = ?", actor.into());
    }
    if let Some(subject) = filter.subject.as_deref() {
        also(" AND subject = ?", subject.into());
    }
    if let Some(since) = filter.since {
        also(" AND at >= ?", since.into());
    }
    if let Some(until) = filter.until {
        also(" AND at < ?", until.into());
    }
    args.push(limit.into());
    sql.push_str(&format!(" ORDER BY seq DESC LIMIT ${}", args.len()));
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<AuditLine, Error> {
    Ok(AuditLine {
        place: place(row)?,
        entry: AuditEntry {
            id: row.parsed(TABLE, "id", AuditId::parse)?,
            at: Timestamp::from_ms(row.int("at")?),
            account_id: row.opt_parsed(TABLE, "account_id", AccountId::parse)?,
            actor: row.text("actor")?,
            act: row.text("act")?.into(),
            subject: row.text("subject")?,
            detail: row.text("detail")?,
        },
    })
}

fn place(row: &Row) -> Result<AuditPlace, Error> {
    let digest: [u8; 32] = row
        .bytes("digest")?
        .try_into()
        .map_err(|_| Error::Corrupt {
            table: TABLE,
            row: String::new(),
            column: "digest",
        })?;
    Ok(AuditPlace {
        seq: row.int("seq")?,
        digest: AuditDigest(digest),
    })
}
