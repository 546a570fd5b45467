//! Personal tokens: made and shown once, deleted.

use super::ConfirmPage;
use super::me::ME;
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
use ringfence_app::developer_tokens::{
    NewDeveloperToken, developer_token_delete, developer_token_list, developer_token_make,
};
use ringfence_app::error::Error;
use ringfence_core::developer::DeveloperScope;
use ringfence_core::developer_scope::DeveloperScopes;
use ringfence_core::id::DeveloperTokenId;

#[derive(Template)]
#[template(path = "developer/token_new.html")]
struct NewPage {
    chrome: Chrome,
    faults: Faults,
    name: String,
    scopes: Vec<ScopeChoice>,
    days: Vec<Choice>,
}

struct ScopeChoice {
    value: &'static str,
    text: &'static str,
    is_ticked: bool,
}

#[derive(Template)]
#[template(path = "developer/token_made.html")]
struct MadePage {
    chrome: Chrome,
    text: String,
    line: String,
    ends: Moment,
}

const DAYS: [(&str, &str); 4] = [
    ("7", "In 7 days"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
];

/// `GET /devportal/me/tokens/new`.
pub(crate) fn make_form_route() -> MethodRouter<App> {
    get(make_form)
}

/// `POST /devportal/me/tokens`.
pub(crate) fn make_route() -> MethodRouter<App> {
    post(make)
}

/// `GET /devportal/me/tokens/{tokenId}/delete`.
pub(crate) fn delete_form_route() -> MethodRouter<App> {
    get(delete_ask)
}

/// `POST /devportal/me/tokens/{tokenId}/delete`.
pub(crate) fn delete_route() -> MethodRouter<App> {
    post(delete)
}

async fn make_form(chrome: Chrome) -> Result<Response, PortalError> {
    render(&page(chrome, &Form::default(), Faults::default()))
}

async fn make(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    caller.require_session()?;
    let mut faults = Faults::default();
    let scopes: DeveloperScopes = form
        .all("scope")
        .filter_map(DeveloperScope::parse)
        .collect();
    let days = faults.read(&form, "days", str::parse::<u32>);
    if scopes.is_empty() {
        faults.add("scope", "choose at least one scope");
    }
    if let (Some(days), true) = (days, faults.is_empty()) {
        let new = NewDeveloperToken {
            name: form.text("name").to_owned(),
            scopes,
            days,
        };
        match developer_token_make(&app.ctx, &caller.actor(), &caller.developer, new).await {
            Ok(made) => {
                let text = made.text.expose().clone();
                let base = &app.ctx.settings.public_url;
                let line = format!(
                    "curl -sS '{base}/api/am/store/v1/applications' -H 'Authorization: Bearer {text}'"
                );
                return render(&MadePage {
                    chrome,
                    text,
                    line,
                    ends: Moment(made.token.expires_at),
                });
            }
            Err(Error::Invalid(text)) => faults.add("name", text),
            Err(error) => return Err(error.into()),
        }
    }
    render_as(
        StatusCode::UNPROCESSABLE_ENTITY,
        &page(chrome, &form, faults),
    )
}

async fn delete_ask(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = token_id(&id)?;
    let all = developer_token_list(&app.ctx, &caller).await?;
    let token = all.into_iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| Error::NotFound("token".to_owned()))?;
    render(&ConfirmPage {
        chrome,
        title: format!("Delete the token {}?", token.name),
        heading: "What stops working",
        stops: vec![
            "Every program that holds this token is refused from that moment on.".to_owned(),
        ],
        rest: "",
        back: ME.to_owned(),
        back_name: "You".to_owned(),
        action: format!("{ME}/tokens/{id}/delete"),
        button: "Delete the token".to_owned(),
    })
}

async fn delete(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    developer_token_delete(&app.ctx, &caller, token_id(&id)?).await?;
    Ok(redirect_with_notice(ME, "developer-token-deleted"))
}

fn page(chrome: Chrome, form: &Form, faults: Faults) -> NewPage {
    let text = |scope| match scope {
        DeveloperScope::Subscribe => "Everything, and reading the catalogue",
        DeveloperScope::AppManage => "Applications and their keys",
        DeveloperScope::SubManage => "Subscriptions",
    };
    let choice = |scope: DeveloperScope| ScopeChoice {
        value: scope.as_str(),
        text: text(scope),
        is_ticked: form.all("scope").any(|value| value == scope.as_str()),
    };
    let days = match form.text("days") {
        "" => "90",
        days => days,
    };
    NewPage {
        chrome,
        faults,
        name: form.text("name").to_owned(),
        scopes: DeveloperScope::ALL.map(choice).into(),
        days: choices(DAYS, days),
    }
}

fn token_id(text: &str) -> Result<DeveloperTokenId, Error> {
    DeveloperTokenId::parse(text).map_err(|_| Error::NotFound("token".to_owned()))
}
