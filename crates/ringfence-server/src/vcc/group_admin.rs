//! User Admin: groups and who belongs to them (vcc-api §15.7, §15.8).

use super::error::VccError;
use super::request::{MetaView, failed, guid, object};
use super::user_admin::{API, read_page};
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, put};
use ringfence_app::group_admin::{
    group_list, group_member_list, group_members_put, user_group_list, user_groups_put,
};
use ringfence_app::paging::PageRequest;
use ringfence_core::id::{GroupId, IdError, UserId};
use ringfence_core::profile::member;
use ringfence_core::user::{Group, Member};
use serde::Serialize;
use serde_json::{Map, Value};

// The first page of a list that was put is its answer.
const ANSWER_PAGE: u64 = 1_000;

/// `GET /useradmin/groups`.
pub(crate) fn groups_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /useradmin/groups/{groupId}/users`.
pub(crate) fn group_users_route() -> MethodRouter<App> {
    get(members)
}

/// `PUT /useradmin/groups/{groupId}/users`.
pub(crate) fn group_users_put_route() -> MethodRouter<App> {
    put(members_put)
}

/// `GET /useradmin/users/{userId}/groups`.
pub(crate) fn user_groups_route() -> MethodRouter<App> {
    get(of_user)
}

/// `PUT /useradmin/users/{userId}/groups`.
pub(crate) fn user_groups_put_route() -> MethodRouter<App> {
    put(of_user_put)
}

async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (_, page) = read_page(&headers, query.as_deref())?;
    let found = group_list(&app.ctx, &caller.live, page)
        .await
        .map_err(failed(API))?;
    let meta = MetaView::of(&found);
    let groups = found.items.iter().map(GroupView::of).collect();
    Ok(Json(GroupsView { meta, groups }).into_response())
}

async fn members(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (_, page) = read_page(&headers, query.as_deref())?;
    let id = guid(API, &id, GroupId::parse)?;
    members_answer(&app, &Caller(caller), id, page).await
}

async fn members_put(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let id = guid(API, &id, GroupId::parse)?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let users = ids(&body, "users", "userId", UserId::parse)?;
    group_members_put(&app.ctx, &caller.live, id, &users)
        .await
        .map_err(failed(API))?;
    members_answer(&app, &Caller(caller), id, answer_page()?).await
}

async fn members_answer(
    app: &App,
    Caller(caller): &Caller,
    id: GroupId,
    page: PageRequest,
) -> Result<Response, VccError> {
    let found = group_member_list(&app.ctx, &caller.live, id, page)
        .await
        .map_err(failed(API))?;
    let view = MembersView {
        meta: MetaView::of(&found),
        group_id: id.to_string(),
        users: found.items.iter().map(MemberView::of).collect(),
    };
    Ok(Json(view).into_response())
}

async fn of_user(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (_, page) = read_page(&headers, query.as_deref())?;
    let id = guid(API, &id, UserId::parse)?;
    of_user_answer(&app, &Caller(caller), id, page).await
}

async fn of_user_put(
    State(app): State<App>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let id = guid(API, &id, UserId::parse)?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let groups = ids(&body, "agentGroups", "groupId", GroupId::parse)?;
    user_groups_put(&app.ctx, &caller.live, id, &groups)
        .await
        .map_err(failed(API))?;
    of_user_answer(&app, &Caller(caller), id, answer_page()?).await
}

async fn of_user_answer(
    app: &App,
    Caller(caller): &Caller,
    id: UserId,
    page: PageRequest,
) -> Result<Response, VccError> {
    let (user, found) = user_group_list(&app.ctx, &caller.live, id, page)
        .await
        .map_err(failed(API))?;
    let view = UserGroupsView {
        meta: MetaView::of(&found),
        user_id: id.to_string(),
        agent_display_id: user.agent.as_ref().map(|agent| agent.as_str()),
        agent_groups: found.items.iter().map(UserGroupView::of).collect(),
    };
    Ok(Json(view).into_response())
}

/// The page that answers a list that was put.
pub(super) fn answer_page() -> Result<PageRequest, VccError> {
    PageRequest::new(1, ANSWER_PAGE, u32::MAX).map_err(failed(API))
}

/// The objects of a list in a body.
pub(super) fn entries<'b>(
    body: &'b Map<String, Value>,
    list: &str,
) -> Result<Vec<&'b Map<String, Value>>, VccError> {
    let fault = || VccError::invalid(API, format!("{list} must be a list of objects"));
    let entries = member(body, list)
        .and_then(Value::as_array)
        .ok_or_else(fault)?;
    let objects = entries.iter().map(|e| e.as_object().ok_or_else(fault));
    objects.collect()
}

/// The id of an entry.
pub(super) fn entry_id<T>(
    entry: &Map<String, Value>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, IdError>,
) -> Result<T, VccError> {
    let text = member(entry, name).and_then(Value::as_str);
    let text = text.ok_or_else(|| VccError::invalid(API, format!("{name} is required")))?;
    guid(API, text, parse)
}

fn ids<T>(
    body: &Map<String, Value>,
    list: &str,
    name: &str,
    parse: impl Fn(&str) -> Result<T, IdError>,
) -> Result<Vec<T>, VccError> {
    let entries = entries(body, list)?;
    let ids = entries.into_iter().map(|e| entry_id(e, name, &parse));
    ids.collect()
}

#[derive(Serialize)]
struct GroupsView<'v> {
    meta: MetaView,
    groups: Vec<GroupView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupView<'v> {
    group_id: String,
    group_display_id: &'v str,
    group_name: &'v str,
    group_max_unexpected_time: u32,
    group_max_wrap_up_time: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MembersView<'v> {
    meta: MetaView,
    group_id: String,
    users: Vec<MemberView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberView<'v> {
    user_id: String,
    agent_display_id: Option<&'v str>,
    name: &'v str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserGroupsView<'v> {
    meta: MetaView,
    user_id: String,
    agent_display_id: Option<&'v str>,
    agent_groups: Vec<UserGroupView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserGroupView<'v> {
    group_id: String,
    group_display_id: &'v str,
    group_name: &'v str,
}

impl<'v> GroupView<'v> {
    fn of(group: &'v Group) -> Self {
        Self {
            group_id: group.id.to_string(),
            group_display_id: &group.display_id,
            group_name: &group.name,
            group_max_unexpected_time: group.max_unexpected_secs,
            group_max_wrap_up_time: group.max_wrap_up_secs,
        }
    }
}

impl<'v> MemberView<'v> {
    fn of(member: &'v Member) -> Self {
        Self {
            user_id: member.id.to_string(),
            agent_display_id: member.agent.as_ref().map(|agent| agent.as_str()),
            name: &member.name,
        }
    }
}

impl<'v> UserGroupView<'v> {
    fn of(group: &'v Group) -> Self {
        Self {
            group_id: group.id.to_string(),
            group_display_id: &group.display_id,
            group_name: &group.name,
        }
    }
}
