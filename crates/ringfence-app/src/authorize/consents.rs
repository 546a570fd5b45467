//! What people have allowed applications: shown to them and to their admins, and taken back.
//!
//! Withdrawing ends every grant that came of it, with all tokens, on every node within a second (checklist 68).

use crate::caller::Caller;
use crate::context::{Ctx, Note};
use crate::error::Error;
use crate::token::grant::end::grants_end;
use ringfence_core::application::Application;
use ringfence_core::id::{ApplicationId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::applications::application_find;
use ringfence_store::consents::{
    consent_delete, consent_delete_of_account, consent_list, consent_list_of_account,
};
use ringfence_store::db::Tx;
use ringfence_store::developers::developer_find;
use ringfence_store::grants::people::{Connection, connections_of_account};
use ringfence_store::grants::{Whose, grant_list};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// An application that may act for somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connected {
    /// Its id.
    pub id: ApplicationId,
    /// Its name.
    pub name: String,
    /// Whom its developer works for.
    pub company: String,
    /// Whether the installation's operator has looked at it.
    pub is_verified: bool,
    /// What it was allowed; `None` when it was never asked for and came by the password grant alone.
    pub scope: Option<UserScopes>,
    /// Since when.
    pub since: Timestamp,
}

/// An application that may act for people of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectedOfAccount {
    /// Its id.
    pub id: ApplicationId,
    /// Its name.
    pub name: String,
    /// Whom its developer works for.
    pub company: String,
    /// Whether the installation's operator has looked at it.
    pub is_verified: bool,
    /// For how many people it may act.
    pub n_people: usize,
    /// When somebody last allowed it.
    pub last_at: Timestamp,
}

/// The applications that may act for the caller, the newest first.
///
/// # Errors
/// The store broke off.
pub async fn connected_list(ctx: &Ctx, caller: &Caller) -> Result<Vec<Connected>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let mut found: BTreeMap<ApplicationId, Connected> = BTreeMap::new();
    for consent in consent_list(&mut tx, caller.user.id).await? {
        if let Some((application, company)) = described(&mut tx, consent.application_id).await? {
            let connected = Connected {
                id: application.id,
                name: application.name.as_str().to_owned(),
                company,
                is_verified: application.verified,
                scope: Some(consent.scope),
                since: consent.given_at,
            };
            found.insert(application.id, connected);
        }
    }
    for grant in grant_list(&mut tx, caller.user.id, ctx.now()).await? {
        let id = grant.authorization.application_id;
        if found.contains_key(&id) {
            continue;
        }
        if let Some((application, company)) = described(&mut tx, id).await? {
            let connected = Connected {
                id: application.id,
                name: application.name.as_str().to_owned(),
                company,
                is_verified: application.verified,
                scope: None,
                since: grant.created_at,
            };
            found.insert(application.id, connected);
        }
    }
    let mut all: Vec<Connected> = found.into_values().collect();
    all.sort_by_key(|connected| std::cmp::Reverse((connected.since, connected.id)));
    Ok(all)
}

/// Takes back all that the caller has allowed an application.
///
/// # Errors
/// [`Error::NotFound`] when they have allowed it nothing.
pub async fn consent_withdraw(
    ctx: &Ctx,
    caller: &Caller,
    application_id: ApplicationId,
) -> Result<(), Error> {
    caller.require_session()?;
    let mut tx = ctx.db.begin_write().await?;
    let consented = consent_delete(&mut tx, caller.user.id, application_id).await?;
    let whose = Whose::UserAt(caller.user.id, application_id);
    let n_ended = grants_end(ctx, &mut tx, whose, "consent_withdrawn", &caller.actor()).await?;
    if !consented && n_ended == 0 {
        return Err(Error::NotFound("application".to_owned()));
    }
    let note = Note {
        account_id: Some(caller.home.id),
        act: "consent.withdraw",
        subject: application_id.to_string(),
        detail: json!({"grants": n_ended}),
        actor: &caller.actor(),
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await
}

/// The applications that may act for people of the account, for its admins, by name.
///
/// # Errors
/// [`Error::NotFound`] for anybody else.
pub async fn connected_of_account(
    ctx: &Ctx,
    caller: &Caller,
) -> Result<Vec<ConnectedOfAccount>, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let mut found: BTreeMap<ApplicationId, (BTreeSet<UserId>, Timestamp)> = BTreeMap::new();
    for (application_id, user_id, at) in connections(ctx, &mut tx, caller).await? {
        let (people, last_at) = found
            .entry(application_id)
            .or_insert_with(|| (BTreeSet::new(), at));
        people.insert(user_id);
        *last_at = at.max(*last_at);
    }
    let mut all = Vec::new();
    for (id, (people, last_at)) in found {
        if let Some((application, company)) = described(&mut tx, id).await? {
            all.push(ConnectedOfAccount {
                id,
                name: application.name.as_str().to_owned(),
                company,
                is_verified: application.verified,
                n_people: people.len(),
                last_at,
            });
        }
    }
    all.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(all)
}

/// Which application may act for whom of the account, by consents and by grants: a password that was shown leaves a grant
/// and no consent.
async fn connections(
    ctx: &Ctx,
    tx: &mut Tx,
    caller: &Caller,
) -> Result<Vec<(ApplicationId, UserId, Timestamp)>, Error> {
    let account_id = caller.account.id;
    let consents = consent_list_of_account(tx, account_id).await?.into_iter();
    let consents = consents.map(|c| (c.application_id, c.user_id, c.given_at));
    let grants = connections_of_account(tx, account_id, ctx.now()).await?;
    let grants = grants.into_iter().map(|connection| {
        let Connection {
            application_id,
            user_id,
            last_at,
        } = connection;
        (application_id, user_id, last_at)
    });
    Ok(consents.chain(grants).collect())
}

/// Takes back all that people of the account have allowed an application.
///
/// # Errors
/// [`Error::NotFound`] for those who are no admin, and when nobody has allowed it anything.
pub async fn account_consents_withdraw(
    ctx: &Ctx,
    caller: &Caller,
    application_id: ApplicationId,
) -> Result<(), Error> {
    caller.require_admin()?;
    caller.require_session()?;
    let account_id = caller.account.id;
    let actor = caller.actor();
    let mut tx = ctx.db.begin_write().await?;
    let all = connections(ctx, &mut tx, caller).await?.into_iter();
    let people = all.filter(|(id, _, _)| *id == application_id);
    let people: BTreeSet<UserId> = people.map(|(_, user_id, _)| user_id).collect();
    if people.is_empty() {
        return Err(Error::NotFound("application".to_owned()));
    }
    consent_delete_of_account(&mut tx, account_id, application_id).await?;
    let mut n_ended = 0;
    for user_id in &people {
        let whose = Whose::UserAt(*user_id, application_id);
        n_ended += grants_end(ctx, &mut tx, whose, "withdrawn_by_admin", &actor).await?;
    }
    let note = Note {
        account_id: Some(account_id),
        act: "consent.withdraw_all",
        subject: application_id.to_string(),
        detail: json!({"people": people.len(), "grants": n_ended}),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await
}

/// An application with whom its developer works for; `None` when it is gone.
async fn described(tx: &mut Tx, id: ApplicationId) -> Result<Option<(Application, String)>, Error> {
    let Some(application) = application_find(tx, id).await? else {
        return Ok(None);
    };
    let developer = developer_find(tx, application.developer_id).await?;
    let company = developer.map(|d| {
        if d.company.is_empty() {
            d.name
        } else {
            d.company
        }
    });
    Ok(Some((application, company.unwrap_or_default())))
}
