//! Where a platform is, how to ask, and what several askers of one account share.

use crate::context::CollectCtx;
use crate::upstream::auth::describe;
use crate::upstream::client::UpstreamError;
use crate::upstream::pace::{Pace, PaceOptions};
use crate::upstream::retry::RetryOptions;
use reqwest::header::HeaderName;
use ringfence_core::secret::Secret;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

const VENDOR_DOMAINS: [&str; 2] = ["vonage.com", "newvoicemedia.com"];

/// Where a platform is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hosts {
    /// The login host: root of the token endpoint.
    pub login: Url,
    /// The API root.
    pub api: Url,
}

impl Hosts {
    /// Whether these are the vendor's own.
    #[must_use]
    pub fn is_vendor(&self) -> bool {
        self.api.host_str().is_some_and(|host| {
            VENDOR_DOMAINS
                .iter()
                .any(|d| host.strip_suffix(d).is_some_and(|h| h.ends_with('.')))
        })
    }
}

/// A request to an API: a path below the API root, and what else matters.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which API.
    pub api: Api,
    /// The path's segments, each percent-encoded on its way out.
    pub path: Vec<String>,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// Further headers.
    pub headers: Vec<(HeaderName, String)>,
}

impl Request {
    /// A request without a query.
    #[must_use]
    pub fn new(api: Api, path: &[&str]) -> Self {
        Self {
            api,
            path: path.iter().map(|&s| s.to_owned()).collect(),
            query: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }
}

/// Which API a request goes to; decides the version in `Accept` (vcc-api §1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Api {
    /// Interaction Content v3.
    Content,
    /// Insights Stats v3.
    Stats,
    /// User Admin v4.
    Users,
}

impl Api {
    pub(super) const fn accept(self) -> &'static str {
        match self {
            Self::Content | Self::Stats => "application/vnd.newvoicemedia.v3+json",
            Self::Users => "application/vnd.newvoicemedia.v4+json",
        }
    }
}

/// What it takes to talk to a platform as one credential; several [`Upstream`]s may share it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where the platform is.
    pub hosts: Hosts,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret<String>,
    pub(super) http: reqwest::Client,
    pub(super) pace: Arc<Pace>,
    pub(super) retry: RetryOptions,
    pub(super) requests: Arc<AtomicU64>,
}

impl Line {
    /// Prepares to talk; nothing is sent yet.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new(
        ctx: &CollectCtx,
        hosts: Hosts,
        client_id: String,
        client_secret: Secret<String>,
    ) -> Result<Self, UpstreamError> {
        let vendor = hosts.is_vendor();
        let pace = ctx.pace.unwrap_or(if vendor {
            PaceOptions::VENDOR
        } else {
            PaceOptions::OTHER
        });
        let retry = ctx.retry.unwrap_or(if vendor {
            RetryOptions::VENDOR
        } else {
            RetryOptions::OTHER
        });
        let http = reqwest::Client::builder()
            .user_agent(concat!("ringfence/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_millis(retry.silence_ms))
            .pool_max_idle_per_host(32)
            .tcp_nodelay(true)
            .build()
            .map_err(|e| UpstreamError::GaveUp {
                attempts: 0,
                last: describe(&e),
            })?;
        Ok(Self {
            hosts,
            client_id,
            client_secret,
            http,
            pace: Arc::new(Pace::new(
                pace,
                Arc::clone(&ctx.clock),
                Arc::clone(&ctx.wait),
            )),
            retry: RetryOptions {
                max_attempts: ctx.max_attempts.unwrap_or(retry.max_attempts).max(1),
                ..retry
            },
            requests: Arc::default(),
        })
    }

    /// How many requests have been sent, of every kind.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

// An empty last segment, as in `https://host/`, is where the path is put.
pub(super) fn below(root: &Url, path: &[&str]) -> Result<Url, UpstreamError> {
    let mut url = root.clone();
    url.path_segments_mut()
        .map_err(|()| UpstreamError::Address)?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_encoded_segment_by_segment() {
        let root = Url::parse("http://127.0.0.1:8080/base/").unwrap();
        let url = below(&root, &["users", "by", "username", "sam@x/../y z"]).unwrap();
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:8080/base/users/by/username/sam@x%2F..%2Fy%20z"
        );
    }

    #[test]
    fn vendor_hosts_are_told_by_their_domain() {
        let hosts = |text: &str| Hosts {
            login: Url::parse(text).unwrap(),
            api: Url::parse(text).unwrap(),
        };
        assert!(hosts("https://emea.api.cc.vonage.com").is_vendor());
        assert!(hosts("https://emea.api.newvoicemedia.com").is_vendor());
        assert!(!hosts("https://notvonage.com").is_vendor());
        assert!(!hosts("http://127.0.0.1:8080").is_vendor());
    }
}
