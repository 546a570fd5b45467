//! The first page, signing out, and an operator's step into another account.

use super::chrome::Chrome;
use super::error::PortalError;
use super::form::Form;
use super::page::{redirect, redirect_with_notice, render};
use crate::app::App;
use crate::web::person::{Signed, session_cookie};
use askama::Template;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Via;
use ringfence_app::error::Error;
use ringfence_app::session::{session_account_open, session_end};
use ringfence_core::account::AccountName;

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    chrome: Chrome,
    name: String,
    region: &'static str,
    account: String,
}

/// `GET /admin`.
pub(crate) fn home_route() -> MethodRouter<App> {
    get(home)
}

/// `GET` of a page that does not exist.
pub(crate) fn missing_route() -> MethodRouter<App> {
    get(missing)
}

/// `POST /logout`.
pub(crate) fn sign_out_route() -> MethodRouter<App> {
    post(sign_out)
}

/// `POST /admin/open`: looks at another account from now on.
pub(crate) fn account_open_route() -> MethodRouter<App> {
    post(account_open)
}

async fn home(Signed(caller): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    render(&Home {
        chrome,
        name: caller.name.clone(),
        region: caller.account.region.as_str(),
        account: caller.account.name.as_str().to_owned(),
    })
}

async fn missing() -> PortalError {
    Error::NotFound("page".to_owned()).into()
}

async fn sign_out(State(app): State<App>, Signed(caller): Signed) -> Result<Response, PortalError> {
    if let Via::Session(id) = caller.via {
        session_end(&app.ctx, &caller, id).await?;
    }
    let mut response = redirect_with_notice("/login", "signed-out");
    response
        .headers_mut()
        .insert(SET_COOKIE, session_cookie(None));
    Ok(response)
}

async fn account_open(
    State(app): State<App>,
    Signed(caller): Signed,
    form: Form,
) -> Result<Response, PortalError> {
    let name = AccountName::parse(form.text("account")).map_err(Error::invalid)?;
    session_account_open(&app.ctx, &caller, &name).await?;
    Ok(if name == caller.home.name {
        redirect("/admin")
    } else {
        redirect_with_notice("/admin", "account-opened")
    })
}
