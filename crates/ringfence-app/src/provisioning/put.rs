//! Puts entries into the store, within a transaction of an import or of the Management API.
//!
//! To put the same again changes nothing. Who may do it is decided by whoever calls.

use super::MOST_LOCATIONS;
use crate::context::{Actor, Ctx};
use crate::error::Error;
pub use crate::manage::interactions::Put;
use crate::users::{NewUser, UserEdit, user_change, user_make};
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::provisioning::number::{AccountNumber, LocationNumber, UserNumber};
use ringfence_core::provisioning::text::{ExtensionNumber, ExternalId, Label, TimeZone};
use ringfence_core::provisioning::{
    AccountDetails, ContactNumber, Did, Extension, Handset, Location, MOST_ENTRIES, Person,
    PostalAddress, name_join,
};
use ringfence_core::user::{Role, User, Username};
use ringfence_store::db::{self, Tx};
use ringfence_store::provisioning::extensions::{self, extension_find};
use ringfence_store::provisioning::locations::{
    location_find, location_insert, location_list, location_update,
};
use ringfence_store::provisioning::people::{
    contact_numbers_set, person_by_number, person_find, person_name_set, person_number_set,
    person_number_taken,
};
use ringfence_store::provisioning::{account_by_number, details_find, details_update};
use ringfence_store::users::user_find_by_username;

/// What an account's entry becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewDetails {
    /// Its number; the present one stays if there is none here.
    pub number: Option<AccountNumber>,
    /// The name that people read.
    pub name: Label,
    /// What is said of its state.
    pub status: Label,
    /// Where it sits.
    pub address: PostalAddress,
}

/// What a location becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewLocation {
    /// Its number.
    pub number: LocationNumber,
    /// Its name.
    pub name: Label,
    /// Where it is.
    pub address: PostalAddress,
    /// Its time zone.
    pub time_zone: TimeZone,
}

/// What a person's entry becomes; a person who is not there is made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPerson {
    /// Their number; the present one stays, or one is given, if there is none here.
    pub number: Option<UserNumber>,
    /// The name they sign in with, by which they are known.
    pub login_name: Username,
    /// Their e-mail address.
    pub email: String,
    /// Their first name.
    pub first_name: Label,
    /// The rest of their name.
    pub last_name: Label,
    /// How else they are reached.
    pub contact_numbers: Vec<ContactNumber>,
    /// Their role; the present one stays, or it is agent, if there is none here.
    pub role: Option<Role>,
}

/// Whom an extension is assigned to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PersonKey {
    /// Whoever signs in with that name.
    LoginName(Username),
    /// Whoever has that number.
    Number(UserNumber),
}

/// What an extension becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewExtension {
    /// What is dialled, by which it is known.
    pub number: ExtensionNumber,
    /// Its id for programs; the present one stays, or one is given, if there is none here.
    pub external_id: Option<ExternalId>,
    /// Whom it is assigned to.
    pub user: Option<PersonKey>,
    /// Where it is.
    pub location: LocationNumber,
    /// Whether voicemail is transcribed.
    pub vtt_enabled: bool,
    /// Whether calls are kept off.
    pub dnd_enabled: bool,
    /// The name or number shown to those who are called.
    pub caller_id: Option<Label>,
    /// Whether none is shown.
    pub block_caller_id: bool,
    /// What kind of service it is; the present one stays, or it is `UX`, if there is none here.
    pub service_type_name: Option<Label>,
    /// The numbers by which it is called from outside.
    pub dids: Vec<Did>,
    /// The devices that ring.
    pub handsets: Vec<Handset>,
}

/// Puts an account's entry.
pub(crate) async fn details_put(
    tx: &mut Tx,
    account_id: AccountId,
    new: NewDetails,
) -> Result<(Put, AccountDetails), Error> {
    let before = details_present(tx, account_id).await?;
    let after = AccountDetails {
        account_id,
        number: new.number.unwrap_or(before.number),
        name: new.name,
        status: new.status,
        address: new.address,
    };
    if after == before {
        return Ok((Put::Same, after));
    }
    if after.number != before.number && account_by_number(tx, after.number).await?.is_some() {
        return Err(Error::Conflict(format!(
            "the account id {} is taken",
            after.number
        )));
    }
    details_update(tx, &after).await?;
    Ok((Put::Replaced, after))
}

/// Puts a location.
pub(crate) async fn location_put(
    tx: &mut Tx,
    account_id: AccountId,
    new: NewLocation,
) -> Result<(Put, Location), Error> {
    details_present(tx, account_id).await?;
    let after = Location {
        account_id,
        number: new.number,
        name: new.name,
        address: new.address,
        time_zone: new.time_zone,
    };
    match location_find(tx, account_id, after.number).await? {
        Some(before) if before == after => return Ok((Put::Same, after)),
        Some(_) => {
            location_update(tx, &after).await?;
            return Ok((Put::Replaced, after));
        }
        None => {}
    }
    let present = location_list(tx, account_id, 0, MOST_LOCATIONS).await?;
    if u32::try_from(present.len()).unwrap_or(u32::MAX) >= MOST_LOCATIONS {
        return Err(Error::Invalid(format!(
            "an account has at most {MOST_LOCATIONS} locations"
        )));
    }
    location_insert(tx, &after).await?;
    Ok((Put::Created, after))
}

/// Puts a person's entry, and the person themselves when there is none of that login name.
pub(crate) async fn person_put(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    account_id: AccountId,
    new: NewPerson,
) -> Result<(Put, Person), Error> {
    details_present(tx, account_id).await?;
    entries_few("contact numbers", new.contact_numbers.len())?;
    let found = user_find_by_username(tx, account_id, &new.login_name).await?;
    let (user, is_new) = match found {
        Some(user) => (user, false),
        None => (person_new(ctx, tx, actor, (account_id, &new)).await?, true),
    };
    let before = person_find(tx, account_id, user.id).await?;
    let before = before.ok_or_else(|| Error::NotFound("user".to_owned()))?;
    user_follow(ctx, tx, actor, (&user, &before, &new)).await?;
    let after = Person {
        user_id: user.id,
        number: new.number.unwrap_or(before.number),
        login_name: new.login_name,
        email: new.email,
        first_name: new.first_name.as_str().to_owned(),
        last_name: new.last_name.as_str().to_owned(),
        contact_numbers: new.contact_numbers,
    };
    if after.number != before.number {
        if person_number_taken(tx, after.number).await? {
            return Err(Error::Conflict(format!(
                "the user id {} is taken",
                after.number
            )));
        }
        person_number_set(tx, user.id, after.number).await?;
    }
    // The name that the person has as a user may be parted otherwise.
    person_name_set(tx, user.id, (&after.first_name, &after.last_name)).await?;
    if after.contact_numbers != before.contact_numbers {
        contact_numbers_set(tx, user.id, &after.contact_numbers).await?;
    }
    let role_same = new.role.is_none_or(|role| role == user.role);
    let put = match (is_new, after == before && role_same) {
        (true, _) => Put::Created,
        (false, true) => Put::Same,
        (false, false) => Put::Replaced,
    };
    Ok((put, after))
}

async fn person_new(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    (account_id, new): (AccountId, &NewPerson),
) -> Result<User, Error> {
    if let Some(number) = new.number
        && let Some(other) = person_by_number(tx, account_id, number).await?
    {
        return Err(Error::Conflict(format!(
            "the user id {number} is that of {}",
            other.login_name.as_str()
        )));
    }
    let user = NewUser {
        username: new.login_name.clone(),
        name: name_join(new.first_name.as_str(), new.last_name.as_str()),
        email: new.email.clone(),
        role: new.role.unwrap_or(Role::Agent),
        agent: None,
        password: None,
        operator: false,
    };
    user_make(ctx, tx, actor, (account_id, user)).await
}

/// Brings the person as a user up to what their entry becomes.
async fn user_follow(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    (user, before, new): (&User, &Person, &NewPerson),
) -> Result<(), Error> {
    let renamed = (before.first_name.as_str(), before.last_name.as_str())
        != (new.first_name.as_str(), new.last_name.as_str());
    let name = name_join(new.first_name.as_str(), new.last_name.as_str());
    let edit = UserEdit {
        name: renamed.then_some(name),
        email: (user.email != new.email).then(|| new.email.clone()),
        role: new.role.filter(|role| *role != user.role),
        ..UserEdit::default()
    };
    if edit.name.is_some() || edit.email.is_some() || edit.role.is_some() {
        user_change(ctx, tx, actor, user.id, (&edit, None)).await?;
    }
    Ok(())
}

/// Puts an extension with its numbers and devices.
pub(crate) async fn extension_put(
    ctx: &Ctx,
    tx: &mut Tx,
    account_id: AccountId,
    new: NewExtension,
) -> Result<(Put, Extension), Error> {
    entries_few("dids", new.dids.len())?;
    entries_few("extension_handsets", new.handsets.len())?;
    if location_find(tx, account_id, new.location).await?.is_none() {
        return Err(Error::Invalid(format!(
            "the account has no location {}",
            new.location
        )));
    }
    let user_id = match &new.user {
        Some(key) => Some(person_meant(tx, account_id, key).await?),
        None => None,
    };
    let before = extension_find(tx, account_id, &new.number).await?;
    let before = before.map(|found| found.extension);
    let kept = before.as_ref();
    let service = || match kept {
        Some(kept) => Ok(kept.service_type_name.clone()),
        None => Label::parse("UX").map_err(Error::internal),
    };
    let after = Extension {
        external_id: new
            .external_id
            .or_else(|| kept.map(|kept| kept.external_id.clone()))
            .unwrap_or_else(|| ExternalId::new(&*ctx.random)),
        service_type_name: new.service_type_name.map_or_else(service, Ok)?,
        number: new.number,
        user_id,
        location: new.location,
        vtt_enabled: new.vtt_enabled,
        dnd_enabled: new.dnd_enabled,
        caller_id: new.caller_id,
        block_caller_id: new.block_caller_id,
        dids: new.dids,
        handsets: new.handsets,
    };
    let put = match &before {
        Some(before) if *before == after => return Ok((Put::Same, after)),
        Some(_) => Put::Replaced,
        None => Put::Created,
    };
    match extensions::extension_put(tx, account_id, &after).await {
        Err(db::Error::Duplicate) => Err(Error::Conflict(
            "another extension has this external_id or one of these phone numbers".to_owned(),
        )),
        done => {
            done?;
            Ok((put, after))
        }
    }
}

/// The entry of an account; accounts of the contact centre have none.
pub(crate) async fn details_present(
    tx: &mut Tx,
    account_id: AccountId,
) -> Result<AccountDetails, Error> {
    let found = details_find(tx, account_id).await?;
    found.ok_or_else(|| {
        Error::NotFound("only accounts of kind vbc are provisioned; the account".to_owned())
    })
}

async fn person_meant(
    tx: &mut Tx,
    account_id: AccountId,
    key: &PersonKey,
) -> Result<UserId, Error> {
    let (found, text) = match key {
        PersonKey::LoginName(name) => (
            user_find_by_username(tx, account_id, name)
                .await?
                .map(|user| user.id),
            name.as_str().to_owned(),
        ),
        PersonKey::Number(number) => (
            person_by_number(tx, account_id, *number)
                .await?
                .map(|person| person.user_id),
            number.to_string(),
        ),
    };
    found.ok_or_else(|| Error::Invalid(format!("the account has no user {text}")))
}

fn entries_few(what: &str, n: usize) -> Result<(), Error> {
    if n > MOST_ENTRIES {
        return Err(Error::Invalid(format!(
            "there are at most {MOST_ENTRIES} {what}"
        )));
    }
    Ok(())
}
