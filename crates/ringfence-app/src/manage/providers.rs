//! Providers of an account, for its admins. Domains by which one is offered are an operator's to vouch for: whoever
//! names another's domain would be shown to its people.

use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::providers::{self as acts, NewProvider, ProviderDetail, ProviderEdit};
use crate::sign_in::sso::Provider;
use ringfence_core::sign_in::account_provider::{AccountProvider, ProviderName};

/// The account's providers, by name.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account.
pub async fn provider_list(ctx: &Ctx, caller: &Caller) -> Result<Vec<AccountProvider>, Error> {
    caller.require_admin()?;
    acts::provider_list(ctx, &caller.account.name).await
}

/// One provider.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name, or the caller is no admin of it.
pub async fn provider_show(
    ctx: &Ctx,
    caller: &Caller,
    name: &ProviderName,
) -> Result<ProviderDetail, Error> {
    caller.require_admin()?;
    acts::provider_show(ctx, &caller.account.name, name).await
}

/// Makes a provider.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account; [`Error::Forbidden`] when it takes an operator;
/// [`Error::Conflict`] when the name is taken.
pub async fn provider_create(
    ctx: &Ctx,
    caller: &Caller,
    new: NewProvider,
) -> Result<AccountProvider, Error> {
    caller.require_admin()?;
    if !new.domains.is_empty() && !caller.is_operator() {
        return Err(operators_domains());
    }
    acts::provider_create(ctx, &caller.actor(), &caller.account.name, new).await
}

/// Changes a provider.
///
/// # Errors
/// As [`provider_create`]; [`Error::Stale`] when another version is there.
pub async fn provider_edit(
    ctx: &Ctx,
    caller: &Caller,
    name: &ProviderName,
    edit: ProviderEdit,
) -> Result<AccountProvider, Error> {
    caller.require_admin()?;
    let before = acts::provider_show(ctx, &caller.account.name, name).await?;
    let changes = |domains: &Vec<_>| *domains != before.provider.domains;
    if edit.domains.as_ref().is_some_and(changes) && !caller.is_operator() {
        return Err(operators_domains());
    }
    let whose = (&caller.account.name, name);
    acts::provider_edit(ctx, &caller.actor(), whose, edit).await
}

/// Removes a provider.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name, or the caller is no admin of it.
pub async fn provider_delete(ctx: &Ctx, caller: &Caller, name: &ProviderName) -> Result<(), Error> {
    caller.require_admin()?;
    let whose = (&caller.account.name, name);
    acts::provider_delete(ctx, &caller.actor(), whose).await
}

/// A provider with our secret there, for its connection to be tried.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name, or the caller is no admin of it.
pub async fn provider_open(
    ctx: &Ctx,
    caller: &Caller,
    name: &ProviderName,
) -> Result<Provider, Error> {
    caller.require_admin()?;
    acts::provider_open(ctx, &caller.account.name, name).await
}

fn operators_domains() -> Error {
    Error::Forbidden("only an operator sets the domains by which a provider is offered".to_owned())
}
