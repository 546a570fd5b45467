//! `/api/v1/accounts/{account}/groups`: groups of users, for the admins of the account.

use super::accounts::name as account_name;
use super::body::Json;
use super::entity::{Tag, created, json, show};
use super::error::{ManageError, Refusals};
use super::idempotency::CreateParams;
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::manage::groups::{self as acts, GroupLine};
use ringfence_app::manage::slice::Slice;
use ringfence_app::paging::PageRequest;
use ringfence_core::id::GroupId;
use ringfence_core::user::Member;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, create, show_one, members))]
pub(super) struct Api;

/// A group of users.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Group)]
struct GroupView {
    /// Its id.
    id: String,
    /// Its unique name within the account.
    #[schema(example = "Sales")]
    name: String,
    /// Its number as shown to people.
    display_id: String,
    /// Its active members.
    member_count: u64,
}

/// A member of a group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Member)]
struct MemberView {
    /// Their id.
    id: String,
    /// How people call them.
    name: String,
    /// Their number when they act as an agent.
    agent_id: Option<String>,
}

/// A group to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupCreate {
    /// 1 to 100 characters.
    name: String,
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

pub(crate) fn members_route() -> MethodRouter<App> {
    get(members)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/groups",
    operation_id = "group_list",
    tag = "Groups",
    summary = "List groups",
    params(
        ("account" = String, Path, description = "The account's name"),
        PageParams,
        ("q" = Option<String>, Query, description = "A part of the name"),
    ),
    responses((status = 200, description = "A page, by name", body = Page<GroupView>), Refusals)
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
    let query = Query::read(&uri, &["limit", "cursor", "q"])?;
    let place = format!("groups/{}", caller.account.id);
    let window = Window::read(&app.ctx, &query, &place)?;
    let (text, after) = (query.text("q").unwrap_or_default(), window.after.as_deref());
    let found = acts::group_list(&app.ctx, &caller, text, after, window.limit).await?;
    let page = Page::of(&app.ctx, &place, found, |line| view(&line))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account}/groups",
    operation_id = "group_create",
    tag = "Groups",
    summary = "Make a group",
    params(("account" = String, Path, description = "The account's name"), CreateParams),
    request_body = GroupCreate,
    responses((status = 201, description = "It is made", body = GroupView), Refusals)
)]
async fn create(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    Json(body): Json<GroupCreate>,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let group = acts::group_create(&app.ctx, &caller, &body.name).await?;
    let line = GroupLine {
        group,
        n_members: 0,
    };
    let location = format!(
        "/api/v1/accounts/{}/groups/{}",
        caller.account.name, line.group.id
    );
    Ok(created(&location, &tag(&line), &view(&line)))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/groups/{groupId}",
    operation_id = "group_show",
    tag = "Groups",
    summary = "Show a group",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("groupId" = String, Path, description = "Its id"),
    ),
    responses((status = 200, description = "The group", body = GroupView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, group)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let line = acts::group_show(&app.ctx, &caller, id(&group)?).await?;
    show(&headers, &tag(&line), &view(&line))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/groups/{groupId}/members",
    operation_id = "group_member_list",
    tag = "Groups",
    summary = "List the active members of a group",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("groupId" = String, Path, description = "Its id"),
        PageParams,
    ),
    responses((status = 200, description = "A page, by user name", body = Page<MemberView>), Refusals)
)]
async fn members(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, group)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let id = id(&group)?;
    let query = Query::read(&uri, &["limit", "cursor"])?;
    let place = format!("members/{id}");
    let window = Window::read(&app.ctx, &query, &place)?;
    // The cursor of this list holds the number of its next page.
    let number = window
        .after
        .and_then(|after| after.parse().ok())
        .unwrap_or(1);
    let page = PageRequest::new(number, window.limit.into(), 200)?;
    let found = acts::group_members(&app.ctx, &caller, id, page).await?;
    let more = number < found.n_pages();
    let slice = Slice {
        next: more.then(|| (number + 1).to_string()),
        items: found.items,
    };
    let page = Page::of(&app.ctx, &place, slice, |member| member_view(&member))?;
    Ok(json(StatusCode::OK, &page))
}

fn id(text: &str) -> Result<GroupId, ManageError> {
    GroupId::parse(text).map_err(|_| ManageError::no_such("group"))
}

fn tag(line: &GroupLine) -> Tag {
    Tag::text(&format!("{}-{}", line.group.id, line.n_members))
}

fn view(line: &GroupLine) -> GroupView {
    GroupView {
        id: line.group.id.to_string(),
        name: line.group.name.clone(),
        display_id: line.group.display_id.clone(),
        member_count: line.n_members,
    }
}

fn member_view(member: &Member) -> MemberView {
    MemberView {
        id: member.id.to_string(),
        name: member.name.clone(),
        agent_id: member.agent.as_ref().map(|agent| agent.as_str().to_owned()),
    }
}
