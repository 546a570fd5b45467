//! `/applications`: registered, listed, shown, changed, deleted.

use super::base_of;
use super::body::Json;
use super::error::{Noun, StoreError};
use super::page::{List, created, done, json};
use super::query::Query;
use super::view::application_view;
use crate::app::App;
use crate::web::developer::SignedDeveloper;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post, put};
use http::{StatusCode, Uri};
use ringfence_app::applications::{
    self as acts, ApplicationEdit, ApplicationOrder, ApplicationQuery, NewApplication,
};
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_core::application::{AppQuota, Application, ApplicationName};
use ringfence_core::id::ApplicationId;
use serde::Deserialize;

/// What an application is made from, or replaced by. Members that only answers have are left alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApplicationBody {
    name: Option<String>,
    throttling_policy: Option<String>,
    description: Option<String>,
    token_type: Option<String>,
}

/// A good body.
struct Wanted {
    name: ApplicationName,
    quota: AppQuota,
    description: String,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

pub(crate) fn edit_route() -> MethodRouter<App> {
    put(edit)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(remove)
}

const PATH: &str = "/applications";

async fn list(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    uri: Uri,
) -> Result<Response, StoreError> {
    let known = ["limit", "offset", "query", "sortBy", "sortOrder", "groupId"];
    let query = Query::read(&uri, &known)?;
    let window = query.window()?;
    let wanted = ApplicationQuery {
        q: query.text("query").unwrap_or_default().to_owned(),
        order: order(query.text("sortBy"))?,
        descending: descending(query.text("sortOrder"))?,
        offset: window.offset,
        limit: window.limit,
    };
    let found = acts::application_list(&app.ctx, &caller, &wanted).await;
    let found = found.map_err(Noun::Application.refusal())?;
    let owner = &caller.developer.username;
    let views = found.items.iter().map(|one| application_view(owner, one));
    let list = List::new(PATH, &query, window, (views.collect(), found.total));
    Ok(json(StatusCode::OK, &list))
}

async fn create(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    uri: Uri,
    Json(body): Json<ApplicationBody>,
) -> Result<Response, StoreError> {
    let Wanted {
        name,
        quota,
        description,
    } = wanted(body)?;
    let new = NewApplication {
        name,
        quota,
        description,
    };
    let made = acts::application_create(&app.ctx, &caller, new).await;
    let made = made.map_err(Noun::Application.refusal())?;
    let location = format!("{}{PATH}/{}", base_of(&uri), made.id);
    let view = application_view(&caller.developer.username, &made);
    Ok(created(&location, &view))
}

async fn show(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, StoreError> {
    let application = application(&app, &caller, &id).await?;
    let view = application_view(&caller.developer.username, &application);
    Ok(json(StatusCode::OK, &view))
}

async fn edit(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    Json(body): Json<ApplicationBody>,
) -> Result<Response, StoreError> {
    let id = application_id(&id)?;
    let wanted = wanted(body)?;
    let edit = ApplicationEdit {
        name: Some(wanted.name),
        quota: Some(wanted.quota),
        description: Some(wanted.description),
    };
    let application = acts::application_edit(&app.ctx, &caller, id, None, edit).await;
    let application = application.map_err(Noun::Application.refusal())?;
    let view = application_view(&caller.developer.username, &application);
    Ok(json(StatusCode::OK, &view))
}

async fn remove(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, StoreError> {
    let gone = acts::application_delete(&app.ctx, &caller, application_id(&id)?).await;
    gone.map_err(Noun::Application.refusal())?;
    Ok(done())
}

/// The application that a path names.
pub(super) async fn application(
    app: &App,
    caller: &DeveloperCaller,
    id: &str,
) -> Result<Application, StoreError> {
    let found = acts::application_show(&app.ctx, caller, application_id(id)?).await;
    found.map_err(Noun::Application.refusal())
}

/// An id of a path or body; what is no id names nothing.
pub(super) fn application_id(text: &str) -> Result<ApplicationId, StoreError> {
    ApplicationId::parse(text).map_err(|_| Noun::Application.missing())
}

fn wanted(body: ApplicationBody) -> Result<Wanted, StoreError> {
    let name = body.name.unwrap_or_default();
    let quota = body
        .throttling_policy
        .ok_or_else(|| StoreError::tier("throttlingPolicy is missing"))?;
    match body.token_type.as_deref() {
        None | Some("JWT" | "OAUTH") => {}
        Some(_) => {
            return Err(StoreError::bad_request(
                "tokenType is not one of JWT, OAUTH",
            ));
        }
    }
    Ok(Wanted {
        name: ApplicationName::parse(&name).map_err(StoreError::bad_request)?,
        quota: AppQuota::parse(&quota).map_err(StoreError::tier)?,
        description: body.description.unwrap_or_default(),
    })
}

fn order(text: Option<&str>) -> Result<ApplicationOrder, StoreError> {
    match text {
        None | Some("name") => Ok(ApplicationOrder::Name),
        Some("throttlingPolicy") => Ok(ApplicationOrder::Quota),
        Some("status") => Ok(ApplicationOrder::Status),
        Some("createdTime") => Ok(ApplicationOrder::Created),
        Some(_) => Err(StoreError::bad_request(
            "sortBy is not one of name, throttlingPolicy, status, createdTime",
        )),
    }
}

fn descending(text: Option<&str>) -> Result<bool, StoreError> {
    match text {
        None | Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        Some(_) => Err(StoreError::bad_request("sortOrder is not one of asc, desc")),
    }
}
