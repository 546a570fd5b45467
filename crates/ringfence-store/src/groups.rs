//! Groups of users, and who belongs to them or may reach their content.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{AccountId, GroupId, UserId};
use ringfence_core::user::Group;

const TABLE: &str = "groups";

/// Adds a group.
///
/// # Errors
/// [`Error::Duplicate`] when name or number is taken.
pub async fn group_insert(tx: &mut Tx, group: &Group) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO groups (id, account_id, display_id, name, max_unexpected_secs, max_wrap_up_secs)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            group.id.to_string().into(),
            group.account_id.to_string().into(),
            group.display_id.as_str().into(),
            group.name.as_str().into(),
            group.max_unexpected_secs.into(),
            group.max_wrap_up_secs.into(),
        ],
    )
    .await?;
    Ok(())
}

/// How many groups an account has.
///
/// # Errors
/// The database broke off.
pub async fn group_count(tx: &mut Tx, account_id: AccountId) -> Result<i64, Error> {
    tx.fetch_one(
        "SELECT COUNT(*) AS n FROM groups WHERE account_id = $1",
        &[account_id.to_string().into()],
    )
    .await?
    .int("n")
}

/// The group of that name.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn group_find_by_name(
    tx: &mut Tx,
    account_id: AccountId,
    name: &str,
) -> Result<Option<Group>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM groups WHERE account_id = $1 AND name = $2",
            &[account_id.to_string().into(), name.into()],
        )
        .await?;
    row.as_ref().map(group).transpose()
}

/// The group of that id within an account.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn group_find(
    tx: &mut Tx,
    account_id: AccountId,
    id: GroupId,
) -> Result<Option<Group>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM groups WHERE account_id = $1 AND id = $2",
            &[account_id.to_string().into(), id.to_string().into()],
        )
        .await?;
    row.as_ref().map(group).transpose()
}

/// A page of an account's groups, by name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn group_page(
    tx: &mut Tx,
    account_id: AccountId,
    offset: i64,
    limit: u32,
) -> Result<Vec<Group>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM groups WHERE account_id = $1 ORDER BY name, id LIMIT $2 OFFSET $3",
            &[account_id.to_string().into(), limit.into(), offset.into()],
        )
        .await?;
    rows.iter().map(group).collect()
}

/// Makes the user a member of exactly these groups.
///
/// # Errors
/// The database refused it or broke off.
pub async fn user_groups_set(
    tx: &mut Tx,
    user_id: UserId,
    groups: &[GroupId],
) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM user_groups WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await?;
    for group_id in groups {
        tx.execute(
            "INSERT INTO user_groups (user_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[user_id.to_string().into(), group_id.to_string().into()],
        )
        .await?;
    }
    Ok(())
}

/// Reads a row of `groups`.
///
/// # Errors
/// The row is damaged.
pub(crate) fn group(row: &Row) -> Result<Group, Error> {
    Ok(Group {
        id: row.parsed(TABLE, "id", GroupId::parse)?,
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        display_id: row.text("display_id")?,
        name: row.text("name")?,
        max_unexpected_secs: row.number(TABLE, "max_unexpected_secs")?,
        max_wrap_up_secs: row.number(TABLE, "max_wrap_up_secs")?,
    })
}
