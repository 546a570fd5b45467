//! `/subscriptions`: which suites an application may call.

use super::applications::application_id;
use super::base_of;
use super::body::Json;
use super::catalogue::suite_of;
use super::error::{Noun, StoreError};
use super::page::{List, created, done, json};
use super::query::Query;
use super::view::subscription_view;
use crate::app::App;
use crate::web::developer::SignedDeveloper;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use http::{StatusCode, Uri};
use ringfence_app::applications::subscriptions::{
    SubscriptionQuery, subscription_add, subscription_list, subscription_remove, subscription_show,
};
use ringfence_core::application::Plan;
use ringfence_core::id::SubscriptionId;
use serde::Deserialize;

/// A subscription to be made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionBody {
    application_id: Option<String>,
    api_id: Option<String>,
    throttling_policy: Option<String>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn create_route() -> MethodRouter<App> {
    post(create)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

pub(crate) fn delete_route() -> MethodRouter<App> {
    delete(remove)
}

const PATH: &str = "/subscriptions";

async fn list(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    uri: Uri,
) -> Result<Response, StoreError> {
    let known = ["limit", "offset", "apiId", "applicationId", "groupId"];
    let query = Query::read(&uri, &known)?;
    let window = query.window()?;
    let wanted = SubscriptionQuery {
        application_id: query
            .text("applicationId")
            .map(application_id)
            .transpose()?,
        suite: query.text("apiId").map(suite_of).transpose()?,
    };
    let found = subscription_list(&app.ctx, &caller, wanted).await;
    let found = found.map_err(Noun::Application.refusal())?;
    let views = found.iter().map(subscription_view).collect();
    let list = List::cut(PATH, &query, window, views);
    Ok(json(StatusCode::OK, &list))
}

async fn create(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    uri: Uri,
    Json(body): Json<SubscriptionBody>,
) -> Result<Response, StoreError> {
    let missing = |name: &str| StoreError::bad_request(format!("{name} is missing"));
    let id = body
        .application_id
        .ok_or_else(|| missing("applicationId"))?;
    let suite = body.api_id.ok_or_else(|| missing("apiId"))?;
    let plan = body.throttling_policy.unwrap_or_default();
    let plan = Plan::parse(&plan).map_err(StoreError::tier)?;
    let (id, suite) = (application_id(&id)?, suite_of(&suite)?);
    let made = subscription_add(&app.ctx, &caller, id, (suite, plan)).await;
    let made = made.map_err(|error| match error {
        // Of what is named here, only the application can be another developer's.
        ringfence_app::error::Error::NotFound(_) => Noun::Application.missing(),
        other => StoreError::of(Noun::Subscription, &other),
    })?;
    let location = format!("{}{PATH}/{}", base_of(&uri), made.subscription.id);
    Ok(created(&location, &subscription_view(&made)))
}

async fn show(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, StoreError> {
    let found = subscription_show(&app.ctx, &caller, subscription_id(&id)?).await;
    let found = found.map_err(Noun::Subscription.refusal())?;
    Ok(json(StatusCode::OK, &subscription_view(&found)))
}

async fn remove(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, StoreError> {
    let gone = subscription_remove(&app.ctx, &caller, subscription_id(&id)?).await;
    gone.map_err(Noun::Subscription.refusal())?;
    Ok(done())
}

fn subscription_id(text: &str) -> Result<SubscriptionId, StoreError> {
    SubscriptionId::parse(text).map_err(|_| Noun::Subscription.missing())
}
