//! Reads a packed page of credentials: lines between `|`, fields between `;`.
//!
//! Ids, scope values, networks and numbers hold neither sign; names do and are not in it.

use crate::db::Error;
use ringfence_core::account::TokenAlg;
use ringfence_core::credential::{
    Credential, CredentialName, Network, Owner, SecretInfo, StoredDigest,
};
use ringfence_core::id::{AccountId, CredentialId, UserId};
use ringfence_core::scope::{ScopeError, ScopeSet};
use ringfence_core::time::Timestamp;

/// Reads a page whose lines are in the order of ids; a credential has a line for each secret.
pub(super) fn credentials(page: &str) -> Result<Vec<Credential>, Error> {
    let mut credentials: Vec<Credential> = Vec::new();
    for line in page.split('|') {
        let mut fields = line.split(';');
        let mut next = || fields.next().ok_or_else(|| damaged(line, "id"));
        let id = CredentialId::parse(next()?).map_err(|_| damaged(line, "id"))?;
        if credentials.last().is_none_or(|c| c.id != id) {
            credentials.push(credential(id, &mut next, line)?);
        } else {
            for _ in 0..10 {
                next()?;
            }
        }
        let number = next()?;
        if number.is_empty() {
            continue;
        }
        let secret = SecretInfo {
            number: number.parse().map_err(|_| damaged(line, "number"))?,
            digest: StoredDigest::parse_hex(next()?).map_err(|_| damaged(line, "digest"))?,
            created_at: instant(next()?, line)?.ok_or_else(|| damaged(line, "created_at"))?,
            expires_at: instant(next()?, line)?,
        };
        if let Some(credential) = credentials.last_mut() {
            credential.secrets.push(secret);
        }
    }
    Ok(credentials)
}

fn credential<'p>(
    id: CredentialId,
    next: &mut impl FnMut() -> Result<&'p str, Error>,
    line: &str,
) -> Result<Credential, Error> {
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
    Ok(Credential {
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
    })
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
