//! The platform's users, as last seen.

use super::{flat, placeholders};
use crate::db::{Error, Row, Tx};
use ringfence_core::id::ConnectionId;
use ringfence_core::time::Timestamp;

/// A user of the platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CollectedUser {
    /// The platform's id.
    pub user_id: String,
    /// The sign-in name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The role.
    pub role: String,
    /// Whether the user is not archived.
    pub active: bool,
    /// The agent id, for agents.
    pub agent: Option<String>,
}

/// Adds users or writes them back.
///
/// # Errors
/// The database broke off.
pub async fn users_put(
    tx: &mut Tx,
    connection: ConnectionId,
    users: &[CollectedUser],
    seen_at: Timestamp,
) -> Result<(), Error> {
    for some in users.chunks(500) {
        let sql = format!(
            "INSERT INTO collect_users (connection_id, user_id, username, name, email, role, active, agent, seen_at)
             VALUES {}
             ON CONFLICT (connection_id, user_id) DO UPDATE
             SET username = excluded.username, name = excluded.name, email = excluded.email, role = excluded.role,
                 active = excluded.active, agent = excluded.agent, seen_at = excluded.seen_at",
            placeholders(some.len(), 9)
        );
        let args = flat(some.iter().map(|user| {
            vec![
                connection.to_string().into(),
                user.user_id.as_str().into(),
                user.username.as_str().into(),
                user.name.as_str().into(),
                user.email.as_str().into(),
                user.role.as_str().into(),
                user.active.into(),
                user.agent.as_deref().into(),
                seen_at.into(),
            ]
        }));
        tx.execute_built(sql, &args).await?;
    }
    Ok(())
}

/// A page of users after a user id, in the order of ids.
///
/// # Errors
/// The database broke off.
pub async fn users_page(
    tx: &mut Tx,
    connection: ConnectionId,
    after: &str,
    limit: i64,
) -> Result<Vec<CollectedUser>, Error> {
    tx.fetch_all(
        "SELECT * FROM collect_users WHERE connection_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
        &[connection.to_string().into(), after.into(), limit.into()],
    )
    .await?
    .iter()
    .map(user)
    .collect()
}

fn user(row: &Row) -> Result<CollectedUser, Error> {
    Ok(CollectedUser {
        user_id: row.text("user_id")?,
        username: row.text("username")?,
        name: row.text("name")?,
        email: row.text("email")?,
        role: row.text("role")?,
        active: row.bool("active")?,
        agent: row.opt_text("agent")?,
    })
}
