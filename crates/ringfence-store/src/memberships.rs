//! Who belongs to which group, and whose content people may reach besides.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{GroupId, UserId};
use ringfence_core::user::{AgentNumber, GroupAccess, Member};

const TABLE: &str = "users";

/// A page of a group's members by user name, archived ones left out.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn member_page(
    tx: &mut Tx,
    group_id: GroupId,
    offset: i64,
    limit: u32,
) -> Result<Vec<Member>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT u.id, u.agent, u.name FROM user_groups m JOIN users u ON u.id = m.user_id
             WHERE m.group_id = $1 AND u.active ORDER BY u.username LIMIT $2 OFFSET $3",
            &[group_id.to_string().into(), limit.into(), offset.into()],
        )
        .await?;
    rows.iter().map(member).collect()
}

/// How many members a group has, archived ones left out.
///
/// # Errors
/// The database broke off.
pub async fn member_count(tx: &mut Tx, group_id: GroupId) -> Result<i64, Error> {
    tx.fetch_one(
        "SELECT COUNT(*) AS n FROM user_groups m JOIN users u ON u.id = m.user_id
         WHERE m.group_id = $1 AND u.active",
        &[group_id.to_string().into()],
    )
    .await?
    .int("n")
}

/// Everybody who belongs to a group, archived or not.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn member_ids(tx: &mut Tx, group_id: GroupId) -> Result<Vec<UserId>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT user_id FROM user_groups WHERE group_id = $1 ORDER BY user_id",
            &[group_id.to_string().into()],
        )
        .await?;
    rows.iter()
        .map(|row| row.parsed("user_groups", "user_id", UserId::parse))
        .collect()
}

/// Makes somebody a member of a group.
///
/// # Errors
/// The database refused it or broke off.
pub async fn member_add(tx: &mut Tx, group_id: GroupId, user_id: UserId) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO user_groups (user_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        &[user_id.to_string().into(), group_id.to_string().into()],
    )
    .await?;
    Ok(())
}

/// Ends somebody's membership of a group.
///
/// # Errors
/// The database refused it or broke off.
pub async fn member_remove(tx: &mut Tx, group_id: GroupId, user_id: UserId) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM user_groups WHERE user_id = $1 AND group_id = $2",
        &[user_id.to_string().into(), group_id.to_string().into()],
    )
    .await?;
    Ok(())
}

/// The groups somebody may reach without belonging to them.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn group_access_list(
    tx: &mut Tx,
    user_id: UserId,
) -> Result<Vec<(GroupId, GroupAccess)>, Error> {
    const TABLE: &str = "user_group_permissions";
    let rows = tx
        .fetch_all(
            "SELECT group_id, permission FROM user_group_permissions WHERE user_id = $1 ORDER BY group_id",
            &[user_id.to_string().into()],
        )
        .await?;
    let mut groups = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.parsed(TABLE, "group_id", GroupId::parse)?;
        let access = row.parsed(TABLE, "permission", |t| GroupAccess::parse(t).ok_or(()))?;
        groups.push((id, access));
    }
    Ok(groups)
}

/// Lets somebody reach exactly these groups without belonging to them.
///
/// # Errors
/// The database refused it or broke off.
pub async fn group_access_set(
    tx: &mut Tx,
    user_id: UserId,
    groups: &[(GroupId, GroupAccess)],
) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM user_group_permissions WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await?;
    for (group_id, access) in groups {
        tx.execute(
            "INSERT INTO user_group_permissions (user_id, group_id, permission) VALUES ($1, $2, $3)
             ON CONFLICT (user_id, group_id) DO UPDATE SET permission = excluded.permission",
            &[
                user_id.to_string().into(),
                group_id.to_string().into(),
                access.as_str().into(),
            ],
        )
        .await?;
    }
    Ok(())
}

fn member(row: &Row) -> Result<Member, Error> {
    Ok(Member {
        id: row.parsed(TABLE, "id", UserId::parse)?,
        agent: row.opt_parsed(TABLE, "agent", AgentNumber::parse)?,
        name: row.text("name")?,
    })
}
