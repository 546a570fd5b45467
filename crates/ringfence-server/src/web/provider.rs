//! Speaks with the providers that people sign in through.

use crate::web::outbound::{Outbound, OutboundFault, Reach};
use crate::web::words::sentence;
use axum::http::HeaderValue;
use bytes::Bytes;
use http::StatusCode;
use ringfence_app::error::{Error, chain};
use ringfence_app::sign_in::sso::{Keeper, Provider, SsoSettings};
use ringfence_core::encoding::base64;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::id_token::KeySet;
use ringfence_core::sign_in::provider::{ClientOf, ProviderMetadata, discovery_url};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// How long a provider's description is good: anybody may ask for it, by beginning to sign in.
const METADATA_KEPT_MS: u64 = 600_000;

// Accounts come and go; past so many descriptions all are read anew.
const MOST_KNOWN: usize = 1_000;
// No code of ours looks so, and no provider makes one like it.
const BOGUS_CODE: &str = "ringfence-connection-check";

/// A description, and when it was fetched.
type Known = (u64, Arc<ProviderMetadata>);

/// What is known of the providers that were asked.
#[derive(Debug)]
pub(crate) struct Providers {
    settings: SsoSettings,
    /// For those of the settings, and for those that accounts keep.
    outbound: [Mutex<Option<Outbound>>; 2],
    known: Mutex<HashMap<(String, String), Known>>,
}

/// What a code was exchanged for.
#[derive(Debug)]
pub(crate) struct Exchanged {
    /// Who it is.
    pub(crate) id_token: Secret<String>,
    /// The keys that it may be signed with.
    pub(crate) keys: KeySet,
    access_token: Option<Secret<String>>,
}

/// One thing that was tried of a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckLine {
    /// What was tried.
    pub title: &'static str,
    /// Whether it is as it should be; `None` when that cannot be known.
    pub good: Option<bool>,
    /// What was found, as a sentence.
    pub text: String,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

impl Providers {
    /// Starts with nothing known.
    pub(crate) fn new(settings: &SsoSettings) -> Self {
        Self {
            settings: settings.clone(),
            outbound: Default::default(),
            known: Mutex::default(),
        }
    }

    /// A provider's description, read anew every ten minutes.
    pub(crate) async fn metadata(
        &self,
        provider: &Provider,
        now_ms: u64,
    ) -> Result<Arc<ProviderMetadata>, Error> {
        // A name may come to mean another issuer: a provider can be removed and made anew.
        let key = (provider.name.clone(), provider.issuer.clone());
        let kept = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&key).cloned()
        };
        if let Some((read_ms, metadata)) = kept
            && now_ms.saturating_sub(read_ms) < METADATA_KEPT_MS
        {
            return Ok(metadata);
        }
        let url = Url::parse(&discovery_url(&provider.issuer)).map_err(Error::internal)?;
        let bytes = self.outbound(provider)?.get(&url, None).await;
        let bytes = bytes.map_err(|fault| unavailable(provider, &fault))?;
        let metadata = ProviderMetadata::parse(&bytes, &provider.issuer)
            .map_err(|fault| unavailable(provider, &fault))?;
        let metadata = Arc::new(metadata);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(key, (now_ms, Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// Exchanges a code for an ID token, and reads the keys that it may be signed with.
    ///
    /// [`Error::Unauthenticated`] when the provider refuses the code.
    pub(crate) async fn exchange(
        &self,
        provider: &Provider,
        metadata: &ProviderMetadata,
        form: &Secret<String>,
    ) -> Result<Exchanged, Error> {
        let outbound = self.outbound(provider)?;
        let (form, authorization) = with_secret(provider, metadata, form.expose())?;
        let answer = outbound.post_form(&metadata.token_endpoint, form, authorization);
        let answer = match answer.await {
            Ok((StatusCode::OK, answer)) => answer,
            Ok((status, _)) if status.is_client_error() => {
                tracing::warn!(
                    provider = provider.name,
                    http.status = status.as_u16(),
                    "a provider refused a code"
                );
                return Err(Error::Unauthenticated);
            }
            Ok((status, _)) => return Err(unavailable(provider, &OutboundFault::Status(status))),
            Err(fault) => return Err(unavailable(provider, &fault)),
        };
        let answer: TokenAnswer =
            serde_json::from_slice(&answer).map_err(|fault| unavailable(provider, &fault))?;
        let keys = outbound.get(&metadata.jwks_uri, None).await;
        let keys = keys.map_err(|fault| unavailable(provider, &fault))?;
        let keys = KeySet::parse(&keys).ok_or_else(|| not_available(provider))?;
        Ok(Exchanged {
            id_token: Secret::new(answer.id_token),
            keys,
            access_token: answer.access_token.map(Secret::new),
        })
    }

    /// What the provider says of a person beside the ID token; `None` when it has no such place.
    pub(crate) async fn user_info(
        &self,
        provider: &Provider,
        metadata: &ProviderMetadata,
        exchanged: &Exchanged,
    ) -> Result<Option<Bytes>, Error> {
        let (Some(url), Some(token)) = (&metadata.userinfo_endpoint, &exchanged.access_token)
        else {
            return Ok(None);
        };
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let bearer = bearer.map_err(Error::internal)?;
        let info = self.outbound(provider)?.get(url, Some(bearer)).await;
        info.map(Some)
            .map_err(|fault| unavailable(provider, &fault))
    }

    /// Tries everything of a provider that can be tried without a person.
    pub(crate) async fn check(&self, provider: &Provider) -> Vec<CheckLine> {
        let mut lines = Vec::new();
        let Some((outbound, metadata)) = self.check_description(provider, &mut lines).await else {
            return lines;
        };
        let keys = match outbound.get(&metadata.jwks_uri, None).await {
            Ok(bytes) => KeySet::parse(&bytes).map_or_else(
                || (false, "What is at their address is no key set.".to_owned()),
                |keys| match keys.n_usable() {
                    0 => (false, "None of them is for RS256 or ES256.".to_owned()),
                    1 => (true, "One of them can sign for us.".to_owned()),
                    n => (true, format!("{n} of them can sign for us.")),
                },
            ),
            Err(fault) => (false, sentence(&fault.to_string())),
        };
        lines.push(CheckLine {
            title: "Its keys can be read",
            good: Some(keys.0),
            text: keys.1,
        });
        lines.push(CheckLine {
            title: "It takes the proof of RFC 7636 (PKCE, S256)",
            good: metadata.takes_s256,
            text: match metadata.takes_s256 {
                Some(true) => "It says so.".to_owned(),
                Some(false) => "It says that it does not; a stolen code could be used.".to_owned(),
                None => "It does not say. We send it anyway.".to_owned(),
            },
        });
        lines.push(check_client(&outbound, provider, &metadata).await);
        lines
    }

    async fn check_description(
        &self,
        provider: &Provider,
        lines: &mut Vec<CheckLine>,
    ) -> Option<(Outbound, ProviderMetadata)> {
        let url = Url::parse(&discovery_url(&provider.issuer)).ok()?;
        let mut line = |title, found: Result<String, String>| {
            lines.push(CheckLine {
                title,
                good: Some(found.is_ok()),
                text: found.unwrap_or_else(|fault| sentence(&fault)),
            });
        };
        let outbound = self.outbound(provider).map_err(|e| e.to_string());
        let read = match &outbound {
            Ok(outbound) => outbound.get(&url, None).await.map_err(|e| e.to_string()),
            Err(fault) => Err(fault.clone()),
        };
        let title = "It describes itself";
        let bytes = match read {
            Ok(bytes) => {
                line(title, Ok(format!("{url} was read.")));
                bytes
            }
            Err(fault) => {
                line(title, Err(format!("asking {url}: {fault}")));
                return None;
            }
        };
        let title = "The description is that issuer’s, with addresses that may be used";
        match ProviderMetadata::parse(&bytes, &provider.issuer) {
            Ok(metadata) => {
                let asked = format!("People are sent to {}.", metadata.authorization_endpoint);
                line(title, Ok(asked));
                outbound.ok().map(|outbound| (outbound, metadata))
            }
            Err(fault) => {
                line(title, Err(fault.to_string()));
                None
            }
        }
    }

    /// The client, made when it is first needed.
    fn outbound(&self, provider: &Provider) -> Result<Outbound, Error> {
        let (place, reach) = match provider.keeper {
            Keeper::Settings => (0, Reach::Anywhere),
            Keeper::Account { .. } if self.settings.private_addresses => (1, Reach::Anywhere),
            Keeper::Account { .. } => (1, Reach::PublicOnly),
        };
        let mut made = self.outbound[place]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(outbound) = &*made {
            return Ok(outbound.clone());
        }
        let outbound = Outbound::new(reach, self.settings.extra_roots.as_deref())
            .map_err(|fault| unavailable(provider, &fault))?;
        *made = Some(outbound.clone());
        Ok(outbound)
    }
}

/// Tries a provider from outside a server, as the command line does.
pub async fn provider_check(settings: &SsoSettings, provider: &Provider) -> Vec<CheckLine> {
    Providers::new(settings).check(provider).await
}

/// Whether the provider knows us: an exchange of a code that is none must fail for the code's sake (RFC 6749 §5.2).
async fn check_client(
    outbound: &Outbound,
    provider: &Provider,
    metadata: &ProviderMetadata,
) -> CheckLine {
    let client = ClientOf {
        client_id: &provider.client_id,
        redirect_uri: &provider.issuer,
        scope: "openid",
    };
    let form = metadata.exchange_form(client, BOGUS_CODE, BOGUS_CODE);
    let answer = match with_secret(provider, metadata, &form) {
        Ok((form, authorization)) => outbound
            .post_form(&metadata.token_endpoint, form, authorization)
            .await
            .map_err(|fault| fault.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let (good, text) = match answer {
        Ok((status, body)) => {
            let refusal: Option<TokenRefusal> = serde_json::from_slice(&body).ok();
            match refusal.as_ref().map(|refusal| refusal.error.as_str()) {
                Some("invalid_grant") => (Some(true), "It takes our id and secret.".to_owned()),
                Some("invalid_client" | "unauthorized_client") => (
                    Some(false),
                    "It does not take our id and secret: one of them is wrong there.".to_owned(),
                ),
                Some(_) | None => (
                    None,
                    format!("It answered {status}, which tells nothing. Sign in once to know."),
                ),
            }
        }
        Err(fault) => (Some(false), sentence(&fault)),
    };
    CheckLine {
        title: "It knows us",
        good,
        text,
    }
}

/// An exchange with our secret where the provider wants it: in the form, or in a header.
fn with_secret(
    provider: &Provider,
    metadata: &ProviderMetadata,
    form: &str,
) -> Result<(String, Option<HeaderValue>), Error> {
    let secret = provider.client_secret.expose();
    if metadata.secret_in_form {
        let secret = Serializer::new(String::new())
            .append_pair("client_secret", secret)
            .finish();
        return Ok((format!("{form}&{secret}"), None));
    }
    // Both are form-encoded before they are joined (RFC 6749 §2.3.1).
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(&provider.client_id), encoded(secret));
    let value = format!("Basic {}", base64(pair.as_bytes()));
    let value = HeaderValue::from_str(&value).map_err(Error::internal)?;
    Ok((form.to_owned(), Some(value)))
}

fn unavailable(provider: &Provider, fault: &(dyn std::error::Error + 'static)) -> Error {
    tracing::warn!(provider = provider.name, error = %chain(fault), "a provider cannot be used");
    not_available(provider)
}

fn not_available(provider: &Provider) -> Error {
    Error::Unavailable(format!(
        "{} does not answer as it should; sign in another way, or try again later",
        provider.title
    ))
}
