//! One door to the platform: pace, token, retry and redirects happen here and nowhere else.

use crate::context::CollectCtx;
use crate::upstream::auth::{
    AuthError, ClientLogin, TokenSource, answered_at, chance, describe, retry_after,
};
use crate::upstream::line::{Hosts, Line, Request, below};
use crate::upstream::pace::{Pace, Ticket};
use crate::upstream::retry::{RetryOptions, Verdict, verdict};
use reqwest::header::{HeaderMap, HeaderValue};
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use thiserror::Error;
use url::Url;

const MAX_REDIRECTS: usize = 5;
const FORBIDDEN_EVERY_MS: u64 = 900_000;
const MAX_JSON_BYTES: usize = 64 << 20;

/// Why a request has no answer that its caller could read.
#[derive(Clone, Debug, Error)]
pub enum UpstreamError {
    /// There is no token.
    #[error("{0}")]
    Auth(#[from] AuthError),
    /// A token fresh from the platform is not accepted by its API.
    #[error("the API does not accept a token fresh from its own token endpoint")]
    TokenNotAccepted,
    /// Every attempt failed.
    #[error("gave up after {attempts} attempts: {last}")]
    GaveUp {
        /// How many were made.
        attempts: u32,
        /// How the last one ended.
        last: String,
    },
    /// The answer is a refusal that trying again does not change.
    #[error("status {status}: {message}")]
    Status {
        /// The status.
        status: u16,
        /// The platform's words, shortened.
        message: String,
    },
    /// The address is not usable.
    #[error("not a usable address")]
    Address,
}

/// An account on a platform, as one credential sees it.
#[derive(Debug)]
pub struct Upstream {
    ctx: CollectCtx,
    http: reqwest::Client,
    hosts: Hosts,
    tokens: TokenSource,
    pace: Arc<Pace>,
    retry: RetryOptions,
    requests: Arc<AtomicU64>,
    refusals: AtomicU64,
    server_offset_ms: AtomicI64,
    // When a 403 last made it ask for a new token.
    forbidden_at_ms: AtomicU64,
}

impl Upstream {
    /// The account as seen with some scopes.
    ///
    /// # Errors
    /// The login host is no base for a path.
    pub fn new(ctx: &CollectCtx, line: &Line, scopes: &[&str]) -> Result<Self, UpstreamError> {
        let token_url = below(&line.hosts.login, &["Auth", "connect", "token"])?;
        let login = ClientLogin {
            token_url,
            client_id: line.client_id.clone(),
            client_secret: line.client_secret.clone(),
        };
        let scopes = scopes.iter().map(|&s| s.to_owned()).collect();
        let tokens = TokenSource::new(
            ctx,
            line.http.clone(),
            login,
            scopes,
            line.retry,
            Arc::clone(&line.requests),
        );
        Ok(Self {
            ctx: ctx.clone(),
            http: line.http.clone(),
            hosts: line.hosts.clone(),
            tokens,
            pace: Arc::clone(&line.pace),
            retry: line.retry,
            requests: Arc::clone(&line.requests),
            refusals: AtomicU64::new(0),
            server_offset_ms: AtomicI64::new(i64::MIN),
            forbidden_at_ms: AtomicU64::new(0),
        })
    }

    /// Its tokens.
    #[must_use]
    pub const fn tokens(&self) -> &TokenSource {
        &self.tokens
    }

    /// How often it may try again.
    #[must_use]
    pub const fn retry(&self) -> &RetryOptions {
        &self.retry
    }

    /// Requests that were refused for pace.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// The platform's time by its last answer's `Date`; our own when it has sent none.
    #[must_use]
    pub fn server_now(&self) -> Timestamp {
        let offset = self.server_offset_ms.load(Ordering::Relaxed);
        let now = self.ctx.clock.now();
        if offset == i64::MIN {
            return now;
        }
        let monotonic = i64::try_from(self.ctx.clock.monotonic_ms()).unwrap_or(i64::MAX);
        Timestamp::from_ms(offset.saturating_add(monotonic))
    }

    /// Asks until there is an answer that the caller should read: 2xx, 304 or a 4xx of its own.
    ///
    /// # Errors
    /// No token, or every attempt failed.
    pub async fn get(&self, request: &Request) -> Result<reqwest::Response, UpstreamError> {
        let mut tries = Tries::default();
        loop {
            if let Some(answer) = self.attempt(request, &mut tries).await? {
                return Ok(answer);
            }
        }
    }

    /// Asks for JSON, again when the body breaks off or cannot be read; 4xx is an error.
    ///
    /// # Errors
    /// No token, every attempt failed, or the platform refuses.
    pub async fn get_json<T>(
        &self,
        request: &Request,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, UpstreamError> {
        let mut tries = Tries::default();
        loop {
            let Some(answer) = self.attempt(request, &mut tries).await? else {
                continue;
            };
            let status = answer.status().as_u16();
            match whole_body(answer).await {
                Ok(body) if (200..300).contains(&status) => {
                    if let Some(value) = read(&body) {
                        return Ok(value);
                    }
                    self.failed(
                        &mut tries,
                        format!("status {status} with an unreadable body"),
                        None,
                    )
                    .await?;
                }
                Ok(_) if status == 403 && self.may_be_expiry() => {
                    self.tokens.spent(tries.generation).await;
                }
                Ok(body) => {
                    let message = super::wire::message(&body);
                    return Err(UpstreamError::Status { status, message });
                }
                Err(fault) => self.failed(&mut tries, fault, None).await?,
            }
        }
    }

    /// Counts a fault in the middle of a body and waits as long as the rules say.
    ///
    /// # Errors
    /// That was the last attempt.
    pub async fn failed(
        &self,
        tries: &mut Tries,
        fault: String,
        retry_after_ms: Option<u64>,
    ) -> Result<(), UpstreamError> {
        tries.faults += 1;
        if tries.faults >= self.retry.max_attempts {
            return Err(UpstreamError::GaveUp {
                attempts: tries.faults,
                last: fault,
            });
        }
        let chance = chance(self.ctx.random.as_ref());
        let pause_ms =
            retry_after_ms.unwrap_or_else(|| self.retry.backoff_ms(tries.faults, chance));
        self.ctx.wait.wait(pause_ms).await;
        Ok(())
    }

    /// One attempt: an answer to read, or nothing and the reason is dealt with.
    ///
    /// # Errors
    /// No token, or that was the last attempt.
    pub async fn attempt(
        &self,
        request: &Request,
        tries: &mut Tries,
    ) -> Result<Option<reqwest::Response>, UpstreamError> {
        let ticket = self.pace.acquire().await;
        // The token comes last: it may have ended while we waited our turn.
        let token = self.tokens.token().await?;
        tries.generation = token.generation;
        let answer = match self.send(request, &token.value).await {
            Ok(answer) => answer,
            Err(SendFault::Address) => return Err(UpstreamError::Address),
            Err(SendFault::Transport(fault)) => {
                self.failed(tries, fault, None).await?;
                return Ok(None);
            }
        };
        self.note_time(&answer);
        let status = answer.status().as_u16();
        let pause_ms = retry_after(&answer, &self.retry, self.ctx.clock.as_ref());
        match verdict(status, pause_ms.is_some()) {
            Verdict::Answer => {
                self.pace.accepted();
                tries.unaccepted = 0;
                tries.refused_since_ms = None;
                Ok(Some(answer))
            }
            Verdict::Unauthorized => {
                self.unauthorized(tries, token.generation).await?;
                Ok(None)
            }
            Verdict::TooFast => {
                self.too_fast(tries, ticket, pause_ms)?;
                Ok(None)
            }
            Verdict::Fault => {
                self.failed(tries, format!("status {status}"), pause_ms)
                    .await?;
                Ok(None)
            }
        }
    }

    async fn unauthorized(&self, tries: &mut Tries, generation: u64) -> Result<(), UpstreamError> {
        // One 401 is an expiry that was not foreseen, a second may be one too after a long wait;
        // a third means that asking for tokens is no use.
        tries.unaccepted += 1;
        if tries.unaccepted >= 3 {
            return Err(UpstreamError::TokenNotAccepted);
        }
        self.tokens.spent(generation).await;
        Ok(())
    }

    // Some deployments answer 403 in the middle of paging when a token runs out (vcc-api §1.5).
    // Asked for seldom, because most 403s mean what they say.
    fn may_be_expiry(&self) -> bool {
        let now_ms = self.ctx.clock.monotonic_ms().max(1);
        let last_ms = self.forbidden_at_ms.load(Ordering::Relaxed);
        let long_ago = last_ms == 0 || now_ms.saturating_sub(last_ms) > FORBIDDEN_EVERY_MS;
        if long_ago {
            self.forbidden_at_ms.store(now_ms, Ordering::Relaxed);
        }
        long_ago
    }

    fn too_fast(
        &self,
        tries: &mut Tries,
        ticket: Ticket,
        pause_ms: Option<u64>,
    ) -> Result<(), UpstreamError> {
        self.refusals.fetch_add(1, Ordering::Relaxed);
        self.pace.refused(ticket, pause_ms);
        let now_ms = self.ctx.clock.monotonic_ms();
        let since = *tries.refused_since_ms.get_or_insert(now_ms);
        if now_ms.saturating_sub(since) > self.retry.patience_ms {
            return Err(UpstreamError::GaveUp {
                attempts: tries.faults,
                last: "refused for pace all the time".to_owned(),
            });
        }
        Ok(())
    }

    async fn send(
        &self,
        request: &Request,
        token: &Secret<String>,
    ) -> Result<reqwest::Response, SendFault> {
        let segments: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let mut url = below(&self.hosts.api, &segments).map_err(|_| SendFault::Address)?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
            .map_err(|_| SendFault::Address)?;
        bearer.set_sensitive(true);
        let home = origin(&url);
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static(request.api.accept()));
            headers.insert("accept-encoding", HeaderValue::from_static("identity"));
            for (name, value) in &request.headers {
                let value = HeaderValue::from_str(value).map_err(|_| SendFault::Address)?;
                headers.insert(name.clone(), value);
            }
            // The token is for this platform; whatever host a redirect names does not get it.
            if origin(&url) == home {
                headers.insert("authorization", bearer.clone());
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            let answer = self
                .http
                .get(url.clone())
                .headers(headers)
                .send()
                .await
                .map_err(|e| SendFault::Transport(describe(&e.without_url())))?;
            let Some(next) = redirect(&url, &answer) else {
                return Ok(answer);
            };
            url = next;
        }
        Err(SendFault::Transport("too many redirects".to_owned()))
    }

    fn note_time(&self, answer: &reqwest::Response) {
        if let Some(at) = answered_at(answer) {
            let monotonic = i64::try_from(self.ctx.clock.monotonic_ms()).unwrap_or(i64::MAX);
            self.server_offset_ms
                .store(at.ms().saturating_sub(monotonic), Ordering::Relaxed);
        }
    }
}

/// What has gone wrong with one request so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tries {
    faults: u32,
    unaccepted: u32,
    generation: u64,
    refused_since_ms: Option<u64>,
}

enum SendFault {
    Address,
    Transport(String),
}

fn origin(url: &Url) -> (String, Option<String>, Option<u16>) {
    (
        url.scheme().to_owned(),
        url.host_str().map(str::to_owned),
        url.port_or_known_default(),
    )
}

fn redirect(from: &Url, answer: &reqwest::Response) -> Option<Url> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let target = answer.headers().get("location")?.to_str().ok()?;
    let next = from.join(target).ok()?;
    let downgrade = from.scheme() == "https" && next.scheme() != "https";
    (matches!(next.scheme(), "http" | "https") && !downgrade).then_some(next)
}

async fn whole_body(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_JSON_BYTES => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => return Err("the answer is larger than 64 MiB".to_owned()),
            Ok(None) => return Ok(body),
            Err(error) => return Err(describe(&error.without_url())),
        }
    }
}
