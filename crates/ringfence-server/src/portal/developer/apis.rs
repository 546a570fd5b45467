//! *APIs*: the catalogue, a suite's overview, and which applications are subscribed to it.

use super::application_id;
use super::catalogue::ops_of;
use super::subscriptions::{Line, line, plans};
use super::suite::{OpGroup, SuiteView};
use crate::app::App;
use crate::portal::choice::Choice;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::subscriptions::{
    SubscriptionQuery, subscription_add, subscription_list,
};
use ringfence_app::applications::{
    ApplicationOrder, ApplicationQuery, MOST_APPLICATIONS, application_list,
};
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::error::Error;
use ringfence_core::application::{Application, Plan};
use ringfence_core::suite::Suite;

#[derive(Template)]
#[template(path = "developer/apis.html")]
struct CataloguePage {
    chrome: Chrome,
    suites: Vec<SuiteView>,
}

#[derive(Template)]
#[template(path = "developer/api.html")]
struct ShowPage {
    chrome: Chrome,
    suite: SuiteView,
    urls: Vec<BaseUrl>,
    groups: Vec<OpGroup>,
}

struct BaseUrl {
    id: &'static str,
    label: &'static str,
    url: String,
}

#[derive(Template)]
#[template(path = "developer/api_applications.html")]
struct ApplicationsPage {
    chrome: Chrome,
    suite: SuiteView,
    faults: Faults,
    lines: Vec<Line>,
    offers: Vec<(String, String)>,
    plans: Vec<Choice>,
}

/// `GET /devportal/apis`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /devportal/apis/{suite}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `GET /devportal/apis/{suite}/applications`.
pub(crate) fn applications_route() -> MethodRouter<App> {
    get(applications)
}

/// `POST /devportal/apis/{suite}/applications`.
pub(crate) fn subscribe_route() -> MethodRouter<App> {
    post(subscribe)
}

async fn list(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let all = subscription_list(&app.ctx, &caller, SubscriptionQuery::default()).await?;
    let count = |suite| all.iter().filter(|s| s.subscription.suite == suite).count();
    render(&CataloguePage {
        chrome,
        suites: Suite::ALL
            .into_iter()
            .map(|suite| SuiteView::of(suite, count(suite)))
            .collect(),
    })
}

async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let suite = suite_named(&name)?;
    render(&ShowPage {
        chrome,
        suite: SuiteView::of(suite, 0),
        urls: urls(&app, suite),
        groups: groups(suite),
    })
}

async fn applications(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(name): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let suite = suite_named(&name)?;
    render(&applications_page(&app, &caller, suite, (chrome, Faults::default())).await?)
}

async fn subscribe(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(name): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let suite = suite_named(&name)?;
    let mut faults = Faults::default();
    let plan = faults.read(&form, "plan", Plan::parse);
    if let Some(plan) = plan {
        let id = application_id(form.text("application"))?;
        match subscription_add(&app.ctx, &caller, id, (suite, plan)).await {
            Ok(_) => {
                let path = format!("/devportal/apis/{}/applications", suite.name());
                return Ok(redirect_with_notice(&path, "subscription-added"));
            }
            Err(Error::Conflict(text)) => faults.add("application", text),
            Err(error) => return Err(error.into()),
        }
    }
    let page = applications_page(&app, &caller, suite, (chrome, faults)).await?;
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// The suite of a path.
pub(super) fn suite_named(name: &str) -> Result<Suite, Error> {
    Suite::parse(name).map_err(|_| Error::NotFound("API".to_owned()))
}

/// Every application of the developer's, by name.
pub(super) async fn all_applications(
    app: &App,
    caller: &DeveloperCaller,
) -> Result<Vec<Application>, Error> {
    let query = ApplicationQuery {
        q: String::new(),
        order: ApplicationOrder::Name,
        descending: false,
        offset: 0,
        limit: MOST_APPLICATIONS,
    };
    Ok(application_list(&app.ctx, caller, &query).await?.items)
}

async fn applications_page(
    app: &App,
    caller: &DeveloperCaller,
    suite: Suite,
    (chrome, faults): (Chrome, Faults),
) -> Result<ApplicationsPage, Error> {
    let mut lines = Vec::new();
    let mut offers = Vec::new();
    for application in all_applications(app, caller).await? {
        match application.subscription(suite) {
            Some(subscription) => lines.push(line(&application, subscription)),
            None => offers.push((
                application.id.to_string(),
                application.name.as_str().to_owned(),
            )),
        }
    }
    Ok(ApplicationsPage {
        chrome,
        suite: SuiteView::of(suite, lines.len()),
        faults,
        lines,
        offers,
        plans: plans(),
    })
}

/// The operations of a suite under their headings, in the order of the fact sheet.
pub(super) fn groups(suite: Suite) -> Vec<OpGroup> {
    let mut groups: Vec<OpGroup> = Vec::new();
    for op in ops_of(suite) {
        match groups.iter_mut().find(|group| group.name == op.group) {
            Some(group) => group.ops.push(op),
            None => groups.push(OpGroup {
                name: op.group,
                ops: vec![op],
            }),
        }
    }
    groups
}

fn urls(app: &App, suite: Suite) -> Vec<BaseUrl> {
    let base = format!(
        "{}/t/vbc.prod{}",
        app.ctx.settings.public_url,
        suite.context()
    );
    let versioned = BaseUrl {
        id: "versioned-url",
        label: "URL with version",
        url: format!("{base}/{}", suite.version()),
    };
    if suite.is_default_version() {
        let plain = BaseUrl {
            id: "base-url",
            label: "URL",
            url: base,
        };
        vec![plain, versioned]
    } else {
        vec![versioned]
    }
}
