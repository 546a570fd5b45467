//! Speaks with the providers that people sign in through.

use crate::web::outbound::{Outbound, OutboundFault};
use axum::http::HeaderValue;
use bytes::Bytes;
use ringfence_app::error::{Error, chain};
use ringfence_app::sign_in::sso::Provider;
use ringfence_core::encoding::base64;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::id_token::KeySet;
use ringfence_core::sign_in::provider::{ProviderMetadata, discovery_url};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// How long a provider's description is good: anybody may ask for it, by beginning to sign in.
const METADATA_KEPT_MS: u64 = 600_000;

/// What is known of the configured providers.
#[derive(Debug, Default)]
pub(crate) struct Providers {
    outbound: Mutex<Option<Outbound>>,
    known: Mutex<HashMap<String, (u64, Arc<ProviderMetadata>)>>,
}

/// What a code was exchanged for.
#[derive(Debug)]
pub(super) struct Exchanged {
    /// Who it is.
    pub(super) id_token: Secret<String>,
    /// The keys that it may be signed with.
    pub(super) keys: KeySet,
    access_token: Option<Secret<String>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

impl Providers {
    /// A provider's description, read anew every ten minutes.
    pub(super) async fn metadata(
        &self,
        provider: &Provider,
        now_ms: u64,
    ) -> Result<Arc<ProviderMetadata>, Error> {
        let kept = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&provider.name).cloned()
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
        known.insert(provider.name.clone(), (now_ms, Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// Exchanges a code for an ID token, and reads the keys that it may be signed with.
    ///
    /// [`Error::Unauthenticated`] when the provider refuses the code.
    pub(super) async fn exchange(
        &self,
        provider: &Provider,
        metadata: &ProviderMetadata,
        form: &Secret<String>,
    ) -> Result<Exchanged, Error> {
        let outbound = self.outbound(provider)?;
        let secret = provider.client_secret.expose();
        let (form, authorization) = if metadata.secret_in_form {
            let secret = Serializer::new(String::new())
                .append_pair("client_secret", secret)
                .finish();
            (format!("{}&{secret}", form.expose()), None)
        } else {
            // Both are form-encoded before they are joined (RFC 6749 §2.3.1).
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encoded(&provider.client_id), encoded(secret));
            let value = format!("Basic {}", base64(pair.as_bytes()));
            let value = HeaderValue::from_str(&value).map_err(Error::internal)?;
            (form.expose().clone(), Some(value))
        };
        let answer = outbound.post_form(&metadata.token_endpoint, form, authorization);
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(OutboundFault::Status(status)) if status.is_client_error() => {
                tracing::warn!(
                    provider = provider.name,
                    http.status = status.as_u16(),
                    "a provider refused a code"
                );
                return Err(Error::Unauthenticated);
            }
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
    pub(super) async fn user_info(
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

    /// The client, made when it is first needed.
    fn outbound(&self, provider: &Provider) -> Result<Outbound, Error> {
        let mut made = self.outbound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outbound) = &*made {
            return Ok(outbound.clone());
        }
        let outbound = Outbound::new().map_err(|fault| unavailable(provider, &fault))?;
        *made = Some(outbound.clone());
        Ok(outbound)
    }
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
