//! `/throttling-policies/{policyLevel}`: quotas of applications, plans of subscriptions (vbc-api §2.2, §2.7).

use super::error::StoreError;
use super::page::{List, json};
use super::query::Query;
use crate::app::App;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{StatusCode, Uri};
use ringfence_core::application::{AppQuota, Plan};
use serde::Serialize;

/// What stands for no limit.
const UNLIMITED: u32 = 2_147_483_647;
const MINUTE_MS: u32 = 60_000;

/// A quota or plan.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyView {
    name: &'static str,
    description: String,
    policy_level: &'static str,
    request_count: u32,
    unit_time: u32,
    time_unit: &'static str,
    quota_policy_type: &'static str,
    tier_plan: &'static str,
    stop_on_quota_reach: bool,
    rate_limit_count: u32,
    rate_limit_time_unit: Option<&'static str>,
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

async fn list(Path(level): Path<String>, uri: Uri) -> Result<Response, StoreError> {
    let query = Query::read(&uri, &["limit", "offset"])?;
    let window = query.window()?;
    let views = match level.as_str() {
        "application" => AppQuota::ALL.into_iter().map(quota).collect(),
        "subscription" => vec![plan(Plan::Standard)],
        _ => {
            return Err(StoreError::not_found(
                "The policy level is application or subscription.",
            ));
        }
    };
    let path = format!("/throttling-policies/{level}");
    Ok(json(
        StatusCode::OK,
        &List::cut(&path, &query, window, views),
    ))
}

fn quota(quota: AppQuota) -> PolicyView {
    let description = match quota.per_minute() {
        Some(n) => format!("Each access token may make {n} requests a minute."),
        None => "Access tokens may make any number of requests.".to_owned(),
    };
    let count = quota.per_minute().unwrap_or(UNLIMITED);
    policy(quota.as_str(), description, ("application", count))
}

fn plan(plan: Plan) -> PolicyView {
    let description = "No limit beside the application's own quota.".to_owned();
    policy(plan.as_str(), description, ("subscription", UNLIMITED))
}

fn policy(
    name: &'static str,
    description: String,
    (policy_level, request_count): (&'static str, u32),
) -> PolicyView {
    PolicyView {
        name,
        description,
        policy_level,
        request_count,
        unit_time: MINUTE_MS,
        time_unit: "ms",
        quota_policy_type: "REQUESTCOUNT",
        tier_plan: "FREE",
        stop_on_quota_reach: true,
        rate_limit_count: 0,
        rate_limit_time_unit: None,
    }
}
