//! Loading what the Provisioning APIs tell: the objects that these APIs give, in one file.
//!
//! [`provisioning_import`] is the act on one screen. The whole file is read and checked before anything is stored;
//! then entries are stored in the file's order, some hundred to a transaction. To put the same again changes nothing,
//! so a file that was stopped at, say because an extension names a location that is not there, is mended and loaded
//! again. `wire` knows the objects, `source` where in a file they stand.

mod source;
mod wire;

use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::provisioning::put::{
    NewDetails, NewExtension, NewLocation, NewPerson, Put, details_put, extension_put,
    location_put, person_put,
};
use ringfence_core::id::AccountId;
use ringfence_store::db::Tx;
use serde_json::{Value, json};
use source::Source;
use std::path::Path;

// Entries stored together.
const BATCH: usize = 200;

/// What became of every entry of a file.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ProvisioningReport {
    /// The account's own entry.
    pub account: PutCounts,
    /// Locations.
    pub locations: PutCounts,
    /// People.
    pub users: PutCounts,
    /// Extensions.
    pub extensions: PutCounts,
}

/// What became of entries of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PutCounts {
    /// They were not there before.
    pub created: u64,
    /// They took another one's place.
    pub replaced: u64,
    /// They were there just so.
    pub same: u64,
}

/// An entry of a file, and where it stands.
#[derive(Debug)]
struct Item {
    place: String,
    entry: Entry,
}

#[derive(Debug)]
enum Entry {
    Account(NewDetails),
    Location(NewLocation),
    User(NewPerson),
    Extension(Box<NewExtension>),
}

/// Loads a file of Provisioning objects into an account: JSON lines, or one JSON document.
///
/// # Errors
/// [`Error::Invalid`] with the place in the file when something in it is wrong; [`Error::Unavailable`] when the disk is
/// full or the database gone: run it again then.
pub async fn provisioning_import(
    ctx: &Ctx,
    actor: &Actor,
    account_id: AccountId,
    file: &Path,
) -> Result<ProvisioningReport, Error> {
    let mut checked = Source::open(file).await?;
    while checked.next().await?.is_some() {}
    let mut source = Source::open(file).await?;
    let mut report = ProvisioningReport::default();
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            match source.next().await? {
                Some(item) => batch.push(item),
                None => break,
            }
        }
        if batch.is_empty() {
            return Ok(report);
        }
        let stored = batch_store(ctx, actor, account_id, batch).await?;
        report.add(stored);
    }
}

async fn batch_store(
    ctx: &Ctx,
    actor: &Actor,
    account_id: AccountId,
    batch: Vec<Item>,
) -> Result<ProvisioningReport, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut report = ProvisioningReport::default();
    for Item { place, entry } in batch {
        let stored = entry_store(ctx, &mut tx, actor, (account_id, entry, &mut report)).await;
        stored.map_err(|error| placed(&place, error))?;
    }
    if report.changed_nothing() {
        return Ok(report);
    }
    let note = Note {
        account_id: Some(account_id),
        act: "provisioning.import",
        subject: account_id.to_string(),
        detail: report.to_json(),
        actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await?;
    Ok(report)
}

async fn entry_store(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    (account_id, entry, report): (AccountId, Entry, &mut ProvisioningReport),
) -> Result<(), Error> {
    match entry {
        Entry::Account(new) => report
            .account
            .count(details_put(tx, account_id, new).await?.0),
        Entry::Location(new) => report
            .locations
            .count(location_put(tx, account_id, new).await?.0),
        Entry::User(new) => report
            .users
            .count(person_put(ctx, tx, actor, account_id, new).await?.0),
        Entry::Extension(new) => report
            .extensions
            .count(extension_put(ctx, tx, account_id, *new).await?.0),
    }
    Ok(())
}

/// Says where in the file an entry stands that cannot be stored.
fn placed(place: &str, error: Error) -> Error {
    match error {
        Error::Invalid(_) | Error::Conflict(_) | Error::NotFound(_) => Error::Invalid(format!(
            "{place}: {error}; some of what stands before is stored, so mend this and load the file again"
        )),
        Error::Unauthenticated
        | Error::Forbidden(_)
        | Error::Stale
        | Error::TooMany { .. }
        | Error::Unavailable(_)
        | Error::Internal(_) => error,
    }
}

impl ProvisioningReport {
    /// The counts by kind of entry.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let counts =
            |c: PutCounts| json!({"created": c.created, "replaced": c.replaced, "same": c.same});
        json!({
            "account": counts(self.account),
            "locations": counts(self.locations),
            "users": counts(self.users),
            "extensions": counts(self.extensions),
        })
    }

    fn kinds(&mut self) -> [&mut PutCounts; 4] {
        [
            &mut self.account,
            &mut self.locations,
            &mut self.users,
            &mut self.extensions,
        ]
    }

    fn add(&mut self, mut more: Self) {
        for (counts, more) in self.kinds().into_iter().zip(more.kinds()) {
            counts.created += more.created;
            counts.replaced += more.replaced;
            counts.same += more.same;
        }
    }

    fn changed_nothing(mut self) -> bool {
        self.kinds()
            .into_iter()
            .all(|counts| counts.created + counts.replaced == 0)
    }
}

impl PutCounts {
    const fn count(&mut self, put: Put) {
        match put {
            Put::Created => self.created += 1,
            Put::Replaced => self.replaced += 1,
            Put::Same => self.same += 1,
        }
    }
}
