//! API credentials and the digests of their secrets.

use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::account::TokenAlg;
use ringfence_core::credential::{
    Credential, CredentialName, Network, Owner, SecretInfo, StoredDigest,
};
use ringfence_core::id::{AccountId, CredentialId, UserId};
use ringfence_core::scope::{ScopeError, ScopeSet};
use ringfence_core::time::Timestamp;

pub mod handover;
pub mod packed;
pub mod search;
pub mod usage;

const TABLE: &str = "credentials";

/// How a secret has been used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretUse {
    /// The secret's number.
    pub number: u32,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// The address it was last used from.
    pub last_used_from: Option<String>,
    /// The route it was last used on.
    pub last_used_route: Option<String>,
    /// How often it was used.
    pub uses: i64,
}

/// Adds a credential and its secrets.
///
/// # Errors
/// The database refused it or broke off.
pub async fn credential_insert(tx: &mut Tx, credential: &Credential) -> Result<(), Error> {
    let next_secret = credential
        .secrets
        .iter()
        .map(|s| s.number)
        .max()
        .unwrap_or(0)
        + 1;
    tx.execute(
        "INSERT INTO credentials (id, account_id, owner_id, name, scopes, token_alg, token_ttl_secs, networks,
             expires_at, epoch, next_secret, created_at, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            credential.id.to_string().into(),
            credential.account_id.to_string().into(),
            owner_text(credential.owner).into(),
            credential.name.as_str().into(),
            credential.scopes.to_string().into(),
            credential.token_alg.map(TokenAlg::as_str).into(),
            credential.token_ttl_secs.map(i64::from).into(),
            networks_text(&credential.networks).into(),
            credential.expires_at.into(),
            credential.epoch.into(),
            next_secret.into(),
            credential.created_at.into(),
            credential.version.into(),
        ],
    )
    .await?;
    for secret in &credential.secrets {
        secret_insert(tx, credential.id, secret).await?;
    }
    Ok(())
}

/// Writes back everything that may be edited, if it is still the version read. False when somebody was faster.
///
/// # Errors
/// The database refused it or broke off.
pub async fn credential_update(tx: &mut Tx, credential: &Credential) -> Result<bool, Error> {
    let changed = tx
        .execute(
            "UPDATE credentials SET name = $2, scopes = $3, token_alg = $4, token_ttl_secs = $5, networks = $6,
                 expires_at = $7, epoch = $8, owner_id = $9, version = version + 1
             WHERE id = $1 AND version = $10",
            &[
                credential.id.to_string().into(),
                credential.name.as_str().into(),
                credential.scopes.to_string().into(),
                credential.token_alg.map(TokenAlg::as_str).into(),
                credential.token_ttl_secs.map(i64::from).into(),
                networks_text(&credential.networks).into(),
                credential.expires_at.into(),
                credential.epoch.into(),
                owner_text(credential.owner).into(),
                credential.version.into(),
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Takes the number of a credential's next secret. `None` when there is no such credential.
///
/// # Errors
/// The database refused it or broke off.
pub async fn secret_number_take(tx: &mut Tx, id: CredentialId) -> Result<Option<u32>, Error> {
    let row = tx
        .fetch_optional(
            "UPDATE credentials SET next_secret = next_secret + 1, version = version + 1 WHERE id = $1
             RETURNING id, next_secret - 1 AS number",
            &[id.to_string().into()],
        )
        .await?;
    row.map(|row| row.number(TABLE, "number")).transpose()
}

/// Adds a secret's digest.
///
/// # Errors
/// The database refused it or broke off.
pub async fn secret_insert(
    tx: &mut Tx,
    id: CredentialId,
    secret: &SecretInfo,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO credential_secrets (credential_id, number, digest, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        &[
            id.to_string().into(),
            secret.number.into(),
            secret.digest.to_hex().into(),
            secret.created_at.into(),
            secret.expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Lets every other secret of a credential run out no later than an instant.
///
/// # Errors
/// The database refused it or broke off.
pub async fn secrets_expire(
    tx: &mut Tx,
    id: CredentialId,
    but: u32,
    at: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE credential_secrets SET expires_at = $3
         WHERE credential_id = $1 AND number <> $2 AND (expires_at IS NULL OR expires_at > $3)",
        &[id.to_string().into(), but.into(), at.into()],
    )
    .await
}

/// Removes a secret, and what waits behind links to it. False when there is none of that number.
///
/// # Errors
/// The database refused it or broke off.
pub async fn secret_delete(tx: &mut Tx, id: CredentialId, number: u32) -> Result<bool, Error> {
    tx.execute(
        "DELETE FROM handovers WHERE credential_id = $1 AND number = $2 AND opened_at IS NULL",
        &[id.to_string().into(), number.into()],
    )
    .await?;
    let gone = tx
        .execute(
            "DELETE FROM credential_secrets WHERE credential_id = $1 AND number = $2",
            &[id.to_string().into(), number.into()],
        )
        .await?;
    Ok(gone == 1)
}

/// Removes a credential and its secrets. False when there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn credential_delete(tx: &mut Tx, id: CredentialId) -> Result<bool, Error> {
    tx.execute(
        "DELETE FROM credential_secrets WHERE credential_id = $1",
        &[id.to_string().into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM handovers WHERE credential_id = $1",
        &[id.to_string().into()],
    )
    .await?;
    let gone = tx
        .execute(
            "DELETE FROM credentials WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    Ok(gone == 1)
}

/// The credential of that id.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn credential_find(tx: &mut Tx, id: CredentialId) -> Result<Option<Credential>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM credentials WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut credential = credential(&row)?;
    let secrets = "SELECT * FROM credential_secrets WHERE credential_id = $1 ORDER BY number";
    for row in tx.fetch_all(secrets, &[id.to_string().into()]).await? {
        credential.secrets.push(secret(&row)?);
    }
    Ok(Some(credential))
}

/// An account's credentials, by id, after an id.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn credential_list(
    tx: &mut Tx,
    account_id: AccountId,
    after: &str,
    limit: u32,
) -> Result<Vec<Credential>, Error> {
    let args: [Arg; 3] = [account_id.to_string().into(), after.into(), limit.into()];
    let rows = tx
        .fetch_all(
            "SELECT * FROM credentials WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            &args,
        )
        .await?;
    let mut credentials = rows.iter().map(credential).collect::<Result<Vec<_>, _>>()?;
    let secrets = "SELECT * FROM credential_secrets WHERE credential_id = $1 ORDER BY number";
    for credential in &mut credentials {
        for row in tx
            .fetch_all(secrets, &[credential.id.to_string().into()])
            .await?
        {
            credential.secrets.push(secret(&row)?);
        }
    }
    Ok(credentials)
}

/// How a credential's secrets have been used.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn secret_uses(tx: &mut Tx, id: CredentialId) -> Result<Vec<SecretUse>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT number, last_used_at, last_used_from, last_used_route, uses FROM credential_secrets
             WHERE credential_id = $1 ORDER BY number",
            &[id.to_string().into()],
        )
        .await?;
    let mut uses = Vec::with_capacity(rows.len());
    for row in rows {
        uses.push(SecretUse {
            number: row.number("credential_secrets", "number")?,
            last_used_at: row.opt_int("last_used_at")?.map(Timestamp::from_ms),
            last_used_from: row.opt_text("last_used_from")?,
            last_used_route: row.opt_text("last_used_route")?,
            uses: row.int("uses")?,
        });
    }
    Ok(uses)
}

fn owner_text(owner: Owner) -> Option<String> {
    match owner {
        Owner::User(id) => Some(id.to_string()),
        Owner::Account => None,
    }
}

fn networks_text(networks: &[Network]) -> String {
    networks
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

fn credential(row: &Row) -> Result<Credential, Error> {
    let scopes = |text: &str| match ScopeSet::parse(text) {
        // A credential whose last scope was taken off stays, and opens nothing.
        Err(ScopeError::Empty) => Ok(ScopeSet::EMPTY),
        parsed => parsed,
    };
    let networks = |text: &str| {
        text.split(' ')
            .filter(|n| !n.is_empty())
            .map(Network::parse)
            .collect()
    };
    let owner = row.opt_parsed(TABLE, "owner_id", UserId::parse)?;
    Ok(Credential {
        id: row.parsed(TABLE, "id", CredentialId::parse)?,
        account_id: row.parsed(TABLE, "account_id", AccountId::parse)?,
        owner: owner.map_or(Owner::Account, Owner::User),
        name: row.parsed(TABLE, "name", CredentialName::parse)?,
        scopes: row.parsed(TABLE, "scopes", scopes)?,
        token_alg: row.opt_parsed(TABLE, "token_alg", TokenAlg::parse)?,
        token_ttl_secs: match row.opt_int("token_ttl_secs")? {
            Some(_) => Some(row.number(TABLE, "token_ttl_secs")?),
            None => None,
        },
        networks: row.parsed(TABLE, "networks", networks)?,
        expires_at: row.opt_int("expires_at")?.map(Timestamp::from_ms),
        secrets: Vec::new(),
        epoch: row.number(TABLE, "epoch")?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        version: row.number(TABLE, "version")?,
    })
}

fn secret(row: &Row) -> Result<SecretInfo, Error> {
    Ok(SecretInfo {
        number: row.number("credential_secrets", "number")?,
        digest: row.parsed("credential_secrets", "digest", StoredDigest::parse_hex)?,
        created_at: Timestamp::from_ms(row.int("created_at")?),
        expires_at: row.opt_int("expires_at")?.map(Timestamp::from_ms),
    })
}
