//! What the people of an account have allowed applications.

use super::{KEPT_AFTER_END_SECS, TABLE, bytes, id};
use crate::db::{Arg, Error, Tx};
use ringfence_core::id::{AccountId, ApplicationId, UserId};
use ringfence_core::time::Timestamp;

// Grants are found by person, and one statement names so many at most.
const BATCH: usize = 200;

/// An application that may act for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Connection {
    /// The application.
    pub application_id: ApplicationId,
    /// The person.
    pub user_id: UserId,
    /// When the last grant began.
    pub last_at: Timestamp,
}

/// The applications that hold grants of people of an account, one line a person and application.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn connections_of_account(
    tx: &mut Tx,
    account_id: AccountId,
    now: Timestamp,
) -> Result<Vec<Connection>, Error> {
    let people = tx
        .fetch_all(
            "SELECT id FROM users WHERE account_id = $1 ORDER BY id",
            &[account_id.to_string().into()],
        )
        .await?;
    let mut found = Vec::new();
    for batch in people.chunks(BATCH) {
        let mut args: Vec<Arg> = vec![now.plus_secs(KEPT_AFTER_END_SECS).into()];
        for person in batch {
            let person = person.parsed("users", "id", UserId::parse)?;
            args.push(bytes(person.as_bytes()));
        }
        let marks: Vec<String> = (2..=args.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT application_id, user_id, MAX(created_at) AS last_at FROM grants
             WHERE user_id IN ({}) AND ended_at IS NULL AND kept_until > $1
             GROUP BY application_id, user_id",
            marks.join(", ")
        );
        for row in tx.fetch_all_built(sql, &args).await? {
            found.push(Connection {
                application_id: ApplicationId::from_bytes(id(&row, TABLE, "application_id")?),
                user_id: UserId::from_bytes(id(&row, TABLE, "user_id")?),
                last_at: Timestamp::from_ms(row.int("last_at")?),
            });
        }
    }
    Ok(found)
}
