//! What was allowed to applications: `/admin/me/applications` for oneself, `/admin/connected` for an account's admins.

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
use ringfence_app::authorize::consents::{
    Connected, ConnectedOfAccount, account_consents_withdraw, connected_list, connected_of_account,
    consent_withdraw,
};
use ringfence_app::error::Error;
use ringfence_core::id::ApplicationId;

const OWN: &str = "/admin/me/applications";
const ACCOUNT: &str = "/admin/connected";

#[derive(Template)]
#[template(path = "authorize/connected.html")]
struct ConnectedPage {
    chrome: Chrome,
    all: Vec<Connected>,
}

#[derive(Template)]
#[template(path = "authorize/connected_account.html")]
struct AccountPage {
    chrome: Chrome,
    all: Vec<ConnectedOfAccount>,
}

#[derive(Template)]
#[template(path = "authorize/withdraw.html")]
struct WithdrawPage {
    chrome: Chrome,
    title: String,
    text: String,
    action: String,
    back: &'static str,
}

/// `GET /admin/me/applications`.
pub(crate) fn connected_route() -> MethodRouter<App> {
    get(own)
}

/// `GET` and `POST /admin/me/applications/{applicationId}/withdraw`.
pub(crate) fn withdraw_routes() -> [MethodRouter<App>; 2] {
    [get(own_ask), post(own_withdraw)]
}

/// `GET /admin/connected`.
pub(crate) fn account_connected_route() -> MethodRouter<App> {
    get(account)
}

/// `GET` and `POST /admin/connected/{applicationId}/withdraw`.
pub(crate) fn account_withdraw_routes() -> [MethodRouter<App>; 2] {
    [get(account_ask), post(account_withdraw)]
}

async fn own(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let all = connected_list(&app.ctx, &caller).await?;
    render(&ConnectedPage { chrome, all })
}

async fn own_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = application_id(&id)?;
    let all = connected_list(&app.ctx, &caller).await?;
    let found = all.into_iter().find(|connected| connected.id == id);
    let found = found.ok_or_else(missing)?;
    render(&WithdrawPage {
        chrome,
        title: format!("Take back what {} may do?", found.name),
        text: "It can act for you no more, within a second, on every device. It may ask you again."
            .to_owned(),
        action: format!("{OWN}/{id}/withdraw"),
        back: OWN,
    })
}

async fn own_withdraw(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    consent_withdraw(&app.ctx, &caller, application_id(&id)?).await?;
    Ok(redirect_with_notice(OWN, "consent-withdrawn"))
}

async fn account(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let all = connected_of_account(&app.ctx, &caller).await?;
    render(&AccountPage { chrome, all })
}

async fn account_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = application_id(&id)?;
    let all = connected_of_account(&app.ctx, &caller).await?;
    let found = all.into_iter().find(|connected| connected.id == id);
    let found = found.ok_or_else(missing)?;
    render(&WithdrawPage {
        chrome,
        title: format!("Disconnect {} from this account?", found.name),
        text: format!(
            "It can act for none of its {} people here any more, within a second. Each of them may allow it again.",
            found.n_people
        ),
        action: format!("{ACCOUNT}/{id}/withdraw"),
        back: ACCOUNT,
    })
}

async fn account_withdraw(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    account_consents_withdraw(&app.ctx, &caller, application_id(&id)?).await?;
    Ok(redirect_with_notice(ACCOUNT, "application-disconnected"))
}

fn application_id(text: &str) -> Result<ApplicationId, Error> {
    ApplicationId::parse(text).map_err(|_| missing())
}

fn missing() -> Error {
    Error::NotFound("application".to_owned())
}
