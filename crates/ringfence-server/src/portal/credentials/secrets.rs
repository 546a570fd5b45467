//! Rotating a credential's secret, and retiring one.

use super::fields::{Choice, DeliveryFields, Faults, last_day};
use super::made::made_page;
use super::{id_of, path_of};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::credentials::edit_check;
use ringfence_app::manage::credentials::handover::form_nonce;
use ringfence_app::manage::credentials::secrets::{
    Advice, Rotation, credential_rotate, secret_list, secret_retire,
};
use ringfence_core::id::CredentialId;

#[derive(Template)]
#[template(path = "credentials/rotate.html")]
struct RotatePage {
    chrome: Chrome,
    path: String,
    name: String,
    n_secrets: usize,
    faults: Faults,
    overlaps: Vec<Choice>,
    expires: String,
    delivery: DeliveryFields,
    nonce: String,
}

#[derive(Template)]
#[template(path = "credentials/retire.html")]
struct RetirePage {
    chrome: Chrome,
    path: String,
    name: String,
    number: u32,
    is_only_one: bool,
    is_in_use: bool,
    last_use: Option<Moment>,
    route: String,
    addresses: Vec<String>,
}

/// `GET /admin/credentials/{id}/rotate`.
pub(crate) fn rotate_form_route() -> MethodRouter<App> {
    get(rotate_form)
}

/// `POST /admin/credentials/{id}/rotate`.
pub(crate) fn rotate_route() -> MethodRouter<App> {
    post(rotate)
}

/// `GET /admin/credentials/{id}/secrets/{number}/retire`.
pub(crate) fn retire_form_route() -> MethodRouter<App> {
    get(retire_form)
}

/// `POST /admin/credentials/{id}/secrets/{number}/retire`.
pub(crate) fn retire_route() -> MethodRouter<App> {
    post(retire)
}

async fn rotate_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let shown = edit_check(&app.ctx, &caller, id_of(&id)?).await?;
    render(&RotatePage {
        chrome,
        path: path_of(shown.credential.id),
        name: shown.credential.name.as_str().to_owned(),
        n_secrets: shown.credential.secrets.len(),
        faults: Faults::default(),
        overlaps: overlaps("604800"),
        expires: String::new(),
        delivery: DeliveryFields::fresh(),
        nonce: form_nonce(&app.ctx),
    })
}

async fn rotate(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let id = id_of(&id)?;
    let mut faults = Faults::default();
    let text = super::fields::TextFields::read(&form);
    let expires_at = text.expires_at(&mut faults);
    let overlap_secs = form.text("overlap").parse().map_err(Error::invalid)?;
    let (delivery_fields, delivery) = DeliveryFields::read(&form, &mut faults);
    let nonce = form.text("nonce");
    if faults.is_empty() {
        let rotation = Rotation {
            overlap_secs,
            expires_at,
        };
        let how = (&delivery, Some(nonce));
        match credential_rotate(&app.ctx, &caller, id, rotation, how).await {
            Ok(made) => return made_page(&app, chrome, &made, false),
            Err(Error::Invalid(reason)) => faults.add("", reason),
            Err(error) => return Err(error.into()),
        }
    }
    let shown = edit_check(&app.ctx, &caller, id).await?;
    let page = RotatePage {
        chrome,
        path: path_of(id),
        name: shown.credential.name.as_str().to_owned(),
        n_secrets: shown.credential.secrets.len(),
        faults,
        overlaps: overlaps(form.text("overlap")),
        expires: expires_at.map(last_day).unwrap_or(text.expires),
        delivery: delivery_fields,
        nonce: nonce.to_owned(),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn retire_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((id, number)): Path<(String, String)>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (id, number) = secret_of(&id, &number)?;
    let shown = edit_check(&app.ctx, &caller, id).await?;
    let secrets = secret_list(&app.ctx, &caller, id).await?.secrets;
    let secret = secrets
        .iter()
        .find(|secret| secret.info.number == number)
        .ok_or_else(|| Error::NotFound("secret".to_owned()))?;
    render(&RetirePage {
        chrome,
        path: path_of(id),
        name: shown.credential.name.as_str().to_owned(),
        number,
        is_only_one: secret.advice == Advice::OnlyOne,
        is_in_use: secret.advice == Advice::InUse,
        last_use: secret.used.last_used_at.map(Moment),
        route: secret.used.last_used_route.clone().unwrap_or_default(),
        addresses: secret.addresses.iter().map(|a| a.address.clone()).collect(),
    })
}

async fn retire(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let (id, number) = secret_of(&id, &number)?;
    secret_retire(&app.ctx, &caller, id, number).await?;
    Ok(redirect_with_notice(&path_of(id), "secret-retired"))
}

fn secret_of(id: &str, number: &str) -> Result<(CredentialId, u32), PortalError> {
    let number = number
        .parse()
        .map_err(|_| Error::NotFound("secret".to_owned()))?;
    Ok((id_of(id)?, number))
}

fn overlaps(chosen: &str) -> Vec<Choice> {
    let choice = |(value, text)| Choice {
        value,
        text,
        is_selected: value == chosen,
    };
    [
        ("0", "Not at all: they end now"),
        ("3600", "1 hour"),
        ("86400", "1 day"),
        ("604800", "7 days"),
        ("2592000", "30 days"),
    ]
    .map(choice)
    .into()
}
