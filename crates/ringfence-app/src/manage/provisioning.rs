//! What the Provisioning APIs tell, put in by an account's admins: its entry, locations, people and extensions.
//!
//! Putting the same again changes nothing. What is there is replaced only by a caller who names its version.

use super::recordings::require_write;
use super::slice::Slice;
use super::users::user_changeable;
use crate::caller::Caller;
use crate::context::{Ctx, Note};
use crate::error::Error;
pub use crate::provisioning::PersonEntry;
use crate::provisioning::put::{
    self, NewDetails, NewExtension, NewLocation, NewPerson, Put, details_present,
};
use crate::provisioning::with_extensions;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::UserId;
use ringfence_core::provisioning::number::{LocationNumber, Number};
use ringfence_core::provisioning::text::ExtensionNumber;
use ringfence_core::provisioning::{AccountDetails, Extension, Location, Person};
use ringfence_core::user::User;
use ringfence_store::db::Tx;
pub use ringfence_store::provisioning::extensions::{AssignedExtension, ExtensionSearch};
use ringfence_store::provisioning::{NumberKind, extensions, locations, number_next, people};
use ringfence_store::users::user_find;
use serde_json::json;

/// Whether a version is the one that a caller named; `None` when they named none.
pub type IsVersion<'v> = Option<&'v (dyn Fn(&EntryVersion) -> bool + Send + Sync)>;

/// A version of an entry: another one whenever anything of it differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryVersion(pub String);

impl EntryVersion {
    fn of(entry: &impl std::fmt::Debug) -> Self {
        let digest = ContentDigest::of(format!("{entry:?}").as_bytes()).to_string();
        Self(digest.chars().take(16).collect())
    }

    /// The version of an account's entry.
    #[must_use]
    pub fn of_details(details: &AccountDetails) -> Self {
        Self::of(details)
    }

    /// The version of a location.
    #[must_use]
    pub fn of_location(location: &Location) -> Self {
        Self::of(location)
    }

    /// The version of a person's entry.
    #[must_use]
    pub fn of_person(person: &Person) -> Self {
        Self::of(person)
    }

    /// The version of an extension.
    #[must_use]
    pub fn of_extension(extension: &Extension) -> Self {
        Self::of(extension)
    }
}

/// The account's entry.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account, and when it is none of VBC.
pub async fn details_show(ctx: &Ctx, caller: &Caller) -> Result<AccountDetails, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    details_present(&mut tx, caller.account.id).await
}

/// Replaces the account's entry.
///
/// # Errors
/// As [`details_show`]; [`Error::Stale`] when it is not the version that the caller named; [`Error::Conflict`] when the
/// number is another account's.
pub async fn details_put(
    ctx: &Ctx,
    caller: &Caller,
    new: NewDetails,
    version: IsVersion<'_>,
) -> Result<AccountDetails, Error> {
    let mut tx = begin(ctx, caller).await?;
    let before = details_present(&mut tx, caller.account.id).await?;
    let present = EntryVersion::of_details(&before);
    let (put, details) = put::details_put(&mut tx, caller.account.id, new).await?;
    version_check(Some(&present), put, version)?;
    let subject = details.number.to_string();
    end(ctx, tx, caller, ("provisioning.account", subject), put).await?;
    Ok(details)
}

/// The account's locations by number, after a number.
///
/// # Errors
/// As [`details_show`].
pub async fn location_list(
    ctx: &Ctx,
    caller: &Caller,
    after: Option<&str>,
    limit: u32,
) -> Result<Slice<Location>, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let id = details_present(&mut tx, caller.account.id)
        .await?
        .account_id;
    let after = after.and_then(|text| text.parse().ok()).unwrap_or(0);
    let found = locations::location_list(&mut tx, id, after, limit + 1).await?;
    let key = |location: &Location| location.number.to_string();
    Ok(Slice::cut(found, limit, key))
}

/// A location.
///
/// # Errors
/// As [`details_show`]; [`Error::NotFound`] when the account has none of that number.
pub async fn location_show(
    ctx: &Ctx,
    caller: &Caller,
    number: LocationNumber,
) -> Result<Location, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let found = locations::location_find(&mut tx, caller.account.id, number).await?;
    found.ok_or_else(|| Error::NotFound("location".to_owned()))
}

/// Puts a location.
///
/// # Errors
/// As [`details_put`].
pub async fn location_put(
    ctx: &Ctx,
    caller: &Caller,
    new: NewLocation,
    version: IsVersion<'_>,
) -> Result<(Put, Location), Error> {
    let mut tx = begin(ctx, caller).await?;
    let before = locations::location_find(&mut tx, caller.account.id, new.number).await?;
    let present = before.as_ref().map(EntryVersion::of_location);
    let (put, location) = put::location_put(&mut tx, caller.account.id, new).await?;
    version_check(present.as_ref(), put, version)?;
    let subject = location.number.to_string();
    end(ctx, tx, caller, ("provisioning.location", subject), put).await?;
    Ok((put, location))
}

/// Makes a location under a new number.
///
/// # Errors
/// As [`details_show`].
pub async fn location_create(
    ctx: &Ctx,
    caller: &Caller,
    new: impl FnOnce(LocationNumber) -> NewLocation + Send,
) -> Result<Location, Error> {
    let mut tx = begin(ctx, caller).await?;
    let number: Number<Location> = number_next(&mut tx, NumberKind::Location).await?;
    let (put, location) = put::location_put(&mut tx, caller.account.id, new(number)).await?;
    let subject = number.to_string();
    end(ctx, tx, caller, ("provisioning.location", subject), put).await?;
    Ok(location)
}

/// Removes a location.
///
/// # Errors
/// As [`location_show`]; [`Error::Conflict`] while extensions are there.
pub async fn location_delete(
    ctx: &Ctx,
    caller: &Caller,
    number: LocationNumber,
) -> Result<(), Error> {
    let mut tx = begin(ctx, caller).await?;
    let id = caller.account.id;
    let nothing = || Error::NotFound("location".to_owned());
    let found = locations::location_find(&mut tx, id, number).await?;
    found.ok_or_else(nothing)?;
    if locations::location_in_use(&mut tx, id, number).await? {
        return Err(Error::Conflict(
            "extensions are at this location; move or remove them first".to_owned(),
        ));
    }
    locations::location_delete(&mut tx, id, number).await?;
    let subject = number.to_string();
    keep(ctx, tx, caller, ("provisioning.location_delete", subject)).await
}

/// A person's entry.
///
/// # Errors
/// As [`details_show`]; [`Error::NotFound`] when the account has nobody of that id.
pub async fn person_show(ctx: &Ctx, caller: &Caller, id: UserId) -> Result<PersonEntry, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let (_, person) = person_known(&mut tx, caller, id).await?;
    let entry = with_extensions(&mut tx, vec![person]).await?.pop();
    entry.ok_or_else(nobody)
}

/// Replaces a person's entry. Login name and role stay.
///
/// # Errors
/// As [`person_show`] and [`details_put`]; [`Error::Forbidden`] when it takes an operator.
pub async fn person_put(
    ctx: &Ctx,
    caller: &Caller,
    id: UserId,
    new: impl FnOnce(&User) -> NewPerson + Send,
    version: IsVersion<'_>,
) -> Result<Person, Error> {
    user_changeable(ctx, caller, id).await?;
    let mut tx = begin(ctx, caller).await?;
    let (user, before) = person_known(&mut tx, caller, id).await?;
    let present = EntryVersion::of_person(&before);
    let account_id = caller.account.id;
    let actor = caller.actor();
    let (put, person) = put::person_put(ctx, &mut tx, &actor, account_id, new(&user)).await?;
    version_check(Some(&present), put, version)?;
    end(ctx, tx, caller, ("provisioning.user", id.to_string()), put).await?;
    Ok(person)
}

/// The account's extensions that a search finds, by number.
///
/// # Errors
/// As [`details_show`].
pub async fn extension_list(
    ctx: &Ctx,
    caller: &Caller,
    search: &ExtensionSearch,
    limit: u32,
) -> Result<Slice<AssignedExtension>, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let id = details_present(&mut tx, caller.account.id)
        .await?
        .account_id;
    let found = extensions::extension_page(&mut tx, id, search, 0, limit + 1).await?;
    let key = |found: &AssignedExtension| found.extension.number.as_str().to_owned();
    Ok(Slice::cut(found, limit, key))
}

/// An extension.
///
/// # Errors
/// As [`details_show`]; [`Error::NotFound`] when the account has none of that number.
pub async fn extension_show(
    ctx: &Ctx,
    caller: &Caller,
    number: &ExtensionNumber,
) -> Result<AssignedExtension, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let found = extensions::extension_find(&mut tx, caller.account.id, number).await?;
    found.ok_or_else(|| Error::NotFound("extension".to_owned()))
}

/// Puts an extension.
///
/// # Errors
/// As [`details_put`]; [`Error::Invalid`] when its location or person is not of the account.
pub async fn extension_put(
    ctx: &Ctx,
    caller: &Caller,
    new: NewExtension,
    version: IsVersion<'_>,
) -> Result<(Put, AssignedExtension), Error> {
    let mut tx = begin(ctx, caller).await?;
    let id = caller.account.id;
    details_present(&mut tx, id).await?;
    let before = extensions::extension_find(&mut tx, id, &new.number).await?;
    let present = before.map(|found| EntryVersion::of_extension(&found.extension));
    let (put, extension) = put::extension_put(ctx, &mut tx, id, new).await?;
    version_check(present.as_ref(), put, version)?;
    let found = extensions::extension_find(&mut tx, id, &extension.number).await?;
    let found = found.ok_or_else(|| Error::NotFound("extension".to_owned()))?;
    let subject = extension.number.as_str().to_owned();
    end(ctx, tx, caller, ("provisioning.extension", subject), put).await?;
    Ok((put, found))
}

/// Removes an extension with its numbers and devices.
///
/// # Errors
/// As [`extension_show`].
pub async fn extension_delete(
    ctx: &Ctx,
    caller: &Caller,
    number: &ExtensionNumber,
) -> Result<(), Error> {
    let mut tx = begin(ctx, caller).await?;
    if !extensions::extension_delete(&mut tx, caller.account.id, number).await? {
        return Err(Error::NotFound("extension".to_owned()));
    }
    let subject = number.as_str().to_owned();
    keep(ctx, tx, caller, ("provisioning.extension_delete", subject)).await
}

async fn begin(ctx: &Ctx, caller: &Caller) -> Result<Tx, Error> {
    caller.require_admin()?;
    require_write(caller)?;
    Ok(ctx.db.begin_write().await?)
}

/// Writes down what was put, if it was anything, and keeps it.
async fn end(
    ctx: &Ctx,
    tx: Tx,
    caller: &Caller,
    what: (&'static str, String),
    put: Put,
) -> Result<(), Error> {
    match put {
        Put::Same => Ok(()),
        Put::Created | Put::Replaced => keep(ctx, tx, caller, what).await,
    }
}

/// Writes down what was done, and keeps it.
async fn keep(
    ctx: &Ctx,
    mut tx: Tx,
    caller: &Caller,
    (act, subject): (&'static str, String),
) -> Result<(), Error> {
    let note = Note {
        account_id: Some(caller.account.id),
        act,
        subject,
        detail: json!({}),
        actor: &caller.actor(),
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await
}

/// Lets pass what makes a thing, changes nothing, or replaces the version that was named. Nothing is kept otherwise.
fn version_check(
    present: Option<&EntryVersion>,
    put: Put,
    version: IsVersion<'_>,
) -> Result<(), Error> {
    match (present, version) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Error::Stale),
        (Some(present), Some(is_version)) if !is_version(present) => Err(Error::Stale),
        (Some(_), Some(_)) => Ok(()),
        (Some(_), None) => match put {
            Put::Same => Ok(()),
            Put::Created | Put::Replaced => Err(Error::Conflict(
                "another one is there; send its ETag as If-Match to replace it".to_owned(),
            )),
        },
    }
}

async fn person_known(tx: &mut Tx, caller: &Caller, id: UserId) -> Result<(User, Person), Error> {
    let user = user_find(tx, id).await?;
    let user = user
        .filter(|user| user.account_id == caller.account.id)
        .ok_or_else(nobody)?;
    let person = people::person_find(tx, caller.account.id, id).await?;
    Ok((user, person.ok_or_else(nobody)?))
}

fn nobody() -> Error {
    Error::NotFound("user".to_owned())
}
