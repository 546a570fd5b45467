//! `/admin/me/authenticator`: an authenticator app added and removed, and its recovery codes.

use super::{ConfirmPage, Faults};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use qrcodegen::{QrCode, QrCodeEcc};
use ringfence_app::error::Error;
use ringfence_app::sign_in::me::ways_in;
use ringfence_app::sign_in::totp::{
    NewTotp, recovery_codes_renew, totp_again, totp_begin, totp_enrol, totp_remove,
};
use ringfence_core::secret::Secret;
use std::fmt::Write as _;

/// Modules of white around a code, as readers need.
const QUIET: i32 = 4;

#[derive(Template)]
#[template(path = "sign_in/authenticator.html")]
struct AuthenticatorPage {
    chrome: Chrome,
    faults: Faults,
    new: NewTotp,
    picture: Option<Picture>,
}

#[derive(Template)]
#[template(path = "sign_in/recovery_codes.html")]
struct RecoveryCodesPage {
    chrome: Chrome,
    title: &'static str,
    codes: Vec<Secret<String>>,
}

/// A QR code as the path of an SVG.
#[derive(Debug)]
struct Picture {
    size: i32,
    path: String,
}

/// `GET` and `POST /admin/me/authenticator`.
pub(crate) fn totp_routes() -> [MethodRouter<App>; 2] {
    [get(begin), post(enrol)]
}

/// `GET` and `POST /admin/me/authenticator/remove`.
pub(crate) fn totp_remove_routes() -> [MethodRouter<App>; 2] {
    [get(remove_ask), post(remove)]
}

/// `GET` and `POST /admin/me/recovery-codes`.
pub(crate) fn recovery_codes_routes() -> [MethodRouter<App>; 2] {
    [get(renew_ask), post(renew)]
}

async fn begin(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let new = totp_begin(&app.ctx, &caller).await?;
    render(&AuthenticatorPage {
        chrome,
        faults: Faults::default(),
        picture: picture(&new),
        new,
    })
}

async fn enrol(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let step = form.text("step");
    match totp_enrol(&app.ctx, &caller, step, form.text("code")).await {
        Ok(codes) => render(&RecoveryCodesPage {
            chrome,
            title: "Your authenticator app is set up",
            codes,
        }),
        Err(error @ Error::Invalid(_)) => {
            let faults = Faults::of_error("code", error)?;
            let new = match totp_again(&app.ctx, &caller, step) {
                Ok(new) => new,
                Err(_) => totp_begin(&app.ctx, &caller).await?,
            };
            let page = AuthenticatorPage {
                chrome,
                faults: faults.clone(),
                picture: picture(&new),
                new,
            };
            faults.page(&page)
        }
        Err(error) => Err(error.into()),
    }
}

async fn remove_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let asks_password = ways_in(&app.ctx, &caller).await?.password;
    render(&remove_page(chrome, Faults::default(), asks_password))
}

async fn remove(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let password = Secret::new(form.raw("password").to_owned());
    match totp_remove(&app.ctx, &caller, password).await {
        Ok(()) => Ok(redirect_with_notice("/admin/me", "authenticator-removed")),
        Err(error) => {
            let faults = Faults::of_error("password", error)?;
            faults.page(&remove_page(chrome, faults.clone(), true))
        }
    }
}

fn remove_page(chrome: Chrome, faults: Faults, asks_password: bool) -> ConfirmPage {
    ConfirmPage {
        chrome,
        faults,
        title: "Remove the authenticator app?",
        text: "Signing in with your password will ask for no code any more, and your recovery codes stop working."
            .to_owned(),
        action: "/admin/me/authenticator/remove".to_owned(),
        button: "Remove the authenticator app",
        asks_password,
    }
}

async fn renew_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let asks_password = ways_in(&app.ctx, &caller).await?.password;
    render(&renew_page(chrome, Faults::default(), asks_password))
}

async fn renew(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let password = Secret::new(form.raw("password").to_owned());
    match recovery_codes_renew(&app.ctx, &caller, password).await {
        Ok(codes) => render(&RecoveryCodesPage {
            chrome,
            title: "Your new recovery codes",
            codes,
        }),
        Err(error) => {
            let faults = Faults::of_error("password", error)?;
            faults.page(&renew_page(chrome, faults.clone(), true))
        }
    }
}

fn renew_page(chrome: Chrome, faults: Faults, asks_password: bool) -> ConfirmPage {
    ConfirmPage {
        chrome,
        faults,
        title: "Make new recovery codes?",
        text: "The codes you have stop working. The new ones are shown once.".to_owned(),
        action: "/admin/me/recovery-codes".to_owned(),
        button: "Make new codes",
        asks_password,
    }
}

/// The code that an app reads; `None` when it would hold too much, which the text beside it makes up for.
fn picture(new: &NewTotp) -> Option<Picture> {
    let code = QrCode::encode_text(new.uri.expose(), QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in 0..code.size() {
            if code.get_module(x, y) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
    }
    Some(Picture {
        size: code.size() + 2 * QUIET,
        path,
    })
}
