//! API credentials: made, listed, edited, rotated, retired, deleted (design §4, vcc-api §4).
//!
//! A little longer than other files: the acts of one thing, each once for a transaction of its caller's and once alone.

use crate::accounts::account_show;
use crate::context::{Actor, Change, Ctx};
use crate::error::Error;
use ringfence_core::account::{Account, AccountName, Region, TokenAlg};
use ringfence_core::credential::{Credential, CredentialName, Network, Owner, SecretInfo};
use ringfence_core::id::CredentialId;
use ringfence_core::scope::ScopeSet;
use ringfence_core::secret::ClientSecret;
use ringfence_core::time::Timestamp;
use ringfence_core::user::Username;
use ringfence_store::credentials::{self as store, SecretUse};
use ringfence_store::db::Tx;
use ringfence_store::feed::FeedKind;
use ringfence_store::{accounts, users};
use serde_json::json;

const PAGE: u32 = 1_000;
const MOST_SECRETS: usize = 10;
/// The shortest life of a token that can be set, in seconds.
pub const SHORTEST_TOKEN_SECS: u32 = 1;
/// The longest life of a token that can be set, in seconds.
pub const LONGEST_TOKEN_SECS: u32 = 86_400;

/// What a new credential is made from.
#[derive(Debug)]
pub struct NewCredential {
    /// Whom it acts for; `None` imports a legacy account-level credential.
    pub owner: Option<Username>,
    /// What people call it.
    pub name: CredentialName,
    /// The scopes it may ask for.
    pub scopes: ScopeSet,
    /// Signature of its tokens where it differs from the account's.
    pub token_alg: Option<TokenAlg>,
    /// Life of its tokens in seconds where it differs from the server's.
    pub token_ttl_secs: Option<u32>,
    /// Networks it may be used from; empty means any.
    pub networks: Vec<Network>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// From when on its first secret is refused.
    pub secret_expires_at: Option<Timestamp>,
}

/// What to change of a credential; what is `None` stays.
#[derive(Debug, Default)]
pub struct CredentialEdit {
    /// What people call it.
    pub name: Option<CredentialName>,
    /// Exactly the scopes it may ask for.
    pub scopes: Option<ScopeSet>,
    /// Networks it may be used from.
    pub networks: Option<Vec<Network>>,
    /// From when on it is refused; `Some(None)` means never.
    pub expires_at: Option<Option<Timestamp>>,
    /// Life of its tokens in seconds; `Some(None)` means the server's.
    pub token_ttl_secs: Option<Option<u32>>,
    /// End every token issued so far.
    pub end_tokens: bool,
    /// The version that was read; another one is not edited. `None` edits whichever is there.
    pub version: Option<u32>,
}

/// A secret, shown this once.
#[derive(Debug)]
pub struct NewSecret {
    /// The credential it belongs to.
    pub credential: Credential,
    /// The region of its account.
    pub region: Region,
    /// Its number within the credential.
    pub number: u32,
    /// The text to copy.
    pub secret: ClientSecret,
}

/// A credential and how its secrets have been used.
#[derive(Debug)]
pub struct CredentialView {
    /// The credential.
    pub credential: Credential,
    /// The owner's user name; `None` for an account-level one.
    pub owner: Option<Username>,
    /// Uses of each secret.
    pub uses: Vec<SecretUse>,
}

/// Makes a credential with one secret.
///
/// # Errors
/// [`Error::Invalid`] when the owner's licence does not allow a scope; [`Error::NotFound`] when account or owner is not there.
pub async fn credential_create(
    ctx: &Ctx,
    actor: &Actor,
    account: &AccountName,
    new: NewCredential,
) -> Result<NewSecret, Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_write().await?;
    let made = credential_make(ctx, &mut tx, actor, &account, new).await?;
    ctx.commit(tx).await?;
    Ok(made)
}

/// As [`credential_create`], in a transaction of the caller's, who commits it.
pub(crate) async fn credential_make(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    account: &Account,
    new: NewCredential,
) -> Result<NewSecret, Error> {
    check_ttl(new.token_ttl_secs)?;
    let now = ctx.now();
    let secret = ClientSecret::generate(account.region, &*ctx.random);
    let owner = match &new.owner {
        Some(username) => {
            let found = users::user_find_by_username(tx, account.id, username).await?;
            let user =
                found.ok_or_else(|| Error::NotFound(format!("user {}", username.as_str())))?;
            check_scopes(
                new.scopes,
                ScopeSet::of_licence(user.role),
                user.role.as_str(),
            )?;
            Owner::User(user.id)
        }
        None => Owner::Account,
    };
    let credential = Credential {
        id: CredentialId::new(now, &*ctx.random),
        account_id: account.id,
        owner,
        name: new.name,
        scopes: new.scopes,
        token_alg: new.token_alg,
        token_ttl_secs: new.token_ttl_secs,
        networks: new.networks,
        expires_at: new.expires_at,
        secrets: vec![SecretInfo {
            number: 1,
            digest: ctx.digest_key.digest(secret.expose()),
            created_at: now,
            expires_at: new.secret_expires_at,
        }],
        epoch: 0,
        created_at: now,
        version: 1,
    };
    store::credential_insert(tx, &credential).await?;
    let detail = json!({"scopes": credential.scopes.to_string(), "legacy": credential.owner == Owner::Account});
    ctx.record(tx, change(&credential, "credential.create", detail, actor))
        .await?;
    Ok(NewSecret {
        credential,
        region: account.region,
        number: 1,
        secret,
    })
}

/// An account's credentials.
///
/// # Errors
/// [`Error::NotFound`] when the account does not exist.
pub async fn credential_list(
    ctx: &Ctx,
    account: &AccountName,
) -> Result<Vec<CredentialView>, Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_read().await?;
    let mut views = Vec::new();
    let mut after = String::new();
    loop {
        let page = store::credential_list(&mut tx, account.id, &after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(views);
        };
        after = last.id.to_string();
        for credential in page {
            views.push(view(&mut tx, credential).await?);
        }
    }
}

/// One credential.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn credential_show(ctx: &Ctx, id: CredentialId) -> Result<CredentialView, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let credential = found(&mut tx, id).await?;
    view(&mut tx, credential).await
}

/// Edits name, scopes, networks or life. Scopes taken off end for tokens already issued, too.
///
/// # Errors
/// [`Error::Invalid`] when the owner's licence does not allow a scope; [`Error::Conflict`] when somebody else edited it at
/// the same moment.
pub async fn credential_edit(
    ctx: &Ctx,
    actor: &Actor,
    id: CredentialId,
    edit: CredentialEdit,
) -> Result<Credential, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut credential = found(&mut tx, id).await?;
    if edit.version.is_some_and(|read| read != credential.version) {
        return Err(Error::Stale);
    }
    if let Some(scopes) = edit.scopes {
        if let Owner::User(owner) = credential.owner
            && let Some(user) = users::user_find(&mut tx, owner).await?
        {
            // What it already holds may stay, even if the licence has shrunk since.
            let added = scopes.difference(credential.scopes);
            check_scopes(added, ScopeSet::of_licence(user.role), user.role.as_str())?;
        }
        credential.scopes = scopes;
    }
    if let Some(name) = edit.name {
        credential.name = name;
    }
    if let Some(networks) = edit.networks {
        credential.networks = networks;
    }
    if let Some(expires_at) = edit.expires_at {
        credential.expires_at = expires_at;
    }
    if let Some(token_ttl_secs) = edit.token_ttl_secs {
        check_ttl(token_ttl_secs)?;
        credential.token_ttl_secs = token_ttl_secs;
    }
    credential.epoch += u32::from(edit.end_tokens);
    if !store::credential_update(&mut tx, &credential).await? {
        return Err(Error::Conflict(
            "somebody else edited the credential at the same moment; try again".to_owned(),
        ));
    }
    credential.version += 1;
    let detail = json!({"scopes": credential.scopes.to_string(), "tokens_ended": edit.end_tokens});
    ctx.record(
        &mut tx,
        change(&credential, "credential.edit", detail, actor),
    )
    .await?;
    ctx.commit(tx).await?;
    Ok(credential)
}

/// Adds a secret and lets the others run out after an overlap.
///
/// # Errors
/// [`Error::NotFound`] when there is no such credential; [`Error::Conflict`] when it has too many secrets already.
pub async fn credential_rotate(
    ctx: &Ctx,
    actor: &Actor,
    id: CredentialId,
    overlap_secs: u32,
    secret_expires_at: Option<Timestamp>,
) -> Result<NewSecret, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let made = secret_make(ctx, &mut tx, actor, id, (overlap_secs, secret_expires_at)).await?;
    ctx.commit(tx).await?;
    Ok(made)
}

/// As [`credential_rotate`], in a transaction of the caller's, who commits it: overlap and end of the new secret.
pub(crate) async fn secret_make(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    id: CredentialId,
    (overlap_secs, secret_expires_at): (u32, Option<Timestamp>),
) -> Result<NewSecret, Error> {
    let now = ctx.now();
    let number = store::secret_number_take(tx, id).await?;
    let number = number.ok_or_else(|| Error::NotFound(format!("credential {id}")))?;
    let mut credential = found(tx, id).await?;
    let live = credential
        .secrets
        .iter()
        .filter(|s| !s.expired(now))
        .count();
    if live >= MOST_SECRETS {
        return Err(Error::Conflict(format!(
            "a credential has at most {MOST_SECRETS} live secrets; retire one first"
        )));
    }
    let account = accounts::account_find(tx, credential.account_id).await?;
    let account = account.ok_or_else(|| Error::NotFound("account".to_owned()))?;
    let secret = ClientSecret::generate(account.region, &*ctx.random);
    let info = SecretInfo {
        number,
        digest: ctx.digest_key.digest(secret.expose()),
        created_at: now,
        expires_at: secret_expires_at,
    };
    store::secrets_expire(tx, id, number, now.plus_secs(overlap_secs.into())).await?;
    for old in credential.secrets.iter().filter(|s| s.expired(now)) {
        store::secret_delete(tx, id, old.number).await?;
    }
    store::secret_insert(tx, id, &info).await?;
    credential = found(tx, id).await?;
    let detail = json!({"secret": number, "overlap_secs": overlap_secs});
    ctx.record(tx, change(&credential, "credential.rotate", detail, actor))
        .await?;
    Ok(NewSecret {
        credential,
        region: account.region,
        number,
        secret,
    })
}

/// Retires one secret at once, with every token it made.
///
/// # Errors
/// [`Error::NotFound`] when there is no such credential or secret.
pub async fn credential_retire(
    ctx: &Ctx,
    actor: &Actor,
    id: CredentialId,
    number: u32,
) -> Result<Credential, Error> {
    let mut tx = ctx.db.begin_write().await?;
    if !store::secret_delete(&mut tx, id, number).await? {
        return Err(Error::NotFound(format!(
            "secret {number} of credential {id}"
        )));
    }
    let credential = found(&mut tx, id).await?;
    ctx.record(
        &mut tx,
        change(
            &credential,
            "credential.retire",
            json!({"secret": number}),
            actor,
        ),
    )
    .await?;
    ctx.commit(tx).await?;
    Ok(credential)
}

/// Deletes a credential, with every secret and every token.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn credential_delete(
    ctx: &Ctx,
    actor: &Actor,
    id: CredentialId,
) -> Result<Credential, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let credential = found(&mut tx, id).await?;
    store::credential_delete(&mut tx, id).await?;
    ctx.record(
        &mut tx,
        change(&credential, "credential.delete", json!({}), actor),
    )
    .await?;
    ctx.commit(tx).await?;
    Ok(credential)
}

pub(crate) async fn found(tx: &mut Tx, id: CredentialId) -> Result<Credential, Error> {
    let credential = store::credential_find(tx, id).await?;
    credential.ok_or_else(|| Error::NotFound(format!("credential {id}")))
}

async fn view(tx: &mut Tx, credential: Credential) -> Result<CredentialView, Error> {
    let owner = match credential.owner {
        Owner::User(id) => users::user_find(tx, id).await?.map(|user| user.username),
        Owner::Account => None,
    };
    let uses = store::secret_uses(tx, credential.id).await?;
    Ok(CredentialView {
        credential,
        owner,
        uses,
    })
}

fn check_scopes(wanted: ScopeSet, allowed: ScopeSet, licence: &str) -> Result<(), Error> {
    let excess = wanted.difference(allowed);
    if excess.is_empty() {
        return Ok(());
    }
    let offered = if allowed.is_empty() {
        "none".to_owned()
    } else {
        allowed.to_string()
    };
    Err(Error::Invalid(format!(
        "the owner's {licence} licence does not allow {excess}; it allows: {offered}"
    )))
}

fn check_ttl(secs: Option<u32>) -> Result<(), Error> {
    match secs {
        Some(secs) if !(SHORTEST_TOKEN_SECS..=LONGEST_TOKEN_SECS).contains(&secs) => {
            Err(Error::Invalid(format!(
                "a token lives {SHORTEST_TOKEN_SECS} to {LONGEST_TOKEN_SECS} seconds"
            )))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn change<'c>(
    credential: &Credential,
    act: &'static str,
    detail: serde_json::Value,
    actor: &'c Actor,
) -> Change<'c> {
    Change {
        kind: FeedKind::Credential,
        account_id: Some(credential.account_id),
        act,
        subject: credential.id.to_string(),
        detail,
        actor,
    }
}
