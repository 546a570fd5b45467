//! How API credentials look over the Management API.

use super::super::body::nullable;
use super::super::entity::{Tag, created};
use super::super::error::ManageError;
use super::super::idempotency::SecretBearing;
use crate::app::App;
use axum::response::Response;
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_app::manage::credentials::handover::{Delivered, Delivery, Made};
use ringfence_app::manage::credentials::{Acts, Line, Shown};
use ringfence_core::credential::{Credential, CredentialName, Network, Owner};
use ringfence_core::handover::{PartnerKey, armor};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An API credential.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Credential)]
pub(super) struct CredentialView {
    /// Its id, the `client_id`.
    id: String,
    /// What people call it.
    #[schema(example = "Nightly recordings")]
    name: String,
    /// `user`, or `account` for the deprecated kind.
    level: &'static str,
    /// Whom it acts for; null for the deprecated kind.
    owner: Option<OwnerView>,
    /// The scopes it may ask for.
    scopes: Vec<&'static str>,
    /// Networks it may be used from; empty means any.
    networks: Vec<String>,
    /// From when on it is refused; null means never.
    expires_at: Option<String>,
    /// Life of its tokens where it differs from the server's.
    token_ttl_secs: Option<u32>,
    /// When it was made.
    created_at: String,
    /// Its last use; only in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    /// Whether the caller may change it.
    may_edit: bool,
    /// Whether the caller may delete it.
    may_delete: bool,
}

/// Whom a credential acts for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialOwner)]
struct OwnerView {
    /// Their id.
    id: String,
    /// Their user name.
    username: String,
    /// How people call them.
    name: String,
}

/// A credential to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CredentialCreate {
    /// 1 to 100 characters that say what it is for.
    pub(super) name: String,
    /// At least one scope that the caller's licence allows.
    pub(super) scopes: Vec<String>,
    /// Networks it may be used from; empty means any.
    #[serde(default)]
    pub(super) networks: Vec<String>,
    /// From when on it is refused.
    pub(super) expires_at: Option<String>,
    /// How the secret goes on when it is not to be in the answer.
    pub(super) handover: Option<HandoverWish>,
}

/// How a secret goes on when it is not to be in the answer. Give one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Handover)]
pub(super) struct HandoverWish {
    /// A link that opens once: how many hours it waits, 1 to 168.
    link_hours: Option<u32>,
    /// An `age` public key to seal it to.
    recipient: Option<String>,
}

/// What to change of a credential; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CredentialChange {
    /// What people call it.
    pub(super) name: Option<String>,
    /// Exactly the scopes it may ask for.
    pub(super) scopes: Option<Vec<String>>,
    /// Exactly the networks it may be used from.
    pub(super) networks: Option<Vec<String>>,
    /// From when on it is refused; null means never.
    #[serde(default, with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub(super) expires_at: Option<Option<String>>,
    /// Life of its tokens in seconds; null means the server's.
    #[serde(default, with = "nullable")]
    #[schema(value_type = Option<u32>)]
    pub(super) token_ttl_secs: Option<Option<u32>>,
    /// End every token given out so far.
    pub(super) end_tokens: Option<bool>,
}

/// A secret just made. One of `clientSecret`, `link` and `sealed` is there, and in no other answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretMade {
    /// The credential's id.
    client_id: String,
    /// The secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// The link that opens once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkView>,
    /// The `age` file with id, secret and region, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    /// The secret's number within the credential.
    secret_number: u32,
    /// The region.
    region: &'static str,
    /// What the credential is called.
    name: String,
    /// The scopes it may ask for.
    scopes: Vec<&'static str>,
}

/// A link that opens once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HandoverLink)]
struct LinkView {
    /// Where it is.
    url: String,
    /// From when on it does not open.
    expires_at: String,
}

pub(super) fn line_view(line: &Line) -> CredentialView {
    let owner = match (&line.credential.owner, &line.owner) {
        (Owner::User(id), Some((username, name))) => Some(OwnerView {
            id: id.to_string(),
            username: username.as_str().to_owned(),
            name: name.clone(),
        }),
        (Owner::User(_) | Owner::Account, _) => None,
    };
    CredentialView {
        last_used_at: line.last_used_at.map(Timestamp::to_iso_millis),
        ..view(&line.credential, owner, line.acts)
    }
}

pub(super) fn shown_view(shown: &Shown) -> CredentialView {
    let owner = shown.owner.as_ref().map(|owner| OwnerView {
        id: owner.id.to_string(),
        username: owner.username.as_str().to_owned(),
        name: owner.name.clone(),
    });
    view(&shown.credential, owner, shown.acts)
}

fn view(credential: &Credential, owner: Option<OwnerView>, acts: Acts) -> CredentialView {
    CredentialView {
        id: credential.id.to_string(),
        name: credential.name.as_str().to_owned(),
        level: match credential.owner {
            Owner::User(_) => "user",
            Owner::Account => "account",
        },
        owner,
        scopes: values(credential.scopes),
        networks: credential
            .networks
            .iter()
            .map(ToString::to_string)
            .collect(),
        expires_at: credential.expires_at.map(Timestamp::to_iso_millis),
        token_ttl_secs: credential.token_ttl_secs,
        created_at: credential.created_at.to_iso_millis(),
        last_used_at: None,
        may_edit: acts.edit,
        may_delete: acts.delete,
    }
}

/// The answer that holds a new secret, or says how it goes on.
pub(super) fn made(app: &App, caller: &Caller, made: &Made) -> Result<Response, ManageError> {
    let base = format!("/api/v1/accounts/{}/credentials", caller.account.name);
    let made = match made {
        Made::Now(made) => made,
        Made::Before { credential_id, .. } => {
            return Err(ManageError::SecretShown {
                location: Some(format!("{base}/{credential_id}")),
            });
        }
    };
    let credential = &made.credential;
    let mut view = SecretMade {
        client_id: credential.id.to_string(),
        client_secret: None,
        link: None,
        sealed: None,
        secret_number: made.number,
        region: made.region.as_str(),
        name: credential.name.as_str().to_owned(),
        scopes: values(credential.scopes),
    };
    match &made.delivered {
        Delivered::Shown(secret) => view.client_secret = Some(secret.expose().to_owned()),
        Delivered::Sealed(sealed) => view.sealed = Some(armor(sealed)),
        Delivered::Link { link, expires_at } => {
            let public_url = &app.ctx.settings.public_url;
            view.link = Some(LinkView {
                url: format!("{public_url}/handover/{}", link.expose()),
                expires_at: expires_at.to_iso_millis(),
            });
        }
    }
    let location = format!("{base}/{}", credential.id);
    let mut response = created(&location, &Tag::version(credential.version), &view);
    response.extensions_mut().insert(SecretBearing);
    Ok(response)
}

pub(super) fn delivery(wish: Option<&HandoverWish>) -> Result<Delivery, ManageError> {
    let Some(wish) = wish else {
        return Ok(Delivery::Show);
    };
    match (wish.link_hours, &wish.recipient) {
        (Some(hours), None) => Ok(Delivery::Link { hours }),
        (None, Some(recipient)) => PartnerKey::parse(recipient)
            .map(Delivery::Sealed)
            .map_err(ManageError::value("/handover/recipient")),
        (Some(_), Some(_)) | (None, None) => Err(ManageError::value("/handover")(
            "give either linkHours or recipient",
        )),
    }
}

pub(super) fn name(text: &str) -> Result<CredentialName, ManageError> {
    CredentialName::parse(text).map_err(ManageError::value("/name"))
}

pub(super) fn scopes(values: &[String]) -> Result<ScopeSet, ManageError> {
    let mut scopes = ScopeSet::EMPTY;
    for (n, value) in values.iter().enumerate() {
        let scope = Scope::parse(value);
        scopes = scopes.with(scope.map_err(ManageError::value(&format!("/scopes/{n}")))?);
    }
    if scopes.is_empty() {
        return Err(ManageError::value("/scopes")("name at least one scope"));
    }
    Ok(scopes)
}

pub(super) fn networks(values: &[String]) -> Result<Vec<Network>, ManageError> {
    let parse = |(n, value): (usize, &String)| {
        Network::parse(value).map_err(ManageError::value(&format!("/networks/{n}")))
    };
    values.iter().enumerate().map(parse).collect()
}

pub(super) fn expires(text: &str) -> Result<Timestamp, ManageError> {
    Timestamp::parse(text).map_err(ManageError::value("/expiresAt"))
}

/// The number of a secret in a path.
pub(super) fn number(text: &str) -> Result<u32, ManageError> {
    text.parse()
        .map_err(|_| ManageError::App(Error::NotFound("secret".to_owned())))
}

fn values(scopes: ScopeSet) -> Vec<&'static str> {
    scopes.iter().map(Scope::as_str).collect()
}
