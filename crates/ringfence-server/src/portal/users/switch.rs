//! Disabling, enabling, locking and unlocking a user: each has a page that says what it does, and asks once.

use super::id;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::{redirect_with_notice, render};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::user_effect::{Effect, user_effect};
use ringfence_app::manage::users::{user_changeable, user_edit};
use ringfence_app::users::UserEdit;

#[derive(Template)]
#[template(path = "directory/user_switch.html")]
struct SwitchPage {
    chrome: Chrome,
    id: String,
    name: String,
    words: &'static Words,
    effect: Effect,
}

/// One of the acts.
struct Words {
    act: &'static str,
    verb: &'static str,
    text: &'static str,
    takes: bool,
    notice: &'static str,
    active: Option<bool>,
    locked: Option<bool>,
}

static ACTS: [Words; 4] = [
    Words {
        act: "disable",
        verb: "Disable",
        text: "They can no longer sign in, every session of theirs ends, and each of their credentials stops working for good: after enabling them again, programs need new tokens.",
        takes: true,
        notice: "user-disabled",
        active: Some(false),
        locked: None,
    },
    Words {
        act: "enable",
        verb: "Enable",
        text: "They can sign in again, and their credentials get tokens again. Tokens and sessions of before stay refused.",
        takes: false,
        notice: "user-enabled",
        active: Some(true),
        locked: None,
    },
    Words {
        act: "lock",
        verb: "Lock",
        text: "They can no longer sign in, every session of theirs ends, and each of their credentials is refused until they are unlocked. Tokens issued so far end for good.",
        takes: true,
        notice: "user-locked",
        active: None,
        locked: Some(true),
    },
    Words {
        act: "unlock",
        verb: "Unlock",
        text: "They can sign in again, and their credentials get tokens again. Tokens of before stay refused.",
        takes: false,
        notice: "user-unlocked",
        active: None,
        locked: Some(false),
    },
];

/// `GET /admin/users/{userId}/switch/{act}`.
pub(crate) fn switch_form_route() -> MethodRouter<App> {
    get(ask)
}

/// `POST /admin/users/{userId}/switch/{act}`.
pub(crate) fn switch_route() -> MethodRouter<App> {
    post(switch)
}

async fn ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((user, act)): Path<(String, String)>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (id, words) = (id(&user)?, words(&act)?);
    let user = user_changeable(&app.ctx, &caller, id).await?;
    render(&SwitchPage {
        chrome,
        id: id.to_string(),
        name: user.name,
        words,
        effect: user_effect(&app.ctx, &caller, id, &edit_of(words)).await?,
    })
}

async fn switch(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((user, act)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let (id, words) = (id(&user)?, words(&act)?);
    user_edit(&app.ctx, &caller, id, edit_of(words)).await?;
    let path = format!("/admin/users/{id}");
    Ok(redirect_with_notice(&path, words.notice))
}

fn words(act: &str) -> Result<&'static Words, Error> {
    let found = ACTS.iter().find(|words| words.act == act);
    found.ok_or_else(|| Error::NotFound("page".to_owned()))
}

fn edit_of(words: &Words) -> UserEdit {
    UserEdit {
        active: words.active,
        locked: words.locked,
        ..UserEdit::default()
    }
}
