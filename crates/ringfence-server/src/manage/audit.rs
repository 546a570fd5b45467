//! `/api/v1/accounts/{account}/audit` and `/api/v1/audit`: who did what, page by page and as a file that proves itself.

use super::accounts::name as account_name;
use super::entity::json;
use super::error::{ManageError, Refusals};
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use crate::web::trail::trail_body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{StatusCode, Uri};
use ringfence_app::caller::Caller;
use ringfence_app::manage::audit::{
    self as acts, AuditFilter, AuditView, Trail, actor_named, subject_named,
};
use ringfence_core::time::Timestamp;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(account_list, account_export, list, export))]
pub(super) struct Api;

/// A line of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditLine)]
struct LineView {
    /// Its number in the chain.
    seq: i64,
    /// Its id.
    id: String,
    /// When it happened.
    at: String,
    /// The account it concerns.
    account_id: Option<String>,
    /// Who did it: `user:ID`, `credential:ID`, `cli`, `system` or `unknown`.
    actor: String,
    /// The name of who did it.
    actor_name: String,
    /// What was done: `credential.create`.
    act: String,
    /// The id of the thing it was done to.
    subject: String,
    /// The line as a sentence.
    text: String,
    /// What changed.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// The digest of the chain after this line.
    digest: String,
}

/// What can be asked of a trail, for the description.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the description is made from it")]
struct TrailParams {
    /// An act, `credential.create`, or all acts of a noun, `credential`.
    act: Option<String>,
    /// Who did it, as it is written, or a user name of the account.
    actor: Option<String>,
    /// The id of a thing, or a user name of the account.
    subject: Option<String>,
    /// From this instant on (ISO 8601 with an offset).
    since: Option<String>,
    /// Before this instant (ISO 8601 with an offset).
    until: Option<String>,
}

pub(crate) fn account_list_route() -> MethodRouter<App> {
    get(account_list)
}

pub(crate) fn account_export_route() -> MethodRouter<App> {
    get(account_export)
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn export_route() -> MethodRouter<App> {
    get(export)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/audit",
    operation_id = "audit_account_list",
    tag = "Audit trail",
    summary = "List an account's lines, newest first",
    params(("account" = String, Path, description = "The account's name"), PageParams, TrailParams),
    responses((status = 200, description = "A page", body = Page<LineView>), Refusals)
)]
async fn account_list(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    page(&app, &caller, Trail::Account, &uri).await
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/audit/export",
    operation_id = "audit_account_export",
    tag = "Audit trail",
    summary = "Export an account's trail as a file that proves itself",
    description = "JSON Lines for `ringfence audit verify`. Lines of others are reduced to digests.",
    params(("account" = String, Path, description = "The account's name")),
    responses((status = 200, description = "The file", content_type = "application/jsonl"), Refusals)
)]
async fn account_export(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<String>,
) -> Result<Response, ManageError> {
    let caller = caller
        .at_account(&app.ctx, &account_name(&account)?)
        .await?;
    let export = acts::audit_export(&app.ctx, &caller, Trail::Account).await?;
    Ok(trail_body(&app.ctx, export, caller.account.name.as_str()))
}

#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "audit_list",
    tag = "Audit trail",
    summary = "List every line, newest first",
    description = "Operators only.",
    params(PageParams, TrailParams),
    responses((status = 200, description = "A page", body = Page<LineView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    uri: Uri,
) -> Result<Response, ManageError> {
    page(&app, &caller, Trail::Installation, &uri).await
}

#[utoipa::path(
    get,
    path = "/api/v1/audit/export",
    operation_id = "audit_export",
    tag = "Audit trail",
    summary = "Export the whole trail as a file that proves itself",
    description = "Operators only. JSON Lines for `ringfence audit verify`.",
    responses((status = 200, description = "The file", content_type = "application/jsonl"), Refusals)
)]
async fn export(State(app): State<App>, Signed(caller): Signed) -> Result<Response, ManageError> {
    let export = acts::audit_export(&app.ctx, &caller, Trail::Installation).await?;
    Ok(trail_body(&app.ctx, export, "installation"))
}

async fn page(
    app: &App,
    caller: &Caller,
    trail: Trail,
    uri: &Uri,
) -> Result<Response, ManageError> {
    const KNOWN: [&str; 7] = [
        "limit", "cursor", "act", "actor", "subject", "since", "until",
    ];
    let query = Query::read(uri, &KNOWN)?;
    let place = match trail {
        Trail::Account => format!("audit/{}", caller.account.id),
        Trail::Installation => "audit".to_owned(),
    };
    let window = Window::read(&app.ctx, &query, &place)?;
    let actor = match query.text("actor") {
        Some(text) => Some(actor_named(&app.ctx, caller, text).await?),
        None => None,
    };
    let subject = match query.text("subject") {
        Some(text) => Some(subject_named(&app.ctx, caller, text).await?),
        None => None,
    };
    let filter = AuditFilter {
        account_id: None,
        act: query.text("act").map(str::to_owned),
        actor,
        subject,
        since: query.parsed("since", Timestamp::parse)?,
        until: query.parsed("until", Timestamp::parse)?,
    };
    let before = window.after.and_then(|after| after.parse().ok());
    let found = acts::audit_list(&app.ctx, caller, trail, &filter, (before, window.limit)).await?;
    let page = Page::of(&app.ctx, &place, found, |line| view(&line))?;
    Ok(json(StatusCode::OK, &page))
}

fn view(found: &AuditView) -> LineView {
    let entry = &found.line.entry;
    LineView {
        seq: found.line.place.seq,
        id: entry.id.to_string(),
        at: entry.at.to_iso_millis(),
        account_id: entry.account_id.map(|id| id.to_string()),
        actor: entry.actor.clone(),
        actor_name: found.actor.clone(),
        act: entry.act.to_string(),
        subject: entry.subject.clone(),
        text: format!("{} {} {}.", found.actor, found.deed, found.subject),
        detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        digest: found.line.place.digest.to_string(),
    }
}
