//! People, with their permissions, lines and groups.

use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::id::{AccountId, GroupId, UserId};
use ringfence_core::permission::PermissionSet;
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line, PermissionOverrides, Role, User, Username};
use std::collections::HashMap;

const TABLE: &str = "users";

/// Adds a person with their lines; groups are set by `groups::user_groups_set`.
///
/// # Errors
/// [`Error::Duplicate`] when the user name or agent number is taken.
pub async fn user_insert(tx: &mut Tx, user: &User) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO users (id, account_id, username, name, email, role, active, locked, agent,
             permissions_yes, permissions_no, epoch, profile, created_at, operator)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '{}', $13, $14)",
        &[
            user.id.to_string().into(),
            user.account_id.to_string().into(),
            user.username.as_str().into(),
            user.name.as_str().into(),
            user.email.as_str().into(),
            user.role.as_str().into(),
            user.active.into(),
            user.locked.into(),
            user.agent.as_ref().map(AgentNumber::as_str).into(),
            i64::from(user.permissions.yes.bits()).into(),
            i64::from(user.permissions.no.bits()).into(),
            user.epoch.into(),
            user.created_at.into(),
            user.operator.into(),
        ],
    )
    .await?;
    user_lines_set(tx, user.id, &user.lines).await
}

/// Writes back everything of a person but account, password and groups.
///
/// # Errors
/// [`Error::Duplicate`] when the user name or agent number is taken.
pub async fn user_update(tx: &mut Tx, user: &User) -> Result<(), Error> {
    tx.execute(
        "UPDATE users SET username = $2, name = $3, email = $4, role = $5, active = $6, locked = $7, agent = $8,
             permissions_yes = $9, permissions_no = $10, epoch = $11, operator = $12
         WHERE id = $1",
        &[
            user.id.to_string().into(),
            user.username.as_str().into(),
            user.name.as_str().into(),
            user.email.as_str().into(),
            user.role.as_str().into(),
            user.active.into(),
            user.locked.into(),
            user.agent.as_ref().map(AgentNumber::as_str).into(),
            i64::from(user.permissions.yes.bits()).into(),
            i64::from(user.permissions.no.bits()).into(),
            user.epoch.into(),
            user.operator.into(),
        ],
    )
    .await?;
    user_lines_set(tx, user.id, &user.lines).await
}

/// Lets the person reach exactly these lines.
///
/// # Errors
/// The database refused it or broke off.
pub async fn user_lines_set(tx: &mut Tx, user_id: UserId, lines: &[Line]) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM user_lines WHERE user_id = $1",
        &[user_id.to_string().into()],
    )
    .await?;
    for line in lines {
        tx.execute(
            "INSERT INTO user_lines (user_id, line) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[user_id.to_string().into(), line.as_str().into()],
        )
        .await?;
    }
    Ok(())
}

/// Keeps the Argon2id hash of a password, or removes it.
///
/// # Errors
/// The database refused it or broke off.
pub async fn user_password_set(
    tx: &mut Tx,
    user_id: UserId,
    hash: Option<&str>,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE users SET password = $2 WHERE id = $1",
        &[user_id.to_string().into(), hash.into()],
    )
    .await?;
    Ok(())
}

/// Replaces a password's hash by another one of the same password, unless it was changed meanwhile.
///
/// # Errors
/// The database refused it or broke off.
pub async fn user_password_rehash(
    tx: &mut Tx,
    user_id: UserId,
    (before, after): (&str, &str),
) -> Result<(), Error> {
    tx.execute(
        "UPDATE users SET password = $3 WHERE id = $1 AND password = $2",
        &[user_id.to_string().into(), before.into(), after.into()],
    )
    .await?;
    Ok(())
}

/// The person of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn user_find(tx: &mut Tx, id: UserId) -> Result<Option<User>, Error> {
    user_one(
        tx,
        "SELECT * FROM users WHERE id = $1",
        &[id.to_string().into()],
    )
    .await
}

/// User name and name of the person of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn user_names(tx: &mut Tx, id: UserId) -> Result<Option<(Username, String)>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT id, username, name FROM users WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.map(|row| {
        Ok((
            row.parsed(TABLE, "username", Username::parse)?,
            row.text("name")?,
        ))
    })
    .transpose()
}

/// The person of that user name within an account.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn user_find_by_username(
    tx: &mut Tx,
    account_id: AccountId,
    username: &Username,
) -> Result<Option<User>, Error> {
    let sql = "SELECT * FROM users WHERE account_id = $1 AND username = $2";
    user_one(
        tx,
        sql,
        &[account_id.to_string().into(), username.as_str().into()],
    )
    .await
}

/// The person of that agent number within an account.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn user_find_by_agent(
    tx: &mut Tx,
    account_id: AccountId,
    agent: &AgentNumber,
) -> Result<Option<User>, Error> {
    let sql = "SELECT * FROM users WHERE account_id = $1 AND agent = $2";
    user_one(
        tx,
        sql,
        &[account_id.to_string().into(), agent.as_str().into()],
    )
    .await
}

/// An account's active admins by name, at most `limit`: user names and names.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn admin_names(
    tx: &mut Tx,
    account_id: AccountId,
    limit: u32,
) -> Result<Vec<(Username, String)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT username, name FROM users WHERE account_id = $1 AND role = 'Admin' AND active AND NOT locked
             ORDER BY LOWER(name), username LIMIT $2",
            &[account_id.to_string().into(), limit.into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.parsed(TABLE, "username", Username::parse)?,
                row.text("name")?,
            ))
        })
        .collect()
}

/// An account's people, by user name, after a user name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn user_list(
    tx: &mut Tx,
    account_id: AccountId,
    after: &str,
    limit: u32,
) -> Result<Vec<User>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM users WHERE account_id = $1 AND username > $2 ORDER BY username LIMIT $3",
            &[account_id.to_string().into(), after.into(), limit.into()],
        )
        .await?;
    let mut users = rows.iter().map(user).collect::<Result<Vec<_>, _>>()?;
    for user in &mut users {
        attach(tx, user).await?;
    }
    Ok(users)
}

/// A page of an account's people by user name: all, or those that are active or archived. Lines and groups stay empty.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn user_page(
    tx: &mut Tx,
    account_id: AccountId,
    active: Option<bool>,
    offset: i64,
    limit: u32,
) -> Result<Vec<(User, String)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM users WHERE account_id = $1 AND (active = $2 OR active = $3)
             ORDER BY username LIMIT $4 OFFSET $5",
            &[
                account_id.to_string().into(),
                active.unwrap_or(true).into(),
                active.unwrap_or(false).into(),
                limit.into(),
                offset.into(),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((user(row)?, row.text("profile")?)))
        .collect()
}

/// How many people [`user_page`] gives over all pages.
///
/// # Errors
/// The database broke off.
pub async fn user_count(
    tx: &mut Tx,
    account_id: AccountId,
    active: Option<bool>,
) -> Result<i64, Error> {
    tx.fetch_one(
        "SELECT COUNT(*) AS n FROM users WHERE account_id = $1 AND (active = $2 OR active = $3)",
        &[
            account_id.to_string().into(),
            active.unwrap_or(true).into(),
            active.unwrap_or(false).into(),
        ],
    )
    .await?
    .int("n")
}

/// The rest of somebody's User Admin object, as JSON.
///
/// # Errors
/// The database broke off.
pub async fn user_profile(tx: &mut Tx, id: UserId) -> Result<String, Error> {
    let row = tx
        .fetch_optional(
            "SELECT profile FROM users WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.map_or_else(|| Ok("{}".to_owned()), |row| row.text("profile"))
}

/// Keeps the rest of somebody's User Admin object, as JSON.
///
/// # Errors
/// The database refused it or broke off.
pub async fn user_profile_set(tx: &mut Tx, id: UserId, profile: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE users SET profile = $2 WHERE id = $1",
        &[id.to_string().into(), profile.into()],
    )
    .await?;
    Ok(())
}

/// Everybody, for the directory.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn user_load_all(tx: &mut Tx) -> Result<Vec<User>, Error> {
    let rows = tx.fetch_all("SELECT * FROM users", &[]).await?;
    let mut users = HashMap::with_capacity(rows.len());
    for row in rows {
        let user = user(&row)?;
        users.insert(user.id, user);
    }
    for row in tx
        .fetch_all("SELECT user_id, line FROM user_lines", &[])
        .await?
    {
        let id = row.parsed("user_lines", "user_id", UserId::parse)?;
        if let Some(user) = users.get_mut(&id) {
            user.lines
                .push(row.parsed("user_lines", "line", Line::parse)?);
        }
    }
    for row in tx
        .fetch_all("SELECT user_id, group_id FROM user_groups", &[])
        .await?
    {
        let id = row.parsed("user_groups", "user_id", UserId::parse)?;
        if let Some(user) = users.get_mut(&id) {
            user.groups
                .push(row.parsed("user_groups", "group_id", GroupId::parse)?);
        }
    }
    let readable = "SELECT user_id, group_id FROM user_group_permissions";
    for row in tx.fetch_all(readable, &[]).await? {
        let id = row.parsed("user_group_permissions", "user_id", UserId::parse)?;
        if let Some(user) = users.get_mut(&id) {
            user.readable_groups.push(row.parsed(
                "user_group_permissions",
                "group_id",
                GroupId::parse,
            )?);
        }
    }
    Ok(users.into_values().collect())
}

async fn user_one(tx: &mut Tx, sql: &'static str, args: &[Arg]) -> Result<Option<User>, Error> {
    let Some(row) = tx.fetch_optional(sql, args).await? else {
        return Ok(None);
    };
    let mut user = user(&row)?;
    attach(tx, &mut user).await?;
    Ok(Some(user))
}

async fn attach(tx: &mut Tx, user: &mut User) -> Result<(), Error> {
    let id: Arg = user.id.to_string().into();
    let lines = "SELECT line FROM user_lines WHERE user_id = $1 ORDER BY line";
    for row in tx.fetch_all(lines, std::slice::from_ref(&id)).await? {
        user.lines
            .push(row.parsed("user_lines", "line", Line::parse)?);
    }
    let groups = "SELECT group_id FROM user_groups WHERE user_id = $1 ORDER BY group_id";
    for row in tx.fetch_all(groups, std::slice::from_ref(&id)).await? {
        user.groups
            .push(row.parsed("user_groups", "group_id", GroupId::parse)?);
    }
    let readable =
        "SELECT group_id FROM user_group_permissions WHERE user_id = $1 ORDER BY group_id";
    for row in tx.fetch_all(readable, &[id]).await? {
        user.readable_groups.push(row.parsed(
            "user_group_permissions",
            "group_id",
            GroupId::parse,
        )?);
    }
    Ok(())
}

/// Reads a row of `users`; lines and groups stay empty.
///
/// # Errors
/// The row is damaged.
pub(crate) fn user(row: &Row) -> Result<User, Error> {
    Ok(User {
        id: row.parsed(TABLE, "id", UserId::parse)?,
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        username: row.parsed(TABLE, "username", Username::parse)?,
        name: row.text("name")?,
        email: row.text("email")?,
        role: row.parsed(TABLE, "role", Role::parse)?,
        active: row.bool("active")?,
        locked: row.bool("locked")?,
        operator: row.bool("operator")?,
        agent: row.opt_parsed(TABLE, "agent", AgentNumber::parse)?,
        permissions: PermissionOverrides {
            yes: PermissionSet::from_bits(row.number(TABLE, "permissions_yes")?),
            no: PermissionSet::from_bits(row.number(TABLE, "permissions_no")?),
        },
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: row.number(TABLE, "epoch")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        last_login_at: row.opt_int("last_login_at")?.map(Timestamp::from_ms),
    })
}
