//! Places where accounts have extensions.

use super::{address, address_args};
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::AccountId;
use ringfence_core::provisioning::Location;
use ringfence_core::provisioning::number::LocationNumber;
use ringfence_core::provisioning::text::{Label, TimeZone};

const TABLE: &str = "vbc_locations";

/// Adds a location.
///
/// # Errors
/// [`Error::Duplicate`] when the account has one of that number.
pub async fn location_insert(tx: &mut Tx, location: &Location) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO vbc_locations (number, account_id, name, address_1, address_2, country, state, city, postal_code, time_zone)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &location_args(location),
    )
    .await?;
    Ok(())
}

/// Writes a location of the account back.
///
/// # Errors
/// The database refused it or broke off.
pub async fn location_update(tx: &mut Tx, location: &Location) -> Result<(), Error> {
    tx.execute(
        "UPDATE vbc_locations SET name = $3, address_1 = $4, address_2 = $5, country = $6, state = $7, city = $8,
             postal_code = $9, time_zone = $10
         WHERE number = $1 AND account_id = $2",
        &location_args(location),
    )
    .await?;
    Ok(())
}

/// Removes a location of the account. False when there is none.
///
/// # Errors
/// The database refused it, as when extensions are there, or broke off.
pub async fn location_delete(
    tx: &mut Tx,
    account_id: AccountId,
    number: LocationNumber,
) -> Result<bool, Error> {
    let n_deleted = tx
        .execute(
            "DELETE FROM vbc_locations WHERE number = $1 AND account_id = $2",
            &[number.get().into(), account_id.to_string().into()],
        )
        .await?;
    Ok(n_deleted == 1)
}

/// The location of that number within an account.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn location_find(
    tx: &mut Tx,
    account_id: AccountId,
    number: LocationNumber,
) -> Result<Option<Location>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM vbc_locations WHERE number = $1 AND account_id = $2",
            &[number.get().into(), account_id.to_string().into()],
        )
        .await?;
    row.as_ref().map(location).transpose()
}

/// An account's locations by number, after a number.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn location_list(
    tx: &mut Tx,
    account_id: AccountId,
    after: i64,
    limit: u32,
) -> Result<Vec<Location>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM vbc_locations WHERE account_id = $1 AND number > $2 ORDER BY number LIMIT $3",
            &[account_id.to_string().into(), after.into(), limit.into()],
        )
        .await?;
    rows.iter().map(location).collect()
}

/// Whether any extension is at a location.
///
/// # Errors
/// The database broke off.
pub async fn location_in_use(
    tx: &mut Tx,
    account_id: AccountId,
    number: LocationNumber,
) -> Result<bool, Error> {
    let row = tx
        .fetch_optional(
            "SELECT number FROM vbc_extensions WHERE account_id = $1 AND location = $2 LIMIT 1",
            &[account_id.to_string().into(), number.get().into()],
        )
        .await?;
    Ok(row.is_some())
}

fn location_args(location: &Location) -> Vec<Arg> {
    let mut args: Vec<Arg> = vec![
        location.number.get().into(),
        location.account_id.to_string().into(),
        location.name.as_str().into(),
    ];
    args.extend(address_args(&location.address));
    args.push(location.time_zone.as_str().into());
    args
}

fn location(row: &Row) -> Result<Location, Error> {
    Ok(Location {
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        number: row.number(TABLE, "number")?,
        name: row.parsed(TABLE, "name", Label::parse)?,
        address: address(row, TABLE)?,
        time_zone: row.parsed(TABLE, "time_zone", TimeZone::parse)?,
    })
}
