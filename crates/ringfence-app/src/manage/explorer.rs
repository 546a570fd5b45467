//! Trying a call with a credential of one's own, without its secret.

use super::credentials::{ListRequest, Tab, credential_list, credential_show};
use crate::caller::Caller;
use crate::context::{Ctx, Note};
use crate::directory::rights::Barred;
use crate::error::Error;
use crate::paging::PageRequest;
use crate::token::{IssuedToken, TokenError, TryRefusal, token_try};
use ringfence_core::id::CredentialId;
use ringfence_core::scope::ScopeSet;
use serde_json::json;

/// Most credentials on offer.
const MOST: u64 = 200;

/// A credential that the caller may try calls with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TryCredential {
    /// Its id.
    pub id: CredentialId,
    /// What people call it.
    pub name: String,
    /// The scopes it may use now; empty when it may not act.
    pub scopes: ScopeSet,
}

/// A call to be tried.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'t> {
    /// With which credential.
    pub credential_id: CredentialId,
    /// One of these scopes opens the operation.
    pub needed: ScopeSet,
    /// The method, for the audit trail.
    pub method: &'t str,
    /// The path template, for the audit trail.
    pub route: &'t str,
}

/// The credentials that the caller may try calls with: their own, and for admins the account's.
///
/// # Errors
/// [`Error::NotFound`] when the area does not exist for the caller.
pub async fn explorer_credentials(ctx: &Ctx, caller: &Caller) -> Result<Vec<TryCredential>, Error> {
    let page = || PageRequest::new(1, MOST, u32::MAX);
    let own = ListRequest {
        mine: true,
        ..ListRequest::default()
    };
    let listed = credential_list(ctx, caller, &own, page()?).await?;
    let mut lines = listed.page.items;
    if listed.accounts_tab {
        let accounts = ListRequest {
            tab: Tab::Accounts,
            ..ListRequest::default()
        };
        let listed = credential_list(ctx, caller, &accounts, page()?).await?;
        lines.extend(listed.page.items);
    }
    let (snapshot, now) = (ctx.directory.snapshot(), ctx.now());
    let offer = |line: super::credentials::Line| {
        let id = line.credential.id;
        TryCredential {
            id,
            name: line.credential.name.as_str().to_owned(),
            scopes: snapshot
                .live(id, now)
                .map_or(ScopeSet::EMPTY, |live| live.scopes),
        }
    };
    let usable = lines.into_iter().filter(|line| line.acts.edit);
    Ok(usable.map(offer).collect())
}

/// A token that lives for a minute, with exactly one scope that opens the operation. The audit trail keeps who tried what.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see the credential; [`Error::Forbidden`] when it acts for somebody else;
/// [`Error::Invalid`] when it cannot make the call now.
pub async fn explorer_token(
    ctx: &Ctx,
    caller: &Caller,
    trial: Trial<'_>,
) -> Result<IssuedToken, Error> {
    let shown = credential_show(ctx, caller, trial.credential_id).await?;
    // Who may change a credential could as well take a secret of it.
    if !shown.acts.edit || !caller.may_write() {
        return Err(Error::Forbidden(
            "only the owner of a credential tries calls with it".to_owned(),
        ));
    }
    let token = token_try(ctx, trial.credential_id, trial.needed)
        .map_err(|refusal| refused(refusal, trial.needed))?;
    let mut tx = ctx.db.begin_write().await?;
    let actor = caller.actor();
    let note = Note {
        account_id: Some(shown.credential.account_id),
        act: "credential.try",
        subject: trial.credential_id.to_string(),
        detail: json!({
            "scope": token.scope.to_string(),
            "method": trial.method,
            "route": trial.route,
        }),
        actor: &actor,
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(token)
}

fn refused(refusal: TryRefusal, needed: ScopeSet) -> Error {
    let text = match refusal {
        TryRefusal::Barred(barred) => match barred {
            Barred::CredentialUnknown => "the credential was deleted".to_owned(),
            Barred::CredentialExpired => "the credential has run out".to_owned(),
            Barred::AccountSuspended => "the account is suspended".to_owned(),
            Barred::OwnerInactive => "the owner of the credential is disabled".to_owned(),
            Barred::OwnerLocked => "the owner of the credential is locked".to_owned(),
            Barred::ApplicationUnknown
            | Barred::ApplicationSuspended
            | Barred::UserInactive
            | Barred::UserLocked => "the application may not act".to_owned(),
        },
        TryRefusal::Scope => format!(
            "the credential may not use a scope that opens this operation now; it needs one of {needed}"
        ),
        TryRefusal::NoSecret => {
            "none of the credential’s secrets is in force; rotate it first".to_owned()
        }
        TryRefusal::Token(TokenError::Unavailable) => {
            return Error::Unavailable("no token can be made at the moment; try again".to_owned());
        }
        TryRefusal::Token(error) => return Error::internal(error),
    };
    Error::Invalid(text)
}
