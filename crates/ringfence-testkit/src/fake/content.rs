//! The content search and one interaction (vcc-api §11.1 to §11.4).

use axum::http::StatusCode;
use axum::response::Response;
use ringfence_core::time::Timestamp;
use serde_json::{Value, json};

use super::call::{Call, Direction, Item};
use super::platform::World;
use super::serve::{self, json_response, refusal};
use super::switches::Paging;

const WEEK_MS: i64 = 7 * 24 * 3_600_000;

pub(super) fn search(call: &serve::Call<'_>) -> Result<Response, Box<Response>> {
    let bad = |text: &str| refusal(StatusCode::BAD_REQUEST, text);
    let start = call
        .instant("start")?
        .ok_or_else(|| bad("start is required"))?;
    let end = call.instant("end")?.ok_or_else(|| bad("end is required"))?;
    if end < start {
        return Err(bad("end is before start"));
    }
    if end - start > WEEK_MS {
        return Err(bad("The maximum date range is 7 days"));
    }
    let limit = call.number("limit", 25)?;
    if !(1..=1000).contains(&limit) {
        return Err(bad("limit must be between 1 and 1000"));
    }
    let now = call.shared.now();
    let world = call.shared.world();
    let limit = limit.min(world.switches.search_page_cap.max(1));
    let asked = Asked {
        agent: call.param("handlingAgentId"),
        from: call.param("connectFrom"),
        to: call.param("connectTo"),
        direction: call.param("direction"),
    };
    let upper = if world.switches.end_inclusive {
        end + 1
    } else {
        end
    };
    let in_window = world
        .account
        .calls
        .range((start, String::new())..(upper.max(start), String::new()));
    let mut rows: Vec<&Call> = in_window
        .map(|(_, c)| c)
        .filter(|c| asked.wants(c) && shown(&world, c, now))
        .collect();
    if world.switches.search_newest_first {
        rows.reverse();
    }
    let first = match call.param("continuationToken") {
        None => 0,
        Some(token) => {
            resume(&world, &rows, token).ok_or_else(|| bad("Invalid continuationToken"))?
        }
    };
    let page: Vec<Value> = rows
        .iter()
        .skip(first)
        .take(limit)
        .map(|c| row(&world, c, now))
        .collect();
    let next = (first + page.len() < rows.len())
        .then(|| token(&world, first + page.len(), rows[first + page.len() - 1]));
    Ok(json_response(
        StatusCode::OK,
        &json!({"items": page, "meta": {"nextContinuationToken": next}}),
    ))
}

pub(super) fn one(call: &serve::Call<'_>) -> Result<Response, Box<Response>> {
    let guid = checked_guid(&call.segments[2])?;
    let now = call.shared.now();
    let world = call.shared.world();
    match world.account.call(guid) {
        Some(found) if shown(&world, found, now) => {
            Ok(json_response(StatusCode::OK, &row(&world, found, now)))
        }
        Some(_) | None => Err(refusal(StatusCode::NOT_FOUND, "Interaction not found")),
    }
}

pub(super) fn checked_guid(text: &str) -> Result<&str, Box<Response>> {
    if text.chars().count() != 36 {
        return Err(refusal(
            StatusCode::BAD_REQUEST,
            "GUID must be 36 characters in length",
        ));
    }
    let good = text.char_indices().all(|(at, c)| {
        if matches!(at, 8 | 13 | 18 | 23) {
            c == '-'
        } else {
            c.is_ascii_hexdigit()
        }
    });
    if good {
        Ok(text)
    } else {
        Err(refusal(
            StatusCode::BAD_REQUEST,
            &format!("GUID '{text}' is not a valid UUID string"),
        ))
    }
}

struct Asked<'a> {
    agent: Option<&'a str>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    direction: Option<&'a str>,
}

impl Asked<'_> {
    fn wants(&self, call: &Call) -> bool {
        self.agent
            .is_none_or(|agent| call.agent.as_deref() == Some(agent))
            && self.from.is_none_or(|prefix| call.from.starts_with(prefix))
            && self.to.is_none_or(|prefix| call.to.starts_with(prefix))
            && self.direction.is_none_or(|direction| {
                direction_text(call.direction).eq_ignore_ascii_case(direction)
            })
    }
}

fn direction_text(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
        Direction::Internal => "internal",
    }
}

fn shown(world: &World, call: &Call, now: i64) -> bool {
    call.items.iter().any(|item| item.there(now)) && world.account.visible(call)
}

/// Tokens are opaque: clients that take them apart should fail.
fn token(world: &World, rows_done: usize, last: &Call) -> String {
    match world.switches.paging {
        Paging::Keyset => format!("k{}~{}", last.start, last.guid)
            .bytes()
            .map(|b| format!("{b:02x}"))
            .collect(),
        Paging::Offset => format!("o{rows_done}")
            .bytes()
            .map(|b| format!("{b:02x}"))
            .collect(),
    }
}

fn resume(world: &World, rows: &[&Call], token: &str) -> Option<usize> {
    let bytes: Option<Vec<u8>> = token
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let plain = String::from_utf8(bytes?).ok()?;
    if let Some(offset) = plain.strip_prefix('o') {
        return offset.parse().ok();
    }
    let (start, guid) = plain.strip_prefix('k')?.split_once('~')?;
    let last = (start.parse::<i64>().ok()?, guid);
    let newest_first = world.switches.search_newest_first;
    Some(rows.partition_point(|row| {
        let key = (row.start, row.guid.as_str());
        if newest_first {
            key >= last
        } else {
            key <= last
        }
    }))
}

fn row(world: &World, call: &Call, now: i64) -> Value {
    let start = Timestamp::from_ms(call.start);
    let start = if world.switches.truncate_start {
        start.to_iso_secs()
    } else {
        start.to_iso_millis()
    };
    let content: Vec<Value> = call
        .items
        .iter()
        .filter(|item| item.there(now))
        .map(|item| content_row(world, call, item))
        .collect();
    let agents: Vec<Value> = call.agent.iter().map(|id| json!({"id": id})).collect();
    let mut row = json!({
        "guid": call.guid, "start": start, "connectFrom": call.from, "connectTo": call.to,
        "direction": direction_text(call.direction), "handlingAgents": agents, "content": content,
    });
    if let Some(members) = row.as_object_mut() {
        members.extend(call.extra.clone());
    }
    row
}

fn content_row(world: &World, call: &Call, item: &Item) -> Value {
    let length =
        i64::try_from(item.audio.total()).unwrap_or(i64::MAX) + world.switches.listed_length_off;
    let mut row = json!({
        "contentKey": item.key, "type": item.kind, "contentType": item.media_type,
        "lastModified": Timestamp::from_ms(item.last_modified).to_iso_secs(),
    });
    if !world.switches.listed_length_missing {
        row["contentLength"] = json!(length);
    }
    if item.kind == "voicemail" {
        row["owningAgent"] = json!({"id": call.agent});
    }
    row
}
