//! `/api/v1/applications`: applications of every developer, for operators.

use super::body::Json;
use super::entity::{EditParams, Match, Tag, json, show, tagged};
use super::error::{ManageError, Refusals};
use super::paging::{Page, PageParams, Window};
use super::query::Query;
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, patch};
use http::{HeaderMap, StatusCode, Uri};
use ringfence_app::applications::operate::{OwnedApplication, Verdict};
use ringfence_app::manage::applications::{
    self as acts, ApplicationChange, ApplicationQuery, application_show,
};
use ringfence_core::application::{ApplicationStatus, GrantType, Subscription};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::developer::DeveloperName;
use ringfence_core::id::{ApplicationId, SubscriptionId};
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

/// What this file adds to the description.
#[derive(OpenApi)]
#[openapi(paths(list, show_one, edit, remove, subscriptions, subscription_edit))]
pub(super) struct Api;

/// An application of a developer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Application)]
struct ApplicationView {
    /// Its id.
    id: String,
    /// Its name, unique among its developer's.
    name: String,
    /// What it is for.
    description: String,
    /// The user name of its developer.
    #[schema(example = "dana.api")]
    developer: String,
    /// Calls a minute of each of its tokens: `10PerMin`, `20PerMin`, `50PerMin` or `Unlimited`.
    quota: &'static str,
    /// `APPROVED` or `SUSPENDED`.
    status: &'static str,
    /// Whether consent pages call it verified.
    verified: bool,
    /// When it was registered.
    created_at: String,
    /// Its keys; null before any were made.
    keys: Option<KeysView>,
    /// How many suites it is subscribed to.
    subscription_count: usize,
}

/// The keys of an application, without the secret.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApplicationKeys)]
struct KeysView {
    /// The `client_id`.
    consumer_key: String,
    /// The grants it may use.
    grant_types: Vec<&'static str>,
    /// Where people may be sent back to.
    callbacks: Vec<String>,
    /// Where people may be sent after signing out.
    post_logout: Vec<String>,
    /// It has no secret.
    public: bool,
    /// Legacy: codes without PKCE are taken.
    pkce_optional: bool,
    /// When key and secret were made.
    made_at: String,
    /// When the present secret was made.
    secret_made_at: String,
}

/// A subscription of an application to a suite.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscription)]
struct SubscriptionView {
    /// Its id.
    id: String,
    /// The suite.
    #[schema(example = "Provisioning")]
    suite: &'static str,
    /// The business plan.
    plan: &'static str,
    /// `UNBLOCKED` or `BLOCKED`.
    status: &'static str,
    /// When it was made.
    made_at: String,
}

/// Every subscription of an application.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Subscriptions)]
struct SubscriptionsView {
    /// The subscriptions, oldest first.
    items: Vec<SubscriptionView>,
}

/// What to change of an application.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApplicationEdit {
    /// `SUSPENDED` refuses every token of it within one second, and for good; `APPROVED` lets it get tokens again.
    status: Option<String>,
    /// Whether consent pages call it verified.
    verified: Option<bool>,
    /// The user name of the developer it is given to.
    developer: Option<String>,
}

/// What to change of a subscription.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscriptionEdit {
    /// `BLOCKED` refuses calls to its suite within one second; `UNBLOCKED` takes them again.
    status: Option<String>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show_one)
}

pub(crate) fn edit_route() -> MethodRouter<App> {
    patch(edit)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(remove)
}

pub(crate) fn subscriptions_route() -> MethodRouter<App> {
    get(subscriptions)
}

pub(crate) fn subscription_edit_route() -> MethodRouter<App> {
    patch(subscription_edit)
}

const PLACE: &str = "applications";

#[utoipa::path(
    get,
    path = "/api/v1/applications",
    operation_id = "application_list",
    tag = "Applications",
    summary = "List applications",
    description = "Those of every developer. Operators only.",
    params(
        PageParams,
        ("q" = Option<String>, Query, description = "A part of the name"),
        ("status" = Option<String>, Query, description = "`APPROVED` or `SUSPENDED`"),
        ("developer" = Option<String>, Query, description = "The user name of their developer"),
    ),
    responses((status = 200, description = "A page, by name", body = Page<ApplicationView>), Refusals)
)]
async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    uri: Uri,
) -> Result<Response, ManageError> {
    let known = ["limit", "cursor", "q", "status", "developer"];
    let query = Query::read(&uri, &known)?;
    let window = Window::read(&app.ctx, &query, PLACE)?;
    let wanted = ApplicationQuery {
        text: query.text("q").unwrap_or_default().to_owned(),
        status: query.parsed("status", ApplicationStatus::parse)?,
        developer: query.parsed("developer", DeveloperName::parse)?,
        ..ApplicationQuery::default()
    };
    // The cursor is sealed, so it holds a number of ours.
    let after = window.after.as_deref().and_then(|text| text.parse().ok());
    let part = (after.unwrap_or(0), window.limit);
    let found = acts::application_slice(&app.ctx, &caller, &wanted, part).await?;
    let page = Page::of(&app.ctx, PLACE, found, |owned| view(&owned))?;
    Ok(json(StatusCode::OK, &page))
}

#[utoipa::path(
    get,
    path = "/api/v1/applications/{applicationId}",
    operation_id = "application_show",
    tag = "Applications",
    summary = "Show an application",
    params(("applicationId" = String, Path, description = "Its id")),
    responses((status = 200, description = "The application", body = ApplicationView), Refusals)
)]
async fn show_one(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(application): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ManageError> {
    let found = application_show(&app.ctx, &caller, id(&application)?).await?;
    show(&headers, &tag(&found), &view(&found))
}

#[utoipa::path(
    patch,
    path = "/api/v1/applications/{applicationId}",
    operation_id = "application_edit",
    tag = "Applications",
    summary = "Suspend, resume, verify, hand over",
    params(("applicationId" = String, Path, description = "Its id"), EditParams),
    request_body = ApplicationEdit,
    responses((status = 200, description = "As it is now", body = ApplicationView), Refusals)
)]
async fn edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(application): Path<String>,
    headers: HeaderMap,
    Json(body): Json<ApplicationEdit>,
) -> Result<Response, ManageError> {
    let id = id(&application)?;
    let status = body.status.as_deref().map(ApplicationStatus::parse);
    let developer = body.developer.as_deref().map(DeveloperName::parse);
    let change = ApplicationChange {
        verdict: Verdict {
            status: status.transpose().map_err(ManageError::value("/status"))?,
            verified: body.verified,
        },
        developer: developer
            .transpose()
            .map_err(ManageError::value("/developer"))?,
    };
    let found = application_show(&app.ctx, &caller, id).await?;
    let wanted = Match::read(&headers)?;
    wanted.check(&tag(&found))?;
    let version = (wanted != Match::Any).then_some(found.application.version);
    let changed = acts::application_change(&app.ctx, &caller, id, version, change).await?;
    Ok(tagged(
        json(StatusCode::OK, &view(&changed)),
        &tag(&changed),
    ))
}

#[utoipa::path(
    delete,
    path = "/api/v1/applications/{applicationId}",
    operation_id = "application_delete",
    tag = "Applications",
    summary = "Delete an application",
    description = "With its keys and subscriptions; every token of it is refused within one second.",
    params(("applicationId" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"), Refusals)
)]
async fn remove(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(application): Path<String>,
) -> Result<Response, ManageError> {
    acts::application_delete(&app.ctx, &caller, id(&application)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[utoipa::path(
    get,
    path = "/api/v1/applications/{applicationId}/subscriptions",
    operation_id = "application_subscriptions",
    tag = "Applications",
    summary = "List an application's subscriptions",
    params(("applicationId" = String, Path, description = "Its id")),
    responses((status = 200, description = "All of them", body = SubscriptionsView), Refusals)
)]
async fn subscriptions(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(application): Path<String>,
) -> Result<Response, ManageError> {
    let found = application_show(&app.ctx, &caller, id(&application)?).await?;
    let all = found.application.subscriptions.iter();
    let items = all.map(subscription_view).collect();
    Ok(json(StatusCode::OK, &SubscriptionsView { items }))
}

#[utoipa::path(
    patch,
    path = "/api/v1/applications/{applicationId}/subscriptions/{subscriptionId}",
    operation_id = "subscription_edit",
    tag = "Applications",
    summary = "Block or unblock a subscription",
    params(
        ("applicationId" = String, Path, description = "The application's id"),
        ("subscriptionId" = String, Path, description = "Its id"),
    ),
    request_body = SubscriptionEdit,
    responses((status = 200, description = "As it is now", body = SubscriptionView), Refusals)
)]
async fn subscription_edit(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((application, subscription)): Path<(String, String)>,
    Json(body): Json<SubscriptionEdit>,
) -> Result<Response, ManageError> {
    let id = id(&application)?;
    let subscription = SubscriptionId::parse(&subscription);
    let subscription = subscription.map_err(|_| ManageError::no_such("subscription"))?;
    // An operator first: for others there is nothing here to be wrong about.
    application_show(&app.ctx, &caller, id).await?;
    let blocked = match body.status.as_deref() {
        Some("BLOCKED") => true,
        Some("UNBLOCKED") => false,
        Some(_) | None => {
            let refused = ManageError::value("/status");
            return Err(refused("the status is not one of BLOCKED, UNBLOCKED"));
        }
    };
    let done = acts::subscription_block(&app.ctx, &caller, id, subscription, blocked).await?;
    let view = subscription_view(&done.subscription);
    Ok(json(StatusCode::OK, &view))
}

fn id(text: &str) -> Result<ApplicationId, ManageError> {
    ApplicationId::parse(text).map_err(|_| ManageError::no_such("application"))
}

fn tag(owned: &OwnedApplication) -> Tag {
    Tag::version(owned.application.version)
}

fn view(owned: &OwnedApplication) -> ApplicationView {
    let application = &owned.application;
    let keys = application.keys.as_ref().map(|keys| KeysView {
        consumer_key: keys.consumer_key.to_string(),
        grant_types: keys.grant_types.iter().map(GrantType::as_str).collect(),
        callbacks: texts(&keys.callbacks),
        post_logout: texts(&keys.post_logout),
        public: keys.is_public(),
        pkce_optional: keys.pkce_optional,
        made_at: keys.made_at.to_iso_millis(),
        secret_made_at: keys.secret_made_at.to_iso_millis(),
    });
    ApplicationView {
        id: application.id.to_string(),
        name: application.name.to_string(),
        description: application.description.clone(),
        developer: owned.developer.username.to_string(),
        quota: application.quota.as_str(),
        status: application.status.as_str(),
        verified: application.verified,
        created_at: application.created_at.to_iso_millis(),
        keys,
        subscription_count: application.subscriptions.len(),
    }
}

fn subscription_view(one: &Subscription) -> SubscriptionView {
    SubscriptionView {
        id: one.id.to_string(),
        suite: one.suite.name(),
        plan: one.plan.as_str(),
        status: one.status.as_str(),
        made_at: one.made_at.to_iso_millis(),
    }
}

fn texts(urls: &[CallbackUrl]) -> Vec<String> {
    urls.iter().map(|url| url.as_str().to_owned()).collect()
}
