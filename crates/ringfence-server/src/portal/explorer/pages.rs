//! `/admin/explorer`: the list of operations, one of them as a form, and its answer.

use super::Inside;
use super::call::{Answer, Call, FieldFault, Origin, Shown};
use super::catalogue::{Op, Place, op_of, ops};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::form::Form;
use crate::portal::listing::ListState;
use crate::portal::page::{render, render_as};
use crate::web::person::Signed;
use crate::web::words::sentence;
use askama::Template;
use axum::extract::{Extension, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::explorer::{Trial, TryCredential, explorer_credentials, explorer_token};
use ringfence_core::id::CredentialId;
use url::form_urlencoded;

#[derive(Template)]
#[template(path = "explorer/list.html")]
struct ListPage {
    chrome: Chrome,
    q: String,
    groups: Vec<Group>,
}

struct Group {
    name: String,
    ops: Vec<OpLine>,
}

struct OpLine {
    href: String,
    method: String,
    path: String,
    summary: String,
    scopes: String,
}

#[derive(Template)]
#[template(path = "explorer/operation.html")]
struct OperationPage {
    chrome: Chrome,
    key: String,
    method: String,
    path: String,
    group: String,
    summary: String,
    about: String,
    scopes: String,
    accept: String,
    only_reads: bool,
    sure: bool,
    credentials: Vec<Choice>,
    fields: Vec<Field>,
    body: Option<String>,
    faults: Vec<FieldFault>,
    credential_fault: Option<String>,
    body_fault: Option<String>,
    sure_fault: Option<String>,
    done: Option<Done>,
}

struct Choice {
    id: String,
    label: String,
    is_chosen: bool,
}

struct Field {
    id: String,
    name: String,
    place: &'static str,
    about: String,
    required: bool,
    value: String,
    example: String,
    fault: Option<String>,
}

/// What came of a call.
struct Done {
    answer: Answer,
    curl: String,
    credential_id: String,
    /// The fields as they were sent, to send them again.
    sent: Vec<(String, String)>,
}

/// What was filled in.
struct Filled<'f> {
    form: Option<&'f Form>,
    credential: String,
    faults: Vec<FieldFault>,
}

/// `GET /admin/explorer`.
pub(crate) fn explorer_route() -> MethodRouter<App> {
    get(show)
}

/// `POST /admin/explorer`: makes the call.
pub(crate) fn send_route() -> MethodRouter<App> {
    post(send)
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    chrome: Chrome,
    uri: Uri,
) -> Result<Response, PortalError> {
    let state = ListState::read(&uri);
    // Who has no credentials has nothing to try, and does not find the page.
    let credentials = explorer_credentials(&app.ctx, &caller).await?;
    let key = state.text("op");
    if key.is_empty() {
        return render(&list(chrome, state.text("q")));
    }
    let op = op_of(key).ok_or_else(|| Error::NotFound("operation".to_owned()))?;
    let filled = Filled {
        form: None,
        credential: state.text("credential").to_owned(),
        faults: Vec::new(),
    };
    render(&operation(chrome, op, &credentials, &filled))
}

async fn send(
    State(app): State<App>,
    Signed(caller): Signed,
    Extension(inside): Extension<Inside>,
    origin: Origin,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let op = op_of(form.text("op")).ok_or_else(|| Error::NotFound("operation".to_owned()))?;
    let credentials = explorer_credentials(&app.ctx, &caller).await?;
    let chosen = form.text("credential").to_owned();
    let page = |faults| {
        let filled = Filled {
            form: Some(&form),
            credential: chosen.clone(),
            faults,
        };
        operation(chrome.clone(), op, &credentials, &filled)
    };
    let refused = |faults| render_as(StatusCode::UNPROCESSABLE_ENTITY, &page(faults));
    let call = match Call::of(op, &form) {
        Ok(call) => call,
        Err(faults) => return refused(faults),
    };
    let token = match token(&app, &caller, op, &chosen).await {
        Ok(token) => token,
        Err(Error::Invalid(text)) => {
            let field = "credential".to_owned();
            let text = sentence(&text);
            return refused(vec![FieldFault { field, text }]);
        }
        Err(error) => return Err(error.into()),
    };
    let response = call.send(inside, &origin, &token).await;
    if form.text("act") == "download" && response.status().is_success() {
        return Ok(as_file(response));
    }
    let mut page = page(Vec::new());
    page.done = Some(Done {
        answer: Answer::read(response).await,
        curl: call.curl(&app.ctx.settings.public_url),
        credential_id: chosen.clone(),
        sent: sent(op, &form),
    });
    render(&page)
}

async fn token(app: &App, caller: &Caller, op: &Op, chosen: &str) -> Result<String, Error> {
    let credential_id = CredentialId::parse(chosen)
        .map_err(|_| Error::Invalid("choose a credential".to_owned()))?;
    let trial = Trial {
        credential_id,
        needed: op.scopes,
        method: &op.method,
        route: &op.path,
    };
    let token = explorer_token(&app.ctx, caller, trial).await?;
    Ok(token.access_token.expose().clone())
}

/// The answer itself, to be saved and never opened in place.
fn as_file(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let mut file = Response::new(body);
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        if let Some(value) = parts.headers.get(&name) {
            file.headers_mut().insert(name, value.clone());
        }
    }
    let attachment = HeaderValue::from_static("attachment; filename=\"answer\"");
    file.headers_mut().insert(CONTENT_DISPOSITION, attachment);
    file
}

fn list(chrome: Chrome, q: &str) -> ListPage {
    let wanted = q.to_lowercase();
    let fits = |op: &&Op| {
        let text = format!("{} {} {} {}", op.method, op.path, op.summary, op.group);
        text.to_lowercase().contains(&wanted)
    };
    let mut groups: Vec<Group> = Vec::new();
    for op in ops().iter().filter(fits) {
        let line = OpLine {
            href: href(op),
            method: op.method.clone(),
            path: op.path.clone(),
            summary: op.summary.clone(),
            scopes: op.scopes.to_string(),
        };
        match groups.iter_mut().find(|group| group.name == op.group) {
            Some(group) => group.ops.push(line),
            None => groups.push(Group {
                name: op.group.clone(),
                ops: vec![line],
            }),
        }
    }
    ListPage {
        chrome,
        q: q.to_owned(),
        groups,
    }
}

fn href(op: &Op) -> String {
    let key: String = form_urlencoded::byte_serialize(op.key().as_bytes()).collect();
    format!("/admin/explorer?op={key}")
}

fn operation(
    chrome: Chrome,
    op: &Op,
    credentials: &[TryCredential],
    filled: &Filled<'_>,
) -> OperationPage {
    let fault_of = |field: &str| {
        let found = filled.faults.iter().find(|fault| fault.field == field);
        found.map(|fault| fault.text.clone())
    };
    let value = |field: &str, example: &str| match filled.form {
        Some(form) => form.text(field).to_owned(),
        None => example.to_owned(),
    };
    let fields = op.params.iter().filter(|param| !param.is_fixed());
    let fields = fields.map(|param| {
        let field = param.field();
        Field {
            // What must be there stands there already where an example is known, all else only when it was filled in.
            value: value(&field, if param.required { &param.example } else { "" }),
            fault: fault_of(&field),
            id: field,
            name: param.name.clone(),
            place: match param.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
            },
            about: param.about.clone(),
            required: param.required,
            example: param.example.clone(),
        }
    });
    let accept = op.params.iter().find(|param| param.is_fixed());
    OperationPage {
        key: op.key(),
        method: op.method.clone(),
        path: op.path.clone(),
        group: op.group.clone(),
        summary: op.summary.clone(),
        about: op.about.clone(),
        scopes: op.scopes.to_string(),
        accept: accept.map(|p| p.example.clone()).unwrap_or_default(),
        only_reads: op.only_reads(),
        sure: filled.form.is_some_and(|form| form.is_ticked("sure")),
        credentials: choices(op, credentials, &filled.credential),
        fields: fields.collect(),
        body: op.body.as_ref().map(|example| value("body", example)),
        credential_fault: fault_of("credential"),
        body_fault: fault_of("body"),
        sure_fault: fault_of("sure"),
        faults: filled.faults.clone(),
        done: None,
        chrome,
    }
}

/// The credentials on offer; without a choice, the first that may make the call.
fn choices(op: &Op, credentials: &[TryCredential], chosen: &str) -> Vec<Choice> {
    let works = |credential: &TryCredential| credential.scopes.intersects(op.scopes);
    let chosen = match chosen {
        "" => credentials
            .iter()
            .find(|c| works(c))
            .map(|c| c.id.to_string()),
        chosen => Some(chosen.to_owned()),
    };
    let choice = |credential: &TryCredential| {
        let id = credential.id.to_string();
        let lacks = if works(credential) {
            ""
        } else {
            " (may not call this now)"
        };
        Choice {
            is_chosen: chosen.as_ref() == Some(&id),
            label: format!("{}{lacks}", credential.name),
            id,
        }
    };
    credentials.iter().map(choice).collect()
}

fn sent(op: &Op, form: &Form) -> Vec<(String, String)> {
    let mut names: Vec<String> = vec!["op".to_owned(), "credential".to_owned()];
    names.extend(op.params.iter().map(super::catalogue::Param::field));
    names.push("body".to_owned());
    let mut sent = Vec::new();
    for name in names {
        let value = form.text(&name).to_owned();
        if !value.is_empty() {
            sent.push((name, value));
        }
    }
    sent
}
