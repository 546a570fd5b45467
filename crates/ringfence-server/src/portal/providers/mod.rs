//! Providers through which people of the account sign in: listed, shown and tried here; made and changed in [`write`],
//! switched and deleted in [`leave`].

mod leave;
mod write;

pub(crate) use leave::{delete_form_route, delete_route, switch_form_route, switch_route};
pub(crate) use write::{create_form_route, create_route, edit_form_route, edit_route};

use super::chrome::Chrome;
use super::error::PortalError;
use super::page::render;
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use crate::web::provider::CheckLine;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::providers::{provider_list, provider_open, provider_show};
use ringfence_app::providers::{ProviderDetail, address_name, redirect_uri};
use ringfence_core::sign_in::account_provider::{AccountProvider, MailDomain, ProviderName};

#[derive(Template)]
#[template(path = "providers/list.html")]
struct ListPage {
    chrome: Chrome,
    lines: Vec<Line>,
    sign_in_url: String,
}

#[derive(Template)]
#[template(path = "providers/show.html")]
struct ShowPage {
    chrome: Chrome,
    line: Line,
    client_id: String,
    scopes: String,
    username_claim: String,
    by_username: bool,
    by_email: bool,
    as_new_agents: bool,
    ask_code: bool,
    domains: Vec<String>,
    redirect_uri: String,
    sign_in_url: String,
    n_people: u64,
    created: Moment,
    checks: Vec<CheckRow>,
}

struct Line {
    name: String,
    title: String,
    issuer: String,
    active: bool,
}

struct CheckRow {
    class: &'static str,
    result: &'static str,
    title: &'static str,
    text: String,
}

/// `GET /admin/providers`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/providers/{provider}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `POST /admin/providers/{provider}/check`.
pub(crate) fn check_route() -> MethodRouter<App> {
    post(check)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = provider_list(&app.ctx, &caller).await?;
    render(&ListPage {
        chrome,
        lines: found.iter().map(line).collect(),
        sign_in_url: sign_in_url(&app, &caller),
    })
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(provider): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = provider_show(&app.ctx, &caller, &name(&provider)?).await?;
    render(&show_page(&app, &caller, chrome, (&found, Vec::new())))
}

async fn check(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(provider): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let name = name(&provider)?;
    let found = provider_show(&app.ctx, &caller, &name).await?;
    let opened = provider_open(&app.ctx, &caller, &name).await?;
    let lines = app.providers.check(&opened).await;
    let checks = lines.into_iter().map(check_row).collect();
    render(&show_page(&app, &caller, chrome, (&found, checks)))
}

fn show_page(
    app: &App,
    caller: &Caller,
    chrome: Chrome,
    (found, checks): (&ProviderDetail, Vec<CheckRow>),
) -> ShowPage {
    let provider = &found.provider;
    let address_name = address_name(&caller.account.name, &provider.name);
    let domains = provider.domains.iter().map(MailDomain::as_str);
    ShowPage {
        chrome,
        line: line(provider),
        client_id: provider.client_id.clone(),
        scopes: provider.scopes.join(" "),
        username_claim: provider.username_claim.clone(),
        by_username: provider.lets_in.by_username,
        by_email: provider.lets_in.by_email,
        as_new_agents: provider.lets_in.as_new_agents,
        ask_code: provider.ask_code,
        domains: domains.map(str::to_owned).collect(),
        redirect_uri: redirect_uri(&app.ctx, &address_name),
        sign_in_url: sign_in_url(app, caller),
        n_people: found.n_people,
        created: Moment(provider.created_at),
        checks,
    }
}

fn line(provider: &AccountProvider) -> Line {
    Line {
        name: provider.name.as_str().to_owned(),
        title: provider.title.clone(),
        issuer: provider.issuer.as_str().to_owned(),
        active: provider.active,
    }
}

fn check_row(line: CheckLine) -> CheckRow {
    let (class, result) = match line.good {
        Some(true) => ("ok", "Pass"),
        Some(false) => ("bad", "Fail"),
        None => ("muted", "Cannot know"),
    };
    CheckRow {
        class,
        result,
        title: line.title,
        text: line.text,
    }
}

fn sign_in_url(app: &App, caller: &Caller) -> String {
    let public_url = &app.ctx.settings.public_url;
    format!("{public_url}/login?account={}", caller.account.name)
}

fn name(text: &str) -> Result<ProviderName, PortalError> {
    ProviderName::parse(text).map_err(|_| Error::NotFound("provider".to_owned()).into())
}
