//! The secret of an application's keys: shown once, made anew, and the keys' end.

use super::{ConfirmPage, application_id, path_of};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::{redirect_with_notice, render};
use crate::web::developer::SignedDeveloper;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use ringfence_app::applications::application_show;
use ringfence_app::applications::keys::{keys_clean_up, secret_regenerate};
use ringfence_app::error::Error;
use ringfence_core::application::{Application, ApplicationKeys, GrantType};
use ringfence_core::secret::Secret;

#[derive(Template)]
#[template(path = "developer/secret.html")]
struct SecretPage {
    chrome: Chrome,
    id: String,
    name: String,
    is_new: bool,
    key: String,
    secret: Option<String>,
    line: Option<String>,
    line_text: &'static str,
}

/// `GET /devportal/applications/{id}/keys/secret`.
pub(crate) fn secret_form_route() -> MethodRouter<App> {
    get(secret_ask)
}

/// `POST /devportal/applications/{id}/keys/secret`.
pub(crate) fn secret_route() -> MethodRouter<App> {
    post(secret)
}

/// `GET /devportal/applications/{id}/keys/remove`.
pub(crate) fn remove_form_route() -> MethodRouter<App> {
    get(remove_ask)
}

/// `POST /devportal/applications/{id}/keys/remove`.
pub(crate) fn remove_route() -> MethodRouter<App> {
    post(remove)
}

async fn secret_ask(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    let name = application.name.as_str();
    render(&ConfirmPage {
        chrome,
        title: format!("Regenerate the secret of {name}?"),
        heading: "What stops working",
        stops: vec![
            "The present secret: every program that holds it gets no tokens, from that moment on."
                .to_owned(),
        ],
        rest: "The consumer key stays, and so do access and refresh tokens. The new secret is shown once.",
        back: format!("{}/keys", path_of(application.id)),
        back_name: format!("Production Keys of {name}"),
        action: format!("{}/keys/secret", path_of(application.id)),
        button: "Regenerate the secret".to_owned(),
    })
}

async fn secret(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let (application, secret) = secret_regenerate(&app.ctx, &caller, application_id(&id)?).await?;
    secret_page(&app, chrome, &application, (false, Some(secret)))
}

async fn remove_ask(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let application = application_show(&app.ctx, &caller, application_id(&id)?).await?;
    let name = application.name.as_str();
    render(&ConfirmPage {
        chrome,
        title: format!("Remove the keys of {name}?"),
        heading: "What stops working",
        stops: vec![
            "The consumer key and its secret get no tokens any more.".to_owned(),
            "Every access token and refresh token they got is refused, within one second."
                .to_owned(),
        ],
        rest: "Subscriptions stay. You can generate new keys; people will have to sign in anew.",
        back: format!("{}/keys", path_of(application.id)),
        back_name: format!("Production Keys of {name}"),
        action: format!("{}/keys/remove", path_of(application.id)),
        button: "Remove the keys".to_owned(),
    })
}

async fn remove(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
) -> Result<Response, PortalError> {
    let id = application_id(&id)?;
    keys_clean_up(&app.ctx, &caller, id).await?;
    let path = format!("{}/keys", path_of(id));
    Ok(redirect_with_notice(&path, "keys-removed"))
}

/// The page that shows a secret, this once.
pub(super) fn secret_page(
    app: &App,
    chrome: Chrome,
    application: &Application,
    (is_new, secret): (bool, Option<Secret<String>>),
) -> Result<Response, PortalError> {
    let Some(keys) = &application.keys else {
        return Err(Error::NotFound("keys".to_owned()).into());
    };
    let secret = secret.map(|secret| secret.expose().clone());
    let tried = secret
        .as_ref()
        .and_then(|secret| token_line(app, keys, secret));
    let (line, line_text) = tried.map_or((None, ""), |(line, text)| (Some(line), text));
    render(&SecretPage {
        chrome,
        id: application.id.to_string(),
        name: application.name.as_str().to_owned(),
        is_new,
        key: keys.consumer_key.to_string(),
        secret,
        line,
        line_text,
    })
}

/// A line for a shell that gets a token without a browser, where a grant allows that.
fn token_line(app: &App, keys: &ApplicationKeys, secret: &str) -> Option<(String, &'static str)> {
    let base = &app.ctx.settings.public_url;
    let key = keys.consumer_key.as_str();
    if keys.grant_types.contains(GrantType::Password) {
        let line = format!(
            "curl -sS '{base}/token' -d grant_type=password -d scope=openid --data-urlencode \"username=$VBC_USERNAME@vbc.prod\" --data-urlencode \"password=$VBC_PASSWORD\" -d client_id={key} -d client_secret={secret}"
        );
        return Some((
            line,
            "With the user name and the password of a user of the phone system:",
        ));
    }
    if keys.grant_types.contains(GrantType::ClientCredentials) {
        let line = format!(
            "curl -sS '{base}/token' -d grant_type=client_credentials -d client_id={key} -d client_secret={secret}"
        );
        return Some((
            line,
            "For the application itself; the APIs ask for the token of a user, so this one shows only that the keys work:",
        ));
    }
    None
}
