//! Insights Stats: interactions and agent status (vcc-api §10).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ringfence_core::time::Timestamp;
use serde_json::{Value, json};

use super::call::{Call, Direction};
use super::content::checked_guid;
use super::serve::{self, json_response, refusal};

const MONTH_MS: i64 = 31 * 24 * 3_600_000;

pub(super) fn interactions(call: &serve::Call<'_>) -> Result<Response, Box<Response>> {
    let bad = |text: &str| refusal(StatusCode::BAD_REQUEST, text);
    let now = call.shared.now();
    let start = call
        .instant("start")?
        .ok_or_else(|| bad("start is required"))?;
    let end = call.instant("end")?.unwrap_or(now);
    if end - start > MONTH_MS {
        return Err(bad("Request window size limit exceeded 31 days"));
    }
    let include = call
        .param("include")
        .unwrap_or("Started")
        .to_ascii_lowercase();
    let within = |at: i64| start <= at && at < end;
    let picked = |c: &&Call| match include.as_str() {
        "startedorended" => within(c.start) || within(c.end()),
        "processed" => {
            within(c.start)
                || within(c.end())
                || within(c.known_at)
                || c.processed_at.is_some_and(within)
        }
        _ => within(c.start),
    };
    let world = call.shared.world();
    let rows: Vec<&Call> = world
        .account
        .calls
        .values()
        .filter(|c| c.known_at <= now)
        .filter(picked)
        .collect();
    page(call, &rows, now, |c| interaction(c, now))
}

pub(super) fn one(call: &serve::Call<'_>) -> Result<Response, Box<Response>> {
    let guid = checked_guid(&call.segments[2])?;
    let now = call.shared.now();
    let world = call.shared.world();
    match world.account.call(guid).filter(|c| c.known_at <= now) {
        Some(found) => Ok(json_response(StatusCode::OK, &interaction(found, now))),
        None => Err(refusal(StatusCode::NOT_FOUND, "Interaction not found")),
    }
}

pub(super) fn agent_status(call: &serve::Call<'_>) -> Result<Response, Box<Response>> {
    let now = call.shared.now();
    let world = call.shared.world();
    let mut agents: Vec<&String> = world
        .account
        .users
        .iter()
        .filter_map(|user| user.agent_id.as_ref())
        .collect();
    agents.sort();
    page(call, &agents, now, |agent| {
        json!({
            "agentId": agent,
            "presence": {"since": Timestamp::from_ms(now).to_iso_millis(), "name": "Ready", "description": "Ready", "eligibleForRouting": true},
            "workload": {"since": Timestamp::from_ms(now).to_iso_millis(), "calls": 0, "semiLive": 0, "nonLive": 0},
            "interaction": [],
        })
    })
}

fn page<T>(
    call: &serve::Call<'_>,
    rows: &[T],
    now: i64,
    render: impl Fn(&T) -> Value,
) -> Result<Response, Box<Response>> {
    let number = call.number("page", 1)?.max(1);
    let limit = call.number("limit", 25)?;
    if !(1..=5000).contains(&limit) {
        return Err(refusal(
            StatusCode::BAD_REQUEST,
            "limit must be between 1 and 5000",
        ));
    }
    let items: Vec<Value> = rows
        .iter()
        .skip((number - 1).saturating_mul(limit))
        .take(limit)
        .map(render)
        .collect();
    let meta = json!({
        "page": number, "count": items.len(), "pageCount": rows.len().div_ceil(limit), "totalCount": rows.len(),
    });
    let up_to = Timestamp::from_ms(now).to_iso_millis();
    let mut response = json_response(
        StatusCode::OK,
        &json!({"meta": meta, "items": items, "upTo": up_to}),
    );
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("max-age=5, must-revalidate, private"),
    );
    Ok(response)
}

fn interaction(call: &Call, now: i64) -> Value {
    let ended = call.end() <= now;
    let direction = match call.direction {
        Direction::Inbound => "Inbound",
        Direction::Outbound => "Outbound",
        Direction::Internal => "Internal",
    };
    let talk_ms = call.duration_ms.saturating_sub(4000);
    let mut events = vec![
        json!({"type": "Ringing", "offset": 0, "name": null, "duration": 0, "properties": null}),
    ];
    // A caller whom nobody took waited in a queue and was never connected.
    let kind = if call.agent.is_some() {
        "Connected"
    } else {
        "Queue"
    };
    events.push(json!({"type": kind, "offset": 0, "name": null, "duration": call.duration_ms, "properties": null}));
    let mut channels = vec![json!({
        "guid": call.guid, "offset": 0, "duration": call.duration_ms, "endReason": "Released", "integrationType": null,
        "party": {"id": null, "role": "External", "touchpoint": if call.direction == Direction::Outbound { &call.to } else { &call.from }},
        "events": events,
    })];
    if let Some(agent) = &call.agent {
        let own = format!(
            "{}b{}",
            &call.guid.get(..9).unwrap_or("0190a1b2-"),
            call.guid.get(10..).unwrap_or_default()
        );
        channels.push(json!({
            "guid": own, "offset": 4000, "duration": talk_ms, "endReason": "Released", "integrationType": null,
            "party": {"id": agent, "role": "Agent", "touchpoint": call.line},
            "events": [{"type": "Ringing", "offset": 2000, "name": null, "duration": 2000, "properties": null},
                       {"type": "Connected", "offset": 4000, "name": null, "duration": talk_ms, "properties": null}],
        }));
    }
    let mut row = json!({
        "status": if ended { "Completed" } else { "Ongoing" },
        "medium": call.medium, "mediumManager": "VCC",
        "guid": call.guid, "conversationGuid": call.guid,
        "start": Timestamp::from_ms(call.start).to_iso_millis(),
        "duration": if ended { json!(call.duration_ms) } else { Value::Null },
        "direction": direction, "serviceName": call.group,
        "connectFrom": call.from, "connectTo": call.to,
        "categorizedAt": call.processed_at.map(|at| Timestamp::from_ms(at).to_iso_millis()),
        "outcome": if call.agent.is_some() { "Handled by agent" } else { "Abandoned" },
        "interactionPlanMapping": {"addressName": "Main line", "mappingName": "Weekdays",
            "interactionPlanName": format!("{} plan", call.group), "reportingGroup": call.group},
        "channels": channels,
    });
    if let Some(members) = row.as_object_mut() {
        members.extend(call.stats_extra.clone());
    }
    row
}
