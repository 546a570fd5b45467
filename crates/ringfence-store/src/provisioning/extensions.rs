//! Extensions with their direct numbers and devices.

use super::Conditions;
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::provisioning::number::{LocationNumber, UserNumber};
use ringfence_core::provisioning::text::{DialNumber, ExtensionNumber, ExternalId, Label};
use ringfence_core::provisioning::{Assigned, Did, Extension, Handset, OwnExtension};
use ringfence_core::user::Username;
use std::collections::HashMap;

const TABLE: &str = "vbc_extensions";
// Keys of one statement; both engines take more.
const KEYS: usize = 500;

/// Which extensions are looked for: all that is given must fit exactly.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExtensionSearch {
    /// Where they are.
    pub location: Option<LocationNumber>,
    /// A number by which they are called from outside.
    pub phone_number: Option<String>,
    /// The name, in lower case, with which whoever they are assigned to signs in.
    pub login_name: Option<String>,
    /// That person's e-mail address.
    pub email: Option<String>,
    /// Only those whose number comes later than this text.
    pub after: Option<String>,
}

/// An extension with what is told of whom it is assigned to; nothing of somebody archived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AssignedExtension {
    /// The extension.
    pub extension: Extension,
    /// Whom it is assigned to.
    pub user: Option<Assigned>,
}

/// Puts an extension with its numbers and devices, in the place of one of the same number.
///
/// # Errors
/// [`Error::Duplicate`] when its external id or one of its numbers is another extension's.
pub async fn extension_put(
    tx: &mut Tx,
    account_id: AccountId,
    extension: &Extension,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO vbc_extensions (account_id, number, external_id, user_id, location, vtt_enabled, dnd_enabled,
             caller_id, block_caller_id, service_type_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (account_id, number) DO UPDATE SET external_id = excluded.external_id, user_id = excluded.user_id,
             location = excluded.location, vtt_enabled = excluded.vtt_enabled, dnd_enabled = excluded.dnd_enabled,
             caller_id = excluded.caller_id, block_caller_id = excluded.block_caller_id,
             service_type_name = excluded.service_type_name",
        &[
            account_id.to_string().into(),
            extension.number.as_str().into(),
            extension.external_id.as_str().into(),
            extension.user_id.map(|id| id.to_string()).into(),
            extension.location.get().into(),
            extension.vtt_enabled.into(),
            extension.dnd_enabled.into(),
            extension.caller_id.as_ref().map(Label::as_str).into(),
            extension.block_caller_id.into(),
            extension.service_type_name.as_str().into(),
        ],
    )
    .await?;
    entries_delete(tx, account_id, &extension.number).await?;
    for (place, did) in (0_i64..).zip(&extension.dids) {
        tx.execute(
            "INSERT INTO vbc_dids (account_id, extension, place, phone_number, custom_tag) VALUES ($1, $2, $3, $4, $5)",
            &[
                account_id.to_string().into(),
                extension.number.as_str().into(),
                place.into(),
                did.phone_number.as_str().into(),
                did.custom_tag.as_ref().map(Label::as_str).into(),
            ],
        )
        .await?;
    }
    for (place, handset) in (0_i64..).zip(&extension.handsets) {
        tx.execute(
            "INSERT INTO vbc_handsets (account_id, extension, place, name, sip_id) VALUES ($1, $2, $3, $4, $5)",
            &[
                account_id.to_string().into(),
                extension.number.as_str().into(),
                place.into(),
                handset.name.as_str().into(),
                handset.sip_id.as_str().into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Removes an extension with its numbers and devices. False when there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn extension_delete(
    tx: &mut Tx,
    account_id: AccountId,
    number: &ExtensionNumber,
) -> Result<bool, Error> {
    entries_delete(tx, account_id, number).await?;
    let n_deleted = tx
        .execute(
            "DELETE FROM vbc_extensions WHERE account_id = $1 AND number = $2",
            &[account_id.to_string().into(), number.as_str().into()],
        )
        .await?;
    Ok(n_deleted == 1)
}

async fn entries_delete(
    tx: &mut Tx,
    account_id: AccountId,
    number: &ExtensionNumber,
) -> Result<(), Error> {
    let key: [Arg; 2] = [account_id.to_string().into(), number.as_str().into()];
    tx.execute(
        "DELETE FROM vbc_dids WHERE account_id = $1 AND extension = $2",
        &key,
    )
    .await?;
    tx.execute(
        "DELETE FROM vbc_handsets WHERE account_id = $1 AND extension = $2",
        &key,
    )
    .await?;
    Ok(())
}

const SELECT: &str =
    "SELECT e.*, v.number AS user_number, v.first_name, v.last_name, u.username, u.email";
const JOINS: &str = "LEFT JOIN users u ON u.id = e.user_id AND u.active = TRUE
    LEFT JOIN vbc_users v ON v.user_id = u.id";

/// The extension of that number.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn extension_find(
    tx: &mut Tx,
    account_id: AccountId,
    number: &ExtensionNumber,
) -> Result<Option<AssignedExtension>, Error> {
    one(tx, account_id, "e.number = $2", number.as_str()).await
}

/// The extension of that external id.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn extension_by_external_id(
    tx: &mut Tx,
    account_id: AccountId,
    external_id: &ExternalId,
) -> Result<Option<AssignedExtension>, Error> {
    one(tx, account_id, "e.external_id = $2", external_id.as_str()).await
}

/// A page of the extensions that a search finds, by number.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn extension_page(
    tx: &mut Tx,
    account_id: AccountId,
    search: &ExtensionSearch,
    offset: i64,
    limit: u32,
) -> Result<Vec<AssignedExtension>, Error> {
    let mut wanted = conditions(account_id, search);
    let (limit, offset) = (wanted.bind(limit), wanted.bind(offset));
    // The offset runs over an index alone; only the page's rows are read.
    let sql = format!(
        "{SELECT} FROM (SELECT account_id, number FROM vbc_extensions WHERE {}
             ORDER BY number LIMIT {limit} OFFSET {offset}) p
         JOIN vbc_extensions e ON e.account_id = p.account_id AND e.number = p.number {JOINS} ORDER BY e.number",
        wanted.sql
    );
    let rows = tx.fetch_all_built(sql, &wanted.args).await?;
    complete(tx, account_id, &rows).await
}

/// How many extensions a search finds.
///
/// # Errors
/// The database broke off.
pub async fn extension_count(
    tx: &mut Tx,
    account_id: AccountId,
    search: &ExtensionSearch,
) -> Result<i64, Error> {
    let wanted = conditions(account_id, search);
    let sql = format!(
        "SELECT COUNT(*) AS n FROM vbc_extensions WHERE {}",
        wanted.sql
    );
    let rows = tx.fetch_all_built(sql, &wanted.args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

/// The extensions of these people with their direct numbers, by extension number; at most 500 people.
pub(super) async fn dids_of_people(
    tx: &mut Tx,
    people: &[UserId],
) -> Result<Vec<(UserId, OwnExtension)>, Error> {
    let marks: Vec<String> = (1..=people.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT e.user_id, e.number, d.phone_number, d.custom_tag FROM vbc_extensions e
         LEFT JOIN vbc_dids d ON d.account_id = e.account_id AND d.extension = e.number
         WHERE e.user_id IN ({}) ORDER BY e.user_id, e.number, d.place",
        marks.join(", ")
    );
    let args: Vec<Arg> = people.iter().map(|id| id.to_string().into()).collect();
    let mut found: Vec<(UserId, OwnExtension)> = Vec::new();
    for row in tx.fetch_all_built(sql, &args).await? {
        let user_id = row.parsed(TABLE, "user_id", UserId::parse)?;
        let number = row.parsed(TABLE, "number", ExtensionNumber::parse)?;
        let is_next = |(id, last): &(UserId, OwnExtension)| *id != user_id || last.number != number;
        if found.last().is_none_or(is_next) {
            let dids = Vec::new();
            found.push((user_id, OwnExtension { number, dids }));
        }
        let phone = row.opt_parsed("vbc_dids", "phone_number", DialNumber::parse)?;
        if let (Some(phone_number), Some((_, last))) = (phone, found.last_mut()) {
            last.dids.push(Did {
                phone_number,
                custom_tag: row.opt_parsed("vbc_dids", "custom_tag", Label::parse)?,
            });
        }
    }
    Ok(found)
}

fn conditions(account_id: AccountId, search: &ExtensionSearch) -> Conditions {
    let mut wanted = Conditions::of(account_id, "account_id = $1");
    if let Some(location) = search.location {
        wanted.also("location = ?", location.get());
    }
    let given = [
        (
            "number IN (SELECT extension FROM vbc_dids WHERE account_id = $1 AND phone_number = ?)",
            &search.phone_number,
        ),
        (
            "user_id IN (SELECT id FROM users WHERE account_id = $1 AND active = TRUE AND username = ?)",
            &search.login_name,
        ),
        (
            "user_id IN (SELECT id FROM users WHERE account_id = $1 AND active = TRUE AND email = ?)",
            &search.email,
        ),
        ("number > ?", &search.after),
    ];
    for (condition, value) in given {
        if let Some(value) = value {
            wanted.also(condition, value.as_str());
        }
    }
    wanted
}

async fn one(
    tx: &mut Tx,
    account_id: AccountId,
    condition: &'static str,
    value: &str,
) -> Result<Option<AssignedExtension>, Error> {
    let sql =
        format!("{SELECT} FROM vbc_extensions e {JOINS} WHERE e.account_id = $1 AND {condition}");
    let args = [account_id.to_string().into(), value.into()];
    let rows = tx.fetch_all_built(sql, &args).await?;
    Ok(complete(tx, account_id, &rows).await?.into_iter().next())
}

/// Reads rows, and adds numbers and devices to them.
async fn complete(
    tx: &mut Tx,
    account_id: AccountId,
    rows: &[Row],
) -> Result<Vec<AssignedExtension>, Error> {
    let mut found = rows.iter().map(extension).collect::<Result<Vec<_>, _>>()?;
    for some in found.chunks_mut(KEYS) {
        let mut args: Vec<Arg> = vec![account_id.to_string().into()];
        args.extend(some.iter().map(|e| e.extension.number.as_str().into()));
        let marks: Vec<String> = (2..=args.len()).map(|n| format!("${n}")).collect();
        let entries = |table, columns| {
            format!(
                "SELECT extension, {columns} FROM {table} WHERE account_id = $1 AND extension IN ({})
                 ORDER BY extension, place",
                marks.join(", ")
            )
        };
        let places: HashMap<String, usize> = some
            .iter()
            .enumerate()
            .map(|(place, e)| (e.extension.number.as_str().to_owned(), place))
            .collect();
        let dids = entries("vbc_dids", "phone_number, custom_tag");
        for row in tx.fetch_all_built(dids, &args).await? {
            if let Some(place) = places.get(&row.text("extension")?) {
                some[*place].extension.dids.push(Did {
                    phone_number: row.parsed("vbc_dids", "phone_number", DialNumber::parse)?,
                    custom_tag: row.opt_parsed("vbc_dids", "custom_tag", Label::parse)?,
                });
            }
        }
        let handsets = entries("vbc_handsets", "name, sip_id");
        for row in tx.fetch_all_built(handsets, &args).await? {
            if let Some(place) = places.get(&row.text("extension")?) {
                some[*place].extension.handsets.push(Handset {
                    name: row.parsed("vbc_handsets", "name", Label::parse)?,
                    sip_id: row.parsed("vbc_handsets", "sip_id", Label::parse)?,
                });
            }
        }
    }
    Ok(found)
}

fn extension(row: &Row) -> Result<AssignedExtension, Error> {
    let extension = Extension {
        number: row.parsed(TABLE, "number", ExtensionNumber::parse)?,
        external_id: row.parsed(TABLE, "external_id", ExternalId::parse)?,
        user_id: row.opt_parsed(TABLE, "user_id", UserId::parse)?,
        location: row.number(TABLE, "location")?,
        vtt_enabled: row.bool("vtt_enabled")?,
        dnd_enabled: row.bool("dnd_enabled")?,
        caller_id: row.opt_parsed(TABLE, "caller_id", Label::parse)?,
        block_caller_id: row.bool("block_caller_id")?,
        service_type_name: row.parsed(TABLE, "service_type_name", Label::parse)?,
        dids: Vec::new(),
        handsets: Vec::new(),
    };
    // Somebody archived is not joined, and somebody without an entry cannot be told of.
    let user = match row.opt_int("user_number")? {
        None => None,
        Some(number) => Some(Assigned {
            number: UserNumber::new(number).map_err(|_| Error::Corrupt {
                table: "vbc_users",
                row: extension.number.as_str().to_owned(),
                column: "number",
            })?,
            email: row.text("email")?,
            login_name: row.parsed("users", "username", Username::parse)?,
            first_name: row.text("first_name")?,
            last_name: row.text("last_name")?,
        }),
    };
    Ok(AssignedExtension { extension, user })
}
