//! Changing a user. What the change takes away is said before it is made.

use super::{ROLES, id};
use crate::app::App;
use crate::portal::choice::{Choice, choices};
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::user_effect::{Effect, user_effect};
use ringfence_app::manage::users::{UserDetail, user_changeable, user_edit, user_show};
use ringfence_app::users::{UserEdit, UserVersion};
use ringfence_core::permission::{PERMISSIONS, PermissionSet};
use ringfence_core::user::{AgentNumber, Line, Role, Username};

#[derive(Template)]
#[template(path = "directory/user_edit.html")]
struct EditPage {
    chrome: Chrome,
    faults: Faults,
    effect: Effect,
    id: String,
    heading: String,
    version: String,
    fields: Fields,
    has_agent: bool,
    may_make_operator: bool,
}

/// The fields as the form has them.
struct Fields {
    username: String,
    name: String,
    email: String,
    agent: String,
    roles: Vec<Choice>,
    operator: bool,
    permissions: Vec<PermissionField>,
    lines: String,
    groups: String,
}

struct PermissionField {
    name: &'static str,
    title: &'static str,
    choices: Vec<Choice>,
}

/// `GET /admin/users/{userId}/edit`.
pub(crate) fn edit_form_route() -> MethodRouter<App> {
    get(edit_form)
}

/// `POST /admin/users/{userId}/edit`.
pub(crate) fn edit_route() -> MethodRouter<App> {
    post(edit)
}

async fn edit_form(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = id(&user)?;
    user_changeable(&app.ctx, &caller, id).await?;
    let detail = user_show(&app.ctx, &caller, id).await?;
    render(&EditPage {
        chrome,
        faults: Faults::default(),
        effect: Effect::default(),
        id: id.to_string(),
        heading: detail.user.name.clone(),
        version: detail.version.0.clone(),
        has_agent: detail.user.agent.is_some(),
        may_make_operator: caller.is_operator(),
        fields: fields_of(&detail),
    })
}

async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(user): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let id = id(&user)?;
    let before = user_changeable(&app.ctx, &caller, id).await?;
    let mut faults = Faults::default();
    let mut effect = Effect::default();
    if let Some(mut edit) = read(&form, &mut faults) {
        if caller.is_operator() {
            edit.operator = Some(form.is_ticked("operator"));
        }
        let outcome = async {
            effect = user_effect(&app.ctx, &caller, id, &edit).await?;
            if effect.takes_away() && form.text("confirmed") != "yes" {
                return Ok(false);
            }
            user_edit(&app.ctx, &caller, id, edit).await.map(|_| true)
        };
        match outcome.await {
            Ok(true) => {
                let path = format!("/admin/users/{id}");
                return Ok(redirect_with_notice(&path, "user-saved"));
            }
            Ok(false) => {}
            Err(Error::Conflict(text) | Error::Invalid(text)) => faults.add("", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = EditPage {
        chrome,
        faults,
        effect,
        id: id.to_string(),
        heading: before.name.clone(),
        version: form.text("version").to_owned(),
        has_agent: before.agent.is_some(),
        may_make_operator: caller.is_operator(),
        fields: fields_sent(&form),
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn read(form: &Form, faults: &mut Faults) -> Option<UserEdit> {
    let username = faults.read(form, "username", Username::parse);
    let role = faults.read(form, "role", Role::parse);
    let agent = match form.text("agent") {
        "" => None,
        _ => faults.read(form, "agent", AgentNumber::parse),
    };
    for (field, text) in [
        ("name", "say how people call them"),
        ("email", "an e-mail address is needed"),
    ] {
        if form.text(field).is_empty() {
            faults.add(field, text);
        }
    }
    let mut edit = UserEdit {
        username,
        name: Some(form.text("name").to_owned()),
        email: Some(form.text("email").to_owned()),
        role,
        agent,
        groups: Some(entries(form.text("groups"))),
        expected: Some(UserVersion(form.text("version").to_owned())),
        ..UserEdit::default()
    };
    for info in &PERMISSIONS {
        match form.text(info.name) {
            "yes" => edit.permissions.push((info.permission, true)),
            "no" => edit.permissions.push((info.permission, false)),
            _ => edit.permissions_default.push(info.permission),
        }
    }
    let mut lines = Vec::new();
    for text in entries(form.text("lines")) {
        match Line::parse(&text) {
            Ok(line) => lines.push(line),
            Err(error) => faults.add("lines", format!("“{text}”: {error}")),
        }
    }
    edit.lines = Some(lines);
    faults.is_empty().then_some(edit)
}

fn entries(text: &str) -> Vec<String> {
    let entries = text.lines().map(str::trim);
    entries
        .filter(|entry| !entry.is_empty())
        .map(str::to_owned)
        .collect()
}

fn fields_of(detail: &UserDetail) -> Fields {
    let user = &detail.user;
    let lines: Vec<&str> = user.lines.iter().map(Line::as_str).collect();
    let set = |permission| match user.permissions.set_by_hand(permission) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "default",
    };
    let permissions = PERMISSIONS.iter().map(|info| PermissionField {
        name: info.name,
        title: info.title,
        choices: permission_choices(
            set(info.permission),
            PermissionSet::default_of(user.role).contains(info.permission),
        ),
    });
    Fields {
        username: user.username.as_str().to_owned(),
        name: user.name.clone(),
        email: user.email.clone(),
        agent: user
            .agent
            .as_ref()
            .map_or_else(String::new, |agent| agent.as_str().to_owned()),
        roles: choices(ROLES, user.role.as_str()),
        operator: user.operator,
        permissions: permissions.collect(),
        lines: lines.join("\n"),
        groups: detail.groups.join("\n"),
    }
}

fn fields_sent(form: &Form) -> Fields {
    let role = Role::parse(form.text("role"));
    let by_role = role.map(PermissionSet::default_of).unwrap_or_default();
    let permissions = PERMISSIONS.iter().map(|info| PermissionField {
        name: info.name,
        title: info.title,
        choices: permission_choices(form.text(info.name), by_role.contains(info.permission)),
    });
    Fields {
        username: form.text("username").to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        agent: form.text("agent").to_owned(),
        roles: choices(ROLES, form.text("role")),
        operator: form.is_ticked("operator"),
        permissions: permissions.collect(),
        lines: form.text("lines").to_owned(),
        groups: form.text("groups").to_owned(),
    }
}

fn permission_choices(chosen: &str, by_role: bool) -> Vec<Choice> {
    let default = if by_role {
        "Default of the licence (Yes)"
    } else {
        "Default of the licence (No)"
    };
    let options = [("default", default), ("yes", "Yes"), ("no", "No")];
    choices(options, chosen)
}
