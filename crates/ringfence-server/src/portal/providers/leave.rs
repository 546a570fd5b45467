//! Switching a provider off and on, and deleting it: each has a page that says what happens to people, and asks once.

use super::name;
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
use ringfence_app::manage::providers::{provider_delete, provider_edit, provider_show};
use ringfence_app::providers::ProviderEdit;

/// What is about to be done to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Off,
    On,
    Delete,
}

#[derive(Template)]
#[template(path = "providers/leave.html")]
struct LeavePage {
    chrome: Chrome,
    act: Act,
    name: String,
    title: String,
    action: String,
    n_people: u64,
    as_new_agents: bool,
}

/// `GET /admin/providers/{provider}/switch/{act}`.
pub(crate) fn switch_form_route() -> MethodRouter<App> {
    get(switch_ask)
}

/// `POST /admin/providers/{provider}/switch/{act}`.
pub(crate) fn switch_route() -> MethodRouter<App> {
    post(switch)
}

/// `GET /admin/providers/{provider}/delete`.
pub(crate) fn delete_form_route() -> MethodRouter<App> {
    get(delete_ask)
}

/// `POST /admin/providers/{provider}/delete`.
pub(crate) fn delete_route() -> MethodRouter<App> {
    post(delete)
}

async fn switch_ask(
    app: State<App>,
    signed: Signed,
    Path((provider, act)): Path<(String, String)>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    ask(app, signed, (&provider, act_of(&act)?), chrome).await
}

async fn delete_ask(
    app: State<App>,
    signed: Signed,
    Path(provider): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    ask(app, signed, (&provider, Act::Delete), chrome).await
}

async fn ask(
    State(app): State<App>,
    Signed(caller): Signed,
    (provider, act): (&str, Act),
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = provider_show(&app.ctx, &caller, &name(provider)?).await?;
    let place = match act {
        Act::Off => "switch/off",
        Act::On => "switch/on",
        Act::Delete => "delete",
    };
    let provider = found.provider;
    render(&LeavePage {
        chrome,
        act,
        action: format!("/admin/providers/{}/{place}", provider.name),
        name: provider.name.as_str().to_owned(),
        title: provider.title,
        n_people: found.n_people,
        as_new_agents: provider.lets_in.as_new_agents,
    })
}

async fn switch(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((provider, act)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let name = name(&provider)?;
    let on = act_of(&act)? == Act::On;
    let edit = ProviderEdit {
        active: Some(on),
        ..ProviderEdit::default()
    };
    provider_edit(&app.ctx, &caller, &name, edit).await?;
    let notice = if on { "provider-on" } else { "provider-off" };
    Ok(redirect_with_notice(
        &format!("/admin/providers/{name}"),
        notice,
    ))
}

async fn delete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(provider): Path<String>,
) -> Result<Response, PortalError> {
    provider_delete(&app.ctx, &caller, &name(&provider)?).await?;
    Ok(redirect_with_notice("/admin/providers", "provider-deleted"))
}

fn act_of(text: &str) -> Result<Act, Error> {
    match text {
        "off" => Ok(Act::Off),
        "on" => Ok(Act::On),
        _ => Err(Error::NotFound("page".to_owned())),
    }
}
