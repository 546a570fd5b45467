//! Accounts: the tenants.

use crate::db::{Error, Row, Tx};
use crate::search::like_contains;
use ringfence_core::account::{Account, AccountKind, AccountName, AccountStatus, Region, TokenAlg};
use ringfence_core::id::AccountId;
use ringfence_core::time::Timestamp;

const TABLE: &str = "accounts";

/// Adds an account.
///
/// # Errors
/// [`Error::Duplicate`] when the name is taken.
pub async fn account_insert(tx: &mut Tx, account: &Account) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO accounts (id, name, region, kind, status, token_alg, epoch, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            account.id.to_string().into(),
            account.name.as_str().into(),
            account.region.as_str().into(),
            account.kind.as_str().into(),
            account.status.as_str().into(),
            account.token_alg.as_str().into(),
            account.epoch.into(),
            account.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The account of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn account_find(tx: &mut Tx, id: AccountId) -> Result<Option<Account>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM accounts WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(account).transpose()
}

/// The account of that name.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn account_find_by_name(
    tx: &mut Tx,
    name: &AccountName,
) -> Result<Option<Account>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM accounts WHERE name = $1",
            &[name.as_str().into()],
        )
        .await?;
    row.as_ref().map(account).transpose()
}

/// Every account, by name, after a name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn account_list(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<Account>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM accounts WHERE name > $1 ORDER BY name LIMIT $2",
            &[after.into(), limit.into()],
        )
        .await?;
    rows.iter().map(account).collect()
}

/// Accounts whose name holds a text, by name, after a name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn account_search(
    tx: &mut Tx,
    (text, status): (&str, Option<AccountStatus>),
    after: &str,
    limit: u32,
) -> Result<Vec<Account>, Error> {
    let status = status.map(AccountStatus::as_str);
    let rows = tx
        .fetch_all(
            "SELECT * FROM accounts WHERE name > $1 AND name LIKE $2 ESCAPE '!' AND ($3 = '' OR status = $4)
             ORDER BY name LIMIT $5",
            &[
                after.into(),
                like_contains(text).into(),
                status.unwrap_or_default().into(),
                status.unwrap_or_default().into(),
                limit.into(),
            ],
        )
        .await?;
    rows.iter().map(account).collect()
}

/// How many people and credentials an account has.
///
/// # Errors
/// The database broke off.
pub async fn account_sizes(tx: &mut Tx, id: AccountId) -> Result<(i64, i64), Error> {
    let row = tx
        .fetch_one(
            "SELECT (SELECT COUNT(*) FROM users WHERE account_id = $1) AS n_users,
                    (SELECT COUNT(*) FROM credentials WHERE account_id = $1) AS n_credentials",
            &[id.to_string().into()],
        )
        .await?;
    Ok((row.int("n_users")?, row.int("n_credentials")?))
}

/// Every account, for the directory.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn account_load_all(tx: &mut Tx) -> Result<Vec<Account>, Error> {
    let rows = tx.fetch_all("SELECT * FROM accounts", &[]).await?;
    rows.iter().map(account).collect()
}

/// Changes status and, when told, ends every token issued so far. False when there is no such account.
///
/// # Errors
/// The database broke off.
pub async fn account_status_set(
    tx: &mut Tx,
    id: AccountId,
    status: AccountStatus,
    end_tokens: bool,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            "UPDATE accounts SET status = $2, epoch = epoch + $3 WHERE id = $1",
            &[
                id.to_string().into(),
                status.as_str().into(),
                i64::from(end_tokens).into(),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Changes the signature algorithm of its tokens. False when there is no such account.
///
/// # Errors
/// The database broke off.
pub async fn account_token_alg_set(
    tx: &mut Tx,
    id: AccountId,
    alg: TokenAlg,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            "UPDATE accounts SET token_alg = $2 WHERE id = $1",
            &[id.to_string().into(), alg.as_str().into()],
        )
        .await?;
    Ok(changed == 1)
}

fn account(row: &Row) -> Result<Account, Error> {
    Ok(Account {
        id: row.parsed(TABLE, "id", AccountId::parse)?,
        name: row.parsed(TABLE, "name", AccountName::parse)?,
        region: row.parsed(TABLE, "region", Region::parse)?,
        kind: row.parsed(TABLE, "kind", AccountKind::parse)?,
        status: row.parsed(TABLE, "status", AccountStatus::parse)?,
        token_alg: row.parsed(TABLE, "token_alg", TokenAlg::parse)?,
        epoch: row.number(TABLE, "epoch")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
    })
}
