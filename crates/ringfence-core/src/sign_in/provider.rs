//! An upstream OpenID Connect provider: its own description, and the requests made to it.

use crate::encoding::base64url;
use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use thiserror::Error;
use url::Url;
use url::form_urlencoded::Serializer;

/// Why a provider's description cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ProviderFault {
    /// It is not JSON, or lacks a member.
    #[error("the provider's description is malformed or lacks a member")]
    Malformed,
    /// It speaks for another issuer.
    #[error("the provider's description names another issuer")]
    Issuer,
    /// An address in it is none, or is not encrypted.
    #[error("an address in the provider's description cannot be used")]
    Endpoint,
}

/// What is needed of a provider's description (OpenID Connect Discovery 1.0 §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderMetadata {
    /// Who issues its tokens, as configured.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: Url,
    /// Where codes are exchanged.
    pub token_endpoint: Url,
    /// Where its keys are.
    pub jwks_uri: Url,
    /// Where more about a person is, for what the ID token does not say.
    pub userinfo_endpoint: Option<Url>,
    /// Whether the client's secret goes into the form and not into the `Authorization` header.
    pub secret_in_form: bool,
    /// Whether every answer names the issuer (RFC 9207).
    pub names_issuer: bool,
    /// Whether it takes the proof of RFC 7636 that we send; `None` when it does not say.
    pub takes_s256: Option<bool>,
}

/// The client that we are to a provider.
#[derive(Clone, Copy, Debug)]
pub struct ClientOf<'a> {
    /// Our id there.
    pub client_id: &'a str,
    /// Where people come back to.
    pub redirect_uri: &'a str,
    /// What is asked for, separated by spaces; it contains `openid`.
    pub scope: &'a str,
}

/// What ties an answer to the request it answers.
#[derive(Clone, Copy, Debug)]
pub struct Ties<'a> {
    /// Comes back with the answer.
    pub state: &'a str,
    /// Stands in the ID token.
    pub nonce: &'a str,
    /// Shows, at the exchange, that it is us who asked (RFC 7636).
    pub verifier: &'a str,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
}

/// Where an issuer describes itself.
#[must_use]
pub fn discovery_url(issuer: &str) -> String {
    format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    )
}

/// Whether an address may be asked: encrypted, or on this machine.
#[must_use]
pub fn may_be_asked(url: &Url) -> bool {
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(v4)) => v4.is_loopback(),
        Some(url::Host::Ipv6(v6)) => v6.is_loopback(),
        None => return false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    plain && (url.scheme() == "https" || url.scheme() == "http" && local)
}

impl ProviderMetadata {
    /// Reads a description; members that are not used may be anything.
    ///
    /// # Errors
    /// See [`ProviderFault`].
    pub fn parse(bytes: &[u8], issuer: &str) -> Result<Self, ProviderFault> {
        let document: Document =
            serde_json::from_slice(bytes).map_err(|_| ProviderFault::Malformed)?;
        // Letter by letter (Discovery §4.3): a slash more is another issuer.
        if document.issuer != issuer {
            return Err(ProviderFault::Issuer);
        }
        let endpoint = |text: &str| {
            let url = Url::parse(text).map_err(|_| ProviderFault::Endpoint)?;
            if may_be_asked(&url) {
                Ok(url)
            } else {
                Err(ProviderFault::Endpoint)
            }
        };
        let methods = document.token_endpoint_auth_methods_supported;
        let secret_in_form = methods.is_some_and(|methods| {
            let has = |method| methods.iter().any(|m| m == method);
            !has("client_secret_basic") && has("client_secret_post")
        });
        Ok(Self {
            issuer: document.issuer,
            authorization_endpoint: endpoint(&document.authorization_endpoint)?,
            token_endpoint: endpoint(&document.token_endpoint)?,
            jwks_uri: endpoint(&document.jwks_uri)?,
            userinfo_endpoint: document
                .userinfo_endpoint
                .as_deref()
                .map(endpoint)
                .transpose()?,
            secret_in_form,
            names_issuer: document.authorization_response_iss_parameter_supported,
            takes_s256: document
                .code_challenge_methods_supported
                .map(|methods| methods.iter().any(|method| method == "S256")),
        })
    }

    /// Where to send a person.
    #[must_use]
    pub fn authorization_url(&self, client: ClientOf<'_>, ties: Ties<'_>) -> String {
        let mut url = self.authorization_endpoint.clone();
        let challenge = base64url(digest(&SHA256, ties.verifier.as_bytes()).as_ref());
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client.client_id)
            .append_pair("redirect_uri", client.redirect_uri)
            .append_pair("scope", client.scope)
            .append_pair("state", ties.state)
            .append_pair("nonce", ties.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        url.into()
    }

    /// The form that exchanges a code, without the client's secret.
    #[must_use]
    pub fn exchange_form(&self, client: ClientOf<'_>, verifier: &str, code: &str) -> String {
        Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", client.redirect_uri)
            .append_pair("client_id", client.client_id)
            .append_pair("code_verifier", verifier)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(issuer: &str, token_endpoint: &str) -> String {
        format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"https://id.example/auth?x=1",
            "token_endpoint":"{token_endpoint}","jwks_uri":"https://id.example/jwks","other":[1]}}"#
        )
    }

    #[test]
    fn reads_a_description_and_asks_with_pkce() {
        let text = document("https://id.example", "https://id.example/token");
        let metadata = ProviderMetadata::parse(text.as_bytes(), "https://id.example").unwrap();
        assert!(!metadata.secret_in_form);
        let client = ClientOf {
            client_id: "us",
            redirect_uri: "https://we.example/login/sso/id/callback",
            scope: "openid email",
        };
        // The verifier and challenge of RFC 7636, appendix B.
        let ties = Ties {
            state: "s",
            nonce: "n",
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        };
        let url = metadata.authorization_url(client, ties);
        assert!(url.starts_with("https://id.example/auth?x=1&response_type=code&client_id=us&"));
        assert!(url.contains("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"));
        let form = metadata.exchange_form(client, ties.verifier, "a b");
        assert!(form.contains("code=a+b&") && form.ends_with(ties.verifier));
    }

    #[test]
    fn refuses_another_issuer_and_addresses_that_are_not_encrypted() {
        let text = document("https://id.example", "https://id.example/token");
        let parse = |text: &str, issuer| ProviderMetadata::parse(text.as_bytes(), issuer);
        assert_eq!(
            parse(&text, "https://id.example/"),
            Err(ProviderFault::Issuer)
        );
        for endpoint in [
            "http://id.example/token",
            "token",
            "https://u:p@id.example/",
        ] {
            let text = document("https://id.example", endpoint);
            let outcome = parse(&text, "https://id.example");
            assert_eq!(outcome, Err(ProviderFault::Endpoint), "{endpoint}");
        }
        assert_eq!(parse("{}", "x"), Err(ProviderFault::Malformed));
        let local = document("https://id.example", "http://127.0.0.1:9/token");
        assert!(parse(&local, "https://id.example").is_ok());
    }
}
