//! Applications, keys and subscriptions as the platform's portal shows them (vbc-api §2.7).

use super::catalogue::api_id;
use ringfence_app::applications::subscriptions::Subscribed;
use ringfence_core::application::{Application, ApplicationKeys, GrantType, GrantTypes};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::developer::DeveloperName;
use ringfence_core::secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value};

/// The only issuer of keys.
pub(super) const KEY_MANAGER: &str = "Resident Key Manager";
/// The only type of keys.
pub(super) const KEY_TYPE: &str = "PRODUCTION";

/// An application.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ApplicationView {
    application_id: String,
    name: String,
    throttling_policy: &'static str,
    description: String,
    token_type: &'static str,
    status: &'static str,
    groups: [&'static str; 0],
    subscription_count: usize,
    keys: Vec<KeysView>,
    attributes: Map<String, Value>,
    subscription_scopes: [&'static str; 0],
    owner: String,
    // Secrets are kept as digests, so clients show one when it is made and never again.
    hash_enabled: bool,
}

/// The keys of an application.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeysView {
    key_mapping_id: String,
    key_manager: &'static str,
    consumer_key: String,
    consumer_secret: Option<String>,
    supported_grant_types: Vec<&'static str>,
    callback_url: String,
    key_state: &'static str,
    key_type: &'static str,
    group_id: Option<String>,
    token: Option<String>,
    additional_properties: PropertiesView,
}

/// What else there is to say of keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PropertiesView {
    pkce_mandatory: bool,
    pkce_support_plain: bool,
    bypass_client_credentials: bool,
    post_logout_urls: Vec<String>,
}

/// A subscription.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubscriptionView {
    subscription_id: String,
    application_id: String,
    api_id: &'static str,
    throttling_policy: &'static str,
    requested_throttling_policy: &'static str,
    status: &'static str,
}

/// An application of a developer.
pub(super) fn application_view(
    owner: &DeveloperName,
    application: &Application,
) -> ApplicationView {
    let keys = application.keys.iter().map(|keys| keys_view(keys, None));
    ApplicationView {
        application_id: application.id.to_string(),
        name: application.name.as_str().to_owned(),
        throttling_policy: application.quota.as_str(),
        description: application.description.clone(),
        token_type: "JWT",
        status: application.status.as_str(),
        groups: [],
        subscription_count: application.subscriptions.len(),
        keys: keys.collect(),
        attributes: Map::new(),
        subscription_scopes: [],
        owner: owner.as_str().to_owned(),
        hash_enabled: true,
    }
}

/// Keys, with the secret when this answer made it.
pub(super) fn keys_view(keys: &ApplicationKeys, secret: Option<&Secret<String>>) -> KeysView {
    KeysView {
        key_mapping_id: keys.mapping_id.to_string(),
        key_manager: KEY_MANAGER,
        consumer_key: keys.consumer_key.as_str().to_owned(),
        consumer_secret: secret.map(|secret| secret.expose().clone()),
        supported_grant_types: grants(keys.grant_types),
        callback_url: callback_text(&keys.callbacks),
        key_state: "APPROVED",
        key_type: KEY_TYPE,
        group_id: None,
        token: None,
        additional_properties: PropertiesView {
            pkce_mandatory: !keys.pkce_optional,
            pkce_support_plain: false,
            bypass_client_credentials: keys.is_public(),
            post_logout_urls: texts(&keys.post_logout),
        },
    }
}

/// A subscription of an application.
pub(super) fn subscription_view(subscribed: &Subscribed) -> SubscriptionView {
    let subscription = &subscribed.subscription;
    SubscriptionView {
        subscription_id: subscription.id.to_string(),
        application_id: subscribed.application.id.to_string(),
        api_id: api_id(subscription.suite),
        throttling_policy: subscription.plan.as_str(),
        requested_throttling_policy: subscription.plan.as_str(),
        status: subscription.status.as_str(),
    }
}

fn grants(grant_types: GrantTypes) -> Vec<&'static str> {
    grant_types.iter().map(GrantType::as_str).collect()
}

/// One URL as it is, several as the pattern that the platform takes (vbc-api §2.4).
fn callback_text(callbacks: &[CallbackUrl]) -> String {
    match callbacks {
        [] => String::new(),
        [one] => one.as_str().to_owned(),
        several => format!("regexp=({})", texts(several).join("|")),
    }
}

fn texts(urls: &[CallbackUrl]) -> Vec<String> {
    urls.iter().map(|url| url.as_str().to_owned()).collect()
}
