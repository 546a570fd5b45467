//! `/devportal/me`: a developer's profile, stays and personal tokens.

use super::ConfirmPage;
use super::sign_in::signed_out;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::{redirect_with_notice, render};
use crate::portal::sign_in::me::{address, browser};
use crate::portal::time::Moment;
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::developer_session::{
    developer_session_end, developer_session_end_others, developer_session_list,
};
use ringfence_app::developer_tokens::developer_token_list;
use ringfence_app::error::Error;
use ringfence_app::sign_in::me::Stay;
use ringfence_core::developer::Developer;
use ringfence_core::id::SessionId;
use std::sync::Arc;

/// The page of who is signed in.
pub(super) const ME: &str = "/devportal/me";

#[derive(Template)]
#[template(path = "developer/me.html")]
struct MePage {
    chrome: Chrome,
    developer: Arc<Developer>,
    tokens: Vec<TokenLine>,
    stays: Vec<Stay>,
}

struct TokenLine {
    id: String,
    name: String,
    scopes: String,
    is_over: bool,
    made: Moment,
    ends: Moment,
    used: Option<Moment>,
}

/// `GET /devportal/me`.
pub(crate) fn me_route() -> MethodRouter<App> {
    get(me)
}

/// `GET /devportal/me/sessions/{sessionId}/end`.
pub(crate) fn session_end_form_route() -> MethodRouter<App> {
    get(one_ask)
}

/// `POST /devportal/me/sessions/{sessionId}/end`.
pub(crate) fn session_end_route() -> MethodRouter<App> {
    post(one_end)
}

/// `GET /devportal/me/sessions/end`.
pub(crate) fn sessions_end_form_route() -> MethodRouter<App> {
    get(others_ask)
}

/// `POST /devportal/me/sessions/end`.
pub(crate) fn sessions_end_route() -> MethodRouter<App> {
    post(others_end)
}

async fn me(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let now = app.ctx.now();
    let tokens = developer_token_list(&app.ctx, &caller).await?.into_iter();
    let tokens = tokens.map(|token| TokenLine {
        id: token.id.to_string(),
        scopes: token.scopes.to_string(),
        is_over: token.expires_at <= now,
        made: Moment(token.created_at),
        ends: Moment(token.expires_at),
        used: token.used_at.map(Moment),
        name: token.name,
    });
    render(&MePage {
        chrome,
        tokens: tokens.collect(),
        stays: developer_session_list(&app.ctx, &caller).await?,
        developer: caller.developer,
    })
}

async fn one_ask(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = session_id(&id)?;
    let all = developer_session_list(&app.ctx, &caller).await?;
    let stay = all.iter().find(|stay| stay.id == id);
    let stay = stay.ok_or_else(|| Error::NotFound("session".to_owned()))?;
    let text = if stay.current {
        "This is the session you are using. You will have to sign in again.".to_owned()
    } else {
        format!(
            "The browser at {}, “{}”, will have to sign in again.",
            address(stay),
            browser(stay)
        )
    };
    render(&ConfirmPage {
        chrome,
        title: "End this session?".to_owned(),
        heading: "What ends",
        stops: vec![text],
        rest: "",
        back: ME.to_owned(),
        back_name: "You".to_owned(),
        action: format!("{ME}/sessions/{id}/end"),
        button: "End the session".to_owned(),
    })
}

async fn one_end(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let id = session_id(&id)?;
    developer_session_end(&app.ctx, &caller, id).await?;
    if caller.session_id() == Some(id) {
        return Ok(signed_out());
    }
    Ok(redirect_with_notice(ME, "session-ended"))
}

async fn others_ask(chrome: Chrome) -> Result<Response, PortalError> {
    render(&ConfirmPage {
        chrome,
        title: "End all other sessions?".to_owned(),
        heading: "What ends",
        stops: vec!["Every other browser that is signed in as you. This one stays.".to_owned()],
        rest: "",
        back: ME.to_owned(),
        back_name: "You".to_owned(),
        action: format!("{ME}/sessions/end"),
        button: "End all other sessions".to_owned(),
    })
}

async fn others_end(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
) -> Result<Response, PortalError> {
    developer_session_end_others(&app.ctx, &caller).await?;
    Ok(redirect_with_notice(ME, "sessions-ended"))
}

fn session_id(text: &str) -> Result<SessionId, Error> {
    SessionId::parse(text).map_err(|_| Error::NotFound("session".to_owned()))
}
