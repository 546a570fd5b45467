//! What a browser carries through a page: the request, and whether a sign-in is still demanded for it.

use super::Asked;
use crate::error::Error;
use crate::session::SessionProof;
use ringfence_core::application::Application;
use ringfence_core::authorization_request::{
    AuthorizationRequest, ClaimsRequest, Place, Prompt, ResponseMode,
};
use ringfence_core::id::{SessionId, UserId};
use ringfence_core::pkce::CodeChallenge;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The place of these steps.
pub(super) const STEP: &str = "authorize";
/// How long a person may take to sign in and to answer.
pub(super) const STEP_TTL_SECS: i64 = 1_800;

/// A sign-in that is demanded: only a stay begun since counts, and not the one that was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Demand {
    pub(super) since: Timestamp,
    pub(super) not: Option<SessionId>,
}

impl Demand {
    /// Whether that stay is the sign-in that was demanded.
    pub(super) fn is_met(&self, proof: &SessionProof) -> bool {
        proof.at >= self.since && self.not != Some(proof.session_id)
    }
}

/// A request on its way through a page; empty parts are left out, as it has to fit into an address.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Carried {
    #[serde(rename = "c")]
    pub(super) client_id: String,
    #[serde(rename = "r")]
    pub(super) redirect_uri: String,
    #[serde(rename = "m", skip_serializing_if = "String::is_empty")]
    mode: String,
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(rename = "sc")]
    scope: String,
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(rename = "p", skip_serializing_if = "String::is_empty")]
    prompt: String,
    #[serde(rename = "ma", skip_serializing_if = "Option::is_none")]
    max_age_secs: Option<u32>,
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub(super) login_hint: Option<String>,
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(rename = "u", skip_serializing_if = "Option::is_none")]
    userinfo: Option<String>,
    #[serde(rename = "ad", skip_serializing_if = "Vec::is_empty")]
    acr_demanded: Vec<String>,
    #[serde(rename = "cc", skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    #[serde(rename = "ds", skip_serializing_if = "Option::is_none")]
    demanded_since: Option<i64>,
    #[serde(rename = "dn", skip_serializing_if = "Option::is_none")]
    demanded_not: Option<String>,
    /// The stay that was asked the question; the answer counts from no other.
    #[serde(rename = "q", skip_serializing_if = "Option::is_none")]
    pub(super) asked_session: Option<String>,
}

impl Carried {
    /// What to carry of a request.
    pub(super) fn of(asked: &Asked, demand: Option<Demand>) -> Self {
        let Asked {
            application,
            place,
            request,
            about,
        } = asked;
        let key = application.keys.as_ref().map(|keys| keys.consumer_key);
        Self {
            client_id: key.map_or_else(String::new, |key| key.to_string()),
            redirect_uri: place.redirect_uri.clone(),
            mode: match place.mode {
                ResponseMode::Query => String::new(),
                ResponseMode::FormPost => place.mode.as_str().to_owned(),
            },
            state: place.state.clone(),
            scope: request.scope.to_string(),
            nonce: request.nonce.clone(),
            prompt: request.prompt.to_string(),
            max_age_secs: request.max_age_secs,
            login_hint: request.login_hint.clone(),
            about: about.map(|id| id.to_string()),
            userinfo: request.claims.userinfo_text(),
            acr_demanded: request.claims.acr_demanded.clone(),
            challenge: request.challenge.as_ref().map(|c| c.as_str().to_owned()),
            demanded_since: demand.map(|demand| demand.since.ms()),
            demanded_not: demand
                .and_then(|demand| demand.not)
                .map(|id| id.to_string()),
            asked_session: None,
        }
    }

    /// The sign-in that is demanded, if one is.
    pub(super) fn demand(&self) -> Option<Demand> {
        let since = self.demanded_since.map(Timestamp::from_ms)?;
        let not = self.demanded_not.as_deref();
        Some(Demand {
            since,
            not: not.and_then(|id| SessionId::parse(id).ok()),
        })
    }

    /// Whether a sign-in is demanded also of those who are in, here or at a provider.
    pub(super) fn wants_proof(&self) -> bool {
        let prompt = Prompt::parse(&self.prompt);
        prompt.is_ok_and(|prompt| prompt.login) || self.max_age_secs.is_some()
    }

    /// The request again. What was sealed here was good when it was.
    ///
    /// # Errors
    /// A part cannot be read, so it was sealed by another version of this program.
    pub(super) fn asked(&self, application: Arc<Application>) -> Result<Asked, Error> {
        let challenge = self.challenge.as_deref().map(CodeChallenge::parse);
        let about = self.about.as_deref().map(UserId::parse);
        let userinfo = self.userinfo.as_deref().unwrap_or_default();
        Ok(Asked {
            application,
            place: Place {
                redirect_uri: self.redirect_uri.clone(),
                mode: ResponseMode::parse(&self.mode).unwrap_or_default(),
                state: self.state.clone(),
            },
            request: AuthorizationRequest {
                scope: UserScopes::parse(&self.scope).map_err(Error::internal)?,
                nonce: self.nonce.clone(),
                prompt: Prompt::parse(&self.prompt).map_err(Error::internal)?,
                max_age_secs: self.max_age_secs,
                acr_values: Vec::new(),
                login_hint: self.login_hint.clone(),
                id_token_hint: None,
                claims: ClaimsRequest {
                    userinfo: ClaimsRequest::userinfo_parse(userinfo),
                    subject: None,
                    acr_demanded: self.acr_demanded.clone(),
                },
                challenge: challenge.transpose().map_err(Error::internal)?,
            },
            about: about.transpose().map_err(Error::internal)?,
        })
    }
}
