//! `/apis`: the suites that an application can subscribe to (vbc-api §2.3).

use super::error::{Noun, StoreError};
use super::page::{List, json};
use super::query::Query;
use crate::app::App;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{StatusCode, Uri};
use ringfence_core::application::Plan;
use ringfence_core::suite::Suite;
use serde::Serialize;
use serde_json::{Value, json as value};

/// A suite in the list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiView {
    id: &'static str,
    name: &'static str,
    description: &'static str,
    context: String,
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    provider: &'static str,
    life_cycle_status: &'static str,
    is_default_version: bool,
    throttling_policies: [&'static str; 1],
    is_subscription_available: bool,
    /// Whether this installation answers its operations.
    is_served: bool,
}

/// A suite alone: with where it is called.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiDetail {
    #[serde(flatten)]
    api: ApiView,
    #[serde(rename = "endpointURLs")]
    endpoint_urls: [Value; 1],
    security_scheme: [&'static str; 1],
    authorization_header: &'static str,
    tiers: [Value; 1],
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

async fn list(uri: Uri) -> Result<Response, StoreError> {
    let query = Query::read(&uri, &["limit", "offset", "query"])?;
    let window = query.window()?;
    let wanted = query.text("query").unwrap_or_default().to_lowercase();
    let wanted = wanted.strip_prefix("name:").unwrap_or(&wanted).trim();
    let fits = |suite: &Suite| suite.name().to_lowercase().contains(wanted);
    let views = Suite::ALL.into_iter().filter(fits).map(view).collect();
    let list = List::cut("/apis", &query, window, views);
    Ok(json(StatusCode::OK, &list))
}

async fn show(State(app): State<App>, Path(id): Path<String>) -> Result<Response, StoreError> {
    let suite = suite_of(&id)?;
    let base = &app.ctx.settings.public_url;
    let plain = format!("{base}/t/vbc.prod{}", suite.context());
    let detail = ApiDetail {
        api: view(suite),
        endpoint_urls: [value!({
            "environmentName": "Production",
            "environmentType": "production",
            "URLs": {"https": format!("{plain}/{}", suite.version())},
            "defaultVersionURLs": {"https": suite.is_default_version().then_some(plain)},
        })],
        security_scheme: ["oauth2"],
        authorization_header: "Authorization",
        tiers: [value!({"tierName": Plan::Standard.as_str(), "tierPlan": "FREE"})],
    };
    Ok(json(StatusCode::OK, &detail))
}

/// The suite of an id; what is no id names nothing.
pub(super) fn suite_of(id: &str) -> Result<Suite, StoreError> {
    let found = Suite::ALL.into_iter().find(|suite| api_id(*suite) == id);
    found.ok_or_else(|| Noun::Api.missing())
}

/// The id of a suite: the same in every installation, so that scripts can name it.
pub(super) const fn api_id(suite: Suite) -> &'static str {
    match suite {
        Suite::Provisioning => "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a01",
        Suite::CallRecording => "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a02",
        Suite::CallRecordingIndia => "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a03",
        Suite::Reports => "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a04",
        Suite::Telephony => "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a05",
        Suite::VonageIntegrationSuite => "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a06",
    }
}

const fn text(suite: Suite) -> &'static str {
    match suite {
        Suite::Provisioning => "Accounts with their locations, users and extensions.",
        Suite::CallRecording => "Company and on-demand call recordings, with their audio.",
        Suite::CallRecordingIndia => "Company call recordings of accounts in India.",
        Suite::Reports => "Call logs of an account.",
        Suite::Telephony => "Calls in progress, and which devices are registered.",
        Suite::VonageIntegrationSuite => "One user's own calls, events and webhooks.",
    }
}

fn view(suite: Suite) -> ApiView {
    ApiView {
        id: api_id(suite),
        name: suite.name(),
        description: text(suite),
        context: format!("/t/vbc.prod{}", suite.context()),
        version: suite.version(),
        kind: "HTTP",
        provider: "ringfence",
        life_cycle_status: "PUBLISHED",
        is_default_version: suite.is_default_version(),
        throttling_policies: [Plan::Standard.as_str()],
        is_subscription_available: true,
        is_served: suite.is_served(),
    }
}
