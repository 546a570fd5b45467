//! What the Provisioning APIs tell people's programs: the account, its locations, people and extensions (vbc-api §5).
//!
//! Only Account Administrators see any of it, each of their own account. [`numbers`] gives accounts and people their
//! numbers, [`put`] fills the store for imports and the Management API alike.

pub(crate) mod numbers;
pub mod put;

use crate::context::Ctx;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use ringfence_core::id::AccountId;
use ringfence_core::provisioning::number::{AccountNumber, LocationNumber, UserNumber};
use ringfence_core::provisioning::text::{ExtensionNumber, ExternalId};
use ringfence_core::provisioning::{AccountDetails, Location, OwnExtension, Person};
use ringfence_core::user::Role;
use ringfence_store::db::Tx;
pub use ringfence_store::provisioning::extensions::{AssignedExtension, ExtensionSearch};
pub use ringfence_store::provisioning::people::PersonSearch;
use ringfence_store::provisioning::{details_find, extensions, locations, people};
use ringfence_store::users;

/// Most items of a page; more are not refused but capped (vbc-api §10).
pub const LARGEST_PAGE: u32 = 1_000;
/// Most locations of an account: they are listed without pages.
pub const MOST_LOCATIONS: u32 = 1_000;

/// Who asks: a person of an account, as they are at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Viewer {
    /// Their account.
    pub account_id: AccountId,
    /// Their role.
    pub role: Role,
}

/// Which account is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccountKey {
    /// The viewer's: `self`.
    Own,
    /// The one of that number.
    Number(AccountNumber),
}

/// Things of an account, and the number that links to them begin with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Within<T> {
    /// The account's number.
    pub account: AccountNumber,
    /// What was found.
    pub found: T,
}

/// A person with the extensions that are assigned to them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonEntry {
    /// The person.
    pub person: Person,
    /// Their extensions, by number.
    pub extensions: Vec<OwnExtension>,
}

/// An account.
///
/// # Errors
/// [`Error::Forbidden`] for who is no Account Administrator; [`Error::NotFound`] when it is not the viewer's.
pub async fn account_show(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
) -> Result<AccountDetails, Error> {
    let mut tx = ctx.db.begin_read().await?;
    account_seen(&mut tx, viewer, account).await
}

/// An account's locations, by number.
///
/// # Errors
/// As [`account_show`].
pub async fn location_list(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
) -> Result<Within<Vec<Location>>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = account_seen(&mut tx, viewer, account).await?;
    let found = locations::location_list(&mut tx, account.account_id, 0, MOST_LOCATIONS).await?;
    Ok(within(&account, found))
}

/// A location of an account.
///
/// # Errors
/// As [`account_show`]; [`Error::NotFound`] when the account has none of that number.
pub async fn location_show(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
    number: Option<LocationNumber>,
) -> Result<Within<Location>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = account_seen(&mut tx, viewer, account).await?;
    let found = match number {
        Some(number) => locations::location_find(&mut tx, account.account_id, number).await?,
        None => None,
    };
    let found = found.ok_or_else(|| Error::NotFound("location".to_owned()))?;
    Ok(within(&account, found))
}

/// A page of an account's extensions, by number.
///
/// # Errors
/// As [`account_show`].
pub async fn extension_list(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
    search: &ExtensionSearch,
    page: PageRequest,
) -> Result<Within<Page<AssignedExtension>>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = account_seen(&mut tx, viewer, account).await?;
    let id = account.account_id;
    let total = extensions::extension_count(&mut tx, id, search).await?;
    let (offset, limit) = (page.offset(), page.limit());
    let found = extensions::extension_page(&mut tx, id, search, offset, limit).await?;
    Ok(within(&account, page.page(found, total)))
}

/// The extension of that external id or, when there is none, of that number (vbc-api §5.2).
///
/// # Errors
/// As [`account_show`]; [`Error::NotFound`] when the account has none.
pub async fn extension_show(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
    key: &str,
) -> Result<Within<AssignedExtension>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = account_seen(&mut tx, viewer, account).await?;
    let id = account.account_id;
    let mut found = match ExternalId::parse(key) {
        Ok(key) => extensions::extension_by_external_id(&mut tx, id, &key).await?,
        Err(_) => None,
    };
    if let (None, Ok(number)) = (&found, ExtensionNumber::parse(key)) {
        found = extensions::extension_find(&mut tx, id, &number).await?;
    }
    let found = found.ok_or_else(|| Error::NotFound("extension".to_owned()))?;
    Ok(within(&account, found))
}

/// A page of an account's people, by number. Archived ones are left out.
///
/// # Errors
/// As [`account_show`].
pub async fn person_list(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
    search: &PersonSearch,
    page: PageRequest,
) -> Result<Within<Page<PersonEntry>>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = account_seen(&mut tx, viewer, account).await?;
    let id = account.account_id;
    let total = people::person_count(&mut tx, id, search).await?;
    let found = people::person_page(&mut tx, id, search, page.offset(), page.limit()).await?;
    let found = with_extensions(&mut tx, found).await?;
    Ok(within(&account, page.page(found, total)))
}

/// A person of an account.
///
/// # Errors
/// As [`account_show`]; [`Error::NotFound`] when the account has none of that number, or they are archived.
pub async fn person_show(
    ctx: &Ctx,
    viewer: Viewer,
    account: AccountKey,
    number: Option<UserNumber>,
) -> Result<Within<PersonEntry>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = account_seen(&mut tx, viewer, account).await?;
    let nobody = || Error::NotFound("user".to_owned());
    let number = number.ok_or_else(nobody)?;
    let person = people::person_by_number(&mut tx, account.account_id, number).await?;
    let person = person.ok_or_else(nobody)?;
    let user = users::user_find(&mut tx, person.user_id).await?;
    user.filter(|user| user.active).ok_or_else(nobody)?;
    let found = with_extensions(&mut tx, vec![person]).await?.pop();
    Ok(within(&account, found.ok_or_else(nobody)?))
}

/// Adds to people the extensions that are assigned to them.
pub(crate) async fn with_extensions(
    tx: &mut Tx,
    people: Vec<Person>,
) -> Result<Vec<PersonEntry>, Error> {
    let mut own = people::extensions_of_people(tx, &people).await?;
    let entry = |person: Person| PersonEntry {
        extensions: own.remove(&person.user_id).unwrap_or_default(),
        person,
    };
    Ok(people.into_iter().map(entry).collect())
}

/// The viewer's account when it is the one asked for. Rights come first: who has none learns nothing of ids.
async fn account_seen(
    tx: &mut Tx,
    viewer: Viewer,
    key: AccountKey,
) -> Result<AccountDetails, Error> {
    match viewer.role {
        Role::Admin => {}
        Role::Supervisor | Role::Agent | Role::Wallboard => {
            return Err(Error::Forbidden("missing user data".to_owned()));
        }
    }
    let nothing = || Error::NotFound("account".to_owned());
    let own = details_find(tx, viewer.account_id).await?;
    let own = own.ok_or_else(nothing)?;
    match key {
        AccountKey::Own => Ok(own),
        AccountKey::Number(number) if number == own.number => Ok(own),
        AccountKey::Number(_) => Err(nothing()),
    }
}

fn within<T>(account: &AccountDetails, found: T) -> Within<T> {
    Within {
        account: account.number,
        found,
    }
}
