//! Where a partner fetches a secret: a page that warns, and a button that opens the link, once.
//!
//! Looking changes nothing, because programs that preview links look, too. The link's text is in the path; logs name
//! the route and never the path.

use super::chrome::Chrome;
use super::error::PortalError;
use super::page::{render, render_as};
use super::time::Moment;
use crate::app::App;
use crate::web::hall::ClientAddress;
use askama::Template;
use axum::extract::{Extension, Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::manage::credentials::handover::{
    Handed, LinkState, handover_look, handover_open,
};
use ringfence_core::handover::HandoverLink;

#[derive(Template)]
#[template(path = "credentials/handover.html")]
struct HandoverPage<'p> {
    chrome: Chrome,
    state: View<'p>,
}

enum View<'p> {
    Waiting {
        expires: Moment,
        action: String,
    },
    Gone {
        opened: Option<Moment>,
    },
    Open {
        handed: &'p Handed,
        id: String,
        secret: &'p str,
        region: &'static str,
    },
}

/// `GET /handover/{link}`.
pub(crate) fn handover_look_route() -> MethodRouter<App> {
    get(look)
}

/// `POST /handover/{link}`.
pub(crate) fn handover_open_route() -> MethodRouter<App> {
    post(open)
}

async fn look(
    State(app): State<App>,
    Path(text): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let link = link_of(&text)?;
    let (status, state) = match handover_look(&app.ctx, &link).await? {
        LinkState::Waiting { expires_at } => (
            StatusCode::OK,
            View::Waiting {
                expires: Moment(expires_at),
                action: format!("/handover/{}", link.expose()),
            },
        ),
        LinkState::Opened { at } => (
            StatusCode::GONE,
            View::Gone {
                opened: Some(Moment(at)),
            },
        ),
        LinkState::Expired => (StatusCode::GONE, View::Gone { opened: None }),
    };
    Ok(unkept(render_as(status, &HandoverPage { chrome, state })?))
}

async fn open(
    State(app): State<App>,
    Path(text): Path<String>,
    from: Option<Extension<ClientAddress>>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let link = link_of(&text)?;
    let from = from.map(|Extension(ClientAddress(address))| address);
    match handover_open(&app.ctx, &link, from).await {
        Ok(handed) => {
            let page = HandoverPage {
                chrome,
                state: View::Open {
                    id: handed.client_id.to_string(),
                    secret: handed.secret.expose(),
                    region: handed.region.as_str(),
                    handed: &handed,
                },
            };
            Ok(unkept(render(&page)?))
        }
        // The page says when it was opened.
        Err(Error::Conflict(_)) => look(State(app), Path(text), chrome).await,
        Err(error) => Err(error.into()),
    }
}

fn link_of(text: &str) -> Result<HandoverLink, PortalError> {
    HandoverLink::parse(text).ok_or_else(|| Error::NotFound("link".to_owned()).into())
}

fn unkept(mut response: Response) -> Response {
    let nobody_keeps_it = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(CACHE_CONTROL, nobody_keeps_it);
    response
}
