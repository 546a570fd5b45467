//! Inviting a user: a link, shown once, by which they set their password.

use super::id;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::render;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::manage::users::{user_changeable, user_invite};

#[derive(Template)]
#[template(path = "directory/user_invite.html")]
struct InvitePage {
    chrome: Chrome,
    id: String,
    name: String,
    link: String,
}

#[derive(Template)]
#[template(path = "directory/user_lost_device.html")]
struct LostDevicePage {
    chrome: Chrome,
    id: String,
    name: String,
}

/// `GET /admin/users/{userId}/lost-device`.
pub(crate) fn lost_device_route() -> MethodRouter<App> {
    get(lost_device)
}

/// `POST /admin/users/{userId}/invite`.
pub(crate) fn invite_route() -> MethodRouter<App> {
    post(invite)
}

async fn lost_device(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let user = user_changeable(&app.ctx, &caller, id(&user)?).await?;
    render(&LostDevicePage {
        chrome,
        id: user.id.to_string(),
        name: user.name,
    })
}

async fn invite(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let id = id(&user)?;
    let forget = form.is_ticked("forget");
    let (user, link) = user_invite(&app.ctx, &caller, id, forget).await?;
    render(&InvitePage {
        chrome,
        id: id.to_string(),
        name: user.name,
        link: link.expose().clone(),
    })
}
