//! The platform's JSON: lenient about what is not used, strict about what is.
//!
//! Lists are read item by item, so one damaged item does not hide the others.

pub mod account;

use ringfence_core::id::InteractionId;
use ringfence_core::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Which way a call went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// The customer began.
    Inbound,
    /// The agent began.
    Outbound,
    /// Between colleagues, or unknown.
    Internal,
}

impl Direction {
    /// The word in tables and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }

    /// Reads either API's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.eq_ignore_ascii_case("inbound") {
            Self::Inbound
        } else if text.eq_ignore_ascii_case("outbound") {
            Self::Outbound
        } else {
            Self::Internal
        }
    }
}

/// An interaction of the content search (vcc-api §11.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedInteraction {
    /// Its id.
    pub guid: InteractionId,
    /// When it began, as this API tells it.
    pub start: Timestamp,
    /// Who called.
    pub connect_from: String,
    /// Who was called.
    pub connect_to: String,
    /// Which way.
    pub direction: Direction,
    /// The agents who handled it.
    pub agent_ids: Vec<String>,
    /// Its content items that can be seen.
    pub content: Vec<ListedContent>,
}

/// A content item of the search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedContent {
    /// Its key, used verbatim in the download path.
    pub key: String,
    /// Its type, such as `callRecording`.
    pub kind: String,
    /// Its media type, such as `audio/wav`.
    pub media_type: String,
    /// Its length; a hint only (vcc-api §11.2).
    pub length_hint: Option<u64>,
    /// When it was last replaced.
    pub modified_at: Option<Timestamp>,
}

/// A page of the content search.
#[derive(Debug)]
pub struct ListedPage {
    /// The interactions.
    pub interactions: Vec<ListedInteraction>,
    /// Items that could not be read.
    pub n_damaged: u64,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// An interaction of the statistics (vcc-api §10.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountedInteraction {
    /// Its id.
    pub guid: InteractionId,
    /// Its conversation.
    pub conversation_guid: Option<InteractionId>,
    /// When it began.
    pub start: Timestamp,
    /// How long it lasted; `None` while it goes on.
    pub duration_ms: Option<i64>,
    /// Which way.
    pub direction: Direction,
    /// `Phone` and others.
    pub medium: String,
    /// Whether it has ended.
    pub completed: bool,
    /// Who called.
    pub connect_from: String,
    /// Who was called.
    pub connect_to: String,
    /// The service, plan or reporting group.
    pub service: String,
    /// The agent who talked longest.
    pub agent_id: Option<String>,
    /// How long an agent talked; `None` when the statistics do not tell.
    pub talk_ms: Option<i64>,
}

/// A page of the statistics.
#[derive(Debug)]
pub struct CountedPage {
    /// The interactions.
    pub interactions: Vec<CountedInteraction>,
    /// Items that could not be read.
    pub n_damaged: u64,
    /// Items on the page, readable or not.
    pub n_items: u64,
    /// Items over all pages.
    pub total: Option<u64>,
    /// Server time of the request.
    pub up_to: Option<Timestamp>,
}

/// Reads a page of the content search, or one interaction of it.
#[must_use]
pub fn listed_page(body: &[u8]) -> Option<ListedPage> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
        meta: Option<Value>,
    }
    let page: Page<'_> = serde_json::from_slice(body).ok()?;
    let interactions: Vec<_> = page
        .items
        .iter()
        .filter_map(|raw| serde_json::from_str(raw.get()).ok())
        .filter_map(|value| listed(&value))
        .collect();
    Some(ListedPage {
        n_damaged: missing(page.items.len(), interactions.len()),
        interactions,
        next: page
            .meta
            .as_ref()
            .and_then(|m| text(m, "nextContinuationToken"))
            .filter(|t| !t.is_empty()),
    })
}

/// Reads one interaction of the content API.
#[must_use]
pub fn listed_one(body: &[u8]) -> Option<ListedInteraction> {
    listed(&serde_json::from_slice(body).ok()?)
}

fn listed(value: &Value) -> Option<ListedInteraction> {
    let content = value.get("content").and_then(Value::as_array);
    let agents = value.get("handlingAgents").and_then(Value::as_array);
    Some(ListedInteraction {
        guid: InteractionId::parse(&text(value, "guid")?).ok()?,
        start: instant(value, "start")?,
        connect_from: text(value, "connectFrom").unwrap_or_default(),
        connect_to: text(value, "connectTo").unwrap_or_default(),
        direction: Direction::parse(&text(value, "direction").unwrap_or_default()),
        agent_ids: agents
            .into_iter()
            .flatten()
            .filter_map(|agent| text(agent, "id"))
            .collect(),
        content: content
            .into_iter()
            .flatten()
            .filter_map(|item| {
                Some(ListedContent {
                    key: text(item, "contentKey").filter(|k| !k.is_empty() && k.len() <= 4096)?,
                    kind: text(item, "type").unwrap_or_default(),
                    media_type: text(item, "contentType").unwrap_or_default(),
                    length_hint: number(item.get("contentLength"))
                        .and_then(|n| u64::try_from(n).ok()),
                    modified_at: instant(item, "lastModified"),
                })
            })
            .collect(),
    })
}

/// Reads a page of the statistics.
#[must_use]
pub fn counted_page(body: &[u8]) -> Option<CountedPage> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        items: Vec<&'a RawValue>,
        meta: Option<Value>,
        #[serde(rename = "upTo")]
        up_to: Option<String>,
    }
    let page: Page<'_> = serde_json::from_slice(body).ok()?;
    let interactions: Vec<_> = page
        .items
        .iter()
        .filter_map(|raw| serde_json::from_str(raw.get()).ok())
        .filter_map(|value| counted(&value))
        .collect();
    let total = page
        .meta
        .as_ref()
        .and_then(|m| number(m.get("totalCount")))
        .and_then(|n| u64::try_from(n).ok());
    Some(CountedPage {
        n_damaged: missing(page.items.len(), interactions.len()),
        n_items: page.items.len() as u64,
        interactions,
        total,
        up_to: page.up_to.and_then(|t| Timestamp::parse(&t).ok()),
    })
}

fn counted(value: &Value) -> Option<CountedInteraction> {
    let duration_ms = number(value.get("duration"));
    let channels = value.get("channels").and_then(Value::as_array);
    let (agent_id, talk_ms) = talk(channels.map_or(&[][..], Vec::as_slice), duration_ms);
    Some(CountedInteraction {
        guid: InteractionId::parse(&text(value, "guid")?).ok()?,
        conversation_guid: text(value, "conversationGuid")
            .and_then(|t| InteractionId::parse(&t).ok()),
        start: instant(value, "start")?,
        duration_ms,
        direction: Direction::parse(&text(value, "direction").unwrap_or_default()),
        medium: text(value, "medium").unwrap_or_default(),
        completed: !text(value, "status").is_some_and(|s| s.eq_ignore_ascii_case("ongoing")),
        connect_from: text(value, "connectFrom").unwrap_or_default(),
        connect_to: text(value, "connectTo").unwrap_or_default(),
        service: text(value, "serviceName").unwrap_or_default(),
        agent_id,
        talk_ms,
    })
}

// Who talked, and how long: the longest connected time of an agent's channel; without an
// agent's channel, of any channel; without any events, the whole duration.
fn talk(channels: &[Value], duration_ms: Option<i64>) -> (Option<String>, Option<i64>) {
    let mut best: Option<(bool, i64, Option<String>)> = None;
    let mut has_events = false;
    for channel in channels {
        let events = channel.get("events").and_then(Value::as_array);
        has_events |= events.is_some_and(|e| !e.is_empty());
        let connected: i64 = events
            .into_iter()
            .flatten()
            .filter(|e| text(e, "type").is_some_and(|t| t.eq_ignore_ascii_case("connected")))
            .filter_map(|e| number(e.get("duration")))
            .sum();
        let party = channel.get("party").unwrap_or(&Value::Null);
        let agent = text(party, "role").is_some_and(|r| r.eq_ignore_ascii_case("agent"));
        let id = text(party, "id").filter(|id| agent && !id.is_empty());
        if best
            .as_ref()
            .is_none_or(|(a, ms, _)| (agent, connected) > (*a, *ms))
        {
            best = Some((agent, connected, id));
        }
    }
    match best {
        Some((_, connected, id)) if has_events => (id, Some(connected)),
        Some((_, _, id)) => (id, duration_ms),
        None => (None, duration_ms),
    }
}

/// The platform's own words about a refusal, shortened.
#[must_use]
pub fn message(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = text(&value, "message")
        .or_else(|| text(&value, "error_description"))
        .or_else(|| text(&value, "error"))
        .unwrap_or_default();
    short(&said)
}

// Enough to be understood, too little to carry a body into a log.
pub(super) fn short(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(160)
        .collect::<String>()
}

fn missing(all: usize, read: usize) -> u64 {
    all.saturating_sub(read) as u64
}

// Null, empty and absent are the same to callers; a number is accepted where text is usual (vcc-api §1.3).
pub(super) fn text(value: &Value, name: &str) -> Option<String> {
    match value.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn instant(value: &Value, name: &str) -> Option<Timestamp> {
    Timestamp::parse(&text(value, name)?).ok()
}

#[cfg(test)]
mod tests;
