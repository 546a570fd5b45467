//! Accounts, for operators: made, opened, suspended, resumed.

use super::choice::{Choice, choices};
use super::chrome::Chrome;
use super::error::PortalError;
use super::faults::Faults;
use super::form::Form;
use super::listing::{LINES, ListState};
use super::page::{redirect_with_notice, render, render_as};
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::accounts::NewAccount;
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::accounts::{
    AccountQuery, account_create, account_list, account_show, account_status_set,
};
use ringfence_core::account::{Account, AccountKind, AccountName, AccountStatus, Region, TokenAlg};

#[derive(Template)]
#[template(path = "directory/accounts.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    statuses: Vec<Choice>,
    filtered: bool,
    lines: Vec<Line>,
    is_first: bool,
    first: String,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "directory/account_new.html")]
struct CreatePage {
    chrome: Chrome,
    faults: Faults,
    name: String,
    regions: Vec<Choice>,
    kinds: Vec<Choice>,
    algorithms: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "directory/account.html")]
struct ShowPage {
    chrome: Chrome,
    line: Line,
    n_users: u64,
    n_credentials: u64,
    is_home: bool,
}

#[derive(Template)]
#[template(path = "directory/account_switch.html")]
struct SwitchPage {
    chrome: Chrome,
    name: String,
    suspends: bool,
    n_users: u64,
    n_credentials: u64,
}

struct Line {
    id: String,
    name: String,
    region: &'static str,
    kind: &'static str,
    algorithm: &'static str,
    suspended: bool,
    created: Moment,
}

const REGIONS: [(&str, &str); 3] = [
    ("emea", "emea: Europe, the Middle East and Africa"),
    ("nam", "nam: North America"),
    ("apac", "apac: Asia and the Pacific"),
];
const KINDS: [(&str, &str); 2] = [
    ("vcc", "vcc: contact centre"),
    ("vbc", "vbc: business communications"),
];
const ALGORITHMS: [(&str, &str); 2] = [("RS256", "RS256"), ("ES256", "ES256")];
const STATUSES: [(&str, &str); 3] = [
    ("", "Any"),
    ("active", "Active"),
    ("suspended", "Suspended"),
];

/// `GET /admin/accounts`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/accounts/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /admin/accounts`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

/// `GET /admin/accounts/{account}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `GET /admin/accounts/{account}/suspend`.
pub(crate) fn suspend_form_route() -> MethodRouter<App> {
    get(suspend_ask)
}

/// `POST /admin/accounts/{account}/suspend`.
pub(crate) fn suspend_route() -> MethodRouter<App> {
    post(suspend)
}

/// `GET /admin/accounts/{account}/resume`.
pub(crate) fn resume_form_route() -> MethodRouter<App> {
    get(resume_ask)
}

/// `POST /admin/accounts/{account}/resume`.
pub(crate) fn resume_route() -> MethodRouter<App> {
    post(resume)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    caller.require_operator()?;
    let state = ListState::read(&uri);
    let query = AccountQuery {
        text: state.text("q").to_lowercase(),
        status: AccountStatus::parse(state.text("status")).ok(),
    };
    let after = state.text("after");
    let found = account_list(&app.ctx, &caller, &query, Some(after), LINES).await?;
    render(&ListPage {
        chrome,
        q: state.text("q").to_owned(),
        statuses: choices(STATUSES, state.text("status")),
        filtered: !query.text.is_empty() || query.status.is_some(),
        lines: found.items.iter().map(line).collect(),
        is_first: after.is_empty(),
        first: state.with(&[("after", "")]),
        next: found.next.map(|key| state.with(&[("after", &key)])),
    })
}

async fn create_form(Signed(caller): Signed, chrome: Chrome) -> Result<Response, PortalError> {
    caller.require_operator()?;
    render(&create_page(chrome, &Form::default(), Faults::default()))
}

async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    caller.require_operator()?;
    let mut faults = Faults::default();
    let name = faults.read(&form, "name", AccountName::parse);
    let region = faults.read(&form, "region", Region::parse);
    let kind = faults.read(&form, "kind", AccountKind::parse);
    let token_alg = faults.read(&form, "algorithm", TokenAlg::parse);
    if let (Some(name), Some(region), Some(kind), Some(token_alg)) = (name, region, kind, token_alg)
    {
        let new = NewAccount {
            name,
            region,
            kind,
            token_alg,
        };
        match account_create(&app.ctx, &caller, new).await {
            Ok(account) => {
                let path = format!("/admin/accounts/{}", account.name);
                return Ok(redirect_with_notice(&path, "account-created"));
            }
            Err(Error::Conflict(text)) => faults.add("name", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = create_page(chrome, &form, faults);
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    caller.require_operator()?;
    let found = account_show(&app.ctx, &caller, &name(&account)?).await?;
    render(&ShowPage {
        chrome,
        is_home: found.account.id == caller.home.id,
        line: line(&found.account),
        n_users: found.n_users,
        n_credentials: found.n_credentials,
    })
}

async fn suspend_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    ask(&app, &caller, &account, (chrome, true)).await
}

async fn resume_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    ask(&app, &caller, &account, (chrome, false)).await
}

async fn suspend(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
) -> Result<Response, PortalError> {
    switch(&app, &caller, &account, AccountStatus::Suspended).await
}

async fn resume(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
) -> Result<Response, PortalError> {
    switch(&app, &caller, &account, AccountStatus::Active).await
}

async fn ask(
    app: &App,
    caller: &Caller,
    account: &str,
    (chrome, suspends): (Chrome, bool),
) -> Result<Response, PortalError> {
    caller.require_operator()?;
    let found = account_show(&app.ctx, caller, &name(account)?).await?;
    render(&SwitchPage {
        chrome,
        name: found.account.name.as_str().to_owned(),
        suspends,
        n_users: found.n_users,
        n_credentials: found.n_credentials,
    })
}

async fn switch(
    app: &App,
    caller: &Caller,
    account: &str,
    status: AccountStatus,
) -> Result<Response, PortalError> {
    caller.require_operator()?;
    let account = account_status_set(&app.ctx, caller, &name(account)?, status).await?;
    let notice = match status {
        AccountStatus::Suspended => "account-suspended",
        AccountStatus::Active => "account-resumed",
    };
    let path = format!("/admin/accounts/{}", account.name);
    Ok(redirect_with_notice(&path, notice))
}

fn create_page(chrome: Chrome, form: &Form, faults: Faults) -> CreatePage {
    CreatePage {
        chrome,
        faults,
        name: form.text("name").to_owned(),
        regions: choices(REGIONS, form.text("region")),
        kinds: choices(KINDS, form.text("kind")),
        algorithms: choices(ALGORITHMS, form.text("algorithm")),
    }
}

fn name(text: &str) -> Result<AccountName, Error> {
    AccountName::parse(text).map_err(|_| Error::NotFound("account".to_owned()))
}

fn line(account: &Account) -> Line {
    Line {
        id: account.id.to_string(),
        name: account.name.as_str().to_owned(),
        region: account.region.as_str(),
        kind: account.kind.as_str(),
        algorithm: account.token_alg.as_str(),
        suspended: account.status == AccountStatus::Suspended,
        created: Moment(account.created_at),
    }
}
