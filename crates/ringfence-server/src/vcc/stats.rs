//! Insights Stats: interactions and visits to queues (vcc-api §10). Agents are in `stats_status`.

pub(crate) use super::stats_status::agent_status_route;

use super::Api;
use super::error::VccError;
use super::request::{MetaView, Params, failed, guid};
use super::version::version;
use crate::app::App;
use crate::web::caller::Caller;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use ringfence_app::stats::{
    self, Stats, Window, stats_interaction, stats_interactions, stats_ongoing, stats_queue_times,
};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Channel, ChannelEvent, Interaction, PlanMapping, QueueKind};
use ringfence_core::statistics::{Include, WindowedVisit};
use serde::Serialize;

pub(super) const API: Api = Api::Stats;

const DEFAULT_PAGE: u32 = 25;

/// `GET /stats/interactions`.
pub(crate) fn interactions_route() -> MethodRouter<App> {
    get(interactions)
}

/// `GET /stats/interactions/ongoing`.
pub(crate) fn ongoing_route() -> MethodRouter<App> {
    get(ongoing)
}

/// `GET /stats/interactions/{guid}`.
pub(crate) fn interaction_route() -> MethodRouter<App> {
    get(interaction)
}

/// `GET /stats/queue-times`.
pub(crate) fn queue_times_route() -> MethodRouter<App> {
    get(queue_times)
}

async fn interactions(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let params = read(&headers, query.as_deref())?;
    let window = window(&params)?;
    let page = params.page(DEFAULT_PAGE, stats::LARGEST_PAGE)?;
    let found = stats_interactions(&app.ctx, &caller.live, window, page)
        .await
        .map_err(failed(API))?;
    Ok(listed(&found, InteractionView::of))
}

async fn ongoing(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let params = read(&headers, query.as_deref())?;
    let page = params.page(DEFAULT_PAGE, stats::LARGEST_PAGE)?;
    let found = stats_ongoing(&app.ctx, &caller.live, page)
        .await
        .map_err(failed(API))?;
    Ok(listed(&found, InteractionView::of))
}

async fn interaction(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Response, VccError> {
    // The router takes the fixed word in another case for an id.
    if id.eq_ignore_ascii_case("ongoing") {
        return ongoing(State(app), Caller(caller), headers, query).await;
    }
    version(API, &headers)?;
    let id = guid(API, &id, InteractionId::parse)?;
    let found = stats_interaction(&app.ctx, &caller.live, id)
        .await
        .map_err(failed(API))?;
    Ok(cached(&InteractionView::of(&found)))
}

async fn queue_times(
    State(app): State<App>,
    Caller(caller): Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, VccError> {
    let params = read(&headers, query.as_deref())?;
    let window = window(&params)?;
    let page = params.page(DEFAULT_PAGE, stats::LARGEST_PAGE)?;
    let named = params.text("queues")?.unwrap_or_default();
    let queues: Vec<String> = named
        .split(',')
        .map(str::trim)
        .filter(|queue| !queue.is_empty())
        .map(str::to_owned)
        .collect();
    let kind = match params.text("queueType")? {
        None => Some(QueueKind::Acd),
        Some(text) if text.eq_ignore_ascii_case("All") => None,
        Some(text) => {
            let fault = |_| params.invalid("queueType must be one of ACD, Virtual, All");
            Some(QueueKind::parse(text).map_err(fault)?)
        }
    };
    let found = stats_queue_times(&app.ctx, &caller.live, window, (&queues, kind), page)
        .await
        .map_err(failed(API))?;
    Ok(listed(&found, VisitView::of))
}

/// The version and the query of a call.
pub(super) fn read(headers: &HeaderMap, query: Option<&str>) -> Result<Params, VccError> {
    version(API, headers)?;
    Ok(Params::parse(API, query))
}

fn window(params: &Params) -> Result<Window, VccError> {
    let include = match params.text("include")? {
        None => Include::Started,
        Some(text) => Include::parse(text).ok_or_else(|| {
            params.invalid("include must be one of Started, StartedOrEnded, Processed")
        })?,
    };
    Ok(Window {
        start: params.required_instant("start")?,
        end: params.instant("end")?,
        include,
    })
}

/// A page of statistics on its way out.
pub(super) fn listed<'s, T, V: Serialize>(
    stats: &'s Stats<T>,
    view: impl Fn(&'s T) -> V,
) -> Response {
    cached(&StatsView {
        meta: MetaView::of(&stats.page),
        items: stats.page.items.iter().map(view).collect(),
        up_to: stats.up_to.to_iso_millis(),
    })
}

fn cached(body: &impl Serialize) -> Response {
    let lifetime = HeaderValue::from_static("max-age=5, must-revalidate, private");
    ([(CACHE_CONTROL, lifetime)], Json(body)).into_response()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatsView<V> {
    meta: MetaView,
    items: Vec<V>,
    up_to: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InteractionView<'v> {
    status: &'static str,
    medium: &'v str,
    medium_manager: &'v str,
    guid: String,
    conversation_guid: String,
    start: String,
    duration: Option<u64>,
    direction: &'static str,
    service_name: Option<&'v str>,
    connect_from: &'v str,
    connect_to: &'v str,
    categorized_at: Option<String>,
    outcome: Option<&'v str>,
    interaction_plan_mapping: Option<PlanView<'v>>,
    channels: Vec<ChannelView<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanView<'v> {
    address_name: &'v str,
    mapping_name: &'v str,
    interaction_plan_name: &'v str,
    reporting_group: &'v str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChannelView<'v> {
    guid: String,
    offset: u64,
    duration: Option<u64>,
    end_reason: Option<&'v str>,
    integration_type: Option<&'v str>,
    party: PartyView<'v>,
    events: Vec<EventView<'v>>,
}

#[derive(Serialize)]
struct PartyView<'v> {
    id: Option<&'v str>,
    role: &'static str,
    touchpoint: Option<&'v str>,
}

#[derive(Serialize)]
struct EventView<'v> {
    #[serde(rename = "type")]
    kind: &'v str,
    offset: u64,
    name: Option<&'v str>,
    duration: Option<u64>,
    properties: Option<()>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VisitView<'v> {
    start: String,
    interaction_guid: String,
    medium: &'v str,
    medium_manager: &'v str,
    interaction_plan: Option<&'v str>,
    queue: &'v str,
    #[serde(rename = "type")]
    kind: &'static str,
    presented_skills: &'v [String],
    category: Option<&'v str>,
    reason: Option<&'v str>,
    duration: Option<i64>,
    targets: Option<TargetsView>,
    party: VisitorView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetsView {
    target_time_to_answer: u64,
}

#[derive(Serialize)]
struct VisitorView {
    role: &'static str,
}

impl<'v> InteractionView<'v> {
    fn of(interaction: &'v Interaction) -> Self {
        let status = match interaction.ended_at {
            Some(_) => "Completed",
            None => "Ongoing",
        };
        Self {
            status,
            medium: &interaction.medium,
            medium_manager: &interaction.medium_manager,
            guid: interaction.id.to_string(),
            conversation_guid: interaction.conversation_id.to_string(),
            start: interaction.started_at.to_iso_millis(),
            duration: interaction.duration_ms(),
            direction: interaction.direction.as_capitalised(),
            service_name: interaction.service_name.as_deref(),
            connect_from: interaction.connect_from.as_str(),
            connect_to: interaction.connect_to.as_str(),
            categorized_at: interaction.categorized_at.map(|at| at.to_iso_millis()),
            outcome: interaction.outcome.as_deref(),
            interaction_plan_mapping: interaction.plan.as_ref().map(PlanView::of),
            channels: interaction.channels.iter().map(ChannelView::of).collect(),
        }
    }
}

impl<'v> PlanView<'v> {
    fn of(plan: &'v PlanMapping) -> Self {
        Self {
            address_name: &plan.address_name,
            mapping_name: &plan.mapping_name,
            interaction_plan_name: &plan.interaction_plan_name,
            reporting_group: &plan.reporting_group,
        }
    }
}

impl<'v> ChannelView<'v> {
    fn of(channel: &'v Channel) -> Self {
        Self {
            guid: channel.id.to_string(),
            offset: channel.offset_ms,
            duration: channel.duration_ms,
            end_reason: channel.end_reason.as_deref(),
            integration_type: channel.integration_type.as_deref(),
            party: PartyView {
                id: channel.agent.as_ref().map(|agent| agent.as_str()),
                role: channel.role.as_str(),
                touchpoint: channel.touchpoint.as_ref().map(|address| address.as_str()),
            },
            events: channel.events.iter().map(EventView::of).collect(),
        }
    }
}

impl<'v> EventView<'v> {
    fn of(event: &'v ChannelEvent) -> Self {
        Self {
            kind: &event.kind,
            offset: event.offset_ms,
            name: event.name.as_deref(),
            duration: event.duration_ms,
            properties: None,
        }
    }
}

impl<'v> VisitView<'v> {
    fn of(found: &'v WindowedVisit) -> Self {
        let visit = &found.visit;
        let target = visit.target_ms;
        Self {
            start: visit.entered_at.to_iso_millis(),
            interaction_guid: found.interaction_id.to_string(),
            medium: &found.medium,
            medium_manager: &found.medium_manager,
            interaction_plan: visit.plan.as_deref(),
            queue: &visit.queue,
            kind: visit.kind.as_str(),
            presented_skills: &visit.skills,
            category: visit.category.as_deref(),
            reason: visit.reason.as_deref(),
            duration: visit
                .left_at
                .map(|left_at| left_at.ms_since(visit.entered_at)),
            targets: target.map(|target_time_to_answer| TargetsView {
                target_time_to_answer,
            }),
            party: VisitorView {
                role: visit.role.as_str(),
            },
        }
    }
}
