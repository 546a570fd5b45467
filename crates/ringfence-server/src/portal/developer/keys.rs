//! *Production Keys*: key and secret, endpoints, grants and callbacks (vbc-api §2.4).

use super::secret::secret_page;
use super::{Head, application_id, path_of};
use crate::app::App;
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
use ringfence_app::applications::keys::{KeysEdit, NewKeys, keys_generate, keys_update};
use ringfence_app::error::Error;
use ringfence_core::application::{Application, ApplicationKeys, GrantType, GrantTypes};
use ringfence_core::callback::CallbackUrl;

#[derive(Template)]
#[template(path = "developer/keys.html")]
struct KeysPage {
    chrome: Chrome,
    head: Head,
    faults: Faults,
    consumer_key: Option<String>,
    is_public: bool,
    secret_made: Option<Moment>,
    endpoints: Vec<Endpoint>,
    version: u32,
    grants: Vec<Grant>,
    callbacks: String,
    post_logout: String,
    pkce_optional: bool,
}

/// An address of the token service.
pub(super) struct Endpoint {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) url: String,
}

struct Grant {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    is_ticked: bool,
    is_legacy: bool,
}

/// What the form says.
struct Wanted {
    grant_types: GrantTypes,
    callbacks: Vec<CallbackUrl>,
    post_logout: Vec<CallbackUrl>,
    pkce_optional: bool,
}

/// `GET /devportal/applications/{id}/keys`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

/// `POST /devportal/applications/{id}/keys`.
pub(crate) fn save_route() -> MethodRouter<App> {
    post(save)
}

/// The addresses of the token service, as the page shows them.
pub(super) fn endpoints(app: &App) -> Vec<Endpoint> {
    let base = &app.ctx.settings.public_url;
    let all = [
        ("token-url", "Token Endpoint", "/t/vbc.prod/oauth2/token"),
        ("revoke-url", "Revoke Endpoint", "/t/vbc.prod/oauth2/revoke"),
        ("authorize-url", "Authorize Endpoint", "/authorize"),
        ("userinfo-url", "Userinfo Endpoint", "/userinfo"),
        (
            "discovery-url",
            "OpenID Connect discovery",
            "/oauth2/token/.well-known/openid-configuration",
        ),
    ];
    all.map(|(id, label, path)| Endpoint {
        id,
        label,
        url: format!("{base}{path}"),
    })
    .into()
}

async fn show(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    render(&page(&app, chrome, &application))
}

async fn save(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
    form: Form,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    let id = application.id;
    let mut faults = Faults::default();
    if let Some(wanted) = read(&form, &mut faults) {
        let refused = if application.keys.is_some() {
            let edit = KeysEdit {
                grant_types: Some(wanted.grant_types),
                callbacks: Some(wanted.callbacks),
                post_logout: Some(wanted.post_logout),
                pkce_optional: Some(wanted.pkce_optional),
            };
            let version = form.text("version").parse().ok();
            match keys_update(&app.ctx, &caller, id, version, edit).await {
                Ok(_) => {
                    let path = format!("{}/keys", path_of(id));
                    return Ok(redirect_with_notice(&path, "keys-updated"));
                }
                Err(error) => error,
            }
        } else {
            let new = NewKeys {
                grant_types: wanted.grant_types,
                callbacks: wanted.callbacks,
                post_logout: wanted.post_logout,
                public: form.text("kind") == "public",
                pkce_optional: wanted.pkce_optional,
            };
            match keys_generate(&app.ctx, &caller, id, new).await {
                Ok((made, secret)) => return secret_page(&app, chrome, &made, (true, secret)),
                Err(error) => error,
            }
        };
        let Error::Invalid(text) = refused else {
            return Err(refused.into());
        };
        let field = if text.contains("callback") {
            "callbacks"
        } else {
            "grant"
        };
        faults.add(field, text);
    }
    let page = KeysPage {
        faults,
        is_public: form.text("kind") == "public" || is_public(&application),
        grants: grants(&app, |grant| form.all("grant").any(|v| v == grant.as_str())),
        callbacks: form.text("callbacks").to_owned(),
        post_logout: form.text("post_logout").to_owned(),
        pkce_optional: form.is_ticked("pkce_optional"),
        ..page(&app, chrome, &application)
    };
    render_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn read(form: &Form, faults: &mut Faults) -> Option<Wanted> {
    let mut grant_types = GrantTypes::EMPTY;
    for value in form.all("grant") {
        match GrantType::parse(value) {
            Ok(grant) => grant_types = grant_types.with(grant),
            Err(error) => faults.add("grant", error),
        }
    }
    let callbacks = faults.read(form, "callbacks", CallbackUrl::list_parse);
    let post_logout = faults.read(form, "post_logout", CallbackUrl::list_parse);
    let wanted = Wanted {
        grant_types,
        callbacks: callbacks?,
        post_logout: post_logout?,
        pkce_optional: form.is_ticked("pkce_optional"),
    };
    faults.is_empty().then_some(wanted)
}

/// The page as things are. Before there are keys, Refresh Token and Code are ticked.
fn page(app: &App, chrome: Chrome, application: &Application) -> KeysPage {
    let preset = GrantTypes::EMPTY
        .with(GrantType::RefreshToken)
        .with(GrantType::AuthorizationCode);
    let keys = application.keys.as_ref();
    let ticked = keys.map_or(preset, |keys| keys.grant_types);
    KeysPage {
        chrome,
        head: Head::of(application),
        faults: Faults::default(),
        consumer_key: keys.map(|keys| keys.consumer_key.to_string()),
        is_public: is_public(application),
        secret_made: keys.map(|keys| Moment(keys.secret_made_at)),
        endpoints: endpoints(app),
        version: application.version,
        grants: grants(app, |grant| ticked.contains(grant)),
        callbacks: keys.map_or_else(String::new, |keys| lines(&keys.callbacks)),
        post_logout: keys.map_or_else(String::new, |keys| lines(&keys.post_logout)),
        pkce_optional: keys.is_some_and(|keys| keys.pkce_optional),
    }
}

fn is_public(application: &Application) -> bool {
    application
        .keys
        .as_ref()
        .is_some_and(ApplicationKeys::is_public)
}

fn lines(urls: &[CallbackUrl]) -> String {
    urls.iter()
        .map(CallbackUrl::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The grants in the order of the page. One that the installation forbids is absent unless it is ticked.
fn grants(app: &App, is_ticked: impl Fn(GrantType) -> bool) -> Vec<Grant> {
    let all = [
        (
            GrantType::RefreshToken,
            "Refresh Token",
            "A new access token when the last one has run out, without asking the person again.",
        ),
        (
            GrantType::Password,
            "Password",
            "The application collects the password of the person. Only for programs between servers that cannot open a browser.",
        ),
        (
            GrantType::ClientCredentials,
            "Client Credentials",
            "A token of the application itself. The APIs refuse it: they ask for the token of a user.",
        ),
        (
            GrantType::AuthorizationCode,
            "Code",
            "The person signs in here, in their browser, and is sent back with a code. The one to use in production.",
        ),
    ];
    all.into_iter()
        .map(|(grant, label, hint)| Grant {
            value: grant.as_str(),
            label,
            hint,
            is_ticked: is_ticked(grant),
            is_legacy: grant == GrantType::Password,
        })
        .filter(|grant| !grant.is_legacy || grant.is_ticked || app.ctx.settings.vbc.password_grant)
        .collect()
}
