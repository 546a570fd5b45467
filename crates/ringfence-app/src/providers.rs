//! OpenID Connect providers that accounts keep: made, listed, changed, removed, and offered to people who sign in.
//!
//! Our secret at a provider is sealed under the master key and never shown again. Nobody who runs the installation
//! comes in through one: whoever keeps the provider could say that they are anybody.

use crate::accounts::account_show;
use crate::caller::account_seen;
use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::sign_in::sso::{Keeper, Provider};
use ringfence_core::account::{Account, AccountName, AccountStatus};
use ringfence_core::id::ProviderId;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::account_provider::{
    AccountProvider, IssuerUrl, LetsIn, MailDomain, ProviderName, client_secret_check,
};
use ringfence_store::db;
use ringfence_store::providers::{
    StoredProvider, provider_delete as store_delete, provider_find as store_find,
    provider_identity_count, provider_insert, provider_list as store_list, provider_update,
    providers_by_domain,
};
use serde_json::json;

const MOST_OF_AN_ACCOUNT: usize = 20;
const MOST_DOMAINS: usize = 50;

/// What a new provider is made from.
#[derive(Clone, Debug)]
pub struct NewProvider {
    /// Its name within the account.
    pub name: ProviderName,
    /// What the button says.
    pub title: String,
    /// Who issues its tokens.
    pub issuer: IssuerUrl,
    /// Our id there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: Secret<String>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the user name.
    pub username_claim: String,
    /// Whom it lets in.
    pub lets_in: LetsIn,
    /// Whether a code is asked for afterwards of those who have an authenticator app.
    pub ask_code: bool,
    /// Whether anybody signs in through it.
    pub active: bool,
    /// Domains of e-mail addresses by which it is offered.
    pub domains: Vec<MailDomain>,
}

/// What to change of a provider; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ProviderEdit {
    /// What the button says.
    pub title: Option<String>,
    /// Our id there.
    pub client_id: Option<String>,
    /// Our secret there.
    pub client_secret: Option<Secret<String>>,
    /// What is asked for besides `openid`.
    pub scopes: Option<Vec<String>>,
    /// The claim that holds the user name.
    pub username_claim: Option<String>,
    /// Whether user names count.
    pub by_username: Option<bool>,
    /// Whether verified e-mail addresses count.
    pub by_email: Option<bool>,
    /// Whether people are made.
    pub as_new_agents: Option<bool>,
    /// Whether a code is asked for afterwards.
    pub ask_code: Option<bool>,
    /// Whether anybody signs in through it.
    pub active: Option<bool>,
    /// Domains of e-mail addresses by which it is offered.
    pub domains: Option<Vec<MailDomain>>,
    /// The version that the edit is of; `None` edits whatever is there.
    pub expected: Option<u32>,
}

/// A provider, and how many people are known to come through it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderDetail {
    /// The provider.
    pub provider: AccountProvider,
    /// How many people came through it and are known by its own subject for them.
    pub n_people: u64,
}

/// A way to sign in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offered {
    /// Its name in addresses.
    pub name: String,
    /// What the button says.
    pub title: String,
}

/// The name that an account's provider has in addresses: `acme.corp`. Names in the settings have no dot.
#[must_use]
pub fn address_name(account: &AccountName, name: &ProviderName) -> String {
    format!("{account}.{name}")
}

/// Where a provider sends people back to: what is to be registered with it.
#[must_use]
pub fn redirect_uri(ctx: &Ctx, address_name: &str) -> String {
    let public_url = &ctx.settings.public_url;
    format!("{public_url}/login/sso/{address_name}/callback")
}

/// Makes a provider.
///
/// # Errors
/// [`Error::NotFound`] when the account does not exist; [`Error::Conflict`] when it has one of that name, or too many.
pub async fn provider_create(
    ctx: &Ctx,
    actor: &Actor,
    account: &AccountName,
    new: NewProvider,
) -> Result<AccountProvider, Error> {
    let account = account_show(ctx, account).await?;
    client_secret_check(new.client_secret.expose()).map_err(Error::invalid)?;
    domains_check(&new.domains)?;
    let id = ProviderId::new(ctx.now(), &*ctx.random);
    let provider = AccountProvider {
        id,
        account_id: account.id,
        name: new.name,
        title: new.title,
        issuer: new.issuer,
        client_id: new.client_id,
        scopes: new.scopes,
        username_claim: new.username_claim,
        lets_in: new.lets_in,
        ask_code: new.ask_code,
        active: new.active,
        domains: new.domains,
        version: 1,
        created_at: ctx.now(),
    };
    let stored = StoredProvider {
        sealed: seal(ctx, id, &new.client_secret)?,
        provider,
    };
    let mut tx = ctx.db.begin_write().await?;
    if store_list(&mut tx, account.id).await?.len() >= MOST_OF_AN_ACCOUNT {
        return Err(Error::Conflict(format!(
            "an account has at most {MOST_OF_AN_ACCOUNT} providers"
        )));
    }
    match provider_insert(&mut tx, &stored).await {
        Err(db::Error::Duplicate) => {
            return Err(Error::Conflict(format!(
                "the account has a provider named {}",
                stored.provider.name
            )));
        }
        done => done?,
    }
    let note = note(&stored.provider, "provider.create", false, actor);
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(stored.provider)
}

/// An account's providers, by name.
///
/// # Errors
/// [`Error::NotFound`] when the account does not exist.
pub async fn provider_list(
    ctx: &Ctx,
    account: &AccountName,
) -> Result<Vec<AccountProvider>, Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_read().await?;
    Ok(store_list(&mut tx, account.id).await?)
}

/// One provider.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name.
pub async fn provider_show(
    ctx: &Ctx,
    account: &AccountName,
    name: &ProviderName,
) -> Result<ProviderDetail, Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_read().await?;
    let found = store_find(&mut tx, account.id, name).await?;
    let provider = found.ok_or_else(|| no_such(name))?.provider;
    let n_people = provider_identity_count(&mut tx, provider.id).await?;
    Ok(ProviderDetail {
        provider,
        n_people: n_people.unsigned_abs(),
    })
}

/// Changes a provider. Nobody who is signed in is signed out by it.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name; [`Error::Stale`] when another version is there.
pub async fn provider_edit(
    ctx: &Ctx,
    actor: &Actor,
    (account, name): (&AccountName, &ProviderName),
    edit: ProviderEdit,
) -> Result<AccountProvider, Error> {
    let account = account_show(ctx, account).await?;
    if let Some(secret) = &edit.client_secret {
        client_secret_check(secret.expose()).map_err(Error::invalid)?;
    }
    if let Some(domains) = &edit.domains {
        domains_check(domains)?;
    }
    let mut tx = ctx.db.begin_write().await?;
    let found = store_find(&mut tx, account.id, name).await?;
    let before = found.ok_or_else(|| no_such(name))?;
    let version = before.provider.version;
    if edit.expected.is_some_and(|expected| expected != version) {
        return Err(Error::Stale);
    }
    let new_secret = edit.client_secret.clone();
    let mut after = StoredProvider {
        provider: edited(&before.provider, edit),
        sealed: before.sealed.clone(),
    };
    if let Some(secret) = &new_secret {
        after.sealed = seal(ctx, after.provider.id, secret)?;
    }
    if after == before {
        return Ok(before.provider);
    }
    after.provider.version = version + 1;
    if !provider_update(&mut tx, &after).await? {
        return Err(Error::Stale);
    }
    let note = note(
        &after.provider,
        "provider.edit",
        new_secret.is_some(),
        actor,
    );
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(after.provider)
}

/// Removes a provider and what is known of people there. Nobody who is signed in is signed out by it.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name.
pub async fn provider_delete(
    ctx: &Ctx,
    actor: &Actor,
    (account, name): (&AccountName, &ProviderName),
) -> Result<(), Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_write().await?;
    let found = store_find(&mut tx, account.id, name).await?;
    let provider = found.ok_or_else(|| no_such(name))?.provider;
    store_delete(&mut tx, provider.id).await?;
    let note = note(&provider, "provider.delete", false, actor);
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(())
}

/// An account's provider with our secret there, to be asked.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that name.
pub async fn provider_open(
    ctx: &Ctx,
    account: &AccountName,
    name: &ProviderName,
) -> Result<Provider, Error> {
    let account = account_show(ctx, account).await?;
    open(ctx, &account, name, false).await
}

/// The provider in use behind a name in addresses, when it is an account's: `acme.corp`.
///
/// # Errors
/// [`Error::NotFound`] when there is none, it is switched off, or its account is not in use.
pub(crate) async fn provider_in_use(ctx: &Ctx, address_name: &str) -> Result<Provider, Error> {
    let missing = || Error::NotFound("provider".to_owned());
    let (account, name) = address_name.split_once('.').ok_or_else(missing)?;
    let account = AccountName::parse(account).map_err(|_| missing())?;
    let name = ProviderName::parse(name).map_err(|_| missing())?;
    let account = account_show(ctx, &account).await?;
    if account.status != AccountStatus::Active {
        return Err(missing());
    }
    open(ctx, &account, &name, true).await
}

/// The ways to sign in through a provider: those of the settings, and those of an account when its name or the domain of
/// an e-mail address says which.
///
/// # Errors
/// The store broke off.
pub async fn providers_offered(ctx: &Ctx, named: &str) -> Result<Vec<Offered>, Error> {
    let configured = ctx.settings.providers.iter();
    let mut offered: Vec<Offered> = configured
        .map(|provider| Offered {
            name: provider.name.clone(),
            title: provider.title.clone(),
        })
        .collect();
    let named = named.trim();
    if let Some(domain) = MailDomain::of_address(named) {
        let mut tx = ctx.db.begin_read().await?;
        let found = providers_by_domain(&mut tx, &domain).await?;
        drop(tx);
        for (account_id, name, title) in found {
            let account = account_seen(ctx, account_id);
            let Some(account) = account.filter(|a| a.status == AccountStatus::Active) else {
                continue;
            };
            let name = address_name(&account.name, &name);
            offered.push(Offered { name, title });
        }
    } else if let Ok(account) = AccountName::parse(&named.to_lowercase()) {
        let account = match account_show(ctx, &account).await {
            Ok(account) if account.status == AccountStatus::Active => account,
            Ok(_) | Err(Error::NotFound(_)) => return Ok(offered),
            Err(error) => return Err(error),
        };
        let mut tx = ctx.db.begin_read().await?;
        let found = store_list(&mut tx, account.id).await?;
        let active = found.into_iter().filter(|provider| provider.active);
        offered.extend(active.map(|provider| Offered {
            name: address_name(&account.name, &provider.name),
            title: provider.title,
        }));
    }
    Ok(offered)
}

async fn open(
    ctx: &Ctx,
    account: &Account,
    name: &ProviderName,
    in_use: bool,
) -> Result<Provider, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let found = store_find(&mut tx, account.id, name).await?;
    drop(tx);
    let StoredProvider { provider, sealed } = found
        .filter(|found| found.provider.active || !in_use)
        .ok_or_else(|| no_such(name))?;
    let secret = ctx.provider_sealer.open(provider.id.as_bytes(), &sealed);
    let secret = secret.map_err(Error::internal)?;
    let secret = String::from_utf8(secret.expose().clone()).map_err(Error::internal)?;
    Ok(Provider {
        name: address_name(&account.name, &provider.name),
        title: provider.title,
        issuer: provider.issuer.as_str().to_owned(),
        client_id: provider.client_id,
        client_secret: Secret::new(secret),
        account: account.name.clone(),
        scopes: provider.scopes,
        username_claim: provider.username_claim,
        link_by_email: provider.lets_in.by_email,
        ask_code: provider.ask_code,
        keeper: Keeper::Account {
            id: provider.id,
            lets_in: provider.lets_in,
        },
    })
}

fn edited(before: &AccountProvider, edit: ProviderEdit) -> AccountProvider {
    let lets_in = LetsIn {
        by_username: edit.by_username.unwrap_or(before.lets_in.by_username),
        by_email: edit.by_email.unwrap_or(before.lets_in.by_email),
        as_new_agents: edit.as_new_agents.unwrap_or(before.lets_in.as_new_agents),
    };
    let before = before.clone();
    let mut domains = edit.domains.unwrap_or(before.domains);
    domains.sort();
    domains.dedup();
    AccountProvider {
        title: edit.title.unwrap_or(before.title),
        client_id: edit.client_id.unwrap_or(before.client_id),
        scopes: edit.scopes.unwrap_or(before.scopes),
        username_claim: edit.username_claim.unwrap_or(before.username_claim),
        lets_in,
        ask_code: edit.ask_code.unwrap_or(before.ask_code),
        active: edit.active.unwrap_or(before.active),
        domains,
        ..before
    }
}

fn seal(ctx: &Ctx, id: ProviderId, secret: &Secret<String>) -> Result<Vec<u8>, Error> {
    let plain = secret.expose().as_bytes();
    let sealed = ctx.provider_sealer.seal(&*ctx.random, id.as_bytes(), plain);
    sealed.map_err(Error::internal)
}

fn domains_check(domains: &[MailDomain]) -> Result<(), Error> {
    if domains.len() > MOST_DOMAINS {
        return Err(Error::Invalid(format!(
            "a provider has at most {MOST_DOMAINS} domains"
        )));
    }
    Ok(())
}

fn no_such(name: &ProviderName) -> Error {
    Error::NotFound(format!("provider {name}"))
}

fn note<'c>(
    provider: &AccountProvider,
    act: &'static str,
    secret_changed: bool,
    actor: &'c Actor,
) -> Note<'c> {
    let domains: Vec<&str> = provider.domains.iter().map(MailDomain::as_str).collect();
    Note {
        account_id: Some(provider.account_id),
        act,
        subject: provider.id.to_string(),
        detail: json!({
            "name": provider.name.as_str(),
            "issuer": provider.issuer.as_str(),
            "client_id": provider.client_id,
            "username_claim": provider.username_claim,
            "by_username": provider.lets_in.by_username,
            "by_email": provider.lets_in.by_email,
            "as_new_agents": provider.lets_in.as_new_agents,
            "ask_code": provider.ask_code,
            "active": provider.active,
            "domains": domains,
            "secret_changed": secret_changed,
        }),
        actor,
    }
}
