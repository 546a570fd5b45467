//! `/api/v1/developers`: who builds applications in the Developer Portal. Operators only.

use super::body::Json;
use super::entity::{EditParams, Match, Tag, created, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::idempotency::CreateParams;
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, patch, post};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::developers::{DeveloperEdit, NewDeveloper};
use ringfence_app::manage::developers as acts;
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::digest::ContentDigest;
use ringfence_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show_one, edit))]
pub(super) struct Api;

/// A person who builds applications; belongs to no account and gets no tokens for APIs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Developer)]
struct DeveloperView {
    /// Their id.
    id: String,
    /// The name they sign in with; it ends in `.api`.
    #[schema(example = "dana.api")]
    username: String,
    /// How people call them.
    name: String,
    /// Their e-mail address.
    email: String,
    /// For whom they build.
    company: String,
    /// Whether they may act.
    active: bool,
    /// When they were made.
    created_at: String,
    /// When they last signed in.
    last_login_at: Option<String>,
}

/// A developer to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeveloperCreate)]
struct DeveloperNew {
    /// 5 to 128 letters, digits, dots, hyphens or underscores; ends in `.api`.
    username: String,
    /// The user name if not given.
    name: Option<String>,
    /// Their e-mail address.
    email: String,
    /// Empty if not given.
    company: Option<String>,
    /// 8 bytes at least. Without one they cannot sign in.
    password: Option<String>,
}

/// What to change of a developer; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = DeveloperEdit)]
struct DeveloperChange {
    /// How people call them.
    name: Option<String>,
    /// Their e-mail address.
    email: Option<String>,
    /// For whom they build.
    company: Option<String>,
    /// `false` ends their sessions and personal tokens at once; their applications go on.
    active: Option<bool>,
    /// A new password; it ends their sessions and personal tokens.
    password: Option<String>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn edit_route() -> MethodRouter<App> {
    patch(edit)
}

const PLACE: &str = "developers";

#[utoipa::path(
    get,
    path = "/api/v1/developers",
    operation_id = "developer_list",
    tag = "Developers",
    summary = "List developers",
    description = "Operators only.",
    params(
        PageParams,
        ("q" = Option<String>, Query, description = "A part of a name, an address or a company"),
    ),
    responses((status = 200, description = "A page, by user name", body = Page<DeveloperView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    uri: Uri,
) -> Result<Response, ManageError> {
    let query = Query::read(&uri, &["limit", "cursor", "q"])?;
    let window = Window::read(&app.ctx, &query, PLACE)?;
    let text = query.text("q").unwrap_or_default();
    let after = window.after.as_deref().unwrap_or_default();
    let found = acts::developer_list(&app.ctx, &caller, text, after, window.limit).await?;
    let page = Page::of(&app.ctx, PLACE, found, |developer| view(&developer))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/developers",
    operation_id = "developer_create",
    tag = "Developers",
    summary = "Make a developer",
    description = "Operators only.",
    params(CreateParams),
    request_body = DeveloperNew,
    responses((status = 201, description = "They are made", body = DeveloperView), Refusals)
)]
async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    Json(body): Json<DeveloperNew>,
) -> Result<Response, ManageError> {
    let username = DeveloperName::parse(&body.username).map_err(ManageError::value("/username"))?;
    let new = NewDeveloper {
        name: body.name.unwrap_or_else(|| username.as_str().to_owned()),
        email: body.email,
        company: body.company.unwrap_or_default(),
        password: body.password.map(Secret::new),
        username,
    };
    let developer = acts::developer_create(&app.ctx, &caller, new).await?;
    let location = format!("/api/v1/developers/{}", developer.username);
    Ok(created(&location, &tag(&developer), &view(&developer)))
}

#[utoipa::path(
    get,
    path = "/api/v1/developers/{developer}",
    operation_id = "developer_show",
    tag = "Developers",
    summary = "Show a developer",
    description = "Operators only.",
    params(("developer" = String, Path, description = "Their user name")),
    responses((status = 200, description = "The developer", body = DeveloperView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(developer): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let found = acts::developer_show(&app.ctx, &caller, &name(&developer)?).await?;
    show(&headers, &tag(&found), &view(&found))
}

#[utoipa::path(
    patch,
    path = "/api/v1/developers/{developer}",
    operation_id = "developer_edit",
    tag = "Developers",
    summary = "Change a developer, let them in or shut them out",
    description = "Operators only.",
    params(("developer" = String, Path, description = "Their user name"), EditParams),
    request_body = DeveloperChange,
    responses((status = 200, description = "As they are now", body = DeveloperView), Refusals)
)]
async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(developer): Path<String>,
    headers: HeaderMap,
    Json(body): Json<DeveloperChange>,
) -> Result<Response, ManageError> {
    let name = name(&developer)?;
    let found = acts::developer_show(&app.ctx, &caller, &name).await?;
    Match::read(&headers)?.check(&tag(&found))?;
    let edit = DeveloperEdit {
        name: body.name,
        email: body.email,
        company: body.company,
        active: body.active,
        password: body.password.map(Secret::new),
    };
    let developer = acts::developer_edit(&app.ctx, &caller, &name, edit).await?;
    let body = json(StatusCode::OK, &view(&developer));
    Ok(tagged(body, &tag(&developer)))
}

fn name(text: &str) -> Result<DeveloperName, ManageError> {
    DeveloperName::parse(text).map_err(|_| ManageError::no_such("developer"))
}

fn tag(developer: &Developer) -> Tag {
    // To sign in is no edit.
    let stable = Developer {
        last_login_at: None,
        ..developer.clone()
    };
    let digest = ContentDigest::of(format!("{stable:?}").as_bytes()).to_string();
    Tag::text(&digest.chars().take(16).collect::<String>())
}

fn view(developer: &Developer) -> DeveloperView {
    DeveloperView {
        id: developer.id.to_string(),
        username: developer.username.to_string(),
        name: developer.name.clone(),
        email: developer.email.clone(),
        company: developer.company.clone(),
        active: developer.active,
        created_at: developer.created_at.to_iso_millis(),
        last_login_at: developer.last_login_at.map(|at| at.to_iso_millis()),
    }
}
