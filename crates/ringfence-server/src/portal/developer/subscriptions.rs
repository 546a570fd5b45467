//! *Subscriptions* of one application (vbc-api §2.3).

use super::suite::{SuiteView, title};
use super::{ConfirmPage, Head, application_id, path_of};
use crate::app::App;
use crate::portal::choice::{Choice, choices};
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use crate::portal::page::{redirect_with_notice, render, render_as};
use crate::portal::time::Moment;
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::application_show;
use ringfence_app::applications::subscriptions::{
    subscription_add, subscription_remove, subscription_show,
};
use ringfence_app::error::Error;
use ringfence_core::application::{Application, Plan, Subscription, SubscriptionStatus};
use ringfence_core::id::SubscriptionId;
use ringfence_core::suite::Suite;

#[derive(Template)]
#[template(path = "developer/subscriptions.html")]
struct ListPage {
    chrome: Chrome,
    head: Head,
    faults: Faults,
    lines: Vec<Line>,
    offers: Vec<Choice>,
    plans: Vec<Choice>,
}

/// A subscription on a page.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) suite: SuiteView,
    pub(super) application_id: String,
    pub(super) application: String,
    pub(super) plan: &'static str,
    pub(super) badge: &'static str,
    pub(super) status: &'static str,
    pub(super) since: Moment,
}

/// `GET /devportal/applications/{id}/subscriptions`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `POST /devportal/applications/{id}/subscriptions`.
pub(crate) fn add_route() -> MethodRouter<App> {
    post(add)
}

/// `GET /devportal/applications/{id}/subscriptions/{subscriptionId}/remove`.
pub(crate) fn remove_form_route() -> MethodRouter<App> {
    get(remove_ask)
}

/// `POST /devportal/applications/{id}/subscriptions/{subscriptionId}/remove`.
pub(crate) fn remove_route() -> MethodRouter<App> {
    post(remove)
}

async fn list(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    render(&page(chrome, &application, Faults::default()))
}

async fn add(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let id = application_id(&id)?;
    let mut faults = Faults::default();
    let suite = faults.read(&form, "suite", Suite::parse);
    let plan = faults.read(&form, "plan", Plan::parse);
    if let (Some(suite), Some(plan)) = (suite, plan) {
        match subscription_add(&app.ctx, &caller, id, (suite, plan)).await {
            Ok(_) => {
                let path = format!("{}/subscriptions", path_of(id));
                return Ok(redirect_with_notice(&path, "subscription-added"));
            }
            Err(Error::Conflict(text)) => faults.add("suite", text),
            Err(error) => return Err(error.into()),
        }
    }
    let application = application_show(&app.ctx, &caller, id).await?;
    let page = page(chrome, &application, faults);
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn remove_ask(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, subscription)): Path<(String, String)>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (id, subscription) = (application_id(&id)?, subscription_id(&subscription)?);
    let found = subscription_show(&app.ctx, &caller, subscription).await?;
    if found.application.id != id {
        return Err(Error::NotFound("subscription".to_owned()).into());
    }
    let (suite, name) = (
        title(found.subscription.suite),
        found.application.name.as_str(),
    );
    let back = format!("{}/subscriptions", path_of(id));
    render(&ConfirmPage {
        chrome,
        title: format!("Unsubscribe {name} from {suite}?"),
        heading: "What stops working",
        stops: vec![format!(
            "Every call of {name} to {suite} is refused within one second, with every token it has."
        )],
        rest: "Keys, tokens and other subscriptions stay. You can subscribe again.",
        action: format!("{back}/{subscription}/remove"),
        back,
        back_name: format!("Subscriptions of {name}"),
        button: "Unsubscribe".to_owned(),
    })
}

async fn remove(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, subscription)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let (id, subscription) = (application_id(&id)?, subscription_id(&subscription)?);
    let found = subscription_show(&app.ctx, &caller, subscription).await?;
    if found.application.id != id {
        return Err(Error::NotFound("subscription".to_owned()).into());
    }
    subscription_remove(&app.ctx, &caller, subscription).await?;
    let path = format!("{}/subscriptions", path_of(id));
    Ok(redirect_with_notice(&path, "subscription-removed"))
}

/// The business plans on offer.
pub(super) fn plans() -> Vec<Choice> {
    let plan = Plan::Standard.as_str();
    choices([(plan, plan)], plan)
}

/// A subscription of an application, for a table.
pub(super) fn line(application: &Application, subscription: &Subscription) -> Line {
    let (badge, status) = match subscription.status {
        SubscriptionStatus::Unblocked => ("ok", "Unblocked"),
        SubscriptionStatus::OnHold => ("warn", "Waits for approval"),
        SubscriptionStatus::Blocked => ("bad", "Blocked"),
        SubscriptionStatus::ProdOnlyBlocked => ("bad", "Blocked for production keys"),
        SubscriptionStatus::Rejected => ("bad", "Rejected"),
        SubscriptionStatus::TierUpdatePending => ("warn", "Waits for another plan"),
    };
    Line {
        id: subscription.id.to_string(),
        suite: SuiteView::of(subscription.suite, 0),
        application_id: application.id.to_string(),
        application: application.name.as_str().to_owned(),
        plan: subscription.plan.as_str(),
        badge,
        status,
        since: Moment(subscription.made_at),
    }
}

fn page(chrome: Chrome, application: &Application, faults: Faults) -> ListPage {
    let free = |suite: &Suite| application.subscription(*suite).is_none();
    let offers = Suite::ALL.into_iter().filter(free);
    let offers = offers.map(|suite| (suite.name(), title(suite)));
    let subscriptions = application.subscriptions.iter();
    ListPage {
        chrome,
        head: Head::of(application),
        faults,
        lines: subscriptions.map(|s| line(application, s)).collect(),
        offers: choices(offers, ""),
        plans: plans(),
    }
}

fn subscription_id(text: &str) -> Result<SubscriptionId, Error> {
    SubscriptionId::parse(text).map_err(|_| Error::NotFound("subscription".to_owned()))
}
