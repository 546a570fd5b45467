//! `/applications/{applicationId}/keys` and its newer equivalent `oauth-keys`: made, changed, cleaned up (vbc-api §2.7).
//!
//! An application has one pair of keys, of type `PRODUCTION`. The older paths name it by type, the newer by its mapping
//! id; both lead here.

use super::applications::{application, application_id};
use super::body::Json;
use super::error::{Noun, StoreError};
use super::page::{List, done, json};
use super::query::Query;
use super::view::{KEY_MANAGER, KEY_TYPE, keys_view};
use crate::app::App;
use crate::web::developer::SignedDeveloper;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use http::{StatusCode, Uri};
use ringfence_app::applications::keys::{self as acts, KeysEdit, NewKeys};
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_core::application::{Application, ApplicationKeys, GrantType, GrantTypes};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::id::ApplicationId;
use ringfence_core::secret::Secret;
use serde::Deserialize;
use serde_json::json as value;

/// What keys are generated from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenerateBody {
    key_type: Option<String>,
    key_manager: Option<String>,
    grant_types_to_be_supported: Option<Vec<String>>,
    callback_url: Option<String>,
    additional_properties: Option<Properties>,
}

/// Keys as a client sends them back.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UpdateBody {
    supported_grant_types: Option<Vec<String>>,
    callback_url: Option<String>,
    additional_properties: Option<Properties>,
}

/// Keys that exist, to be used by an application.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MapBody {
    consumer_key: Option<String>,
    consumer_secret: Option<Secretive>,
    key_manager: Option<String>,
    key_type: Option<String>,
}

/// A text that no log shows.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Secretive(String);

/// What else can be said of keys. Clients send switches as text, too.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    pkce_mandatory: Option<Switch>,
    bypass_client_credentials: Option<Switch>,
    post_logout_urls: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Switch {
    Plain(bool),
    Text(String),
}

pub(crate) fn generate_route() -> MethodRouter<App> {
    post(generate)
}

pub(crate) fn map_route() -> MethodRouter<App> {
    post(map)
}

pub(crate) fn list_route() -> MethodRouter<App> {
    get(list)
}

pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

pub(crate) fn edit_route() -> MethodRouter<App> {
    put(edit)
}

pub(crate) fn regenerate_route() -> MethodRouter<App> {
    post(regenerate)
}

pub(crate) fn clean_up_route() -> MethodRouter<App> {
    post(clean_up)
}

async fn generate(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    Json(body): Json<GenerateBody>,
) -> Result<Response, StoreError> {
    let id = application_id(&id)?;
    issuer_check(body.key_type.as_deref(), body.key_manager.as_deref())?;
    let properties = body.additional_properties.unwrap_or_default();
    let grants = body.grant_types_to_be_supported.unwrap_or_default();
    let new = NewKeys {
        grant_types: grants_parse(&grants)?,
        callbacks: callbacks_parse(&body.callback_url.unwrap_or_default())?,
        post_logout: urls_parse(&properties.post_logout_urls.unwrap_or_default())?,
        public: flag(
            "bypassClientCredentials",
            properties.bypass_client_credentials,
        )?
        .unwrap_or(false),
        pkce_optional: !flag("pkceMandatory", properties.pkce_mandatory)?.unwrap_or(true),
    };
    // That the application is there comes first, so that what is missing later is its keys.
    application(&app, &caller, &id.to_string()).await?;
    let made = acts::keys_generate(&app.ctx, &caller, id, new).await;
    let (application, secret) = made.map_err(Noun::Keys.refusal())?;
    shown(&application, secret.as_ref())
}

async fn map(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    Json(body): Json<MapBody>,
) -> Result<Response, StoreError> {
    let found = application(&app, &caller, &id).await?;
    issuer_check(body.key_type.as_deref(), body.key_manager.as_deref())?;
    let key = body.consumer_key.unwrap_or_default();
    let key = ConsumerKey::parse(&key).map_err(|_| Noun::Keys.missing())?;
    let secret = body.consumer_secret.map(Secretive::into_secret);
    let noun = if found.keys.is_some() {
        Noun::Keys
    } else {
        Noun::ForeignKeys
    };
    let mapped = acts::keys_map(&app.ctx, &caller, found.id, (key, secret.as_ref())).await;
    shown(&mapped.map_err(noun.refusal())?, None)
}

async fn list(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, StoreError> {
    let query = Query::read(&uri, &["limit", "offset"])?;
    let window = query.window()?;
    let application = application(&app, &caller, &id).await?;
    let views = application.keys.iter().map(|keys| keys_view(keys, None));
    // Both spellings have the same neighbours: none, since there is one pair at most.
    let path = format!("/applications/{}/keys", application.id);
    let list = List::cut(&path, &query, window, views.collect());
    Ok(json(StatusCode::OK, &list))
}

async fn show(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, StoreError> {
    let (application, _) = named(&app, &caller, (&id, &key)).await?;
    shown(&application, None)
}

async fn edit(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, key)): Path<(String, String)>,
    Json(body): Json<UpdateBody>,
) -> Result<Response, StoreError> {
    let (_, id) = named(&app, &caller, (&id, &key)).await?;
    let properties = body.additional_properties.unwrap_or_default();
    let grants = body.supported_grant_types.as_deref().map(grants_parse);
    let callbacks = body.callback_url.as_deref().map(callbacks_parse);
    let post_logout = properties.post_logout_urls.as_deref().map(urls_parse);
    let mandatory = flag("pkceMandatory", properties.pkce_mandatory)?;
    let edit = KeysEdit {
        grant_types: grants.transpose()?,
        callbacks: callbacks.transpose()?,
        post_logout: post_logout.transpose()?,
        pkce_optional: mandatory.map(|mandatory| !mandatory),
    };
    let edited = acts::keys_update(&app.ctx, &caller, id, None, edit).await;
    shown(&edited.map_err(Noun::Keys.refusal())?, None)
}

async fn regenerate(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, StoreError> {
    let (found, id) = named(&app, &caller, (&id, &key)).await?;
    if found.keys.is_some_and(|keys| keys.is_public()) {
        return Err(StoreError::bad_request(
            "a public application has no secret",
        ));
    }
    let made = acts::secret_regenerate(&app.ctx, &caller, id).await;
    let (application, secret) = made.map_err(Noun::Keys.refusal())?;
    let key = keys_of(&application)?.consumer_key;
    let body = value!({"consumerKey": key.as_str(), "consumerSecret": secret.expose()});
    Ok(json(StatusCode::OK, &body))
}

async fn clean_up(
    State(app): State<App>,
    SignedDeveloper(caller): SignedDeveloper,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, StoreError> {
    let (_, id) = named(&app, &caller, (&id, &key)).await?;
    let cleaned = acts::keys_clean_up(&app.ctx, &caller, id).await;
    cleaned.map_err(Noun::Keys.refusal())?;
    Ok(done())
}

/// The application whose keys a path names, by type or by mapping id.
pub(super) async fn named(
    app: &App,
    caller: &DeveloperCaller,
    (id, key): (&str, &str),
) -> Result<(Application, ApplicationId), StoreError> {
    let application = application(app, caller, id).await?;
    let keys = keys_of(&application)?;
    if key == KEY_TYPE || keys.mapping_id.to_string() == key {
        let id = application.id;
        Ok((application, id))
    } else {
        Err(Noun::Keys.missing())
    }
}

fn keys_of(application: &Application) -> Result<&ApplicationKeys, StoreError> {
    application
        .keys
        .as_ref()
        .ok_or_else(|| Noun::Keys.missing())
}

fn shown(
    application: &Application,
    secret: Option<&Secret<String>>,
) -> Result<Response, StoreError> {
    let view = keys_view(keys_of(application)?, secret);
    Ok(json(StatusCode::OK, &view))
}

fn issuer_check(key_type: Option<&str>, key_manager: Option<&str>) -> Result<(), StoreError> {
    if key_type != Some(KEY_TYPE) {
        return Err(StoreError::bad_request(format!(
            "keyType must be {KEY_TYPE}: there are no other keys here"
        )));
    }
    match key_manager {
        None | Some(KEY_MANAGER) => Ok(()),
        Some(_) => Err(StoreError::bad_request(format!(
            "keyManager must be {KEY_MANAGER}"
        ))),
    }
}

fn grants_parse(texts: &[String]) -> Result<GrantTypes, StoreError> {
    let grants: Result<GrantTypes, _> = texts.iter().map(|text| GrantType::parse(text)).collect();
    grants.map_err(StoreError::bad_request)
}

fn callbacks_parse(text: &str) -> Result<Vec<CallbackUrl>, StoreError> {
    CallbackUrl::list_parse(text).map_err(StoreError::bad_request)
}

fn urls_parse(texts: &[String]) -> Result<Vec<CallbackUrl>, StoreError> {
    callbacks_parse(&texts.join(" "))
}

fn flag(name: &str, switch: Option<Switch>) -> Result<Option<bool>, StoreError> {
    match switch {
        None => Ok(None),
        Some(Switch::Plain(on)) => Ok(Some(on)),
        Some(Switch::Text(text)) => text
            .parse()
            .map(Some)
            .map_err(|_| StoreError::bad_request(format!("{name} must be true or false"))),
    }
}

impl Secretive {
    /// The text, to be wiped after use.
    pub(super) fn into_secret(self) -> Secret<String> {
        Secret::new(self.0)
    }
}

impl std::fmt::Debug for Secretive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}
