//! Signing keys and their life, for operators.

use super::chrome::Chrome;
use super::error::PortalError;
use super::page::{redirect_with_notice, render};
use super::time::Moment;
use super::timeline::{Timeline, TimelineRow};
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::keys::KeyView;
use ringfence_app::manage::keys::{key_list, key_rotate, key_show, key_withdraw};
use ringfence_core::id::KeyId;
use ringfence_core::key_schedule::KeyState;

#[derive(Template)]
#[template(path = "directory/keys.html")]
struct KeysPage {
    chrome: Chrome,
    lines: Vec<Line>,
    timeline: Timeline,
    notice_hours: u32,
    use_days: u32,
}

#[derive(Template)]
#[template(path = "directory/key_rotate.html")]
struct RotatePage {
    chrome: Chrome,
    notice_hours: u32,
}

#[derive(Template)]
#[template(path = "directory/key_withdraw.html")]
struct WithdrawPage {
    chrome: Chrome,
    line: Line,
    token_minutes: u32,
    signs: bool,
}

struct Line {
    kid: String,
    alg: &'static str,
    state: &'static str,
    badge: &'static str,
    announced: Moment,
    from: Moment,
    until: Option<Moment>,
    ends: Option<Moment>,
    may_withdraw: bool,
}

/// `GET /admin/keys`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/keys/rotate`.
pub(crate) fn rotate_form_route() -> MethodRouter<App> {
    get(rotate_ask)
}

/// `POST /admin/keys/rotate`.
pub(crate) fn rotate_route() -> MethodRouter<App> {
    post(rotate)
}

/// `GET /admin/keys/{kid}/withdraw`.
pub(crate) fn withdraw_form_route() -> MethodRouter<App> {
    get(withdraw_ask)
}

/// `POST /admin/keys/{kid}/withdraw`.
pub(crate) fn withdraw_route() -> MethodRouter<App> {
    post(withdraw)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (keys, schedule) = key_list(&app.ctx, &caller).await?;
    let rows = keys.iter().map(|key| TimelineRow {
        label: format!("{} {}", key.times.alg.as_str(), short(key.times.id)),
        times: key.times,
    });
    render(&KeysPage {
        chrome,
        timeline: Timeline::new(rows.collect(), app.ctx.now(), schedule),
        lines: keys.iter().map(line).collect(),
        notice_hours: schedule.announce_secs / 3_600,
        use_days: schedule.use_secs / 86_400,
    })
}

async fn rotate_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (_, schedule) = key_list(&app.ctx, &caller).await?;
    render(&RotatePage {
        chrome,
        notice_hours: schedule.announce_secs / 3_600,
    })
}

async fn rotate(State(app): State<App>, Signed(caller): Signed) -> Result<Response, PortalError> {
    key_rotate(&app.ctx, &caller, None).await?;
    Ok(redirect_with_notice("/admin/keys", "keys-rotated"))
}

async fn withdraw_ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(kid): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let key = key_show(&app.ctx, &caller, id(&kid)?).await?;
    render(&WithdrawPage {
        chrome,
        signs: key.state == KeyState::InUse,
        line: line(&key),
        token_minutes: app.ctx.settings.token_ttl_secs.div_ceil(60),
    })
}

async fn withdraw(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(kid): Path<String>,
) -> Result<Response, PortalError> {
    key_withdraw(&app.ctx, &caller, id(&kid)?).await?;
    Ok(redirect_with_notice("/admin/keys", "key-withdrawn"))
}

fn id(text: &str) -> Result<KeyId, Error> {
    KeyId::parse(text).map_err(|_| Error::NotFound("key".to_owned()))
}

// The last digits tell keys apart; the first are their time.
fn short(id: KeyId) -> String {
    let text = id.to_string();
    text.rsplit('-').next().unwrap_or_default().to_owned()
}

fn line(key: &KeyView) -> Line {
    let times = &key.times;
    Line {
        kid: times.id.to_string(),
        alg: times.alg.as_str(),
        state: key.state.as_str(),
        badge: match key.state {
            KeyState::Announced => "accent",
            KeyState::InUse => "ok",
            KeyState::Retired | KeyState::Removed => "muted",
            KeyState::Withdrawn => "bad",
        },
        announced: Moment(times.announced_at),
        from: Moment(times.active_from),
        until: times.retire_at.map(Moment),
        ends: times.withdrawn_at.or(times.remove_at).map(Moment),
        may_withdraw: match key.state {
            KeyState::Announced | KeyState::InUse | KeyState::Retired => true,
            KeyState::Removed | KeyState::Withdrawn => false,
        },
    }
}
