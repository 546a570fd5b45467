//! People as sign-in needs them.

use crate::db::{Error, Tx};
use ringfence_core::account::AccountKind;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user::Username;

const TABLE: &str = "users";

/// The Argon2id hash of somebody's password, if they have one.
///
/// # Errors
/// The database broke off.
pub async fn user_password(tx: &mut Tx, user_id: UserId) -> Result<Option<String>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT password FROM users WHERE id = $1",
            &[user_id.to_string().into()],
        )
        .await?;
    row.map_or(Ok(None), |row| row.opt_text("password"))
}

/// Notes that somebody signed in.
///
/// # Errors
/// The database refused it or broke off.
pub async fn user_login_note(tx: &mut Tx, user_id: UserId, at: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE users SET last_login_at = $2 WHERE id = $1",
        &[user_id.to_string().into(), at.into()],
    )
    .await?;
    Ok(())
}

/// Whether anybody can sign in, or will be able to: an operator, or somebody with a proof of who they are.
///
/// # Errors
/// The database broke off.
pub async fn user_signs_in(tx: &mut Tx) -> Result<bool, Error> {
    let rows = tx
        .fetch_all(
            "SELECT id FROM users
             WHERE operator = TRUE OR password IS NOT NULL
                OR EXISTS (SELECT 1 FROM user_passkeys p WHERE p.user_id = users.id)
                OR EXISTS (SELECT 1 FROM user_identities i WHERE i.user_id = users.id)
                OR EXISTS (SELECT 1 FROM provider_identities i WHERE i.user_id = users.id)
             LIMIT 1",
            &[],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Whether anybody runs the installation.
///
/// # Errors
/// The database broke off.
pub async fn user_operator_exists(tx: &mut Tx) -> Result<bool, Error> {
    let rows = tx
        .fetch_all("SELECT id FROM users WHERE operator = TRUE LIMIT 1", &[])
        .await?;
    Ok(!rows.is_empty())
}

/// The people of that user name in VBC accounts, at most two: more than one is too many to tell apart.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn vbc_user_ids_by_username(
    tx: &mut Tx,
    username: &Username,
) -> Result<Vec<(UserId, AccountId)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT u.id, u.account_id FROM users u JOIN accounts a ON a.id = u.account_id
             WHERE u.username = $1 AND a.kind = $2 ORDER BY u.id LIMIT 2",
            &[username.as_str().into(), AccountKind::Vbc.as_str().into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.parsed(TABLE, "id", UserId::parse)?,
                row.parsed(TABLE, "account_id", AccountId::parse)?,
            ))
        })
        .collect()
}

/// The people of that user name in all accounts, at most two: more than one is too many to tell apart.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn user_ids_by_username(
    tx: &mut Tx,
    username: &Username,
) -> Result<Vec<(UserId, AccountId)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT id, account_id FROM users WHERE username = $1 ORDER BY id LIMIT 2",
            &[username.as_str().into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.parsed(TABLE, "id", UserId::parse)?,
                row.parsed(TABLE, "account_id", AccountId::parse)?,
            ))
        })
        .collect()
}

/// The people of an account with that e-mail address, at most two.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn user_ids_by_email(
    tx: &mut Tx,
    account_id: AccountId,
    email: &str,
) -> Result<Vec<UserId>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT id FROM users WHERE account_id = $1 AND LOWER(email) = LOWER($2) ORDER BY id LIMIT 2",
            &[account_id.to_string().into(), email.into()],
        )
        .await?;
    rows.iter()
        .map(|row| row.parsed(TABLE, "id", UserId::parse))
        .collect()
}
