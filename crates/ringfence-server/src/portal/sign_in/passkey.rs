//! Passkeys: made at `/admin/me/passkeys/new`, used at `/login/passkey`.
//!
//! The page carries what the authenticator is to sign; `assets/passkey.js` asks it and sends the answer as a form.

use super::login::LoginPage;
use super::visitor::AtDoor;
use super::{ConfirmPage, Faults, aimed, asking_of, go_on, local_path, when_due};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::sign_in::Progress;
use ringfence_app::sign_in::me::{OwnPasskey, ways_in};
use ringfence_app::sign_in::passkey::{
    PasskeyMade, PasskeyOffer, PasskeyUsed, passkey_add, passkey_begin, passkey_remove,
    passkey_sign_in,
};
use ringfence_core::secret::Secret;
use tokio::time::Instant;

#[derive(Template)]
#[template(path = "sign_in/passkey.html")]
struct PasskeyPage {
    chrome: Chrome,
    faults: Faults,
    offer: PasskeyOffer,
    present: String,
    algorithms: String,
    name: String,
}

/// `GET /admin/me/passkeys/new`.
pub(crate) fn passkey_new_route() -> MethodRouter<App> {
    get(begin)
}

/// `POST /admin/me/passkeys`.
pub(crate) fn passkey_add_route() -> MethodRouter<App> {
    post(add)
}

/// `GET` and `POST /admin/me/passkeys/{passkeyId}/remove`.
pub(crate) fn passkey_remove_routes() -> [MethodRouter<App>; 2] {
    [get(remove_ask), post(remove)]
}

/// `POST /login/passkey`.
pub(crate) fn passkey_sign_in_route() -> MethodRouter<App> {
    post(sign_in)
}

async fn begin(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let offer = passkey_begin(&app.ctx, &caller).await?;
    render(&page(chrome, Faults::default(), offer, String::new()))
}

async fn add(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let made = PasskeyMade {
        name: form.text("name").to_owned(),
        step: form.text("step").to_owned(),
        client_data: form.text("client_data").to_owned(),
        attestation: form.text("attestation").to_owned(),
    };
    match passkey_add(&app.ctx, &caller, made).await {
        Ok(()) => Ok(redirect_with_notice("/admin/me", "passkey-added")),
        Err(error) => {
            let faults = Faults::of_error("name", error)?;
            let offer = passkey_begin(&app.ctx, &caller).await?;
            let name = form.text("name").to_owned();
            faults.page(&page(chrome, faults.clone(), offer, name))
        }
    }
}

fn page(chrome: Chrome, faults: Faults, offer: PasskeyOffer, name: String) -> PasskeyPage {
    PasskeyPage {
        chrome,
        faults,
        present: offer.present.join(" "),
        algorithms: offer.algorithms.map(|a| a.to_string()).join(" "),
        offer,
        name,
    }
}

async fn remove_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let ways = ways_in(&app.ctx, &caller).await?;
    let passkey = ways.passkeys.iter().find(|p| p.id == id);
    let passkey = passkey.ok_or_else(|| Error::NotFound("passkey".to_owned()))?;
    render(&remove_page(
        chrome,
        Faults::default(),
        passkey,
        ways.password,
    ))
}

async fn remove(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let password = Secret::new(form.raw("password").to_owned());
    match passkey_remove(&app.ctx, &caller, &id, password).await {
        Ok(()) => Ok(redirect_with_notice("/admin/me", "passkey-removed")),
        Err(error) => {
            let faults = Faults::of_error("password", error)?;
            let ways = ways_in(&app.ctx, &caller).await?;
            let passkey = ways.passkeys.iter().find(|p| p.id == id);
            let passkey = passkey.ok_or_else(|| Error::NotFound("passkey".to_owned()))?;
            faults.page(&remove_page(chrome, faults.clone(), passkey, true))
        }
    }
}

fn remove_page(
    chrome: Chrome,
    faults: Faults,
    passkey: &OwnPasskey,
    asks_password: bool,
) -> ConfirmPage {
    ConfirmPage {
        chrome,
        faults,
        title: "Remove this passkey?",
        text: format!(
            "“{}” will not sign you in any more. Your device keeps offering it until you delete it there too.",
            passkey.name
        ),
        action: format!("/admin/me/passkeys/{}/remove", passkey.id),
        button: "Remove the passkey",
        asks_password,
    }
}

async fn sign_in(
    State(app): State<App>,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let began = Instant::now();
    let next = local_path(form.text("next"));
    let used = PasskeyUsed {
        step: form.text("step").to_owned(),
        id: form.text("id").to_owned(),
        client_data: form.text("client_data").to_owned(),
        authenticator_data: form.text("authenticator_data").to_owned(),
        signature: form.text("signature").to_owned(),
    };
    let outcome = passkey_sign_in(&app.ctx, used, &visitor).await;
    let faults = match when_due(began, outcome).await {
        Ok(handle) => return go_on(&app, &headers, Progress::In(handle), &next).await,
        Err(Error::Unauthenticated) => Faults::one(
            "username",
            "The passkey was not accepted, or it took too long. Try again, or sign in another way.",
        ),
        Err(error) => Faults::of_error("username", error)?,
    };
    let asking = asking_of(&app, &next);
    let page = LoginPage::of(&app, chrome, (next, ""), faults.clone()).await?;
    Ok(aimed(faults.page(&page)?, asking.as_ref()))
}
