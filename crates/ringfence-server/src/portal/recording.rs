//! One interaction: what is known of it, the player, the transcript, and deleting.

use super::chrome::Chrome;
use super::error::PortalError;
use super::page::{redirect_with_notice, render};
use super::recordings::{SightView, agents_text, kind_title};
use super::time::Moment;
use super::wave::{Wave, wave_of};
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::recordings::{
    Recording, RecordingItem, recording_delete, recording_item_delete, recording_show,
    recording_text, recordings_sight,
};
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::id::InteractionId;
use ringfence_core::transcript::transcript_read;

#[derive(Template)]
#[template(path = "recordings/show.html")]
struct ShowPage {
    chrome: Chrome,
    call: CallView,
    players: Vec<Player>,
    videos: Vec<ItemView>,
    transcripts: Vec<TranscriptView>,
    items: Vec<ItemView>,
    sight: SightView,
}

#[derive(Template)]
#[template(path = "recordings/delete.html")]
struct DeletePage {
    chrome: Chrome,
    call: CallView,
    /// What is deleted, in words.
    what: String,
    /// The items that go.
    items: Vec<ItemView>,
    /// Where the form is sent.
    action: String,
}

#[derive(Debug)]
struct CallView {
    id: String,
    title: String,
    at: Moment,
    lasted: Option<String>,
    direction: &'static str,
    from: String,
    to: String,
    line: String,
    service: Option<String>,
    outcome: Option<String>,
    agents: String,
}

/// An item with a player.
#[derive(Debug)]
struct Player {
    item: ItemView,
    source: String,
    duration_ms: u64,
    sound: String,
    wave: Option<Wave>,
}

#[derive(Debug)]
struct ItemView {
    title: &'static str,
    media_type: String,
    size: String,
    at: Moment,
    sha256: String,
    held: bool,
    href: String,
}

#[derive(Debug)]
struct TranscriptView {
    item: ItemView,
    /// Who, when, what; none when it cannot be shown.
    lines: Vec<(String, String, String)>,
}

/// `GET /admin/recordings/{guid}`.
pub(crate) fn recording_route() -> MethodRouter<App> {
    get(show)
}

/// `GET /admin/recordings/{guid}/delete`.
pub(crate) fn recording_delete_page_route() -> MethodRouter<App> {
    get(delete_ask)
}

/// `POST /admin/recordings/{guid}/delete`.
pub(crate) fn recording_delete_route() -> MethodRouter<App> {
    post(delete)
}

/// `GET /admin/recordings/{guid}/content/{contentKey}/delete`.
pub(crate) fn recording_item_delete_page_route() -> MethodRouter<App> {
    get(item_delete_ask)
}

/// `POST /admin/recordings/{guid}/content/{contentKey}/delete`.
pub(crate) fn recording_item_delete_route() -> MethodRouter<App> {
    post(item_delete)
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let recording = found(&app, &caller, &id).await?;
    let id = recording.interaction.id;
    let mut transcripts = Vec::new();
    for RecordingItem { item, .. } in &recording.items {
        if !matches!(
            item.kind,
            ContentKind::Transcript | ContentKind::ChatTranscript
        ) {
            continue;
        }
        let bytes = recording_text(&app.ctx, &caller, (id, item)).await?;
        let lines = bytes.as_deref().and_then(transcript_read);
        transcripts.push(TranscriptView {
            item: item_view(id, item),
            lines: lines.unwrap_or_default().into_iter().map(said).collect(),
        });
    }
    let sight = recordings_sight(&app.ctx, &caller).await?;
    render(&ShowPage {
        chrome,
        players: recording
            .items
            .iter()
            .filter_map(|i| player(id, i))
            .collect(),
        videos: recording
            .items
            .iter()
            .filter(|i| i.item.media_type.starts_with("video/"))
            .map(|i| item_view(id, &i.item))
            .collect(),
        transcripts,
        items: recording
            .items
            .iter()
            .map(|i| item_view(id, &i.item))
            .collect(),
        call: call_view(&recording),
        sight: SightView::of(&sight),
    })
}

async fn delete_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let recording = found(&app, &caller, &id).await?;
    may_delete(&app, &caller).await?;
    let id = recording.interaction.id;
    render(&DeletePage {
        chrome,
        what: "all content of this interaction".to_owned(),
        items: recording
            .items
            .iter()
            .map(|i| item_view(id, &i.item))
            .collect(),
        action: format!("/admin/recordings/{id}/delete"),
        call: call_view(&recording),
    })
}

async fn delete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let id = interaction_id(&id)?;
    recording_delete(&app.ctx, &caller, id).await?;
    Ok(redirect_with_notice(
        "/admin/recordings",
        "recording-deleted",
    ))
}

async fn item_delete_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let recording = found(&app, &caller, &id).await?;
    may_delete(&app, &caller).await?;
    let id = recording.interaction.id;
    let key = content_key(&key)?;
    let all = recording.items.iter().map(|i| &i.item);
    let Some(item) = all.clone().find(|item| item.key == key) else {
        return Err(no_content().into());
    };
    // Its screen recordings go with it, as far as this person knows of them.
    let with_it = all.filter(|other| {
        other.key == item.key
            || (item.kind == ContentKind::CallRecording
                && other.kind == ContentKind::ScreenRecording)
    });
    render(&DeletePage {
        chrome,
        what: format!("the {}", kind_title(item.kind).to_lowercase()),
        items: with_it.map(|item| item_view(id, item)).collect(),
        action: format!("/admin/recordings/{id}/content/{}/delete", key.as_str()),
        call: call_view(&recording),
    })
}

async fn item_delete(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let id = interaction_id(&id)?;
    let key = content_key(&key)?;
    recording_item_delete(&app.ctx, &caller, id, &key).await?;
    // Nothing may be left to look at.
    let path = match recording_show(&app.ctx, &caller, id).await {
        Ok(_) => format!("/admin/recordings/{id}"),
        Err(_) => "/admin/recordings".to_owned(),
    };
    Ok(redirect_with_notice(&path, "content-deleted"))
}

async fn found(app: &App, caller: &Caller, id: &str) -> Result<Recording, PortalError> {
    Ok(recording_show(&app.ctx, caller, interaction_id(id)?).await?)
}

async fn may_delete(app: &App, caller: &Caller) -> Result<(), PortalError> {
    if recordings_sight(&app.ctx, caller).await?.may_delete {
        return Ok(());
    }
    let text = "your permission Delete interaction content is No; an administrator can change it";
    Err(Error::Forbidden(text.to_owned()).into())
}

/// An id of the path. One that cannot be an id is one that does not exist.
pub(super) fn interaction_id(text: &str) -> Result<InteractionId, PortalError> {
    InteractionId::parse(text).map_err(|_| Error::NotFound("interaction".to_owned()).into())
}

/// A key of the path. One that cannot be a key is one that does not exist.
pub(super) fn content_key(text: &str) -> Result<ContentKey, PortalError> {
    ContentKey::parse(text).map_err(|_| no_content().into())
}

fn no_content() -> Error {
    Error::NotFound("content".to_owned())
}

fn call_view(recording: &Recording) -> CallView {
    let call = &recording.interaction;
    let direction = call.direction.as_capitalised();
    let (from, to) = (call.connect_from.as_str(), call.connect_to.as_str());
    CallView {
        id: call.id.to_string(),
        title: format!("{direction}: {from} to {to}"),
        at: Moment(call.started_at),
        lasted: call.duration_ms().map(duration_text),
        direction,
        from: from.to_owned(),
        to: to.to_owned(),
        line: call.line.as_str().to_owned(),
        service: call.service_name.clone(),
        outcome: call.outcome.clone(),
        agents: agents_text(call.handling_agents(), &recording.agent_names),
    }
}

fn item_view(id: InteractionId, item: &ContentItem) -> ItemView {
    let key = item.key.as_str();
    ItemView {
        title: kind_title(item.kind),
        media_type: item.media_type.clone(),
        size: size_text(item.size_bytes),
        at: Moment(item.last_modified),
        sha256: item.sha256.to_string(),
        held: item.legal_hold,
        // A key may hold signs that mean something in HTML or a query, but none that does in a path.
        href: format!("/admin/recordings/{id}/content/{key}"),
    }
}

fn player(id: InteractionId, recording: &RecordingItem) -> Option<Player> {
    let sound = recording.sound.as_ref()?;
    let item = item_view(id, &recording.item);
    // What every browser plays is sent as it is; everything else as 16-bit PCM made on the way.
    let source = match sound.format.as_str() {
        "pcm16" | "pcm8" => item.href.clone(),
        _ => format!("{}?as=pcm", item.href),
    };
    let channels = match sound.channels {
        1 => "one channel".to_owned(),
        2 => "two channels".to_owned(),
        n => format!("{n} channels"),
    };
    Some(Player {
        source,
        duration_ms: sound.duration_ms,
        sound: format!(
            "{}, {channels}, {}, {} Hz",
            duration_text(sound.duration_ms),
            format_title(&sound.format),
            sound.sample_rate
        ),
        wave: sound.peaks.as_ref().map(wave_of),
        item,
    })
}

fn said(line: ringfence_core::transcript::Line) -> (String, String, String) {
    let at = line.offset_ms.map(duration_text).unwrap_or_default();
    (line.speaker.unwrap_or_default(), at, line.text)
}

fn format_title(format: &str) -> &str {
    match format {
        "mulaw" => "G.711 µ-law",
        "alaw" => "G.711 A-law",
        "pcm8" => "8-bit PCM",
        "pcm16" => "16-bit PCM",
        "pcm24" => "24-bit PCM",
        "pcm32" => "32-bit PCM",
        "float32" => "32-bit float",
        "float64" => "64-bit float",
        other => other,
    }
}

/// A length of time as people read it: `3:04` or `1:00:05`.
pub(super) fn duration_text(ms: u64) -> String {
    let secs = ms / 1_000;
    let (hours, minutes, secs) = (secs / 3_600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}")
    } else {
        format!("{minutes}:{secs:02}")
    }
}

/// A number of bytes as people read it.
pub(super) fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KB", "MB", "GB", "TB"];
    let mut unit = 0;
    let mut tenths = bytes.saturating_mul(10);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1_000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || tenths >= 1_000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_for_people() {
        assert_eq!(duration_text(184_200), "3:04");
        assert_eq!(duration_text(3_605_000), "1:00:05");
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 KB"),
            (2_947_244, "2.9 MB"),
            (123_456_789, "123 MB"),
        ] {
            assert_eq!(size_text(bytes), text);
        }
    }
}
