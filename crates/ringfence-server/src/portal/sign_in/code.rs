//! `/login/code`: the second step, a code of an authenticator app or a recovery code.

use super::visitor::AtDoor;
use super::{
    Faults, STEP_COOKIE, aimed, asking_of, go_on, local_path, next_of, when_due, with_next,
};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::page::{redirect, render};
use crate::web::person::cookie;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::error::Error;
use ringfence_app::sign_in::Progress;
use ringfence_app::sign_in::totp::{code_sign_in, code_wanted};
use tokio::time::Instant;

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    chrome: Chrome,
    faults: Faults,
    next: String,
}

/// `GET` and `POST /login/code`.
pub(crate) fn code_routes() -> [MethodRouter<App>; 2] {
    [get(show), post(sign_in)]
}

async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let next = next_of(query.as_deref());
    let step = cookie(&headers, STEP_COOKIE).unwrap_or_default();
    if code_wanted(&app.ctx, step).is_err() {
        return Ok(redirect(&with_next("/login", &next)));
    }
    let asking = asking_of(&app, &next);
    let page = CodePage {
        chrome,
        faults: Faults::default(),
        next,
    };
    Ok(aimed(render(&page)?, asking.as_ref()))
}

async fn sign_in(
    State(app): State<App>,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let began = Instant::now();
    let next = local_path(form.text("next"));
    let step = cookie(&headers, STEP_COOKIE).unwrap_or_default();
    let outcome = code_sign_in(&app.ctx, step, form.text("code"), &visitor).await;
    let faults = match when_due(began, outcome).await {
        Ok(handle) => return go_on(&app, &headers, Progress::In(handle), &next).await,
        Err(Error::Unauthenticated) => {
            return Ok(redirect(&format!(
                "{}&again=late",
                with_next("/login", &next)
            )));
        }
        Err(error) => Faults::of_error("code", error)?,
    };
    let asking = asking_of(&app, &next);
    let page = CodePage {
        chrome,
        faults: faults.clone(),
        next,
    };
    Ok(aimed(faults.page(&page)?, asking.as_ref()))
}
