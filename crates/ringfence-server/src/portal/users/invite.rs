//! Inviting a user: a link, shown once, by which they set their password.

use super::id;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::render;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use ringfence_app::manage::users::user_invite;

#[derive(Template)]
#[template(path = "directory/user_invite.html")]
struct InvitePage {
    chrome: Chrome,
    id: String,
    name: String,
    link: String,
}

/// `POST /admin/users/{userId}/invite`.
pub(crate) fn invite_route() -> MethodRouter<App> {
    post(invite)
}

async fn invite(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = id(&user)?;
    let (user, link) = user_invite(&app.ctx, &caller, id).await?;
    render(&InvitePage {
        chrome,
        id: id.to_string(),
        name: user.name,
        link: link.expose().clone(),
    })
}
