//! User Admin: people, one by one and in lists (vcc-api §15.2 to §15.6).
//!
//! Groups are in `group_admin`, what people may reach and do in `permission_admin`.

pub(crate) use super::group_admin::{
    group_users_put_route, group_users_route, groups_route, user_groups_put_route,
    user_groups_route,
};
pub(crate) use super::permission_admin::{
    access_permissions_patch_route, access_permissions_route, address_permissions_put_route,
    address_permissions_route, group_permissions_put_route, group_permissions_route,
};

use super::Api;
use super::error::VccError;
use super::request::{MetaView, Params, failed, guid, object};
use super::user_view::UserView;
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, patch, post};
use ringfence_app::error::Error;
use ringfence_app::paging::PageRequest;
use ringfence_app::user_admin::{
    self, UserKey, admin_user_create, admin_user_edit, admin_user_page, admin_user_show,
};
use ringfence_app::users::{NewUser, UserEdit};
use ringfence_core::id::UserId;
use ringfence_core::profile::member;
use ringfence_core::user::{AgentNumber, Role, Username};
use serde::Serialize;
use serde_json::{Map, Value};

pub(super) const API: Api = Api::Users;

const DEFAULT_PAGE: u32 = 25;

/// `GET /useradmin/users`.
pub(crate) fn users_route() -> MethodRouter<App> {
    get(list)
}

/// `POST /useradmin/users`.
pub(crate) fn user_create_route() -> MethodRouter<App> {
    post(create)
}

/// `GET /useradmin/users/{userId}`.
pub(crate) fn user_route() -> MethodRouter<App> {
    get(by_id)
}

/// `PATCH /useradmin/users/{userId}`.
pub(crate) fn user_edit_route() -> MethodRouter<App> {
    patch(edit)
}

/// `GET /useradmin/users/by/username/{username}`.
pub(crate) fn user_by_username_route() -> MethodRouter<App> {
    get(by_username)
}

/// `GET /useradmin/users/by/agentDisplayId/{agentDisplayId}`.
pub(crate) fn user_by_agent_route() -> MethodRouter<App> {
    get(by_agent)
}

async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (params, page) = read_page(&headers, query.as_deref())?;
    let include = params.text("include")?.unwrap_or("Active");
    let active = match include.to_ascii_lowercase().as_str() {
        "active" => Some(true),
        "archived" => Some(false),
        "all" => None,
        _ => return Err(params.invalid("include must be one of Active, Archived, All")),
    };
    let found = admin_user_page(&app.ctx, &caller.live, active, page)
        .await
        .map_err(failed(API))?;
    let meta = MetaView::of(&found);
    let users = found.items.iter().map(UserView::of).collect();
    Ok(Json(UsersView { meta, users }).into_response())
}

async fn by_id(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, VccError> {
    version(API, &headers)?;
    let id = guid(API, &id, UserId::parse)?;
    show(&app, &caller.live, Ok(UserKey::Id(id))).await
}

async fn by_username(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, VccError> {
    version(API, &headers)?;
    let name = Username::parse(&name).map(UserKey::Username);
    show(&app, &caller.live, name.map_err(drop)).await
}

async fn by_agent(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(agent): Path<String>,
) -> Result<Response, VccError> {
    version(API, &headers)?;
    let agent = AgentNumber::parse(&agent).map(UserKey::Agent);
    show(&app, &caller.live, agent.map_err(drop)).await
}

// A key that nobody can have names nobody.
async fn show(
    app: &App,
    live: &ringfence_app::directory::rights::Live,
    key: Result<UserKey, ()>,
) -> Result<Response, VccError> {
    let key = key.map_err(|()| failed(API)(Error::NotFound("user".to_owned())))?;
    let found = admin_user_show(&app.ctx, live, &key)
        .await
        .map_err(failed(API))?;
    Ok(Json(UserView::of(&found)).into_response())
}

async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    Params::parse(API, query.as_deref()).flag("allowOverages")?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let fields = Fields::read(&body)?;
    let needed = |name: &str| VccError::invalid(API, format!("{name} is required"));
    let new = NewUser {
        operator: false,
        username: fields.username.ok_or_else(|| needed("username"))?,
        name: fields.name.ok_or_else(|| needed("name"))?,
        email: fields.email.ok_or_else(|| needed("email"))?,
        role: fields
            .role
            .ok_or_else(|| needed("userAccountConfiguration.role"))?,
        agent: fields.agent,
        password: None,
    };
    let edit = UserEdit {
        active: fields.active,
        locked: fields.locked,
        ..UserEdit::default()
    };
    let made = admin_user_create(&app.ctx, &caller.live, new, &body, edit)
        .await
        .map_err(failed(API))?;
    Ok(Json(UserView::of(&made)).into_response())
}

async fn edit(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let params = Params::parse(API, query.as_deref());
    params.flag("allowOverages")?;
    params.flag("acceptArchiveInMultipleAccounts")?;
    let id = guid(API, &id, UserId::parse)?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let fields = Fields::read(&body)?;
    let edit = UserEdit {
        username: fields.username,
        name: fields.name,
        email: fields.email,
        role: fields.role,
        agent: fields.agent,
        active: fields.active,
        locked: fields.locked,
        ..UserEdit::default()
    };
    let found = admin_user_edit(&app.ctx, &caller.live, id, &body, edit)
        .await
        .map_err(failed(API))?;
    Ok(Json(UserView::of(&found)).into_response())
}

/// The version, the query and the page of a list.
pub(super) fn read_page(
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<(Params, PageRequest), VccError> {
    version(API, headers)?;
    let params = Params::parse(API, query);
    // Pages 0 and 1 are both the first (vcc-api §15.1).
    let page = params.page(DEFAULT_PAGE, user_admin::LARGEST_PAGE)?;
    Ok((params, page))
}

#[derive(Serialize)]
struct UsersView<'v> {
    meta: MetaView,
    users: Vec<UserView<'v>>,
}

/// The fields of a User Admin object that the product acts on.
#[derive(Default)]
struct Fields {
    username: Option<Username>,
    name: Option<String>,
    email: Option<String>,
    role: Option<Role>,
    agent: Option<AgentNumber>,
    active: Option<bool>,
    locked: Option<bool>,
}

impl Fields {
    fn read(body: &Map<String, Value>) -> Result<Self, VccError> {
        let fault = |text: &str| VccError::invalid(API, text);
        let mut fields = Self {
            name: text(body, "name")?,
            email: text(body, "email")?,
            active: flag(body, "active")?,
            locked: flag(body, "locked")?,
            ..Self::default()
        };
        if let Some(name) = text(body, "username")? {
            fields.username = Some(Username::parse(&name).map_err(|e| fault(&e.to_string()))?);
        }
        let account = match member(body, "userAccountConfiguration") {
            None | Some(Value::Null) => return Ok(fields),
            Some(Value::Object(account)) => account,
            Some(_) => return Err(fault("userAccountConfiguration must be an object")),
        };
        if let Some(role) = text(account, "role")? {
            fields.role = Some(Role::parse(&role).map_err(|e| fault(&e.to_string()))?);
        }
        let agent = match member(account, "agentConfiguration") {
            Some(Value::Object(agent)) => text(agent, "agentDisplayId")?,
            Some(_) | None => None,
        };
        if let Some(agent) = agent {
            fields.agent = Some(AgentNumber::parse(&agent).map_err(|e| fault(&e.to_string()))?);
        }
        Ok(fields)
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, VccError> {
    match member(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(VccError::invalid(API, format!("{name} must be a text"))),
    }
}

fn flag(object: &Map<String, Value>, name: &str) -> Result<Option<bool>, VccError> {
    match member(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(VccError::invalid(
            API,
            format!("{name} must be true or false"),
        )),
    }
}
