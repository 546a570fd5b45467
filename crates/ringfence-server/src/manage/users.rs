//! `/api/v1/accounts/{account}/users`: people, for the admins of the account.

use super::accounts::name as account_name;
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
use ringfence_app::manage::users::{self as acts, UserDetail, UserSearch, UserState};
use ringfence_app::users::{NewUser, UserEdit};
use ringfence_core::id::{GroupId, UserId};
use ringfence_core::permission::{PERMISSIONS, Permission};
use ringfence_core::user::{AgentNumber, Line, Role, User, Username};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show_one, edit))]
pub(super) struct Api;

/// A person of an account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
struct UserView {
    /// Their id.
    id: String,
    /// Their unique name within the account.
    #[schema(example = "sam.lee@acme.example")]
    username: String,
    /// How people call them.
    name: String,
    /// Their e-mail address.
    email: String,
    /// Role and licence: `Admin`, `Supervisor`, `Agent` or `Wallboard`.
    role: &'static str,
    /// `active`, `locked` or `disabled`.
    state: &'static str,
    /// Runs the installation.
    operator: bool,
    /// Their number when they act as an agent.
    agent_id: Option<String>,
    /// Feature permissions by name, such as `view-inbound-content`.
    permissions: BTreeMap<&'static str, PermissionView>,
    /// The lines they may reach; only of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<Vec<String>>,
    /// The names of their groups; only of one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    /// When they were made.
    created_at: String,
    /// When they last signed in.
    last_sign_in_at: Option<String>,
}

/// A feature permission of somebody.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Permission)]
struct PermissionView {
    /// `yes` or `no` when set by hand, `default` when it follows the role.
    set: &'static str,
    /// What holds.
    in_force: bool,
}

/// A person to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UserCreate {
    /// 1 to 128 characters without spaces.
    username: String,
    /// The user name if not given.
    name: Option<String>,
    /// The user name if not given.
    email: Option<String>,
    /// `Admin`, `Supervisor`, `Agent` or `Wallboard`.
    role: String,
    /// Their number when they act as an agent; it can be given once.
    agent_id: Option<String>,
    /// Whether they run the installation; only an operator makes one.
    operator: Option<bool>,
}

/// What to change of a person; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UserChange {
    /// Their unique name.
    username: Option<String>,
    /// How people call them.
    name: Option<String>,
    /// Their e-mail address.
    email: Option<String>,
    /// Role and licence; credentials lose the scopes that a smaller licence does not allow.
    role: Option<String>,
    /// Their number; it can be given once.
    agent_id: Option<String>,
    /// False archives them: their credentials and tokens are refused within one second.
    active: Option<bool>,
    /// True locks them, false unlocks them.
    locked: Option<bool>,
    /// Whether they run the installation; only an operator changes that.
    operator: Option<bool>,
    /// Feature permissions by name: `yes`, `no`, or null to follow the role.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    permissions: BTreeMap<String, Option<String>>,
    /// Exactly the lines they may reach.
    lines: Option<Vec<String>>,
    /// Exactly the groups they belong to, by name; a new name makes a group.
    groups: Option<Vec<String>>,
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

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/users",
    operation_id = "user_list",
    tag = "Users",
    summary = "List people",
    params(
        ("account" = String, Path, description = "The account's name"),
        PageParams,
        ("q" = Option<String>, Query, description = "A part of the user name, name, e-mail address or agent id"),
        ("role" = Option<String>, Query, description = "`Admin`, `Supervisor`, `Agent` or `Wallboard`"),
        ("state" = Option<String>, Query, description = "`active`, `locked` or `disabled`"),
        ("group" = Option<String>, Query, description = "The id of a group they belong to"),
    ),
    responses((status = 200, description = "A page, by user name", body = Page<UserView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let query = Query::read(&uri, &["limit", "cursor", "q", "role", "state", "group"])?;
    let place = format!("users/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let search = UserSearch {
        text: query.text("q").unwrap_or_default().to_owned(),
        role: query.parsed("role", Role::parse)?,
        state: query.parsed("state", state_parse)?,
        group: query.parsed("group", GroupId::parse)?,
        after: window.after.unwrap_or_default(),
        ..UserSearch::default()
    };
    let found = acts::user_list(&app.ctx, &caller, &search, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |user| view(&user))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/users",
    operation_id = "user_create",
    tag = "Users",
    summary = "Make a person",
    description = "They have no password yet: send them an invitation.",
    params(("account" = String, Path, description = "The account's name"), CreateParams),
    request_body = UserCreate,
    responses((status = 201, description = "They are made", body = UserView), Refusals)
)]
async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    Json(body): Json<UserCreate>,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let new = NewUser {
        username: Username::parse(&body.username).map_err(ManageError::value("/username"))?,
        name: body.name.unwrap_or_else(|| body.username.clone()),
        email: body.email.unwrap_or(body.username),
        role: Role::parse(&body.role).map_err(ManageError::value("/role"))?,
        agent: agent(body.agent_id.as_deref())?,
        password: None,
        operator: body.operator.unwrap_or(false),
    };
    let made = acts::user_create(&app.ctx, &caller, new).await?;
    let detail = acts::user_show(&app.ctx, &caller, made.id).await?;
    let location = format!("/api/v1/accounts/{}/users/{}", caller.account.name, made.id);
    Ok(created(&location, &tag(&detail), &whole(&detail)))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/users/{userId}",
    operation_id = "user_show",
    tag = "Users",
    summary = "Show a person",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("userId" = String, Path, description = "Their id"),
    ),
    responses((status = 200, description = "The person", body = UserView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, user)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let detail = acts::user_show(&app.ctx, &caller, id(&user)?).await?;
    show(&headers, &tag(&detail), &whole(&detail))
}

#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account}/users/{userId}",
    operation_id = "user_edit",
    tag = "Users",
    summary = "Change a person",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("userId" = String, Path, description = "Their id"),
        EditParams,
    ),
    request_body = UserChange,
    responses((status = 200, description = "As they are now", body = UserView), Refusals)
)]
async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, user)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<UserChange>,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let id = id(&user)?;
    let before = acts::user_show(&app.ctx, &caller, id).await?;
    let wanted = Match::read(&headers)?;
    wanted.check(&tag(&before))?;
    let mut edit = edit_of(body)?;
    if wanted != Match::Any {
        edit.expected = Some(before.version);
    }
    acts::user_edit(&app.ctx, &caller, id, edit).await?;
    let after = acts::user_show(&app.ctx, &caller, id).await?;
    Ok(tagged(json(StatusCode::OK, &whole(&after)), &tag(&after)))
}

fn edit_of(body: UserChange) -> Result<UserEdit, ManageError> {
    let username = body.username.as_deref().map(Username::parse).transpose();
    let role = body.role.as_deref().map(Role::parse).transpose();
    let mut edit = UserEdit {
        username: username.map_err(ManageError::value("/username"))?,
        name: body.name,
        email: body.email,
        role: role.map_err(ManageError::value("/role"))?,
        agent: agent(body.agent_id.as_deref())?,
        active: body.active,
        locked: body.locked,
        operator: body.operator,
        groups: body.groups,
        ..UserEdit::default()
    };
    for (name, value) in body.permissions {
        let pointer = format!("/permissions/{name}");
        let permission = PERMISSIONS.iter().find(|info| info.name == name);
        let Some(info) = permission else {
            return Err(ManageError::value(&pointer)("no such permission"));
        };
        match value.as_deref() {
            Some("yes") => edit.permissions.push((info.permission, true)),
            Some("no") => edit.permissions.push((info.permission, false)),
            None => edit.permissions_default.push(info.permission),
            Some(_) => {
                return Err(ManageError::value(&pointer)(
                    "a permission is yes, no or null",
                ));
            }
        }
    }
    if let Some(lines) = &body.lines {
        let parse = |(n, line): (usize, &String)| {
            Line::parse(line).map_err(ManageError::value(&format!("/lines/{n}")))
        };
        let lines = lines.iter().enumerate().map(parse);
        edit.lines = Some(lines.collect::<Result<_, _>>()?);
    }
    Ok(edit)
}

fn agent(text: Option<&str>) -> Result<Option<AgentNumber>, ManageError> {
    let parsed = text.map(AgentNumber::parse).transpose();
    parsed.map_err(ManageError::value("/agentId"))
}

fn id(text: &str) -> Result<UserId, ManageError> {
    UserId::parse(text).map_err(|_| ManageError::no_such("user"))
}

fn state_parse(text: &str) -> Result<UserState, &'static str> {
    match text {
        "active" => Ok(UserState::Active),
        "locked" => Ok(UserState::Locked),
        "disabled" => Ok(UserState::Disabled),
        _ => Err("the state is not one of active, locked, disabled"),
    }
}

fn tag(detail: &UserDetail) -> Tag {
    Tag::text(&detail.version.0)
}

fn permission_view(user: &User, permission: Permission) -> PermissionView {
    PermissionView {
        set: match user.permissions.set_by_hand(permission) {
            Some(true) => "yes",
            Some(false) => "no",
            None => "default",
        },
        in_force: user.permissions_in_force().contains(permission),
    }
}

fn view(user: &User) -> UserView {
    let permissions = PERMISSIONS.iter();
    UserView {
        id: user.id.to_string(),
        username: user.username.as_str().to_owned(),
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role.as_str(),
        state: match (user.active, user.locked) {
            (false, _) => "disabled",
            (true, true) => "locked",
            (true, false) => "active",
        },
        operator: user.operator,
        agent_id: user.agent.as_ref().map(|agent| agent.as_str().to_owned()),
        permissions: permissions
            .map(|info| (info.name, permission_view(user, info.permission)))
            .collect(),
        lines: None,
        groups: None,
        created_at: user.created_at.to_iso_millis(),
        last_sign_in_at: user.last_login_at.map(|at| at.to_iso_millis()),
    }
}

fn whole(detail: &UserDetail) -> UserView {
    let lines = detail.user.lines.iter();
    UserView {
        lines: Some(lines.map(|line| line.as_str().to_owned()).collect()),
        groups: Some(detail.groups.clone()),
        ..view(&detail.user)
    }
}
