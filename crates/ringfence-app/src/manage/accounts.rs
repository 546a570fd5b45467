//! Accounts: an operator sees all and makes, suspends and resumes them; others see their own.

use super::slice::Slice;
use crate::accounts::{self as acts, NewAccount};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::account::{Account, AccountName, AccountStatus};
use ringfence_store::accounts as store;
use std::sync::Arc;

/// Which accounts to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountQuery {
    /// A part of the name.
    pub text: String,
    /// In use or suspended.
    pub status: Option<AccountStatus>,
}

/// An account, and how much of it there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountOverview {
    /// The account.
    pub account: Arc<Account>,
    /// How many people it has.
    pub n_users: u64,
    /// How many API credentials it has.
    pub n_credentials: u64,
}

/// The accounts that the caller may see, by name, after a name.
///
/// # Errors
/// The store broke off.
pub async fn account_list(
    ctx: &Ctx,
    caller: &Caller,
    query: &AccountQuery,
    after: Option<&str>,
    limit: u32,
) -> Result<Slice<Account>, Error> {
    if !caller.is_operator() {
        let own = Account::clone(&caller.home);
        let fits = own.name.as_str().contains(&query.text)
            && query.status.is_none_or(|status| status == own.status)
            && after.is_none_or(|after| own.name.as_str() > after);
        return Ok(Slice {
            items: if fits { vec![own] } else { Vec::new() },
            next: None,
        });
    }
    let mut tx = ctx.db.begin_read().await?;
    let wanted = (query.text.as_str(), query.status);
    let found = store::account_search(&mut tx, wanted, after.unwrap_or_default(), limit + 1);
    let key = |account: &Account| account.name.as_str().to_owned();
    Ok(Slice::cut(found.await?, limit, key))
}

/// One account with its sizes.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may see.
pub async fn account_show(
    ctx: &Ctx,
    caller: &Caller,
    name: &AccountName,
) -> Result<AccountOverview, Error> {
    let account = Arc::clone(&caller.at_account(ctx, name).await?.account);
    let mut tx = ctx.db.begin_read().await?;
    let (n_users, n_credentials) = store::account_sizes(&mut tx, account.id).await?;
    // The directory may be a moment behind what the caller has just done.
    let fresh = store::account_find(&mut tx, account.id).await?;
    Ok(AccountOverview {
        account: fresh.map_or(account, Arc::new),
        n_users: n_users.unsigned_abs(),
        n_credentials: n_credentials.unsigned_abs(),
    })
}

/// Makes an account.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator; [`Error::Conflict`] when the name is taken.
pub async fn account_create(ctx: &Ctx, caller: &Caller, new: NewAccount) -> Result<Account, Error> {
    caller.require_operator()?;
    acts::account_create(ctx, &caller.actor(), new).await
}

/// Suspends an account or lets it be used again.
///
/// # Errors
/// [`Error::NotFound`] for who may not know of it; [`Error::Forbidden`] for its own people; [`Error::Conflict`] when an
/// operator would suspend the account they belong to.
pub async fn account_status_set(
    ctx: &Ctx,
    caller: &Caller,
    name: &AccountName,
    status: AccountStatus,
) -> Result<Account, Error> {
    let there = caller.at_account(ctx, name).await?;
    if !caller.is_operator() {
        return Err(Error::Forbidden(
            "only an operator suspends or resumes an account".to_owned(),
        ));
    }
    let actor = caller.actor();
    match status {
        AccountStatus::Suspended if there.account.id == caller.home.id => Err(Error::Conflict(
            "this is the account you belong to; suspending it would lock you out".to_owned(),
        )),
        AccountStatus::Suspended => acts::account_suspend(ctx, &actor, name).await,
        AccountStatus::Active => acts::account_resume(ctx, &actor, name).await,
    }
}
