//! `GET /admin/gateway/requests/{id}`: one request, rule by rule.

use super::duration;
use super::requests::status_class;
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::{render, render_as};
use crate::portal::time::Moment;
use crate::web::person::Signed;
use crate::web::words::sentence;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::error::Error;
use ringfence_app::manage::traffic::{Explained, Outcome, Step, api_of, request_explain};
use ringfence_core::client::Client;
use ringfence_core::id::RequestId;

#[derive(Template)]
#[template(path = "gateway/request.html")]
struct RequestPage {
    chrome: Chrome,
    id: String,
    at: Moment,
    exact: String,
    api: String,
    method: String,
    route: String,
    status: u16,
    class: &'static str,
    duration: String,
    address: String,
    account: Option<String>,
    client_id: Option<String>,
    client: Option<String>,
    is_application: bool,
    /// Whether the credential's page belongs to the account that is looked at.
    is_here: bool,
    owner: Option<String>,
    scopes: String,
    needed: String,
    refusal: Option<Refusal>,
    steps: Vec<StepRow>,
}

struct Refusal {
    code: String,
    what: String,
    todo: String,
    changer: String,
}

struct StepRow {
    class: &'static str,
    result: &'static str,
    title: &'static str,
    then: Option<String>,
    now: Option<NowRow>,
}

struct NowRow {
    holds: bool,
    text: String,
    changer: String,
}

#[derive(Template)]
#[template(path = "gateway/missing.html")]
struct MissingPage {
    chrome: Chrome,
    id: String,
    days: u32,
}

/// `GET /admin/gateway/requests/{id}`.
pub(crate) fn request_route() -> MethodRouter<App> {
    get(request)
}

async fn request(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = RequestId::parse(&id).map_err(|_| Error::NotFound("request".to_owned()))?;
    let route_of = |name: &str, method: &str| app.route_named(name, method);
    match request_explain(&app.ctx, &caller, id, route_of).await {
        Ok(found) => {
            let is_here = found.request.account_id == Some(caller.account.id);
            render(&page(chrome, &found, is_here))
        }
        Err(Error::NotFound(_)) => render_as(
            StatusCode::NOT_FOUND,
            &MissingPage {
                chrome,
                id: id.to_string(),
                days: app.ctx.traffic.limits().days_kept,
            },
        ),
        Err(error) => Err(error.into()),
    }
}

fn page(chrome: Chrome, found: &Explained, is_here: bool) -> RequestPage {
    let request = &found.request;
    let refusal = request.reason.as_ref().map(|code| Refusal {
        code: code.clone(),
        what: found
            .reason
            .map_or_else(String::new, |reason| sentence(reason.what)),
        todo: found
            .reason
            .map_or_else(String::new, |reason| sentence(reason.todo)),
        changer: found.changer.clone().unwrap_or_default(),
    });
    RequestPage {
        chrome,
        id: request.id.to_string(),
        at: Moment(request.at),
        exact: request.at.to_iso_millis(),
        api: api_of(&request.route).to_owned(),
        method: request.method.clone(),
        route: request.route.clone(),
        status: request.status,
        class: status_class(request),
        duration: duration(request.duration_us),
        address: request.address.map(|a| a.to_string()).unwrap_or_default(),
        account: found.account.as_ref().map(ToString::to_string),
        client_id: request.client.map(|client| match client {
            Client::Credential(id) => id.to_string(),
            Client::Application(id) => id.to_string(),
        }),
        client: found.client.clone(),
        is_application: request
            .client
            .is_some_and(|client| client.application().is_some()),
        is_here,
        owner: found.owner.clone(),
        scopes: request.scopes.clone(),
        needed: found.needed.clone(),
        steps: found
            .steps
            .iter()
            .map(|step| step_row(step, refusal.as_ref()))
            .collect(),
        refusal,
    }
}

fn step_row(step: &Step, refusal: Option<&Refusal>) -> StepRow {
    let (class, result) = match step.outcome {
        Outcome::Passed => ("ok", "Pass"),
        Outcome::Failed => ("bad", "Fail"),
        Outcome::NotReached => ("muted", "Not reached"),
    };
    let failed = refusal.filter(|_| step.outcome == Outcome::Failed);
    StepRow {
        class,
        result,
        title: step.title,
        then: failed.map(|refusal| refusal.what.clone()),
        now: step.now.as_ref().map(|now| NowRow {
            holds: now.holds,
            text: now.text.clone(),
            changer: now.changer.clone(),
        }),
    }
}
