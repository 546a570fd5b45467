//! A one-time link by which a user sets their password: asked for, and shown once.

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
use ringfence_app::manage::users::{user_changeable, user_link};
use ringfence_core::user::User;

#[derive(Template)]
#[template(path = "directory/user_link.html")]
struct LinkPage {
    chrome: Chrome,
    user: User,
    link: Option<String>,
}

/// `GET /admin/users/{userId}/link`.
pub(crate) fn link_form_route() -> MethodRouter<App> {
    get(ask)
}

/// `POST /admin/users/{userId}/link`.
pub(crate) fn link_route() -> MethodRouter<App> {
    post(make)
}

async fn ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let user = user_changeable(&app.ctx, &caller, id(&user)?).await?;
    render(&LinkPage {
        chrome,
        user,
        link: None,
    })
}

async fn make(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let user = user_changeable(&app.ctx, &caller, id(&user)?).await?;
    let token = user_link(&app.ctx, &caller, user.id, form.is_ticked("forget")).await?;
    let url = &app.ctx.settings.public_url;
    render(&LinkPage {
        chrome,
        user,
        link: Some(format!("{url}/invite/{}", token.expose())),
    })
}
