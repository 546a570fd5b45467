//! The list of credentials.

use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::listing::{Column, LINES, ListState, Pager};
use crate::portal::page::render;
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::credentials::{Line, ListRequest, Order, Tab, credential_list};
use ringfence_app::paging::PageRequest;
use ringfence_core::scope::Scope;

#[derive(Template)]
#[template(path = "credentials/list.html")]
struct ListPage {
    chrome: Chrome,
    accounts_tab: bool,
    on_accounts: bool,
    is_admin: bool,
    mine: bool,
    q: String,
    sort: String,
    may_create: bool,
    users_href: String,
    accounts_href: String,
    columns: Vec<Column>,
    lines: Vec<LineView>,
    pager: Pager,
    clear_href: String,
}

struct LineView {
    id: String,
    name: String,
    owner: String,
    username: String,
    scopes: Vec<&'static str>,
    created: Moment,
    expires: Option<Moment>,
    last_use: Option<Moment>,
    may_delete: bool,
}

/// `GET /admin/credentials`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let on_accounts = state.text("tab") == "accounts";
    let (by, descending) = state.sort();
    let request = ListRequest {
        tab: if on_accounts {
            Tab::Accounts
        } else {
            Tab::Users
        },
        mine: state.text("show") == "mine",
        text: state.text("q").to_owned(),
        order: match by {
            "owner" => Order::Owner,
            "created" => Order::Created,
            "used" => Order::LastUse,
            _ => Order::Name,
        },
        descending,
    };
    let page = PageRequest::new(state.page(), LINES.into(), LINES)?;
    let listed = credential_list(&app.ctx, &caller, &request, page).await?;
    let sorted = [
        ("Name", "name"),
        ("Owner", "owner"),
        ("Created", "created"),
        ("Last use", "used"),
    ];
    let tab = |name| format!("/admin/credentials{name}");
    render(&ListPage {
        chrome,
        accounts_tab: listed.accounts_tab,
        on_accounts,
        is_admin: caller.require_admin().is_ok(),
        mine: request.mine,
        q: request.text,
        sort: state.text("sort").to_owned(),
        may_create: listed.may_create,
        users_href: tab(""),
        accounts_href: tab("?tab=accounts"),
        columns: sorted
            .map(|(label, name)| state.column(label, name, "name"))
            .into(),
        pager: state.pager(listed.page.total, listed.page.items.len()),
        lines: listed.page.items.iter().map(line).collect(),
        clear_href: state.with(&[("q", ""), ("show", "")]),
    })
}

fn line(line: &Line) -> LineView {
    let credential = &line.credential;
    let (username, owner) = match &line.owner {
        Some((username, name)) => (username.as_str().to_owned(), name.clone()),
        None => (String::new(), "The account".to_owned()),
    };
    LineView {
        id: credential.id.to_string(),
        name: credential.name.as_str().to_owned(),
        owner,
        username,
        scopes: credential.scopes.iter().map(Scope::as_str).collect(),
        created: Moment(credential.created_at),
        expires: credential.expires_at.map(Moment),
        last_use: line.last_used_at.map(Moment),
        may_delete: line.acts.delete,
    }
}
