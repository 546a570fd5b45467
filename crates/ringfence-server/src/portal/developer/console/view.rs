//! What the console's page shows: the ways to a token, the form of a call, and its answer.

use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::developer::apis::all_applications;
use crate::portal::developer::catalogue::{Op, Param, op_named, ops_of};
use crate::portal::developer::suite::SuiteView;
use crate::portal::explorer::call::{Answer, Shown};
use crate::portal::faults::Faults;
use crate::portal::form::Form;
use askama::Template;
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::developer_console::callback_url;
use ringfence_app::error::Error;
use ringfence_core::application::{Application, GrantType};
use ringfence_core::suite::Suite;

/// The whole page.
#[derive(Template)]
#[template(path = "developer/console.html")]
pub(super) struct ConsolePage {
    chrome: Chrome,
    suite: SuiteView,
    faults: Faults,
    action: String,
    op: Option<OpView>,
    ops: Vec<OpChoice>,
    fields: Vec<Field>,
    held: Option<Held>,
    /// Which way to a token is open.
    open: &'static str,
    callback: String,
    with_code: Vec<AppChoice>,
    with_password: Vec<AppChoice>,
    username: String,
    done: Option<Done>,
}

/// The page that asks for the consumer secret.
#[derive(Template)]
#[template(path = "developer/console_finish.html")]
pub(super) struct FinishPage {
    pub(super) chrome: Chrome,
    pub(super) application: String,
    pub(super) action: String,
    pub(super) op: String,
    pub(super) sealed: String,
    pub(super) is_public: bool,
}

struct OpView {
    name: String,
    method: &'static str,
    path: &'static str,
}

struct OpChoice {
    name: String,
    text: String,
    is_chosen: bool,
}

struct Field {
    id: String,
    name: &'static str,
    about: &'static str,
    is_path: bool,
    value: String,
    fault: String,
}

/// A token that the page carries, sealed.
pub(super) struct Held {
    pub(super) sealed: String,
    pub(super) from: String,
}

struct AppChoice {
    id: String,
    name: String,
    is_chosen: bool,
}

/// A call that was made.
pub(super) struct Done {
    pub(super) answer: Answer,
    pub(super) curl: String,
}

/// What a page is made of beside the suite.
#[derive(Default)]
pub(super) struct Filled<'f> {
    pub(super) op: String,
    pub(super) form: Option<&'f Form>,
    pub(super) held: Option<Held>,
    pub(super) open: &'static str,
    pub(super) faults: Faults,
    pub(super) done: Option<Done>,
}

/// Notes what went wrong, and opens the way to a token where it did.
pub(super) fn fail(
    filled: &mut Filled<'_>,
    open: &'static str,
    (field, text): (&'static str, String),
) {
    filled.open = open;
    filled.faults.add(field, text);
}

/// The page of a suite.
pub(super) async fn page(
    app: &App,
    caller: &DeveloperCaller,
    suite: Suite,
    (chrome, filled): (Chrome, Filled<'_>),
) -> Result<ConsolePage, Error> {
    let op = op_named(suite, &filled.op).or_else(|| ops_of(suite).next());
    let op = op.filter(|_| suite.is_served());
    let all = all_applications(app, caller).await?;
    let chosen = |field| filled.form.map_or("", |form| form.text(field));
    let with = |grant, field| {
        let fits = |a: &&Application| {
            a.keys
                .as_ref()
                .is_some_and(|k| k.grant_types.contains(grant))
        };
        let choice = |application: &Application| AppChoice {
            id: application.id.to_string(),
            name: application.name.as_str().to_owned(),
            is_chosen: application.id.to_string() == chosen(field),
        };
        all.iter().filter(fits).map(choice).collect()
    };
    let choice = |other: &Op| OpChoice {
        name: other.name(),
        text: format!("{}: {}", other.group, other.summary),
        is_chosen: op.is_some_and(|op| op.name() == other.name()),
    };
    Ok(ConsolePage {
        chrome,
        suite: SuiteView::of(suite, 0),
        action: action(suite),
        ops: ops_of(suite).map(choice).collect(),
        fields: op.map_or_else(Vec::new, |op| fields(op, &filled)),
        op: op.map(|op| OpView {
            name: op.name(),
            method: op.method,
            path: op.path,
        }),
        held: filled.held,
        open: filled.open,
        callback: callback_url(&app.ctx),
        with_code: with(GrantType::AuthorizationCode, "code_application"),
        with_password: with(GrantType::Password, "application"),
        username: chosen("username").to_owned(),
        faults: filled.faults,
        done: filled.done,
    })
}

fn fields(op: &Op, filled: &Filled<'_>) -> Vec<Field> {
    let sent = |id: &str| {
        let form = filled.form.filter(|form| form.text("act") == "send");
        form.map(|form| form.text(id).to_owned())
    };
    let field = |param: &Param| {
        let id = field_id(param);
        Field {
            name: param.name,
            about: param.about(),
            is_path: param.is_path,
            value: sent(&id).unwrap_or_else(|| param.example().to_owned()),
            fault: filled.faults.of(param.name).to_owned(),
            id,
        }
    };
    op.params.iter().map(field).collect()
}

/// The id and name of a parameter's field; a path parameter's is its own name, which faults lead to.
pub(super) fn field_id(param: &Param) -> String {
    if param.is_path {
        param.name.to_owned()
    } else {
        format!("query.{}", param.name)
    }
}

/// Where the console of a suite is.
pub(super) fn action(suite: Suite) -> String {
    format!("/devportal/apis/{}/console", suite.name())
}
