//! What people have allowed applications.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{AccountId, ApplicationId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;

const TABLE: &str = "consents";

/// What one person has allowed one application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consent {
    /// The person.
    pub user_id: UserId,
    /// The application.
    pub application_id: ApplicationId,
    /// The person's account.
    pub account_id: AccountId,
    /// All they have allowed so far.
    pub scope: UserScopes,
    /// When they last did.
    pub given_at: Timestamp,
}

/// Keeps a consent; one that was there before gives way.
///
/// # Errors
/// The database refused it or broke off.
pub async fn consent_set(tx: &mut Tx, consent: &Consent) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO consents (user_id, application_id, account_id, scope, given_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (user_id, application_id)
         DO UPDATE SET account_id = excluded.account_id, scope = excluded.scope, given_at = excluded.given_at",
        &[
            consent.user_id.to_string().into(),
            consent.application_id.to_string().into(),
            consent.account_id.to_string().into(),
            consent.scope.to_string().into(),
            consent.given_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What somebody has allowed an application.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn consent_find(
    tx: &mut Tx,
    user_id: UserId,
    application_id: ApplicationId,
) -> Result<Option<Consent>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM consents WHERE user_id = $1 AND application_id = $2",
            &[
                user_id.to_string().into(),
                application_id.to_string().into(),
            ],
        )
        .await?;
    row.as_ref().map(consent).transpose()
}

/// Takes a consent away; false when there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn consent_delete(
    tx: &mut Tx,
    user_id: UserId,
    application_id: ApplicationId,
) -> Result<bool, Error> {
    let deleted = tx
        .execute(
            "DELETE FROM consents WHERE user_id = $1 AND application_id = $2",
            &[
                user_id.to_string().into(),
                application_id.to_string().into(),
            ],
        )
        .await?;
    Ok(deleted == 1)
}

/// Takes away what the people of an account have allowed an application, and gives how many they were.
///
/// # Errors
/// The database refused it or broke off.
pub async fn consent_delete_of_account(
    tx: &mut Tx,
    account_id: AccountId,
    application_id: ApplicationId,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM consents WHERE account_id = $1 AND application_id = $2",
        &[
            account_id.to_string().into(),
            application_id.to_string().into(),
        ],
    )
    .await
}

/// Somebody's consents, the newest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn consent_list(tx: &mut Tx, user_id: UserId) -> Result<Vec<Consent>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM consents WHERE user_id = $1 ORDER BY given_at DESC, application_id LIMIT 500",
            &[user_id.to_string().into()],
        )
        .await?;
    rows.iter().map(consent).collect()
}

/// The consents of an account's people, by application.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn consent_list_of_account(
    tx: &mut Tx,
    account_id: AccountId,
) -> Result<Vec<Consent>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM consents WHERE account_id = $1 ORDER BY application_id, user_id",
            &[account_id.to_string().into()],
        )
        .await?;
    rows.iter().map(consent).collect()
}

fn consent(row: &Row) -> Result<Consent, Error> {
    Ok(Consent {
        user_id: row.parsed(TABLE, "user_id", UserId::parse)?,
        application_id: row.parsed(TABLE, "application_id", ApplicationId::parse)?,
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        scope: row.parsed(TABLE, "scope", UserScopes::parse)?,
        given_at: Timestamp::from_ms(row.int("given_at")?),
    })
}
