//! `/devportal/applications`: a developer's applications, listed, added and edited.

use super::{Head, application_id, path_of, state};
use crate::app::App;
use crate::portal::choice::{Choice, choices};
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::listing::{Column, LINES, ListState, Pager};
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::portal::time::Moment;
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::{
    ApplicationEdit, ApplicationOrder, ApplicationQuery, NewApplication, application_create,
    application_edit, application_list, application_show,
};
use ringfence_app::error::Error;
use ringfence_core::application::{AppQuota, Application, ApplicationName, description_parse};

#[derive(Template)]
#[template(path = "developer/applications.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    sort: String,
    clear_href: String,
    columns: Vec<Column>,
    lines: Vec<Line>,
    pager: Pager,
}

struct Line {
    id: String,
    name: String,
    created: Moment,
    quota: &'static str,
    has_keys: bool,
    suites: String,
    badge: &'static str,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "developer/application_form.html")]
struct FormPage {
    chrome: Chrome,
    faults: Faults,
    title: String,
    action: String,
    back: String,
    back_name: String,
    version: Option<String>,
    name: String,
    quotas: Vec<Choice>,
    description: String,
}

const STANDARD: &str = "name";
const LIST: &str = "/devportal/applications";

/// `GET /devportal/applications`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /devportal/applications/new`.
pub(crate) fn create_form_route() -> MethodRouter<App> {
    get(create_form)
}

/// `POST /devportal/applications`.
pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

/// `GET /devportal/applications/{id}/edit`.
pub(crate) fn edit_form_route() -> MethodRouter<App> {
    get(edit_form)
}

/// `POST /devportal/applications/{id}/edit`.
pub(crate) fn edit_route() -> MethodRouter<App> {
    post(edit)
}

async fn list(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let list = ListState::read(&uri);
    let (sort, descending) = list.sort();
    let offset = (list.page() - 1).saturating_mul(u64::from(LINES));
    let query = ApplicationQuery {
        q: list.text("q").to_owned(),
        order: match sort {
            "created" => ApplicationOrder::Created,
            "quota" => ApplicationOrder::Quota,
            _ => ApplicationOrder::Name,
        },
        descending,
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
        limit: LINES,
    };
    let found = application_list(&app.ctx, &caller, &query).await?;
    let column = |label, name| list.column(label, name, STANDARD);
    render(&ListPage {
        chrome,
        q: query.q,
        sort: list.text("sort").to_owned(),
        clear_href: list.with(&[("q", "")]),
        columns: vec![
            column("Name", "name"),
            column("Created", "created"),
            column("Per Token Quota", "quota"),
        ],
        pager: list.pager(found.total, found.items.len()),
        lines: found.items.iter().map(line).collect(),
    })
}

async fn create_form(chrome: Chrome) -> Result<Response, PortalError> {
    render(&create_page(chrome, &Form::default(), Faults::default()))
}

async fn create(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let mut faults = Faults::default();
    if let Some((name, quota, description)) = read(&form, &mut faults) {
        let new = NewApplication {
            name,
            quota,
            description,
        };
        match application_create(&app.ctx, &caller, new).await {
            Ok(made) => {
                return Ok(redirect_with_notice(
                    &path_of(made.id),
                    "application-created",
                ));
            }
            Err(Error::Conflict(text)) => faults.add("name", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = create_page(chrome, &form, faults);
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn edit_form(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    render(&FormPage {
        version: Some(application.version.to_string()),
        name: application.name.as_str().to_owned(),
        quotas: quotas(application.quota.as_str()),
        description: application.description.clone(),
        ..edit_page(chrome, &application, &Form::default(), Faults::default())
    })
}

async fn edit(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let id = application_id(&id)?;
    let mut faults = Faults::default();
    if let Some((name, quota, description)) = read(&form, &mut faults) {
        let edit = ApplicationEdit {
            name: Some(name),
            quota: Some(quota),
            description: Some(description),
        };
        let version = form.text("version").parse().ok();
        match application_edit(&app.ctx, &caller, id, version, edit).await {
            Ok(_) => return Ok(redirect_with_notice(&path_of(id), "application-saved")),
            Err(Error::Conflict(text)) => faults.add("name", text),
            Err(error) => return Err(error.into()),
        }
    }
    let application = application_show(&app.ctx, &caller, id).await?;
    let page = edit_page(chrome, &application, &form, faults);
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn read(form: &Form, faults: &mut Faults) -> Option<(ApplicationName, AppQuota, String)> {
    let name = faults.read(form, "name", ApplicationName::parse);
    let quota = faults.read(form, "quota", AppQuota::parse);
    let description = faults.read(form, "description", description_parse);
    Some((name?, quota?, description?))
}

fn create_page(chrome: Chrome, form: &Form, faults: Faults) -> FormPage {
    FormPage {
        chrome,
        faults,
        title: "Create an Application".to_owned(),
        action: LIST.to_owned(),
        back: LIST.to_owned(),
        back_name: "Applications".to_owned(),
        version: None,
        name: form.text("name").to_owned(),
        quotas: quotas(form.text("quota")),
        description: form.text("description").to_owned(),
    }
}

fn edit_page(chrome: Chrome, application: &Application, form: &Form, faults: Faults) -> FormPage {
    let head = Head::of(application);
    FormPage {
        title: format!("Edit {}", head.name),
        action: format!("{}/edit", path_of(application.id)),
        back: path_of(application.id),
        back_name: head.name,
        version: Some(form.text("version").to_owned()),
        ..create_page(chrome, form, faults)
    }
}

/// The quotas on offer, with their words.
fn quotas(chosen: &str) -> Vec<Choice> {
    let text = |quota: AppQuota| match quota {
        AppQuota::TenPerMin => "10PerMin: 10 calls a minute",
        AppQuota::TwentyPerMin => "20PerMin: 20 calls a minute",
        AppQuota::FiftyPerMin => "50PerMin: 50 calls a minute",
        AppQuota::Unlimited => "Unlimited",
    };
    let all = AppQuota::ALL.map(|quota| (quota.as_str(), text(quota)));
    choices(
        all,
        if chosen.is_empty() {
            "10PerMin"
        } else {
            chosen
        },
    )
}

fn line(application: &Application) -> Line {
    let (badge, state) = state(application);
    let suites = application.subscriptions.iter();
    let suites: Vec<_> = suites.map(|s| super::suite::title(s.suite)).collect();
    Line {
        id: application.id.to_string(),
        name: application.name.as_str().to_owned(),
        created: Moment(application.created_at),
        quota: application.quota.as_str(),
        has_keys: application.keys.is_some(),
        suites: suites.join(", "),
        badge,
        state,
    }
}
