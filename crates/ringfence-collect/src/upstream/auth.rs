//! Tokens: one request per expiry, whoever asks, and none once the platform has said no.

use crate::context::CollectCtx;
use crate::upstream::retry::{RetryOptions, Verdict, verdict};
use crate::upstream::wire;
use ringfence_core::context::{Clock, Random};
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;
use tokio::sync::Mutex;
use url::Url;

// A life that is missing or makes no sense.
const ASSUMED_LIFE_MS: u64 = 300_000;
const LONGEST_LIFE_MS: u64 = 86_400_000;
// At most five requests an hour once the credential has been refused.
const REFUSAL_HOLDS_MS: u64 = 720_000;

/// Why there is no token.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AuthError {
    /// The id or the secret is wrong, or the credential is gone or suspended.
    #[error("the client id or secret is not accepted ({0})")]
    Credential(String),
    /// The credential does not hold a scope; its name, when the platform gives it.
    #[error("the credential does not hold the scope {0:?}")]
    Scope(String),
    /// Another refusal.
    #[error("the token request is refused: {0}")]
    Refused(String),
    /// No usable answer.
    #[error("the token endpoint does not answer properly: {0}")]
    Unreachable(String),
}

/// A bearer token.
#[derive(Clone, Debug)]
pub struct Token {
    /// What goes into the `Authorization` header after `Bearer`.
    pub value: Secret<String>,
    /// Tells this token from the ones before it.
    pub generation: u64,
    /// Seconds it lives, as the platform said.
    pub expires_in_secs: u64,
    refresh_at_ms: u64,
}

/// Who asks for tokens, and where.
#[derive(Clone, Debug)]
pub struct ClientLogin {
    /// The token endpoint.
    pub token_url: Url,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret<String>,
}

/// The tokens of one credential and one set of scopes.
#[derive(Debug)]
pub struct TokenSource {
    http: reqwest::Client,
    login: ClientLogin,
    scopes: Vec<String>,
    retry: RetryOptions,
    ctx: CollectCtx,
    requests: Arc<AtomicU64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    generation: u64,
    refusal: Option<(AuthError, u64)>,
}

impl TokenSource {
    /// A source that has not asked yet.
    #[must_use]
    pub fn new(
        ctx: &CollectCtx,
        http: reqwest::Client,
        login: ClientLogin,
        scopes: Vec<String>,
        retry: RetryOptions,
        requests: Arc<AtomicU64>,
    ) -> Self {
        Self {
            http,
            login,
            scopes,
            retry,
            ctx: ctx.clone(),
            requests,
            state: Mutex::default(),
        }
    }

    /// The scopes it asks for.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// A token with at least a tenth of its life left; everyone who asks meanwhile waits for the one request.
    ///
    /// # Errors
    /// The platform refuses, or does not answer properly.
    pub async fn token(&self) -> Result<Token, AuthError> {
        let mut state = self.state.lock().await;
        let now_ms = self.ctx.clock.monotonic_ms();
        if let Some(token) = state.token.as_ref().filter(|t| now_ms < t.refresh_at_ms) {
            return Ok(token.clone());
        }
        if let Some((refusal, at_ms)) = &state.refusal
            && now_ms < at_ms.saturating_add(REFUSAL_HOLDS_MS)
        {
            return Err(refusal.clone());
        }
        match self.ask().await {
            Ok((value, expires_in_secs, life_ms)) => {
                state.generation += 1;
                state.refusal = None;
                let token = Token {
                    value,
                    generation: state.generation,
                    expires_in_secs,
                    refresh_at_ms: now_ms.saturating_add(life_ms / 10 * 9),
                };
                state.token = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                state.token = None;
                if !matches!(error, AuthError::Unreachable(_)) {
                    state.refusal = Some((error.clone(), self.ctx.clock.monotonic_ms()));
                }
                Err(error)
            }
        }
    }

    /// The platform did not accept a token; a later one is not touched.
    pub async fn spent(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state
            .token
            .as_ref()
            .is_some_and(|t| t.generation == generation)
        {
            state.token = None;
        }
    }

    async fn ask(&self) -> Result<(Secret<String>, u64, u64), AuthError> {
        let mut faults = 0;
        loop {
            let fault = match self.ask_once().await {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(fault)) => fault,
                Err(refusal) => return Err(refusal),
            };
            faults += 1;
            if faults >= self.retry.max_attempts {
                return Err(AuthError::Unreachable(fault.what));
            }
            let pause_ms = fault.retry_after_ms.unwrap_or_else(|| {
                self.retry
                    .backoff_ms(faults, chance(self.ctx.random.as_ref()))
            });
            self.ctx.wait.wait(pause_ms).await;
        }
    }

    // The outer error is final, the inner one may pass.
    async fn ask_once(&self) -> Result<Result<(Secret<String>, u64, u64), Fault>, AuthError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.login.client_id.as_str()),
            ("client_secret", self.login.client_secret.expose().as_str()),
            ("scope", &self.scopes.join(" ")),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let sent = self
            .http
            .post(self.login.token_url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .timeout(std::time::Duration::from_secs(30))
            .body(body)
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(Fault::of(&error.without_url()))),
        };
        let status = answer.status().as_u16();
        let retry_after_ms = retry_after(&answer, &self.retry, self.ctx.clock.as_ref());
        let body = match answer.bytes().await {
            Ok(body) => body,
            Err(error) => return Ok(Err(Fault::of(&error.without_url()))),
        };
        match verdict(status, retry_after_ms.is_some()) {
            Verdict::TooFast | Verdict::Fault => {
                return Ok(Err(Fault {
                    what: format!("status {status}"),
                    retry_after_ms,
                }));
            }
            Verdict::Answer | Verdict::Unauthorized => {}
        }
        if status != 200 {
            return Err(wire::account::token_refusal(status, &body));
        }
        let Some(token) = wire::account::token(&body) else {
            return Ok(Err(Fault {
                what: "status 200 without a token".to_owned(),
                retry_after_ms: None,
            }));
        };
        let life_ms = token
            .expires_in_secs
            .map_or(ASSUMED_LIFE_MS, |s| s.saturating_mul(1000))
            .clamp(1_000, LONGEST_LIFE_MS);
        let secs = life_ms / 1000;
        Ok(Ok((Secret::new(token.access_token), secs, life_ms)))
    }
}

struct Fault {
    what: String,
    retry_after_ms: Option<u64>,
}

impl Fault {
    fn of(error: &reqwest::Error) -> Self {
        Self {
            what: describe(error),
            retry_after_ms: None,
        }
    }
}

/// What `Retry-After` asks for, if the answer carries a usable one.
pub fn retry_after(
    answer: &reqwest::Response,
    options: &RetryOptions,
    clock: &dyn Clock,
) -> Option<u64> {
    let text = answer.headers().get("retry-after")?.to_str().ok()?;
    options.retry_after_ms(text, answered_at(answer).unwrap_or_else(|| clock.now()))
}

/// When the platform says it answered.
pub fn answered_at(answer: &reqwest::Response) -> Option<Timestamp> {
    Timestamp::parse_http_date(answer.headers().get("date")?.to_str().ok()?)
}

/// A random byte, to spread workers.
pub fn chance(random: &dyn Random) -> u8 {
    let mut byte = [0_u8; 1];
    random.fill(&mut byte);
    byte[0]
}

/// A transport error with its causes, without any address.
pub fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
