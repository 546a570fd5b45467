//! One content item (vcc-api §11.5), with everything that can go wrong on the way.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_core::time::Timestamp;
use serde_json::json;

use super::audio::Audio;
use super::body::render;
use super::content::checked_guid;
use super::platform::World;
use super::serve::{Call, json_response, message, refusal};
use super::switches::{DigestHeaders, DownloadFault, EtagMode, RangeMode, Switches};
use super::token::text;

/// What is served, after the switches had their say.
pub(super) struct Part {
    pub(super) audio: Audio,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) status: StatusCode,
    pub(super) content_range: Option<String>,
}

pub(super) fn answer(call: &Call<'_>) -> Result<Response, Box<Response>> {
    let guid = checked_guid(&call.segments[2])?;
    let key = &call.segments[4];
    let now = call.shared.now();
    let mut world = call.shared.world();
    world.n_responses += 1;
    let hidden =
        StatusCode::from_u16(world.switches.hidden_status).unwrap_or(StatusCode::NOT_FOUND);
    let gone = || refusal(StatusCode::NOT_FOUND, "Content not found");
    let found = world.account.call(guid).ok_or_else(gone)?;
    if !world.account.visible(found) {
        return Err(refusal(
            hidden,
            if hidden == StatusCode::FORBIDDEN {
                "Forbidden"
            } else {
                "Content not found"
            },
        ));
    }
    let item = world
        .account
        .call_mut(guid)
        .and_then(|c| c.items.iter_mut().find(|i| &i.key == key))
        .ok_or_else(gone)?;
    if !item.there(now) {
        return Err(gone());
    }
    let fault = item.take_fault();
    match fault {
        DownloadFault::Gone => {
            item.deleted_at = Some(now);
            return Err(gone());
        }
        DownloadFault::GoneAfter(_) => item.deleted_at = Some(now),
        DownloadFault::Status(code) => {
            return Err(refusal(
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                "scripted",
            ));
        }
        DownloadFault::TokenExpired => {
            let body = json!({"error_description": "The access token is invalid or has expired", "error": "invalid_token"});
            return Err(Box::new(json_response(StatusCode::UNAUTHORIZED, &body)));
        }
        DownloadFault::RedirectElsewhere => return Ok(redirect(call)),
        _ => {}
    }
    let media_type = item.media_type.clone();
    let disposition = item.disposition.clone();
    let part = part_of(&mut world, guid, key, &call.headers)?;
    let modified = world
        .account
        .call(guid)
        .and_then(|c| c.items.iter().find(|i| &i.key == key))
        .map_or(0, |i| i.last_modified);
    let mut headers = entity_headers(&world, &part, modified, fault);
    put(&mut headers, header::CONTENT_TYPE, &media_type);
    if let Some(text) = disposition {
        put(&mut headers, header::CONTENT_DISPOSITION, &text);
    }
    if world.switches.range == RangeMode::Multipart && part.status == StatusCode::PARTIAL_CONTENT {
        put(
            &mut headers,
            header::CONTENT_TYPE,
            "multipart/byteranges; boundary=x",
        );
        headers.remove(header::CONTENT_RANGE);
    }
    Ok(render(call.peer, part, headers, fault))
}

fn part_of(
    world: &mut World,
    guid: &str,
    key: &str,
    headers: &HeaderMap,
) -> Result<Part, Box<Response>> {
    let switches = world.switches.clone();
    let item = world
        .account
        .call_mut(guid)
        .and_then(|c| c.items.iter_mut().find(|i| i.key == key));
    let Some(item) = item else {
        return Err(refusal(StatusCode::NOT_FOUND, "Content not found"));
    };
    let whole = |audio: Audio| Part {
        from: 0,
        to: audio.total(),
        audio,
        status: StatusCode::OK,
        content_range: None,
    };
    let Some((from, to)) = asked_range(headers, item.audio.total()) else {
        return Ok(whole(item.audio.clone()));
    };
    let total = item.audio.total();
    let if_range = text(headers, "if-range");
    let current = etag(&switches, &item.audio, world.n_responses);
    let modified = Timestamp::from_ms(item.last_modified).to_http_date();
    let matches = if_range.is_empty()
        || (switches.etag == EtagMode::Strong && current.as_deref() == Some(if_range))
        || (switches.last_modified && if_range == modified);
    let partial = |audio: Audio, from: u64, content_range: String| Part {
        audio,
        from,
        to,
        status: StatusCode::PARTIAL_CONTENT,
        content_range: Some(content_range),
    };
    let said = |first: u64, total: u64| format!("bytes {first}-{}/{total}", to.saturating_sub(1));
    Ok(match switches.range {
        RangeMode::Ignored => whole(item.audio.clone()),
        RangeMode::NotSatisfiable => return Err(unsatisfiable(total)),
        RangeMode::Honoured if !matches => whole(item.audio.clone()),
        RangeMode::Honoured | RangeMode::Multipart if from >= total => {
            return Err(unsatisfiable(total));
        }
        RangeMode::Honoured | RangeMode::Multipart => {
            partial(item.audio.clone(), from, said(from, total))
        }
        RangeMode::StartsEarlier(by) => {
            let first = from.saturating_sub(by);
            partial(item.audio.clone(), first, said(first, total))
        }
        RangeMode::LiesAboutStart(by) => {
            let mut part = partial(
                item.audio.clone(),
                from.saturating_sub(by),
                said(from, total),
            );
            part.to = part.from + (to - from);
            part
        }
        RangeMode::TotalChanged => partial(item.audio.clone(), from, said(from, total + 4096)),
        RangeMode::EntityChanged => {
            item.audio = item.audio.altered();
            item.last_modified += 1000;
            partial(item.audio.clone(), from, said(from, total))
        }
    })
}

/// `bytes=first-` or `bytes=first-last`; other forms are ignored, as RFC 9110 §14.2 allows.
fn asked_range(headers: &HeaderMap, total: u64) -> Option<(u64, u64)> {
    let (first, last) = text(headers, "range")
        .strip_prefix("bytes=")?
        .split_once('-')?;
    let first: u64 = first.parse().ok()?;
    let end = if last.is_empty() {
        total
    } else {
        last.parse::<u64>().ok()?.saturating_add(1).min(total)
    };
    Some((first, end.max(first)))
}

fn etag(switches: &Switches, audio: &Audio, n_responses: u64) -> Option<String> {
    match switches.etag {
        EtagMode::Strong => Some(format!("\"{}\"", audio.tag())),
        EtagMode::Weak => Some(format!("W/\"{}\"", audio.tag())),
        EtagMode::Missing => None,
        EtagMode::Changing => Some(format!("\"{n_responses}\"")),
    }
}

fn entity_headers(world: &World, part: &Part, modified: i64, fault: DownloadFault) -> HeaderMap {
    let switches = &world.switches;
    let mut headers = HeaderMap::new();
    put(&mut headers, header::ACCEPT_RANGES, "bytes");
    if let Some(tag) = etag(switches, &part.audio, world.n_responses) {
        put(&mut headers, header::ETAG, &tag);
    }
    if switches.last_modified {
        put(
            &mut headers,
            header::LAST_MODIFIED,
            &Timestamp::from_ms(modified).to_http_date(),
        );
    }
    if let Some(range) = &part.content_range {
        put(&mut headers, header::CONTENT_RANGE, range);
    }
    if switches.digests == DigestHeaders::Off {
        return headers;
    }
    let mut digests = part.audio.digests().clone();
    if fault == DownloadFault::WrongDigest {
        digests.sha256[0] ^= 1;
        digests.md5[0] ^= 1;
    }
    let all = switches.digests == DigestHeaders::All;
    if all || switches.digests == DigestHeaders::ReprDigest {
        let value = format!("sha-256=:{}:", STANDARD.encode(digests.sha256));
        put(&mut headers, HeaderName::from_static("repr-digest"), &value);
    }
    if all || switches.digests == DigestHeaders::Digest {
        let value = format!("SHA-256={}", STANDARD.encode(digests.sha256));
        put(&mut headers, HeaderName::from_static("digest"), &value);
    }
    // RFC 1864 speaks of the body sent, so a part would need another digest.
    if (all || switches.digests == DigestHeaders::ContentMd5) && part.status == StatusCode::OK {
        put(
            &mut headers,
            HeaderName::from_static("content-md5"),
            &STANDARD.encode(digests.md5),
        );
    }
    headers
}

fn unsatisfiable(total: u64) -> Box<Response> {
    let mut response = message(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "The requested range is not satisfiable",
    );
    put(
        response.headers_mut(),
        header::CONTENT_RANGE,
        &format!("bytes */{total}"),
    );
    Box::new(response)
}

/// `localhost` is another host than `127.0.0.1`, and the same machine.
fn redirect(call: &Call<'_>) -> Response {
    let port = text(&call.headers, "host")
        .rsplit(':')
        .next()
        .unwrap_or("80")
        .to_owned();
    let path = call.segments.join("/");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    put(
        response.headers_mut(),
        header::LOCATION,
        &format!("http://localhost:{port}/{path}"),
    );
    response
}

pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(name, value);
    }
}
