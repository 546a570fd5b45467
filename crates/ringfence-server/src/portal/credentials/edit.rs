//! Editing a credential.

use super::fields::{Faults, ScopeGroup, TextFields, last_day, scopes_offer, scopes_read};
use super::{id_of, path_of};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render_as};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Caller;
use ringfence_app::credentials::CredentialEdit;
use ringfence_app::error::Error;
use ringfence_app::manage::credentials::{Shown, credential_edit, edit_check, scopes_to_add};
use ringfence_core::scope::ScopeSet;

#[derive(Template)]
#[template(path = "credentials/edit.html")]
struct EditPage {
    chrome: Chrome,
    path: String,
    saved_name: String,
    faults: Faults,
    text: TextFields,
    offer: Vec<ScopeGroup>,
    version: String,
    is_account_level: bool,
}

/// `GET /admin/credentials/{id}/edit`.
pub(crate) fn edit_form_route() -> MethodRouter<App> {
    get(edit_form)
}

/// `POST /admin/credentials/{id}/edit`.
pub(crate) fn edit_route() -> MethodRouter<App> {
    post(edit)
}

async fn edit_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let shown = edit_check(&app.ctx, &caller, id_of(&id)?).await?;
    let credential = &shown.credential;
    let text = TextFields {
        name: credential.name.as_str().to_owned(),
        networks: lines(&shown),
        expires: credential.expires_at.map(last_day).unwrap_or_default(),
        token_ttl: credential
            .token_ttl_secs
            .map(|secs| secs.to_string())
            .unwrap_or_default(),
    };
    let version = credential.version.to_string();
    let ticked = credential.scopes;
    let page = page(chrome, &caller, &shown, (text, Faults::default()), ticked);
    render_as(StatusCode::OK, &EditPage { version, ..page })
}

async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let id = id_of(&id)?;
    let shown = edit_check(&app.ctx, &caller, id).await?;
    let mut faults = Faults::default();
    let text = TextFields::read(&form);
    let name = text.name(&mut faults);
    let scopes = scopes_read(&form, &mut faults);
    let networks = text.networks(&mut faults);
    let expires_at = text.expires_at(&mut faults);
    let token_ttl_secs = text.token_ttl(&mut faults);
    // A day that was not touched keeps its hour.
    let day_before = shown
        .credential
        .expires_at
        .map(last_day)
        .unwrap_or_default();
    let version = form.text("version").parse().map_err(Error::invalid)?;
    if faults.is_empty() {
        let edit = CredentialEdit {
            name,
            scopes: Some(scopes),
            networks: Some(networks),
            expires_at: (text.expires != day_before).then_some(expires_at),
            token_ttl_secs: Some(token_ttl_secs),
            end_tokens: form.is_ticked("end_tokens"),
            version: Some(version),
        };
        match credential_edit(&app.ctx, &caller, id, edit).await {
            Ok(_) => return Ok(redirect_with_notice(&path_of(id), "credential-saved")),
            Err(Error::Invalid(reason)) => faults.add("", reason),
            Err(error) => return Err(error.into()),
        }
    }
    let page = page(chrome, &caller, &shown, (text, faults), scopes);
    let version = version.to_string();
    render_as(
        StatusCode::UNPROCESSABLE_ENTITY,
        &EditPage { version, ..page },
    )
}

fn page(
    chrome: Chrome,
    caller: &Caller,
    shown: &Shown,
    (text, faults): (TextFields, Faults),
    ticked: ScopeSet,
) -> EditPage {
    let held = shown.credential.scopes;
    EditPage {
        chrome,
        path: path_of(shown.credential.id),
        saved_name: shown.credential.name.as_str().to_owned(),
        faults,
        text,
        offer: scopes_offer(scopes_to_add(caller, shown), held, ticked),
        version: String::new(),
        is_account_level: shown.owner.is_none(),
    }
}

fn lines(shown: &Shown) -> String {
    let networks = shown.credential.networks.iter();
    let lines: Vec<String> = networks.map(ToString::to_string).collect();
    lines.join("\n")
}
