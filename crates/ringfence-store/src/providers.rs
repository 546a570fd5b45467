//! OpenID Connect providers that accounts keep, and who is who there.

use crate::db::{Error, Row, Tx};
use ringfence_core::id::{AccountId, ProviderId, UserId};
use ringfence_core::sign_in::account_provider::{
    AccountProvider, IssuerUrl, LetsIn, MailDomain, ProviderName, scopes_parse,
};
use ringfence_core::time::Timestamp;

const TABLE: &str = "providers";
// More than any account may have.
const MOST_OF_AN_ACCOUNT: u32 = 100;

/// A provider with our sealed secret there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredProvider {
    /// The provider.
    pub provider: AccountProvider,
    /// Our secret there, sealed.
    pub sealed: Vec<u8>,
}

/// Adds a provider with its domains.
///
/// # Errors
/// [`Error::Duplicate`] when the account has one of that name.
pub async fn provider_insert(tx: &mut Tx, new: &StoredProvider) -> Result<(), Error> {
    let provider = &new.provider;
    tx.execute(
        "INSERT INTO providers (id, account_id, name, title, issuer, client_id, sealed, scopes, username_claim,
             by_username, by_email, as_new_agents, ask_code, active, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &[
            provider.id.to_string().into(),
            provider.account_id.to_string().into(),
            provider.name.as_str().into(),
            provider.title.as_str().into(),
            provider.issuer.as_str().into(),
            provider.client_id.as_str().into(),
            new.sealed.as_slice().into(),
            provider.scopes.join(" ").into(),
            provider.username_claim.as_str().into(),
            provider.lets_in.by_username.into(),
            provider.lets_in.by_email.into(),
            provider.lets_in.as_new_agents.into(),
            provider.ask_code.into(),
            provider.active.into(),
            provider.version.into(),
            provider.created_at.into(),
        ],
    )
    .await?;
    domains_insert(tx, provider).await
}

/// Writes a changed provider over the version before; false when another change was quicker.
///
/// # Errors
/// The database refused it or broke off.
pub async fn provider_update(tx: &mut Tx, changed: &StoredProvider) -> Result<bool, Error> {
    let provider = &changed.provider;
    let id = provider.id.to_string();
    let written = tx
        .execute(
            "UPDATE providers SET title = $3, client_id = $4, sealed = $5, scopes = $6, username_claim = $7,
                 by_username = $8, by_email = $9, as_new_agents = $10, ask_code = $11, active = $12,
                 version = version + 1
             WHERE id = $1 AND version = $2",
            &[
                id.as_str().into(),
                i64::from(provider.version).saturating_sub(1).into(),
                provider.title.as_str().into(),
                provider.client_id.as_str().into(),
                changed.sealed.as_slice().into(),
                provider.scopes.join(" ").into(),
                provider.username_claim.as_str().into(),
                provider.lets_in.by_username.into(),
                provider.lets_in.by_email.into(),
                provider.lets_in.as_new_agents.into(),
                provider.ask_code.into(),
                provider.active.into(),
            ],
        )
        .await?;
    if written == 0 {
        return Ok(false);
    }
    tx.execute(
        "DELETE FROM provider_domains WHERE provider_id = $1",
        &[id.into()],
    )
    .await?;
    domains_insert(tx, provider).await?;
    Ok(true)
}

/// Removes a provider and what is known of people there.
///
/// # Errors
/// The database refused it or broke off.
pub async fn provider_delete(tx: &mut Tx, id: ProviderId) -> Result<(), Error> {
    for statement in [
        "DELETE FROM provider_identities WHERE provider_id = $1",
        "DELETE FROM provider_domains WHERE provider_id = $1",
        "DELETE FROM providers WHERE id = $1",
    ] {
        tx.execute(statement, &[id.to_string().into()]).await?;
    }
    Ok(())
}

/// An account's provider of that name.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn provider_find(
    tx: &mut Tx,
    account_id: AccountId,
    name: &ProviderName,
) -> Result<Option<StoredProvider>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM providers WHERE account_id = $1 AND name = $2",
            &[account_id.to_string().into(), name.as_str().into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut stored = stored(&row)?;
    stored.provider.domains = domains(tx, stored.provider.id).await?;
    Ok(Some(stored))
}

/// An account's providers, by name.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn provider_list(
    tx: &mut Tx,
    account_id: AccountId,
) -> Result<Vec<AccountProvider>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM providers WHERE account_id = $1 ORDER BY name LIMIT $2",
            &[account_id.to_string().into(), MOST_OF_AN_ACCOUNT.into()],
        )
        .await?;
    let mut providers = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut provider = stored(row)?.provider;
        provider.domains = domains(tx, provider.id).await?;
        providers.push(provider);
    }
    Ok(providers)
}

/// The account and name of each provider in use that is offered to addresses of a domain, with its title.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn providers_by_domain(
    tx: &mut Tx,
    domain: &MailDomain,
) -> Result<Vec<(AccountId, ProviderName, String)>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT p.id, p.account_id, p.name, p.title FROM provider_domains d JOIN providers p ON p.id = d.provider_id
             WHERE d.domain = $1 AND p.active = TRUE ORDER BY p.account_id, p.name LIMIT $2",
            &[domain.as_str().into(), MOST_OF_AN_ACCOUNT.into()],
        )
        .await?;
    let read = |row: &Row| {
        Ok((
            row.parsed(TABLE, "account_id", AccountId::parse)?,
            row.parsed(TABLE, "name", ProviderName::parse)?,
            row.text("title")?,
        ))
    };
    rows.iter().map(read).collect()
}

/// Who is behind a subject of a provider.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn provider_identity_find(
    tx: &mut Tx,
    id: ProviderId,
    subject: &str,
) -> Result<Option<UserId>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT user_id FROM provider_identities WHERE provider_id = $1 AND subject = $2",
            &[id.to_string().into(), subject.into()],
        )
        .await?;
    row.map(|row| row.parsed("provider_identities", "user_id", UserId::parse))
        .transpose()
}

/// Keeps who is behind a subject; false when the person or the subject has another partner at that provider.
///
/// # Errors
/// The database refused it or broke off.
pub async fn provider_identity_insert(
    tx: &mut Tx,
    (id, subject): (ProviderId, &str),
    user_id: UserId,
    at: Timestamp,
) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO provider_identities (provider_id, subject, user_id, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[
                id.to_string().into(),
                subject.into(),
                user_id.to_string().into(),
                at.into(),
            ],
        )
        .await?;
    Ok(added == 1)
}

/// How many people are known to come through a provider.
///
/// # Errors
/// The database broke off.
pub async fn provider_identity_count(tx: &mut Tx, id: ProviderId) -> Result<i64, Error> {
    tx.fetch_one(
        "SELECT COUNT(*) AS n FROM provider_identities WHERE provider_id = $1",
        &[id.to_string().into()],
    )
    .await?
    .int("n")
}

async fn domains_insert(tx: &mut Tx, provider: &AccountProvider) -> Result<(), Error> {
    for domain in &provider.domains {
        tx.execute(
            "INSERT INTO provider_domains (domain, provider_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[domain.as_str().into(), provider.id.to_string().into()],
        )
        .await?;
    }
    Ok(())
}

async fn domains(tx: &mut Tx, id: ProviderId) -> Result<Vec<MailDomain>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT domain FROM provider_domains WHERE provider_id = $1 ORDER BY domain",
            &[id.to_string().into()],
        )
        .await?;
    let read = |row: &Row| row.parsed("provider_domains", "domain", MailDomain::parse);
    rows.iter().map(read).collect()
}

fn stored(row: &Row) -> Result<StoredProvider, Error> {
    let provider = AccountProvider {
        id: row.parsed(TABLE, "id", ProviderId::parse)?,
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        name: row.parsed(TABLE, "name", ProviderName::parse)?,
        title: row.text("title")?,
        issuer: row.parsed(TABLE, "issuer", IssuerUrl::parse)?,
        client_id: row.text("client_id")?,
        scopes: row.parsed(TABLE, "scopes", scopes_parse)?,
        username_claim: row.text("username_claim")?,
        lets_in: LetsIn {
            by_username: row.bool("by_username")?,
            by_email: row.bool("by_email")?,
            as_new_agents: row.bool("as_new_agents")?,
        },
        ask_code: row.bool("ask_code")?,
        active: row.bool("active")?,
        domains: Vec::new(),
        version: row.number(TABLE, "version")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
    };
    Ok(StoredProvider {
        sealed: row.bytes("sealed")?,
        provider,
    })
}
