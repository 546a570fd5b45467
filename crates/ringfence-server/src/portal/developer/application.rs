//! One application: what it is, and its end.

use super::{ConfirmPage, Head, application_id, path_of, suite};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::{redirect_with_notice, render};
use crate::portal::time::Moment;
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::{application_delete, application_show};

#[derive(Template)]
#[template(path = "developer/application.html")]
struct ShowPage {
    chrome: Chrome,
    head: Head,
    is_ready: bool,
    has_subscription: bool,
    has_keys: bool,
    quota: &'static str,
    description: String,
    suites: String,
    created: Moment,
}

/// `GET /devportal/applications/{id}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `GET /devportal/applications/{id}/delete`.
pub(crate) fn delete_form_route() -> MethodRouter<App> {
    get(delete_ask)
}

/// `POST /devportal/applications/{id}/delete`.
pub(crate) fn delete_route() -> MethodRouter<App> {
    post(delete)
}

async fn show(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    let suites = application.subscriptions.iter();
    let suites: Vec<_> = suites.map(|s| suite::title(s.suite)).collect();
    let has_keys = application.keys.is_some();
    render(&ShowPage {
        chrome,
        head: Head::of(&application),
        is_ready: has_keys && !suites.is_empty(),
        has_subscription: !suites.is_empty(),
        has_keys,
        quota: application.quota.as_str(),
        description: application.description.clone(),
        suites: suites.join(", "),
        created: Moment(application.created_at),
    })
}

async fn delete_ask(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    let name = application.name.as_str();
    let mut stops = Vec::new();
    if application.keys.is_some() {
        stops.push("Its consumer key and secret get no tokens any more.".to_owned());
        stops.push(
            "Every access token and refresh token it got is refused, within one second.".to_owned(),
        );
        stops.push(
            "People who allowed it to act for them are not asked again: it is gone.".to_owned(),
        );
    }
    if !application.subscriptions.is_empty() {
        let n = application.subscriptions.len();
        let word = if n == 1 {
            "subscription"
        } else {
            "subscriptions"
        };
        stops.push(format!("Its {n} {word} end."));
    }
    if stops.is_empty() {
        stops.push("Nothing: it has neither keys nor subscriptions.".to_owned());
    }
    render(&ConfirmPage {
        chrome,
        title: format!("Delete {name}?"),
        heading: "What stops working",
        stops,
        rest: "This cannot be undone. A new application of the same name gets other keys.",
        back: path_of(application.id),
        back_name: name.to_owned(),
        action: format!("{}/delete", path_of(application.id)),
        button: format!("Delete {name}"),
    })
}

async fn delete(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    application_delete(&app.ctx, &caller, application_id(&id)?).await?;
    Ok(redirect_with_notice(
        "/devportal/applications",
        "application-deleted",
    ))
}
