//! Deleting a credential, after saying what will stop working.

use super::id_of;
use super::show::ShownView;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::{redirect_with_notice, render};
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::credentials::secrets::secret_list;
use ringfence_app::manage::credentials::usage::{Step, credential_usage};
use ringfence_app::manage::credentials::{credential_delete, credential_show};
use ringfence_core::scope::Scope;

#[derive(Template)]
#[template(path = "credentials/delete.html")]
struct DeletePage {
    chrome: Chrome,
    shown: ShownView,
    scopes: Vec<&'static str>,
    last_use: Option<Moment>,
    from: String,
    route: String,
    n_calls: i64,
    n_secrets: usize,
}

/// `GET /admin/credentials/{id}/delete`.
pub(crate) fn delete_form_route() -> MethodRouter<App> {
    get(delete_form)
}

/// `POST /admin/credentials/{id}/delete`.
pub(crate) fn delete_route() -> MethodRouter<App> {
    post(delete)
}

async fn delete_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = id_of(&id)?;
    let shown = credential_show(&app.ctx, &caller, id).await?;
    if !shown.acts.delete {
        return Err(Error::Forbidden("you may not delete this credential".to_owned()).into());
    }
    let secrets = secret_list(&app.ctx, &caller, id).await?.secrets;
    let days = credential_usage(&app.ctx, &caller, id, Step::Day).await?;
    let last = secrets
        .iter()
        .max_by_key(|secret| secret.used.last_used_at)
        .filter(|secret| secret.used.last_used_at.is_some());
    let used = last.map(|secret| &secret.used);
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    render(&DeletePage {
        chrome,
        shown: ShownView::of(&shown, caller.account.region),
        scopes: shown.credential.scopes.iter().map(Scope::as_str).collect(),
        last_use: used.and_then(|used| used.last_used_at).map(Moment),
        from: text(used.and_then(|used| used.last_used_from.as_ref())),
        route: text(used.and_then(|used| used.last_used_route.as_ref())),
        n_calls: days
            .iter()
            .map(|day| day.tally.ok + day.tally.wrong + day.tally.failed)
            .sum(),
        n_secrets: secrets.len(),
    })
}

async fn delete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let gone = credential_delete(&app.ctx, &caller, id_of(&id)?).await?;
    tracing::info!(client.id = %gone.id, "a credential was deleted in the portal");
    Ok(redirect_with_notice(
        "/admin/credentials",
        "credential-deleted",
    ))
}
