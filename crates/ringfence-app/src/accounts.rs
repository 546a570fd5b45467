//! Accounts: made, listed, suspended, resumed.

use crate::context::{Actor, Change, Ctx};
use crate::error::Error;
use crate::provisioning::numbers::details_make;
use ringfence_core::account::{Account, AccountKind, AccountName, AccountStatus, Region, TokenAlg};
use ringfence_core::id::AccountId;
use ringfence_store::accounts as store;
use ringfence_store::db::{self, Tx};
use ringfence_store::feed::FeedKind;
use serde_json::json;

const PAGE: u32 = 1_000;

/// What a new account is made from.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its unique name.
    pub name: AccountName,
    /// Where it lives.
    pub region: Region,
    /// Which platform it follows.
    pub kind: AccountKind,
    /// Signature of its tokens.
    pub token_alg: TokenAlg,
}

/// Makes an account.
///
/// # Errors
/// [`Error::Conflict`] when the name is taken.
pub async fn account_create(ctx: &Ctx, actor: &Actor, new: NewAccount) -> Result<Account, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let account = account_make(ctx, &mut tx, actor, new).await?;
    ctx.commit(tx).await?;
    Ok(account)
}

/// Makes an account within a transaction.
pub(crate) async fn account_make(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    new: NewAccount,
) -> Result<Account, Error> {
    let account = Account {
        id: AccountId::new(ctx.now(), &*ctx.random),
        name: new.name,
        region: new.region,
        kind: new.kind,
        status: AccountStatus::Active,
        token_alg: new.token_alg,
        epoch: 0,
        created_at: ctx.now(),
    };
    match store::account_insert(tx, &account).await {
        Err(db::Error::Duplicate) => {
            return Err(Error::Conflict(format!(
                "an account named {} exists",
                account.name
            )));
        }
        done => done?,
    }
    details_make(tx, &account).await?;
    let detail = json!({"name": account.name.as_str(), "region": account.region.as_str(), "kind": account.kind.as_str()});
    ctx.record(tx, change(&account, "account.create", detail, actor))
        .await?;
    Ok(account)
}

/// Every account, by name.
///
/// # Errors
/// The store broke off.
pub async fn account_list(ctx: &Ctx) -> Result<Vec<Account>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let mut accounts = Vec::new();
    let mut after = String::new();
    loop {
        let page = store::account_list(&mut tx, &after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(accounts);
        };
        after = last.name.as_str().to_owned();
        accounts.extend(page);
    }
}

/// The account of that name.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn account_show(ctx: &Ctx, name: &AccountName) -> Result<Account, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let account = store::account_find_by_name(&mut tx, name).await?;
    account.ok_or_else(|| Error::NotFound(format!("account {name}")))
}

/// Suspends an account: every token issued so far ends for good, and no new one is issued.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn account_suspend(
    ctx: &Ctx,
    actor: &Actor,
    name: &AccountName,
) -> Result<Account, Error> {
    account_status_set(ctx, actor, name, AccountStatus::Suspended).await
}

/// Lets a suspended account be used again; tokens of the time before stay refused.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn account_resume(
    ctx: &Ctx,
    actor: &Actor,
    name: &AccountName,
) -> Result<Account, Error> {
    account_status_set(ctx, actor, name, AccountStatus::Active).await
}

async fn account_status_set(
    ctx: &Ctx,
    actor: &Actor,
    name: &AccountName,
    status: AccountStatus,
) -> Result<Account, Error> {
    let mut account = account_show(ctx, name).await?;
    if account.status == status {
        return Ok(account);
    }
    let (act, ends_tokens) = match status {
        AccountStatus::Suspended => ("account.suspend", true),
        AccountStatus::Active => ("account.resume", false),
    };
    let mut tx = ctx.db.begin_write().await?;
    if !store::account_status_set(&mut tx, account.id, status, ends_tokens).await? {
        return Err(Error::NotFound(format!("account {name}")));
    }
    ctx.record(&mut tx, change(&account, act, json!({}), actor))
        .await?;
    ctx.commit(tx).await?;
    account.status = status;
    account.epoch += u32::from(ends_tokens);
    Ok(account)
}

fn change<'c>(
    account: &Account,
    act: &'static str,
    detail: serde_json::Value,
    actor: &'c Actor,
) -> Change<'c> {
    Change {
        kind: FeedKind::Account,
        account_id: Some(account.id),
        act,
        subject: account.id.to_string(),
        detail,
        actor,
    }
}
