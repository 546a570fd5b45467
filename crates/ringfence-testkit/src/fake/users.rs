//! User Admin: the list, look-ups and a user's own lists (vcc-api §15).

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use ringfence_core::permission::Permission;
use serde_json::{Value, json};

use super::account::{FakeAccount, FakeUser};
use super::call::guid;
use super::serve::{Call, json_response, refusal};
use super::switches::{OwnPermissions, UsersShape};

pub(super) fn list(call: &Call<'_>) -> Result<Response, Box<Response>> {
    let (number, limit) = paging(call)?;
    let include = call
        .param("include")
        .unwrap_or("Active")
        .to_ascii_lowercase();
    let world = call.shared.world();
    let wanted = |user: &&FakeUser| match include.as_str() {
        "all" => true,
        "archived" => !user.active,
        _ => user.active,
    };
    let rows: Vec<Value> = world
        .account
        .users
        .iter()
        .filter(wanted)
        .map(view)
        .collect();
    let (meta, page) = cut(&rows, number, limit);
    let body = match world.switches.users_shape {
        UsersShape::MetaUsers => json!({"meta": meta, "users": page}),
        UsersShape::Users => json!({"users": page}),
        UsersShape::MetaItems => json!({"meta": meta, "items": page}),
        UsersShape::Bare => Value::Array(page),
    };
    Ok(json_response(StatusCode::OK, &body))
}

pub(super) fn one(call: &Call<'_>) -> Result<Response, Box<Response>> {
    let world = call.shared.world();
    let account = &world.account;
    let words: Vec<String> = call
        .segments
        .iter()
        .skip(2)
        .map(|s| s.to_ascii_lowercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let find = |test: &dyn Fn(&FakeUser) -> bool| {
        account
            .users
            .iter()
            .find(|user| test(user))
            .ok_or_else(|| refusal(StatusCode::NOT_FOUND, "User not found"))
    };
    let by_id = |id: &str| find(&|user| user.user_id.eq_ignore_ascii_case(id));
    match words.as_slice() {
        ["by", "username", name] => Ok(json_response(
            StatusCode::OK,
            &view(find(&|u| u.username.eq_ignore_ascii_case(name))?),
        )),
        ["by", "agentdisplayid", id] => Ok(json_response(
            StatusCode::OK,
            &view(find(&|u| u.agent_id.as_deref() == Some(id))?),
        )),
        [id] => Ok(json_response(StatusCode::OK, &view(by_id(id)?))),
        [id, "groups"] => {
            let user = by_id(id)?;
            let groups = std::iter::once(&user.group).filter(|g| !g.is_empty());
            owned(
                call,
                user,
                "agentGroups",
                &groups.map(|g| group_row(account, g)).collect::<Vec<_>>(),
            )
        }
        [id, "permissions", "groups"] => {
            let user = by_id(id)?;
            let groups = groups_of(account, user);
            let rows = groups.iter().map(|g| {
                let mut row = group_row(account, g);
                row["groupPermission"] = json!("Read");
                row
            });
            owned(call, user, "groupPermissions", &rows.collect::<Vec<_>>())
        }
        [id, "permissions", "addresses"] => {
            let user = by_id(id)?;
            let rows = lines_of(account, user);
            let rows = rows.iter().map(
                |line| json!({"addressId": line.trim_start_matches('+'), "addressName": line}),
            );
            owned(call, user, "addressPermissions", &rows.collect::<Vec<_>>())
        }
        [id, "permissions", "accesspermissions"] => {
            let user = by_id(id)?;
            if world.switches.own_permissions == OwnPermissions::Refused {
                return Err(refusal(StatusCode::FORBIDDEN, "Forbidden"));
            }
            owned(
                call,
                user,
                "accessPermissions",
                &access(account, user, world.switches.own_permissions),
            )
        }
        _ => Err(refusal(StatusCode::NOT_FOUND, "Not found")),
    }
}

fn paging(call: &Call<'_>) -> Result<(usize, usize), Box<Response>> {
    let number = call.number("page", 1)?.max(1);
    let limit = call.number("limit", 25)?;
    if (1..=5000).contains(&limit) {
        Ok((number, limit))
    } else {
        Err(refusal(
            StatusCode::BAD_REQUEST,
            "limit must be between 1 and 5000",
        ))
    }
}

fn cut(rows: &[Value], number: usize, limit: usize) -> (Value, Vec<Value>) {
    let page: Vec<Value> = rows
        .iter()
        .skip((number - 1).saturating_mul(limit))
        .take(limit)
        .cloned()
        .collect();
    let meta = json!({
        "page": number, "count": page.len(), "pageCount": rows.len().div_ceil(limit), "totalCount": rows.len(),
    });
    (meta, page)
}

fn owned(
    call: &Call<'_>,
    user: &FakeUser,
    key: &str,
    rows: &[Value],
) -> Result<Response, Box<Response>> {
    let (number, limit) = paging(call)?;
    let (meta, page) = cut(rows, number, limit);
    let mut body = json!({"meta": meta, "userId": user.user_id, "agentDisplayId": user.agent_id});
    body[key] = Value::Array(page);
    Ok(json_response(StatusCode::OK, &body))
}

fn access(account: &FakeAccount, user: &FakeUser, keys: OwnPermissions) -> Vec<Value> {
    let level = |yes: bool| if yes { "Yes" } else { "No" };
    let mut rows = vec![json!({"permissionKey": "CPA_View", "permissionLevel": "Read"})];
    if keys == OwnPermissions::Readable && user.username == account.owner.username {
        for (permission, yes) in [
            (Permission::ViewInboundContent, account.owner.view_inbound),
            (Permission::ViewOutboundContent, account.owner.view_outbound),
            (Permission::AccessGroupsContent, account.owner.access_groups),
        ] {
            rows.push(
                json!({"permissionKey": permission.info().key, "permissionLevel": level(yes)}),
            );
        }
    }
    rows
}

fn groups_of(account: &FakeAccount, user: &FakeUser) -> BTreeSet<String> {
    let all = account.calls.values().map(|call| call.group.clone());
    match &account.owner.groups {
        Some(groups) if user.username == account.owner.username => groups.clone(),
        Some(_) | None => all.collect(),
    }
}

fn lines_of(account: &FakeAccount, user: &FakeUser) -> BTreeSet<String> {
    let all = account.calls.values().map(|call| call.line.clone());
    match &account.owner.lines {
        Some(lines) if user.username == account.owner.username => lines.clone(),
        Some(_) | None => all.collect(),
    }
}

fn group_row(account: &FakeAccount, group: &str) -> Value {
    let place = account
        .users
        .iter()
        .position(|user| user.group == group)
        .unwrap_or(0) as u64;
    json!({"groupId": guid(0xeeee_0000 + place), "groupDisplayId": place.to_string(), "groupName": group})
}

fn view(user: &FakeUser) -> Value {
    let mut view = json!({
        "userId": user.user_id, "username": user.username, "name": user.name, "email": user.username,
        "lastLoginTime": "2026-03-02T07:55:00.000Z", "active": user.active, "locked": false, "ssoExternalId": "",
        "userAccountConfiguration": {"role": user.role, "chargeable": true, "actAsAgent": user.agent_id.is_some()},
    });
    if let Some(agent) = &user.agent_id {
        view["userAccountConfiguration"]["agentConfiguration"] =
            json!({"agentDisplayId": agent, "webrtc": true, "location": "GB"});
    }
    view
}
