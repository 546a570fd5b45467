//! Reads credentials in packed pages: lines between `|`, fields between `;`.
//!
//! A page comes as one text, so that a million rows load in about a second: a row of its own for each costs several
//! times as much in either driver. Ids, scope values, networks and numbers hold neither sign; names do and are not in it.

use crate::db::{Error, Tx};
use ringfence_core::account::TokenAlg;
use ringfence_core::credential::{
    Credential, CredentialName, Network, Owner, SecretInfo, StoredDigest,
};
use ringfence_core::id::{AccountId, CredentialId, UserId};
use ringfence_core::scope::{ScopeError, ScopeSet};
use ringfence_core::time::Timestamp;

/// Credentials as the database packs them: a line for each secret, in any order.
#[derive(Debug)]
pub struct Page(String);

/// The next credentials after an id in the order of ids, with their secrets but without names. `None` after the last.
///
/// # Errors
/// The database broke off.
pub async fn credential_page(tx: &mut Tx, after: &str, limit: u32) -> Result<Option<Page>, Error> {
    // Sorting the lines and joining them sign by sign would cost the database as much again.
    let row = tx
        .fetch_one(
            "SELECT string_agg(line, '|') AS page FROM (
                 SELECT concat_ws(';', c.id, c.account_id, COALESCE(c.owner_id, ''), c.scopes,
                     COALESCE(c.token_alg, ''), COALESCE(CAST(c.token_ttl_secs AS TEXT), ''), c.networks,
                     COALESCE(CAST(c.expires_at AS TEXT), ''), c.epoch, c.created_at, c.version,
                     COALESCE(CAST(s.number AS TEXT), ''), COALESCE(s.digest, ''),
                     COALESCE(CAST(s.created_at AS TEXT), ''), COALESCE(CAST(s.expires_at AS TEXT), '')) AS line
                 FROM (SELECT * FROM credentials WHERE id > $1 ORDER BY id LIMIT $2) c
                 LEFT JOIN credential_secrets s ON s.credential_id = c.id) lines",
            &[after.into(), limit.into()],
        )
        .await?;
    Ok(row.opt_text("page")?.map(Page))
}

impl Page {
    /// The id after which the next page begins.
    #[must_use]
    pub fn last_id(&self) -> &str {
        let ids = self.0.split('|').map(|line| line.split(';').next());
        ids.flatten().max().unwrap_or_default()
    }

    /// Reads the credentials, in the order of ids.
    ///
    /// # Errors
    /// A row is damaged.
    pub fn credentials(&self) -> Result<Vec<Credential>, Error> {
        let mut credentials: Vec<Credential> = Vec::with_capacity(self.0.len() / 200);
        for line in self.0.split('|') {
            let read = credential(line)?;
            match credentials.last_mut() {
                Some(last) if last.id == read.id => last.secrets.extend(read.secrets),
                Some(_) | None => credentials.push(read),
            }
        }
        credentials.sort_by_key(|credential| credential.id);
        credentials.dedup_by(|later, earlier| {
            let same = later.id == earlier.id;
            if same {
                earlier.secrets.append(&mut later.secrets);
            }
            same
        });
        for credential in &mut credentials {
            credential.secrets.sort_by_key(|secret| secret.number);
        }
        Ok(credentials)
    }
}

fn credential(line: &str) -> Result<Credential, Error> {
    let mut fields = line.split(';');
    let mut next = || fields.next().ok_or_else(|| damaged(line, "id"));
    let id = CredentialId::parse(next()?).map_err(|_| damaged(line, "id"))?;
    let name = CredentialName::parse("-").map_err(|_| damaged(line, "name"))?;
    let account_id = AccountId::parse(next()?).map_err(|_| damaged(line, "account_id"))?;
    let owner = match next()? {
        "" => Owner::Account,
        user => Owner::User(UserId::parse(user).map_err(|_| damaged(line, "owner_id"))?),
    };
    let scopes = match ScopeSet::parse(next()?) {
        Ok(scopes) => scopes,
        Err(ScopeError::Empty) => ScopeSet::EMPTY,
        Err(ScopeError::Syntax | ScopeError::Unknown) => return Err(damaged(line, "scopes")),
    };
    let token_alg = match next()? {
        "" => None,
        alg => Some(TokenAlg::parse(alg).map_err(|_| damaged(line, "token_alg"))?),
    };
    let token_ttl_secs = match next()? {
        "" => None,
        secs => Some(secs.parse().map_err(|_| damaged(line, "token_ttl_secs"))?),
    };
    let mut networks = Vec::new();
    for network in next()?.split(' ').filter(|n| !n.is_empty()) {
        networks.push(Network::parse(network).map_err(|_| damaged(line, "networks"))?);
    }
    let mut credential = Credential {
        id,
        account_id,
        owner,
        name,
        scopes,
        token_alg,
        token_ttl_secs,
        networks,
        expires_at: instant(next()?, line)?,
        epoch: next()?.parse().map_err(|_| damaged(line, "epoch"))?,
        created_at: instant(next()?, line)?.ok_or_else(|| damaged(line, "created_at"))?,
        version: next()?.parse().map_err(|_| damaged(line, "version"))?,
        secrets: Vec::with_capacity(1),
    };
    let number = next()?;
    if !number.is_empty() {
        credential.secrets.push(SecretInfo {
            number: number.parse().map_err(|_| damaged(line, "number"))?,
            digest: StoredDigest::parse_hex(next()?).map_err(|_| damaged(line, "digest"))?,
            created_at: instant(next()?, line)?.ok_or_else(|| damaged(line, "created_at"))?,
            expires_at: instant(next()?, line)?,
        });
    }
    Ok(credential)
}

fn instant(text: &str, line: &str) -> Result<Option<Timestamp>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let ms = text.parse().map_err(|_| damaged(line, "a time"))?;
    Ok(Some(Timestamp::from_ms(ms)))
}

fn damaged(line: &str, column: &'static str) -> Error {
    let row = line.split(';').next().unwrap_or_default().to_owned();
    Error::Corrupt {
        table: "credentials",
        row,
        column,
    }
}
