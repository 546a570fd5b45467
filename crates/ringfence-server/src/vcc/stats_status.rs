//! Insights Stats: what agents do now (vcc-api §10.8).

use super::error::VccError;
use super::request::failed;
use super::stats::{API, listed, read};
use crate::app::App;
use crate::web::caller::Caller;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::stats::{self, AgentStatus, stats_agent_status};
use ringfence_core::statistics::{OngoingChannel, Workload};
use serde::Serialize;

const DEFAULT_PAGE: u32 = 25;

/// `GET /stats/agent-status`.
pub(crate) fn agent_status_route() -> MethodRouter<App> {
    get(agent_status)
}

async fn agent_status(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let params = read(&headers, query.as_deref())?;
    let page = params.page(DEFAULT_PAGE, stats::LARGEST_PAGE)?;
    let found = stats_agent_status(&app.ctx, &caller.live, page)
        .await
        .map_err(failed(API))?;
    Ok(listed(&found, AgentView::of))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentView<'v> {
    agent_id: &'v str,
    // Calls do not tell whether somebody is at their desk.
    presence: Option<()>,
    workload: WorkloadView,
    interaction: Vec<InteractionView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadView {
    since: Option<String>,
    calls: usize,
    semi_live: usize,
    non_live: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InteractionView<'v> {
    guid: String,
    channel_guid: String,
    since: String,
    medium: &'v str,
    medium_manager: &'v str,
    direction: &'static str,
    state: &'v str,
    reason: Option<()>,
}

impl<'v> AgentView<'v> {
    fn of(status: &'v AgentStatus) -> Self {
        let count = |workload| {
            let channels = status.channels.iter();
            channels.filter(|c| c.workload() == workload).count()
        };
        Self {
            agent_id: status.agent.as_str(),
            presence: None,
            workload: WorkloadView {
                since: status.since.map(|at| at.to_iso_millis()),
                calls: count(Workload::Call),
                semi_live: count(Workload::SemiLive),
                non_live: count(Workload::NonLive),
            },
            interaction: status.channels.iter().map(InteractionView::of).collect(),
        }
    }
}

impl<'v> InteractionView<'v> {
    fn of(channel: &'v OngoingChannel) -> Self {
        Self {
            guid: channel.interaction_id.to_string(),
            channel_guid: channel.channel_id.to_string(),
            since: channel.since().to_iso_millis(),
            medium: &channel.medium,
            medium_manager: &channel.medium_manager,
            direction: channel.direction.as_capitalised(),
            state: channel.state(),
            reason: None,
        }
    }
}
