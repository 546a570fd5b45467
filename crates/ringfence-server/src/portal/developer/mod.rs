//! The Developer Portal: pages for developers, at `/devportal` (vbc-api §2).
//!
//! Each page is one template and one handler, which calls one act of `ringfence_app::applications` or
//! `ringfence_app::developers` with the developer who asks. [`door`] lets nobody else in. Read [`applications`] next.

pub(crate) mod apis;
pub(crate) mod application;
pub(crate) mod applications;
mod catalogue;
pub(crate) mod console;
pub(crate) mod documentation;
pub(crate) mod door;
pub(crate) mod keys;
pub(crate) mod me;
pub(crate) mod profile;
pub(crate) mod secret;
pub(crate) mod sign_in;
pub(crate) mod subscriptions;
mod suite;
pub(crate) mod tokens;

use super::chrome::Chrome;
use askama::Template;
use ringfence_app::error::Error;
use ringfence_core::application::{Application, ApplicationStatus};
use ringfence_core::id::ApplicationId;

/// A page that says what stops before it is done.
#[derive(Template)]
#[template(path = "developer/confirm.html")]
struct ConfirmPage {
    chrome: Chrome,
    title: String,
    heading: &'static str,
    stops: Vec<String>,
    rest: &'static str,
    back: String,
    back_name: String,
    action: String,
    button: String,
}

/// The head of an application's pages.
struct Head {
    id: String,
    name: String,
    badge: &'static str,
    state: &'static str,
    is_suspended: bool,
}

impl Head {
    fn of(application: &Application) -> Self {
        let (badge, state) = state(application);
        Self {
            id: application.id.to_string(),
            name: application.name.as_str().to_owned(),
            badge,
            state,
            is_suspended: application.status == ApplicationStatus::Suspended,
        }
    }
}

/// The state of an application as a badge and a word.
fn state(application: &Application) -> (&'static str, &'static str) {
    match application.status {
        ApplicationStatus::Approved => ("ok", "Approved"),
        ApplicationStatus::Suspended => ("bad", "Suspended"),
    }
}

/// The id of a path; what is no id names nothing.
fn application_id(text: &str) -> Result<ApplicationId, Error> {
    ApplicationId::parse(text).map_err(|_| Error::NotFound("application".to_owned()))
}

/// Where an application's pages are.
fn path_of(id: ApplicationId) -> String {
    format!("/devportal/applications/{id}")
}
