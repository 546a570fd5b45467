//! Names of people, where names are all that is needed.

use crate::db::{Error, Tx};
use ringfence_core::id::AccountId;
use ringfence_core::user::AgentNumber;

const TABLE: &str = "users";

/// Names of the active admins of an account, by user name, a few of them.
///
/// # Errors
/// The database broke off.
pub async fn admin_names(
    tx: &mut Tx,
    account_id: AccountId,
    limit: u32,
) -> Result<Vec<String>, Error> {
    tx.fetch_all(
        "SELECT name FROM users WHERE account_id = $1 AND role = 'Admin' AND active
         ORDER BY username LIMIT $2",
        &[account_id.to_string().into(), limit.into()],
    )
    .await?
    .iter()
    .map(|row| row.text("name"))
    .collect()
}

/// Names of the people with these agent numbers, as `(number, name)`.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn agent_names(
    tx: &mut Tx,
    account_id: AccountId,
    agents: &[AgentNumber],
) -> Result<Vec<(AgentNumber, String)>, Error> {
    let mut found = Vec::new();
    for some in agents.chunks(500) {
        let marks: Vec<String> = (2..some.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT agent, name FROM users WHERE account_id = $1 AND agent IN ({})",
            marks.join(", ")
        );
        let mut args = vec![account_id.to_string().into()];
        args.extend(some.iter().map(|a| a.as_str().into()));
        for row in tx.fetch_all_built(sql, &args).await? {
            found.push((
                row.parsed(TABLE, "agent", AgentNumber::parse)?,
                row.text("name")?,
            ));
        }
    }
    Ok(found)
}
