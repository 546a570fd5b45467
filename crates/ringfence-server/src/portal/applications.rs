//! Applications of every developer, for operators: looked at, suspended, verified, deleted, their subscriptions blocked.

use super::choice::{Choice, choices};
use super::chrome::Chrome;
use super::error::PortalError;
use super::listing::{Column, LINES, ListState, Pager};
use super::page::{redirect_with_notice, render};
use super::time::Moment;
use crate::app::App;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::ApplicationOrder;
use ringfence_app::applications::operate::{OwnedApplication, Verdict};
use ringfence_app::error::Error;
use ringfence_app::manage::applications::{
    ApplicationChange, ApplicationQuery, application_change, application_delete, application_page,
    application_show, subscription_block,
};
use ringfence_app::paging::PageRequest;
use ringfence_core::application::{ApplicationStatus, GrantType, SubscriptionStatus};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::developer::DeveloperName;
use ringfence_core::id::{ApplicationId, SubscriptionId};

#[derive(Template)]
#[template(path = "directory/applications.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    sort: String,
    developer: String,
    statuses: Vec<Choice>,
    filtered: bool,
    columns: [Column; 4],
    lines: Vec<Line>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "directory/application.html")]
struct ShowPage {
    chrome: Chrome,
    line: Line,
    description: String,
    company: String,
    email: String,
    keys: Option<Keys>,
    subscriptions: Vec<SubscriptionLine>,
}

#[derive(Template)]
#[template(path = "directory/application_switch.html")]
struct SwitchPage {
    chrome: Chrome,
    line: Line,
    words: &'static Words,
}

struct Line {
    id: String,
    name: String,
    developer: String,
    quota: &'static str,
    suspended: bool,
    verified: bool,
    n_suites: usize,
    created: Moment,
}

struct Keys {
    consumer_key: String,
    grants: Vec<&'static str>,
    callbacks: Vec<String>,
    post_logout: Vec<String>,
    public: bool,
    pkce_optional: bool,
    made: Moment,
    secret_made: Moment,
}

struct SubscriptionLine {
    id: String,
    suite: &'static str,
    plan: &'static str,
    status: &'static str,
    blocked: bool,
    served: bool,
    made: Moment,
}

/// One of the acts that ask first.
struct Words {
    act: &'static str,
    verb: &'static str,
    text: &'static str,
    takes: bool,
    notice: &'static str,
}

static ACTS: [Words; 5] = [
    Words {
        act: "suspend",
        verb: "Suspend",
        text: "Every token of it is refused within one second and stays refused, and it gets no new ones. Nothing is deleted, and it can be resumed.",
        takes: true,
        notice: "application-suspended",
    },
    Words {
        act: "resume",
        verb: "Resume",
        text: "It gets tokens again. Tokens of the time before stay refused, so people allow it anew where it cannot ask without them.",
        takes: false,
        notice: "application-resumed",
    },
    Words {
        act: "verify",
        verb: "Verify",
        text: "Consent pages no longer call it unverified. Check that name and callback URLs are those of the company that asks; when its developer changes them, this ends.",
        takes: false,
        notice: "application-verified",
    },
    Words {
        act: "unverify",
        verb: "Take back verification of",
        text: "Consent pages call it unverified again. Tokens stay.",
        takes: true,
        notice: "application-unverified",
    },
    Words {
        act: "delete",
        verb: "Delete",
        text: "It is gone with its keys and subscriptions, and every token of it is refused within one second. This cannot be undone.",
        takes: true,
        notice: "application-deleted",
    },
];

const STATUSES: [(&str, &str); 3] = [
    ("", "Any"),
    ("APPROVED", "In use"),
    ("SUSPENDED", "Suspended"),
];

/// `GET /admin/applications`.
pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

/// `GET /admin/applications/{applicationId}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `GET /admin/applications/{applicationId}/switch/{act}`.
pub(crate) fn switch_form_route() -> MethodRouter<App> {
    get(ask)
}

/// `POST /admin/applications/{applicationId}/switch/{act}`.
pub(crate) fn switch_route() -> MethodRouter<App> {
    post(switch)
}

/// `POST /admin/applications/{applicationId}/subscriptions/{subscriptionId}/block`.
pub(crate) fn block_route() -> MethodRouter<App> {
    post(block)
}

/// `POST /admin/applications/{applicationId}/subscriptions/{subscriptionId}/unblock`.
pub(crate) fn unblock_route() -> MethodRouter<App> {
    post(unblock)
}

async fn list(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    let (sort, descending) = state.sort();
    let query = ApplicationQuery {
        text: state.text("q").to_owned(),
        status: ApplicationStatus::parse(state.text("status")).ok(),
        developer: DeveloperName::parse(state.text("developer")).ok(),
        order: match sort {
            "quota" => ApplicationOrder::Quota,
            "status" => ApplicationOrder::Status,
            "created" => ApplicationOrder::Created,
            _ => ApplicationOrder::Name,
        },
        descending,
    };
    let page = PageRequest::new(state.page(), LINES.into(), LINES)?;
    let found = application_page(&app.ctx, &caller, &query, page).await?;
    render(&ListPage {
        chrome,
        q: state.text("q").to_owned(),
        sort: state.text("sort").to_owned(),
        developer: state.text("developer").to_owned(),
        statuses: choices(STATUSES, state.text("status")),
        filtered: ["q", "status", "developer"]
            .iter()
            .any(|name| !state.text(name).is_empty()),
        columns: [
            state.column("Name", "name", "name"),
            state.column("Quota", "quota", "name"),
            state.column("State", "status", "name"),
            state.column("Registered", "created", "name"),
        ],
        pager: state.pager(found.total, found.items.len()),
        lines: found.items.iter().map(line).collect(),
    })
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(application): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let found = application_show(&app.ctx, &caller, id(&application)?).await?;
    let line = line(&found);
    let OwnedApplication {
        application,
        developer,
    } = found;
    let subscription = |one: ringfence_core::application::Subscription| SubscriptionLine {
        id: one.id.to_string(),
        suite: one.suite.name(),
        plan: one.plan.as_str(),
        status: one.status.as_str(),
        blocked: one.status == SubscriptionStatus::Blocked,
        served: one.suite.is_served(),
        made: Moment(one.made_at),
    };
    render(&ShowPage {
        chrome,
        line,
        description: application.description,
        company: developer.company,
        email: developer.email,
        keys: application.keys.map(|keys| Keys {
            consumer_key: keys.consumer_key.to_string(),
            grants: keys.grant_types.iter().map(grant_text).collect(),
            callbacks: texts(&keys.callbacks),
            post_logout: texts(&keys.post_logout),
            public: keys.is_public(),
            pkce_optional: keys.pkce_optional,
            made: Moment(keys.made_at),
            secret_made: Moment(keys.secret_made_at),
        }),
        subscriptions: application
            .subscriptions
            .into_iter()
            .map(subscription)
            .collect(),
    })
}

async fn ask(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((application, act)): Path<(String, String)>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (id, words) = (id(&application)?, words(&act)?);
    let found = application_show(&app.ctx, &caller, id).await?;
    render(&SwitchPage {
        chrome,
        line: line(&found),
        words,
    })
}

async fn switch(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((application, act)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let (id, words) = (id(&application)?, words(&act)?);
    let verdict = match words.act {
        "suspend" => Verdict {
            status: Some(ApplicationStatus::Suspended),
            verified: None,
        },
        "resume" => Verdict {
            status: Some(ApplicationStatus::Approved),
            verified: None,
        },
        "delete" => {
            application_delete(&app.ctx, &caller, id).await?;
            return Ok(redirect_with_notice("/admin/applications", words.notice));
        }
        verifies => Verdict {
            status: None,
            verified: Some(verifies == "verify"),
        },
    };
    let change = ApplicationChange {
        verdict,
        developer: None,
    };
    application_change(&app.ctx, &caller, id, None, change).await?;
    Ok(redirect_with_notice(&page_of(id), words.notice))
}

async fn block(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((application, subscription)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let (id, subscription) = (id(&application)?, subscription_id(&subscription)?);
    subscription_block(&app.ctx, &caller, id, subscription, true).await?;
    Ok(redirect_with_notice(&page_of(id), "subscription-blocked"))
}

async fn unblock(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((application, subscription)): Path<(String, String)>,
) -> Result<Response, PortalError> {
    let (id, subscription) = (id(&application)?, subscription_id(&subscription)?);
    subscription_block(&app.ctx, &caller, id, subscription, false).await?;
    Ok(redirect_with_notice(&page_of(id), "subscription-unblocked"))
}

fn words(act: &str) -> Result<&'static Words, Error> {
    let found = ACTS.iter().find(|words| words.act == act);
    found.ok_or_else(|| Error::NotFound("page".to_owned()))
}

fn id(text: &str) -> Result<ApplicationId, Error> {
    ApplicationId::parse(text).map_err(|_| Error::NotFound("application".to_owned()))
}

fn subscription_id(text: &str) -> Result<SubscriptionId, Error> {
    SubscriptionId::parse(text).map_err(|_| Error::NotFound("subscription".to_owned()))
}

fn page_of(id: ApplicationId) -> String {
    format!("/admin/applications/{id}")
}

const fn grant_text(grant: GrantType) -> &'static str {
    match grant {
        GrantType::AuthorizationCode => "Code",
        GrantType::Password => "Password (legacy)",
        GrantType::RefreshToken => "Refresh Token",
        GrantType::ClientCredentials => "Client Credentials",
    }
}

fn texts(urls: &[CallbackUrl]) -> Vec<String> {
    urls.iter().map(|url| url.as_str().to_owned()).collect()
}

fn line(owned: &OwnedApplication) -> Line {
    let application = &owned.application;
    Line {
        id: application.id.to_string(),
        name: application.name.to_string(),
        developer: owned.developer.username.to_string(),
        quota: application.quota.as_str(),
        suspended: application.status == ApplicationStatus::Suspended,
        verified: application.verified,
        n_suites: application.subscriptions.len(),
        created: Moment(application.created_at),
    }
}
