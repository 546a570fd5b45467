//! User Admin: what a person may reach and do (vcc-api §15.7).

use super::error::VccError;
use super::group_admin::{answer_page, entries, entry_id};
use super::request::{MetaView, failed, guid, object};
use super::user_admin::{API, read_page};
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, patch, put};
use ringfence_app::group_admin::{group_permission_list, group_permissions_put};
use ringfence_app::paging::{Page, PageRequest};
use ringfence_app::user_admin::{UserKey, admin_lines_put, admin_rights_edit, admin_user_show};
use ringfence_app::users::UserEdit;
use ringfence_core::id::{GroupId, UserId};
use ringfence_core::permission::{PERMISSIONS, Permission};
use ringfence_core::profile::member;
use ringfence_core::user::{GroupAccess, Line, User};
use serde::Serialize;
use serde_json::{Map, Value};

/// `GET /useradmin/users/{userId}/permissions/groups`.
pub(crate) fn group_permissions_route() -> MethodRouter<App> {
    get(groups)
}

/// `PUT /useradmin/users/{userId}/permissions/groups`.
pub(crate) fn group_permissions_put_route() -> MethodRouter<App> {
    put(groups_put)
}

/// `GET /useradmin/users/{userId}/permissions/addresses`.
pub(crate) fn address_permissions_route() -> MethodRouter<App> {
    get(addresses)
}

/// `PUT /useradmin/users/{userId}/permissions/addresses`.
pub(crate) fn address_permissions_put_route() -> MethodRouter<App> {
    put(addresses_put)
}

/// `GET /useradmin/users/{userId}/permissions/accessPermissions`.
pub(crate) fn access_permissions_route() -> MethodRouter<App> {
    get(access)
}

/// `PATCH /useradmin/users/{userId}/permissions/accessPermissions`.
pub(crate) fn access_permissions_patch_route() -> MethodRouter<App> {
    patch(access_patch)
}

async fn groups(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (_, page) = read_page(&headers, query.as_deref())?;
    let id = guid(API, &id, UserId::parse)?;
    groups_answer(&app, &caller, id, page).await
}

async fn groups_put(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let id = guid(API, &id, UserId::parse)?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let mut groups = Vec::new();
    for entry in entries(&body, "groupPermissions")? {
        let group = entry_id(entry, "groupId", GroupId::parse)?;
        let level = text(entry, "groupPermission").unwrap_or_default();
        match GroupAccess::parse(level) {
            Some(access) => groups.push((group, access)),
            None if level.eq_ignore_ascii_case("None") => {}
            None => {
                let text = "groupPermission must be one of None, Read, Write";
                return Err(VccError::invalid(API, text));
            }
        }
    }
    group_permissions_put(&app.ctx, &caller.0.live, id, &groups)
        .await
        .map_err(failed(API))?;
    groups_answer(&app, &caller, id, answer_page()?).await
}

async fn groups_answer(
    app: &App,
    caller: &Caller,
    id: UserId,
    page: PageRequest,
) -> Result<Response, VccError> {
    let (user, found) = group_permission_list(&app.ctx, &caller.0.live, id, page)
        .await
        .map_err(failed(API))?;
    let group_permissions = found
        .items
        .iter()
        .map(|(group, access)| GroupPermissionView {
            group_id: group.id.to_string(),
            group_display_id: &group.display_id,
            group_name: &group.name,
            group_permission: access.as_str(),
        });
    let view = GroupPermissionsView {
        owner: OwnerView::of(&user, &found),
        group_permissions: group_permissions.collect(),
    };
    Ok(Json(view).into_response())
}

async fn addresses(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (_, page) = read_page(&headers, query.as_deref())?;
    let user = user(&app, &caller, &id).await?;
    Ok(addresses_answer(&user, page))
}

async fn addresses_put(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let id = guid(API, &id, UserId::parse)?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let mut lines = Vec::new();
    for entry in entries(&body, "addressPermissions")? {
        // The vendor's example names an address by a GUID that no reading shows; its name is the address itself.
        let name = text(entry, "addressName").or_else(|| text(entry, "addressId"));
        let line = Line::parse(name.unwrap_or_default());
        lines.push(line.map_err(|e| VccError::invalid(API, e.to_string()))?);
    }
    let user = admin_lines_put(&app.ctx, &caller.0.live, id, lines)
        .await
        .map_err(failed(API))?;
    Ok(addresses_answer(&user, answer_page()?))
}

fn addresses_answer(user: &User, page: PageRequest) -> Response {
    let found = page.cut(user.lines.iter().collect());
    let address_permissions = found.items.iter().map(|line| AddressView {
        address_id: line.as_str(),
        address_name: line.as_str(),
    });
    let view = AddressesView {
        owner: OwnerView::of(user, &found),
        address_permissions: address_permissions.collect(),
    };
    Json(view).into_response()
}

async fn access(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let (_, page) = read_page(&headers, query.as_deref())?;
    let user = user(&app, &caller, &id).await?;
    Ok(access_answer(&user, page))
}

async fn access_patch(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, VccError> {
    version(API, request.headers())?;
    let id = guid(API, &id, UserId::parse)?;
    let body = object(API, request, app.limits.body_bytes_max).await?;
    let mut permissions = Vec::new();
    for entry in entries(&body, "accessPermissions")? {
        permissions.push(permission_read(entry)?);
    }
    let edit = UserEdit {
        permissions,
        ..UserEdit::default()
    };
    let user = admin_rights_edit(&app.ctx, &caller.0.live, id, edit)
        .await
        .map_err(failed(API))?;
    Ok(access_answer(&user, answer_page()?))
}

fn permission_read(entry: &Map<String, Value>) -> Result<(Permission, bool), VccError> {
    let key = text(entry, "permissionKey").unwrap_or_default();
    let permission = Permission::parse_key(key)
        .map_err(|_| VccError::invalid(API, format!("permissionKey '{key:.64}' is not known")))?;
    let level = text(entry, "permissionLevel").unwrap_or_default();
    if level.eq_ignore_ascii_case("Yes") {
        Ok((permission, true))
    } else if level.eq_ignore_ascii_case("No") {
        Ok((permission, false))
    } else {
        let text = "permissionLevel must be one of Yes, No";
        Err(VccError::invalid(API, text))
    }
}

fn access_answer(user: &User, page: PageRequest) -> Response {
    let in_force = user.permissions_in_force();
    let found = page.cut(PERMISSIONS.iter().collect());
    let access_permissions = found.items.iter().map(|info| AccessView {
        permission_key: info.key,
        permission_level: if in_force.contains(info.permission) {
            "Yes"
        } else {
            "No"
        },
    });
    let view = AccessesView {
        owner: OwnerView::of(user, &found),
        access_permissions: access_permissions.collect(),
    };
    Json(view).into_response()
}

async fn user(app: &App, caller: &Caller, id: &str) -> Result<User, VccError> {
    let id = guid(API, id, UserId::parse)?;
    let found = admin_user_show(&app.ctx, &caller.0.live, &UserKey::Id(id)).await;
    Ok(found.map_err(failed(API))?.user)
}

fn text<'e>(entry: &'e Map<String, Value>, name: &str) -> Option<&'e str> {
    member(entry, name)?.as_str()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnerView<'v> {
    meta: MetaView,
    user_id: String,
    agent_display_id: Option<&'v str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupPermissionsView<'v> {
    #[serde(flatten)]
    owner: OwnerView<'v>,
    group_permissions: Vec<GroupPermissionView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupPermissionView<'v> {
    group_id: String,
    group_display_id: &'v str,
    group_name: &'v str,
    group_permission: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressesView<'v> {
    #[serde(flatten)]
    owner: OwnerView<'v>,
    address_permissions: Vec<AddressView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddressView<'v> {
    address_id: &'v str,
    address_name: &'v str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessesView<'v> {
    #[serde(flatten)]
    owner: OwnerView<'v>,
    access_permissions: Vec<AccessView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessView {
    permission_key: &'static str,
    permission_level: &'static str,
}

impl<'v> OwnerView<'v> {
    fn of<T>(user: &'v User, page: &Page<T>) -> Self {
        Self {
            meta: MetaView::of(page),
            user_id: user.id.to_string(),
            agent_display_id: user.agent.as_ref().map(|agent| agent.as_str()),
        }
    }
}
