//! The body of a download: the file, something else, or the file up to the point where it breaks.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, Version, header};
use axum::response::Response;
use futures_util::stream;

use super::audio::Audio;
use super::connection::Peer;
use super::digest::gzip_stored;
use super::download::{Part, put};
use super::switches::DownloadFault;

const CHUNK_BYTES: usize = 65_536;

/// How the sending of a body ends.
#[derive(Clone, Copy)]
enum End {
    Clean,
    Broken,
    Reset,
}

struct Sending {
    audio: Audio,
    at: u64,
    to: u64,
    end: End,
    flip: Option<u64>,
    pause_ms: u64,
    pause_at: Option<(u64, u64)>,
    peer: Peer,
}

pub(super) fn render(
    peer: &Peer,
    part: Part,
    mut headers: HeaderMap,
    fault: DownloadFault,
) -> Response {
    if let Some(replaced) = replaced_body(&part, &headers, fault) {
        return replaced;
    }
    let length = part.to - part.from;
    let mut sending = Sending {
        audio: part.audio,
        at: part.from,
        to: part.to,
        end: End::Clean,
        flip: None,
        pause_ms: 0,
        pause_at: None,
        peer: peer.clone(),
    };
    let mut version = Version::HTTP_11;
    let mut announce = true;
    let cut = |after: u64| part.from + after.min(length);
    match fault {
        DownloadFault::CutWithLength(after) | DownloadFault::GoneAfter(after) => {
            (sending.to, sending.end) = (cut(after), End::Broken);
        }
        DownloadFault::CutChunked(after) => {
            (sending.to, sending.end, announce) = (cut(after), End::Broken, false);
        }
        DownloadFault::ResetAfter(after) => (sending.to, sending.end) = (cut(after), End::Reset),
        DownloadFault::CutClose(after) => {
            (sending.to, announce, version) = (cut(after), false, Version::HTTP_10);
        }
        DownloadFault::Chunked => announce = false,
        DownloadFault::FlippedByte(at) => sending.flip = Some(at),
        DownloadFault::Slow(ms) => sending.pause_ms = ms,
        DownloadFault::PauseAfter(after, ms) => sending.pause_at = Some((cut(after), ms)),
        _ => {}
    }
    if announce {
        put(&mut headers, header::CONTENT_LENGTH, &length.to_string());
    }
    let mut response = Response::new(Body::from_stream(stream::unfold(Some(sending), send)));
    *response.status_mut() = part.status;
    *response.version_mut() = version;
    *response.headers_mut() = headers;
    response
}

/// Faults in which the body is not the file at all.
fn replaced_body(part: &Part, headers: &HeaderMap, fault: DownloadFault) -> Option<Response> {
    const JSON: &str = r#"{"message":"An internal server error occurred"}"#;
    const HTML: &str =
        "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>";
    let (body, media_type): (Vec<u8>, Option<&str>) = match fault {
        DownloadFault::JsonBody => (JSON.into(), Some("application/json")),
        DownloadFault::JsonBodyAsAudio => (JSON.into(), None),
        DownloadFault::HtmlBody => (HTML.into(), Some("text/html; charset=utf-8")),
        DownloadFault::HtmlBodyAsAudio => (HTML.into(), None),
        DownloadFault::Gzip | DownloadFault::GzipUnannounced => {
            (gzip_stored(&part.audio.bytes()), None)
        }
        DownloadFault::Empty | DownloadFault::NoContent => (Vec::new(), None),
        _ => return None,
    };
    let mut response = Response::new(Body::from(body));
    *response.headers_mut() = headers.clone();
    if let Some(media_type) = media_type {
        put(response.headers_mut(), header::CONTENT_TYPE, media_type);
    }
    if fault == DownloadFault::Gzip {
        put(response.headers_mut(), header::CONTENT_ENCODING, "gzip");
    }
    if fault == DownloadFault::NoContent {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    Some(response)
}

async fn send(state: Option<Sending>) -> Option<(io::Result<Bytes>, Option<Sending>)> {
    let mut sending = state?;
    if let Some((at, ms)) = sending.pause_at
        && sending.at >= at
    {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        sending.pause_at = None;
    }
    let left = usize::try_from(sending.to - sending.at).unwrap_or(usize::MAX);
    if left == 0 {
        return match sending.end {
            End::Clean => None,
            End::Broken | End::Reset => {
                // What was sent must reach the client before the connection ends.
                tokio::time::sleep(Duration::from_millis(3)).await;
                let reset = matches!(sending.end, End::Reset);
                sending.peer.reset.store(reset, Ordering::SeqCst);
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), None))
            }
        };
    }
    let mut most = CHUNK_BYTES;
    if sending.pause_ms > 0 {
        tokio::time::sleep(Duration::from_millis(sending.pause_ms)).await;
        most = 16_384;
    }
    if let Some((at, _)) = sending.pause_at {
        most = most
            .min(usize::try_from(at - sending.at).unwrap_or(most))
            .max(1);
    }
    let mut piece = sending.audio.piece(sending.at, most.min(left));
    if let Some(flip) = sending
        .flip
        .and_then(|at| at.checked_sub(sending.at))
        .and_then(|at| usize::try_from(at).ok())
        && flip < piece.len()
    {
        let mut changed = piece.to_vec();
        changed[flip] ^= 0x40;
        piece = changed.into();
    }
    sending.at += piece.len() as u64;
    Some((Ok(piece), Some(sending)))
}
