//! Reading one answer to a download, whole or from where the last one broke off.

use crate::error::Error;
use crate::fetch::Site;
use crate::fetch::body::{Assembly, Intake, joined};
use crate::upstream::auth::describe;
use crate::upstream::line::Request;
use crate::upstream::offered::offered;
use crate::upstream::wire;
use reqwest::header::{CONTENT_RANGE, HeaderMap, IF_RANGE, RANGE};
use std::sync::Arc;
use tokio::task::spawn_blocking;

// Bytes asked for again when a download goes on, to see that they are the same ones.
const OVERLAP_BYTES: u64 = 64 << 10;

/// Bytes of a download that broke off, and what is needed to go on.
#[derive(Debug)]
pub struct Held {
    assembly: Assembly,
    entity: Entity,
}

/// What tells one version of a file from another.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entity {
    strong_etag: Option<String>,
    modified: Option<String>,
    total: Option<u64>,
}

/// The last byte has come, as far as the transport can tell.
#[derive(Debug)]
pub struct Delivery {
    /// The bytes.
    pub assembly: Assembly,
    /// Whether the end of the bytes was marked, so that none can be missing at the end.
    pub end_is_marked: bool,
}

/// What an answer gave.
#[derive(Debug)]
pub enum Given {
    /// All bytes.
    Whole(Box<Delivery>),
    /// An answer that is no audio by its own words.
    NoAudio(String),
    /// It broke off.
    Broken {
        /// What can be continued.
        held: Option<Box<Held>>,
        /// How it broke.
        fault: String,
        /// Bytes that came with this answer.
        got: u64,
    },
    /// It cannot be continued: begin anew.
    Anew(&'static str),
    /// There is no such item any more.
    Gone,
    /// 403.
    Hidden(String),
    /// Another status that trying again does not change.
    Odd(u16, String),
}

impl Held {
    /// Asks for the rest, and for the last bytes once more.
    #[must_use]
    pub fn continued(&self, mut request: Request) -> Request {
        let from = self.assembly.len() - self.overlap();
        request.headers.push((RANGE, format!("bytes={from}-")));
        if let Some(tag) = self
            .entity
            .strong_etag
            .as_ref()
            .or(self.entity.modified.as_ref())
        {
            request.headers.push((IF_RANGE, tag.clone()));
        }
        request
    }

    fn overlap(&self) -> u64 {
        self.assembly.len().min(OVERLAP_BYTES)
    }
}

/// Reads an answer.
///
/// # Errors
/// The disk refuses.
pub async fn read(
    site: &Site,
    answer: reqwest::Response,
    held: Option<Held>,
) -> Result<Given, Error> {
    let status = answer.status().as_u16();
    match (status, held) {
        (200, _) => begin(site, answer).await,
        (206, Some(held)) => go_on(answer, held).await,
        (206, None) => Ok(Given::NoAudio(
            "a part of a file that nobody asked for".into(),
        )),
        (416, Some(_)) => Ok(Given::Anew("the rest of the file is refused (416)")),
        (404 | 410, _) => Ok(Given::Gone),
        (403, _) => Ok(Given::Hidden(said(answer).await)),
        (201..=299, _) => Ok(Given::NoAudio(format!("status {status} without a file"))),
        _ => Ok(Given::Odd(status, said(answer).await)),
    }
}

async fn begin(site: &Site, answer: reqwest::Response) -> Result<Given, Error> {
    if let Some(why) = not_audio(answer.headers()) {
        return Ok(Given::NoAudio(why));
    }
    let entity = Entity {
        total: answer.content_length(),
        ..entity(answer.headers())
    };
    let sink = Arc::clone(&site.sink);
    let part = joined(spawn_blocking(move || sink.begin()).await)?
        .map_err(|e| Error::disk("beginning a part", e))?;
    let assembly = Assembly::new(part, offered(answer.headers(), false));
    let end_is_marked = end_is_marked(&answer);
    stream(answer, assembly, entity, end_is_marked).await
}

async fn go_on(mut answer: reqwest::Response, held: Held) -> Result<Given, Error> {
    let headers = answer.headers();
    if let Some(why) = not_audio(headers) {
        return Ok(Given::NoAudio(why));
    }
    let now = entity(headers);
    let overlap = held.overlap();
    let from = held.assembly.len() - overlap;
    let Some((start, end, total)) = content_range(headers) else {
        return Ok(Given::Anew(
            "the rest of the file does not say where it begins",
        ));
    };
    let same_total = held.entity.total.is_none_or(|t| Some(t) == total);
    let to_the_end = total.is_none_or(|t| end + 1 == t);
    let same_tag = held.entity.strong_etag == now.strong_etag;
    let same_time = held.entity.modified == now.modified;
    let named = held.entity.strong_etag.is_some() || held.entity.modified.is_some();
    if start != from || !same_total || !to_the_end || !same_tag || !same_time || !named {
        return Ok(Given::Anew(
            "the file changed, or the rest begins elsewhere",
        ));
    }
    let wanted = usize::try_from(overlap).unwrap_or(usize::MAX);
    let (assembly, tail) = held.assembly.tail(wanted).await?;
    let mut again = Vec::with_capacity(wanted);
    let mut rest = bytes_of(&mut answer).await;
    loop {
        match rest {
            Ok(Some(chunk)) => {
                let missing = wanted - again.len();
                let (old, new) = chunk.split_at(missing.min(chunk.len()));
                again.extend_from_slice(old);
                if again.len() < wanted {
                    rest = bytes_of(&mut answer).await;
                    continue;
                }
                if again != tail {
                    return Ok(Given::Anew("the bytes on either side of the break differ"));
                }
                let entity = Entity {
                    total: total.or(held.entity.total),
                    ..held.entity
                };
                let mut intake = Intake::new(assembly);
                intake.push(new).await?;
                let assembly = intake.settle().await?;
                return stream(answer, assembly, entity, true).await;
            }
            Ok(None) => return Ok(Given::Anew("the rest of the file is too short")),
            Err(fault) => {
                let held = Held {
                    assembly,
                    entity: held.entity,
                };
                return Ok(Given::Broken {
                    held: Some(Box::new(held)),
                    fault,
                    got: 0,
                });
            }
        }
    }
}

async fn stream(
    mut answer: reqwest::Response,
    assembly: Assembly,
    entity: Entity,
    end_is_marked: bool,
) -> Result<Given, Error> {
    let before = assembly.len();
    let mut intake = Intake::new(assembly);
    loop {
        match bytes_of(&mut answer).await {
            Ok(Some(chunk)) => intake.push(&chunk).await?,
            Ok(None) => break,
            Err(fault) => {
                let assembly = intake.settle().await?;
                let got = assembly.len() - before;
                let named = entity.strong_etag.is_some() || entity.modified.is_some();
                let held =
                    (named && !assembly.is_empty()).then(|| Box::new(Held { assembly, entity }));
                return Ok(Given::Broken { held, fault, got });
            }
        }
    }
    let assembly = intake.settle().await?;
    if entity.total.is_some_and(|total| total != assembly.len()) {
        return Ok(Given::Anew("the file has another length than announced"));
    }
    Ok(Given::Whole(Box::new(Delivery {
        assembly,
        end_is_marked,
    })))
}

async fn bytes_of(answer: &mut reqwest::Response) -> Result<Option<bytes::Bytes>, String> {
    answer
        .chunk()
        .await
        .map_err(|error| describe(&error.without_url()))
}

// A body that ends with the connection looks whole wherever it is cut (RFC 9112 §6.3).
fn end_is_marked(answer: &reqwest::Response) -> bool {
    let chunked = answer
        .headers()
        .get("transfer-encoding")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.to_ascii_lowercase().contains("chunked"));
    answer.content_length().is_some() || chunked || answer.version() > reqwest::Version::HTTP_11
}

fn not_audio(headers: &HeaderMap) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let encoding = text("content-encoding").unwrap_or_default().trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let encoding: String = encoding.chars().take(20).collect();
        return Some(format!(
            "sent encoded ({encoding}) although nobody asked for it"
        ));
    }
    let media_type = text("content-type").unwrap_or_default();
    let plain = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let known = [
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/x-wav",
    ];
    if plain.starts_with("audio/") || known.contains(&plain.as_str()) {
        return None;
    }
    let shown: String = plain.chars().take(40).collect();
    Some(format!("announced as {shown}"))
}

fn entity(headers: &HeaderMap) -> Entity {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    Entity {
        strong_etag: text("etag")
            .filter(|tag| tag.starts_with('"') && tag.len() > 2)
            .map(str::to_owned),
        modified: text("last-modified").map(str::to_owned),
        total: None,
    }
}

fn content_range(headers: &HeaderMap) -> Option<(u64, u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    Some((
        start.trim().parse().ok()?,
        end.trim().parse().ok()?,
        total.trim().parse().ok(),
    ))
}

async fn said(mut answer: reqwest::Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > 4096 {
            break;
        }
    }
    wire::message(&body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let name = HeaderName::from_static(name);
        let value = HeaderValue::from_str(value).unwrap();
        std::iter::once((name, value)).collect()
    }

    #[test]
    fn only_audio_and_bytes_without_a_type_are_read() {
        for good in [
            "audio/wav",
            "Audio/X-Wav; rate=8000",
            "application/octet-stream",
        ] {
            assert_eq!(not_audio(&headers("content-type", good)), None, "{good}");
        }
        for bad in [
            "application/json",
            "text/html; charset=utf-8",
            "multipart/byteranges",
        ] {
            assert!(not_audio(&headers("content-type", bad)).is_some(), "{bad}");
        }
        assert!(not_audio(&headers("content-encoding", "gzip")).is_some());
        assert_eq!(not_audio(&headers("content-encoding", "identity")), None);
        assert_eq!(not_audio(&HeaderMap::new()), None);
    }

    #[test]
    fn weak_tags_do_not_name_bytes() {
        assert_eq!(entity(&headers("etag", "W/\"a\"")).strong_etag, None);
        assert_eq!(entity(&headers("etag", "\"\"")).strong_etag, None);
        assert!(entity(&headers("etag", "\"a\"")).strong_etag.is_some());
    }

    #[test]
    fn content_ranges_are_read_strictly() {
        let read = |text: &str| content_range(&headers("content-range", text));
        assert_eq!(read("bytes 5-9/10"), Some((5, 9, Some(10))));
        assert_eq!(read("bytes 5-9/*"), Some((5, 9, None)));
        for bad in ["", "bytes */10", "bytes 5-/10", "lines 5-9/10", "bytes 5-9"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
