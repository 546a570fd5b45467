//! Who of an account a provider means.

use super::{Keeper, Provider};
use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::users::{NewUser, user_make};
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::sign_in::id_token::IdClaims;
use ringfence_core::user::{Role, User, Username};
use ringfence_store::accounts::account_find_by_name;
use ringfence_store::db::Tx;
use ringfence_store::providers::{provider_identity_find, provider_identity_insert};
use ringfence_store::sign_in::identities::{identity_find, identity_insert};
use ringfence_store::sign_in::people::user_ids_by_email;
use ringfence_store::users::{user_find, user_find_by_username};
use serde_json::json;

/// Who is behind the claims; the first time they are tied to the provider's subject.
pub(super) async fn person_known(
    ctx: &Ctx,
    provider: &Provider,
    claims: &IdClaims,
) -> Result<Option<(UserId, AccountId)>, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let Some(account) = account_find_by_name(&mut tx, &provider.account).await? else {
        tracing::error!(
            provider = provider.name,
            "the provider's account does not exist"
        );
        return Ok(None);
    };
    if let Some(user_id) = identity_known(&mut tx, provider, &claims.subject).await? {
        // The configuration may have moved to another account since.
        let user = user_find(&mut tx, user_id).await?;
        return Ok(user
            .filter(|u| u.account_id == account.id)
            .map(|u| (u.id, u.account_id)));
    }
    let actor = Actor(format!("sso:{}", provider.name));
    let found = match person_first(&mut tx, provider, account.id, claims).await? {
        Some(found) => Some(found),
        None => person_new(ctx, &mut tx, provider, (account.id, claims)).await?,
    };
    let Some((user_id, by)) = found else {
        return Ok(None);
    };
    let kept = match provider.keeper {
        Keeper::Settings => {
            let subject = (provider.issuer.as_str(), claims.subject.as_str());
            identity_insert(&mut tx, subject, user_id, ctx.now()).await?
        }
        Keeper::Account { id, .. } => {
            let subject = (id, claims.subject.as_str());
            provider_identity_insert(&mut tx, subject, user_id, ctx.now()).await?
        }
    };
    if !kept {
        // Somebody else there was this person before.
        return Ok(None);
    }
    let note = Note {
        account_id: Some(account.id),
        act: "identity.link",
        subject: user_id.to_string(),
        detail: json!({"provider": provider.name, "by": by}),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await?;
    Ok(Some((user_id, account.id)))
}

async fn identity_known(
    tx: &mut Tx,
    provider: &Provider,
    subject: &str,
) -> Result<Option<UserId>, Error> {
    Ok(match provider.keeper {
        Keeper::Settings => identity_find(tx, &provider.issuer, subject).await?,
        Keeper::Account { id, .. } => provider_identity_find(tx, id, subject).await?,
    })
}

/// Who of the account is meant, by what the provider lets count.
async fn person_first(
    tx: &mut Tx,
    provider: &Provider,
    account_id: AccountId,
    claims: &IdClaims,
) -> Result<Option<(UserId, &'static str)>, Error> {
    let by_username = match provider.keeper {
        Keeper::Settings => true,
        Keeper::Account { lets_in, .. } => lets_in.by_username,
    };
    let username = claims.name.as_deref().map(Username::parse);
    let found = if let Some(Ok(username)) = username
        && by_username
        && let Some(user) = user_find_by_username(tx, account_id, &username).await?
    {
        Some((user, "username"))
    } else if provider.link_by_email
        && let Some(email) = &claims.verified_email
        && let [only] = *user_ids_by_email(tx, account_id, email).await?
    {
        let user = user_find(tx, only).await?;
        user.map(|user| (user, "email"))
    } else {
        None
    };
    // An operator is not even tied to a subject of a provider that an account keeps.
    let may = |user: &User| provider.keeper == Keeper::Settings || !user.operator;
    Ok(found
        .filter(|(user, _)| may(user))
        .map(|(user, by)| (user.id, by)))
}

/// Makes an Agent of somebody who is unknown, where the account's provider does that.
async fn person_new(
    ctx: &Ctx,
    tx: &mut Tx,
    provider: &Provider,
    (account_id, claims): (AccountId, &IdClaims),
) -> Result<Option<(UserId, &'static str)>, Error> {
    let makes = match provider.keeper {
        Keeper::Settings => false,
        Keeper::Account { lets_in, .. } => lets_in.as_new_agents,
    };
    let username = claims.name.as_deref().map(Username::parse);
    let (true, Some(Ok(username)), Some(email)) = (makes, username, &claims.verified_email) else {
        return Ok(None);
    };
    // Somebody has that name and does not count as found by it: they are not to be doubled.
    if user_find_by_username(tx, account_id, &username)
        .await?
        .is_some()
    {
        return Ok(None);
    }
    let name = claims.display_name.as_deref().map(str::trim);
    let name = name.filter(|name| !name.is_empty());
    let new = NewUser {
        name: name.unwrap_or(username.as_str()).to_owned(),
        username,
        email: email.clone(),
        role: Role::Agent,
        agent: None,
        password: None,
        operator: false,
    };
    let actor = Actor(format!("sso:{}", provider.name));
    match user_make(ctx, tx, &actor, (account_id, new)).await {
        Ok(user) => Ok(Some((user.id, "new"))),
        // A name or address that cannot be kept.
        Err(Error::Invalid(text)) => {
            tracing::info!(
                provider = provider.name,
                reason = text,
                "somebody was not made"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
