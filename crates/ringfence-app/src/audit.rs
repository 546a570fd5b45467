//! The audit trail as a file that proves itself: written line by line, and checked from the file alone.
//!
//! The file is JSON Lines. The first line says whose trail it is, the last one where the chain ended; between them stands
//! every line of the chain from the first on, in order. In an account's own file, lines of others are reduced to two
//! digests ([`ringfence_core::audit::AuditLeaf`]): the chain closes over them, and nothing is told.
//! `docs/operators.md` says what a proof is worth and how to keep the end's digest elsewhere.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::audit::{
    AuditDigest, AuditEntry, AuditLeaf, AuditLine, AuditPlace, ChainFault,
};
use ringfence_core::id::{AccountId, AuditId};
use ringfence_core::time::Timestamp;
use ringfence_store::audit::{AuditFilter, audit_after, audit_head, audit_page};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;

const FORMAT: u32 = 1;
const BATCH: u32 = 1_000;

/// Whose lines a file tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrailScope {
    /// Every line.
    Installation,
    /// The lines of one account; the others are reduced to digests.
    Account(AccountId),
}

/// A file being written.
#[derive(Debug)]
pub struct TrailExport {
    scope: TrailScope,
    began_at: Timestamp,
    at: AuditPlace,
    end: AuditPlace,
    next: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Head,
    Lines,
    End,
    Nothing,
}

/// A file being checked.
#[derive(Debug)]
pub struct TrailProof {
    // None before the first line of the file.
    scope: Option<TrailScope>,
    at: AuditPlace,
    // The digest that somebody noted, until a line carries it.
    noted: Option<AuditDigest>,
    ended: bool,
    n_lines: u64,
    n_shown: u64,
}

/// A trail that is what was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proven {
    /// Whose trail it is.
    pub scope: TrailScope,
    /// Where it ends.
    pub head: AuditPlace,
    /// How many lines it tells; the others are reduced to digests.
    pub n_shown: u64,
}

/// The first thing in a file that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("line {line} of the file: {reason}")]
pub struct TrailFault {
    /// The line of the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadText {
    ringfence_audit: u32,
    scope: String,
    account_id: Option<String>,
    #[serde(rename = "exported_at")]
    _exported_at: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndText {
    end: EndPlace,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndPlace {
    seq: i64,
    digest: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LineText {
    Shown(ShownText),
    Hidden(HiddenText),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownText {
    seq: i64,
    id: String,
    at: String,
    account_id: Option<String>,
    actor: String,
    act: String,
    subject: String,
    detail: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HiddenText {
    seq: i64,
    tag: String,
    rest: String,
    digest: String,
}

impl TrailExport {
    /// Begins a file of the trail as it stands now.
    ///
    /// # Errors
    /// The store broke off.
    pub async fn begin(ctx: &Ctx, scope: TrailScope) -> Result<Self, Error> {
        let mut tx = ctx.db.begin_read().await?;
        Ok(Self {
            scope,
            began_at: ctx.now(),
            at: AuditPlace::START,
            end: audit_head(&mut tx).await?,
            next: Part::Head,
        })
    }

    /// The next lines of the file, each with its line feed; `None` after the last.
    ///
    /// # Errors
    /// The store broke off.
    pub async fn next(&mut self, ctx: &Ctx) -> Result<Option<String>, Error> {
        match self.next {
            Part::Head => {
                self.next = Part::Lines;
                Ok(Some(self.head()))
            }
            Part::Lines => {
                let mut tx = ctx.db.begin_read().await?;
                let lines = audit_after(&mut tx, self.at.seq, BATCH).await?;
                let mut text = String::with_capacity(lines.len() * 300);
                for line in lines.iter().filter(|l| l.place.seq <= self.end.seq) {
                    text.push_str(&line_text(line, self.scope)?);
                    text.push('\n');
                    self.at = line.place;
                }
                if text.is_empty() {
                    self.next = Part::Nothing;
                    return Ok(Some(self.foot()));
                }
                if self.at.seq >= self.end.seq {
                    self.next = Part::End;
                }
                Ok(Some(text))
            }
            Part::End => {
                self.next = Part::Nothing;
                Ok(Some(self.foot()))
            }
            Part::Nothing => Ok(None),
        }
    }

    fn head(&self) -> String {
        let (scope, account) = match self.scope {
            TrailScope::Installation => ("installation", None),
            TrailScope::Account(id) => ("account", Some(id.to_string())),
        };
        let head = json!({
            "ringfence_audit": FORMAT,
            "scope": scope,
            "account_id": account,
            "exported_at": self.began_at.to_iso_millis(),
        });
        format!("{head}\n")
    }

    fn foot(&self) -> String {
        let end = json!({"seq": self.end.seq, "digest": self.end.digest.to_string()});
        format!("{}\n", json!({ "end": end }))
    }
}

fn line_text(line: &AuditLine, scope: TrailScope) -> Result<String, Error> {
    let AuditLine { place, entry } = line;
    let shown = match scope {
        TrailScope::Installation => true,
        TrailScope::Account(id) => entry.account_id == Some(id),
    };
    let text = if shown {
        serde_json::to_string(&ShownText {
            seq: place.seq,
            id: entry.id.to_string(),
            at: entry.at.to_iso_millis(),
            account_id: entry.account_id.map(|id| id.to_string()),
            actor: entry.actor.clone(),
            act: entry.act.to_string(),
            subject: entry.subject.clone(),
            detail: entry.detail.clone(),
            digest: place.digest.to_string(),
        })
    } else {
        let leaf = entry.leaf(place.seq);
        serde_json::to_string(&HiddenText {
            seq: place.seq,
            tag: leaf.tag.to_string(),
            rest: leaf.rest.to_string(),
            digest: place.digest.to_string(),
        })
    };
    text.map_err(Error::internal)
}

impl TrailProof {
    /// Begins before the first line of a file. Whoever noted the digest of a line elsewhere gives it here.
    #[must_use]
    pub const fn begin(noted: Option<AuditDigest>) -> Self {
        Self {
            scope: None,
            at: AuditPlace::START,
            noted,
            ended: false,
            n_lines: 0,
            n_shown: 0,
        }
    }

    /// Takes the next line of the file, without its line feed.
    ///
    /// # Errors
    /// It is not what was written.
    pub fn line(&mut self, text: &str) -> Result<(), TrailFault> {
        self.n_lines += 1;
        let line = self.n_lines;
        self.read(text)
            .map_err(|reason| TrailFault { line, reason })
    }

    /// Ends after the last line of the file.
    ///
    /// # Errors
    /// The file breaks off before its end, or no line carries the digest that was noted.
    pub fn end(self) -> Result<Proven, TrailFault> {
        let fault = |reason: &str| TrailFault {
            line: self.n_lines,
            reason: reason.to_owned(),
        };
        let Some(scope) = self.scope.filter(|_| self.ended) else {
            return Err(fault("the file breaks off here: its last line is missing"));
        };
        if self.noted.is_some() {
            return Err(fault(
                "no line carries the digest you gave: lines up to it are missing at the end, or it is another trail",
            ));
        }
        Ok(Proven {
            scope,
            head: self.at,
            n_shown: self.n_shown,
        })
    }

    fn read(&mut self, text: &str) -> Result<(), String> {
        let Some(scope) = self.scope else {
            self.scope = Some(scope_read(text)?);
            return Ok(());
        };
        if self.ended {
            return Err("something stands after the last line".to_owned());
        }
        if let Ok(EndText { end }) = serde_json::from_str(text) {
            if end.seq != self.at.seq || digest(&end.digest)? != self.at.digest {
                return Err(format!(
                    "the trail ends after line {}, and should end after line {}: lines are missing or changed",
                    self.at.seq, end.seq
                ));
            }
            self.ended = true;
            return Ok(());
        }
        let line =
            serde_json::from_str(text).map_err(|_| "not a line of an audit trail".to_owned())?;
        let (said, leaf) = match line {
            LineText::Shown(shown) => {
                let line = shown_read(shown)?;
                if let TrailScope::Account(id) = scope
                    && line.entry.account_id != Some(id)
                {
                    return Err("a line of another account is told".to_owned());
                }
                self.n_shown += 1;
                (line.place, line.entry.leaf(line.place.seq))
            }
            LineText::Hidden(hidden) => hidden_read(&hidden, scope)?,
        };
        self.at = self.at.follow(said, leaf).map_err(|e| e.to_string())?;
        self.noted = self.noted.filter(|noted| *noted != self.at.digest);
        Ok(())
    }
}

fn scope_read(text: &str) -> Result<TrailScope, String> {
    let head: HeadText = serde_json::from_str(text)
        .map_err(|_| "not the first line of an exported audit trail".to_owned())?;
    if head.ringfence_audit != FORMAT {
        return Err(format!("format {} is not known here", head.ringfence_audit));
    }
    match (head.scope.as_str(), head.account_id) {
        ("installation", None) => Ok(TrailScope::Installation),
        ("account", Some(id)) => {
            let id = AccountId::parse(&id).map_err(|e| e.to_string())?;
            Ok(TrailScope::Account(id))
        }
        (_, Some(_) | None) => Err("the first line does not say whose trail it is".to_owned()),
    }
}

fn shown_read(shown: ShownText) -> Result<AuditLine, String> {
    let account_id = shown.account_id.as_deref().map(AccountId::parse);
    // Each value is written in one way; another spelling of it would not be seen by the digest.
    let at = Timestamp::parse(&shown.at).map_err(|e| e.to_string())?;
    let id = AuditId::parse(&shown.id).map_err(|e| e.to_string())?;
    if at.to_iso_millis() != shown.at || id.to_string() != shown.id {
        return Err("a time or id is not written as Ringfence writes it".to_owned());
    }
    Ok(AuditLine {
        place: AuditPlace {
            seq: shown.seq,
            digest: digest(&shown.digest)?,
        },
        entry: AuditEntry {
            id,
            at,
            account_id: account_id.transpose().map_err(|e| e.to_string())?,
            actor: shown.actor,
            act: shown.act.into(),
            subject: shown.subject,
            detail: shown.detail,
        },
    })
}

fn hidden_read(hidden: &HiddenText, scope: TrailScope) -> Result<(AuditPlace, AuditLeaf), String> {
    let leaf = AuditLeaf {
        tag: digest(&hidden.tag)?,
        rest: digest(&hidden.rest)?,
    };
    match scope {
        TrailScope::Installation => {
            return Err("a line is reduced to digests in a trail that tells all".to_owned());
        }
        TrailScope::Account(id) => {
            if leaf.tag == AuditLeaf::tag_of(hidden.seq, Some(id)) {
                return Err("a line of this account is reduced to digests".to_owned());
            }
        }
    }
    let place = AuditPlace {
        seq: hidden.seq,
        digest: digest(&hidden.digest)?,
    };
    Ok((place, leaf))
}

fn digest(text: &str) -> Result<AuditDigest, String> {
    AuditDigest::parse(text).ok_or_else(|| "a digest has 64 lower-case hex digits".to_owned())
}

/// Checks the chain in the store itself, and says where it ends and whether a line carries the digest that was noted.
///
/// # Errors
/// The store broke off. The inner error is the first line that is not what was written.
pub async fn trail_check(
    ctx: &Ctx,
    noted: Option<AuditDigest>,
) -> Result<Result<(AuditPlace, bool), ChainFault>, Error> {
    let mut at = AuditPlace::START;
    let mut seen = noted.is_none();
    loop {
        let mut tx = ctx.db.begin_read().await?;
        let lines = audit_after(&mut tx, at.seq, BATCH).await?;
        drop(tx);
        if lines.is_empty() {
            return Ok(Ok((at, seen)));
        }
        for line in lines {
            match at.follow(line.place, line.entry.leaf(line.place.seq)) {
                Ok(next) => at = next,
                Err(fault) => return Ok(Err(fault)),
            }
            seen |= noted == Some(at.digest);
        }
    }
}

/// The newest lines of a trail.
///
/// # Errors
/// The store broke off.
pub async fn trail_list(ctx: &Ctx, scope: TrailScope, limit: u32) -> Result<Vec<AuditLine>, Error> {
    let filter = AuditFilter {
        account_id: match scope {
            TrailScope::Installation => None,
            TrailScope::Account(id) => Some(id),
        },
        ..AuditFilter::default()
    };
    let mut tx = ctx.db.begin_read().await?;
    Ok(audit_page(&mut tx, &filter, i64::MAX, limit).await?)
}

/// Where the trail ends now.
///
/// # Errors
/// The store broke off.
pub async fn trail_head(ctx: &Ctx) -> Result<AuditPlace, Error> {
    let mut tx = ctx.db.begin_read().await?;
    Ok(audit_head(&mut tx).await?)
}
