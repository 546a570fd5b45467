//! Making a credential.

use super::fields::{DeliveryFields, Faults, ScopeGroup, TextFields, scopes_offer, scopes_read};
use super::made::made_page;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::render_as;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::credentials::handover::form_nonce;
use ringfence_app::manage::credentials::{NewOwn, credential_create, scopes_on_offer};
use ringfence_core::scope::ScopeSet;

#[derive(Template)]
#[template(path = "credentials/new.html")]
struct CreatePage {
    chrome: Chrome,
    faults: Faults,
    text: TextFields,
    offer: Vec<ScopeGroup>,
    delivery: DeliveryFields,
    nonce: String,
    account: String,
}

/// `GET /admin/credentials/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /admin/credentials`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

async fn create_form(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let allowed = scopes_on_offer(&caller)?;
    let page = CreatePage {
        chrome,
        faults: Faults::default(),
        text: TextFields::default(),
        offer: scopes_offer(allowed, ScopeSet::EMPTY, ScopeSet::EMPTY),
        delivery: DeliveryFields::fresh(),
        nonce: form_nonce(&app.ctx),
        account: caller.account.name.as_str().to_owned(),
    };
    render_as(StatusCode::OK, &page)
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let allowed = scopes_on_offer(&caller)?;
    let mut faults = Faults::default();
    let text = TextFields::read(&form);
    let name = text.name(&mut faults);
    let scopes = scopes_read(&form, &mut faults);
    let networks = text.networks(&mut faults);
    let expires_at = text.expires_at(&mut faults);
    let (delivery_fields, delivery) = DeliveryFields::read(&form, &mut faults);
    let nonce = form.text("nonce").to_owned();
    if let Some(name) = name.filter(|_| faults.is_empty()) {
        let new = NewOwn {
            name,
            scopes,
            networks,
            expires_at,
        };
        let made = credential_create(&app.ctx, &caller, new, &delivery, Some(&nonce)).await;
        match made {
            Ok(made) => return made_page(&app, chrome, &made, true),
            Err(Error::Invalid(reason)) => faults.add("", reason),
            Err(error) => return Err(error.into()),
        }
    }
    let page = CreatePage {
        chrome,
        faults,
        text,
        offer: scopes_offer(allowed, ScopeSet::EMPTY, scopes),
        delivery: delivery_fields,
        nonce,
        account: caller.account.name.as_str().to_owned(),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}
