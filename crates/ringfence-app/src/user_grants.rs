//! What applications may do for one person, looked at and ended by those who support them.

use crate::context::{Actor, Ctx, Note};
use crate::error::Error;
use crate::token::grant::end::grants_end;
use crate::users::user_show;
use ringfence_core::account::AccountName;
use ringfence_core::family::Grant;
use ringfence_core::id::ApplicationId;
use ringfence_core::user::Username;
use ringfence_store::consents::{consent_delete, consent_list};
use ringfence_store::grants::{Whose, grant_list};
use serde_json::json;

/// A grant that has not ended, and the name of its application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GrantShown {
    /// The grant.
    pub grant: Grant,
    /// What the application is called; `None` when it was deleted.
    pub application: Option<String>,
}

/// What applications may do for a person now, the newest first.
///
/// # Errors
/// [`Error::NotFound`] when there is nobody of that name.
pub async fn user_grants(
    ctx: &Ctx,
    account: &AccountName,
    username: &Username,
) -> Result<Vec<GrantShown>, Error> {
    let user = user_show(ctx, account, username).await?;
    let mut tx = ctx.db.begin_read().await?;
    let mut shown = Vec::new();
    for grant in grant_list(&mut tx, user.id, ctx.now()).await? {
        let id = grant.authorization.application_id;
        let application = ringfence_store::applications::application_find(&mut tx, id).await?;
        let application = application.map(|found| found.name.as_str().to_owned());
        shown.push(GrantShown { grant, application });
    }
    Ok(shown)
}

/// Ends what a person allowed one application, or all, with every token; gives how many grants ended. They are asked
/// anew the next time.
///
/// # Errors
/// [`Error::NotFound`] when there is nobody of that name.
pub async fn user_grants_revoke(
    ctx: &Ctx,
    actor: &Actor,
    (account, username): (&AccountName, &Username),
    application: Option<ApplicationId>,
) -> Result<usize, Error> {
    let user = user_show(ctx, account, username).await?;
    let mut tx = ctx.db.begin_write().await?;
    let whose = match application {
        Some(id) => Whose::UserAt(user.id, id),
        None => Whose::User(user.id),
    };
    let n_ended = grants_end(ctx, &mut tx, whose, "revoked_by_support", actor).await?;
    for consent in consent_list(&mut tx, user.id).await? {
        let id = consent.application_id;
        if application.is_none_or(|wanted| wanted == id) {
            consent_delete(&mut tx, user.id, id).await?;
        }
    }
    let note = Note {
        account_id: Some(user.account_id),
        act: "grant.revoke_all",
        subject: user.id.to_string(),
        detail: json!({
            "application_id": application.map(|id| id.to_string()),
            "grants": n_ended,
        }),
        actor,
    };
    ctx.note(&mut tx, note).await?;
    ctx.commit(tx).await?;
    Ok(n_ended)
}
