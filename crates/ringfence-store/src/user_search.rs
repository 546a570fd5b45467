//! The list of an account's people as people look at it: searched, sorted, a page at a time.

use crate::db::{Arg, Error, Tx};
use crate::search::like_contains;
use crate::users::user;
use ringfence_core::id::{AccountId, GroupId};
use ringfence_core::user::{Group, Role, User};

/// Whether somebody may act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserState {
    /// They may.
    Active,
    /// Locked.
    Locked,
    /// Archived.
    Disabled,
}

/// In which order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UserSort {
    /// By user name.
    #[default]
    Username,
    /// By name.
    Name,
    /// By role.
    Role,
    /// By when they last signed in.
    LastSignIn,
    /// By when they were made.
    Created,
}

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct UserSearch {
    /// A part of the user name, name, e-mail address or agent id. Empty finds all.
    pub text: String,
    /// People of this role.
    pub role: Option<Role>,
    /// People in this state.
    pub state: Option<UserState>,
    /// Members of this group.
    pub group: Option<GroupId>,
    /// Only people whose user name comes later than this text.
    pub after: String,
    /// The order.
    pub sort: UserSort,
    /// From the last to the first.
    pub descending: bool,
}

/// A page of what the search finds. Lines and groups stay empty.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn user_search(
    tx: &mut Tx,
    account_id: AccountId,
    search: &UserSearch,
    offset: i64,
    limit: u32,
) -> Result<Vec<User>, Error> {
    let (conditions, mut args) = conditions(account_id, search);
    let order = match search.sort {
        UserSort::Username => "username",
        UserSort::Name => "LOWER(name)",
        UserSort::Role => "role",
        UserSort::LastSignIn => "COALESCE(last_login_at, 0)",
        UserSort::Created => "created_at",
    };
    let direction = if search.descending { "DESC" } else { "ASC" };
    args.push(limit.into());
    args.push(offset.into());
    let sql = format!(
        "SELECT * FROM users WHERE {conditions} ORDER BY {order} {direction}, username {direction}
         LIMIT ${} OFFSET ${}",
        args.len() - 1,
        args.len()
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.iter().map(user).collect()
}

/// How many people the search finds.
///
/// # Errors
/// The database broke off.
pub async fn user_search_count(
    tx: &mut Tx,
    account_id: AccountId,
    search: &UserSearch,
) -> Result<i64, Error> {
    let (conditions, args) = conditions(account_id, search);
    let sql = format!("SELECT COUNT(*) AS n FROM users WHERE {conditions}");
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

/// Groups whose name holds a text, by name, after a name, with how many active members they have.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn group_search(
    tx: &mut Tx,
    account_id: AccountId,
    (text, after): (&str, &str),
    limit: u32,
) -> Result<Vec<(Group, u64)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT g.*, (SELECT COUNT(*) FROM user_groups m JOIN users u ON u.id = m.user_id
                 WHERE m.group_id = g.id AND u.active) AS n_members
             FROM groups g WHERE g.account_id = $1 AND g.name > $2 AND LOWER(g.name) LIKE $3 ESCAPE '!'
             ORDER BY g.name LIMIT $4",
            &[
                account_id.to_string().into(),
                after.into(),
                like_contains(&text.to_lowercase()).into(),
                limit.into(),
            ],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let n_members = row.number("groups", "n_members")?;
            Ok((crate::groups::group(row)?, n_members))
        })
        .collect()
}

fn conditions(account_id: AccountId, search: &UserSearch) -> (String, Vec<Arg>) {
    let mut sql = "account_id = $1".to_owned();
    let mut args: Vec<Arg> = vec![account_id.to_string().into()];
    let mut also = |condition: &str, arg: Arg| {
        args.push(arg);
        sql.push_str(" AND ");
        sql.push_str(&condition.replace('?', &format!("${}", args.len())));
    };
    if !search.text.is_empty() {
        also(
            "(username LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!' OR LOWER(email) LIKE ? ESCAPE '!'
                 OR LOWER(COALESCE(agent, '')) LIKE ? ESCAPE '!')",
            like_contains(&search.text.to_lowercase()).into(),
        );
    }
    if let Some(role) = search.role {
        also("role = ?", role.as_str().into());
    }
    if let Some(state) = search.state {
        let (active, locked) = match state {
            UserState::Active => (true, Some(false)),
            UserState::Locked => (true, Some(true)),
            UserState::Disabled => (false, None),
        };
        also("active = ?", active.into());
        if let Some(locked) = locked {
            also("locked = ?", locked.into());
        }
    }
    if let Some(group) = search.group {
        also(
            "id IN (SELECT user_id FROM user_groups WHERE group_id = ?)",
            group.to_string().into(),
        );
    }
    if !search.after.is_empty() {
        also("username > ?", search.after.as_str().into());
    }
    (sql, args)
}
