//! What an operator watches, in the text form that Prometheus reads.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The content type of [`Metrics::render`].
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GrantLabels {
    grant: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabels {
    upstream: String,
    kind: &'static str,
}

/// The counters and gauges of one node; cloning shares them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram, fn() -> Histogram>,
    requests_in_flight: Gauge,
    refusals: Family<ReasonLabel, Counter>,
    tokens_issued: Family<GrantLabels, Counter>,
    tokens_refused: Family<ReasonLabel, Counter>,
    upstream_faults: Family<UpstreamLabels, Counter>,
    directory_staleness: Gauge<f64, AtomicU64>,
    directory_seq: Gauge,
    directory_credentials: Gauge,
}

impl Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// What is read when metrics are asked for, rather than counted under way.
#[derive(Debug, Clone, Copy, Default)]
pub struct Readings {
    /// How long ago the directory last knew that it was up to date.
    pub directory_staleness: Duration,
    /// The last change that the directory contains.
    pub directory_seq: i64,
    /// Credentials in the directory.
    pub n_credentials: usize,
}

impl Metrics {
    /// Makes a registry with everything at zero.
    #[must_use]
    pub fn new() -> Self {
        let request_seconds = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(0.000_25, 2.0, 16))) as fn() -> Histogram,
        );
        let mut metrics = Self {
            registry: Arc::default(),
            requests: Family::default(),
            request_seconds,
            requests_in_flight: Gauge::default(),
            refusals: Family::default(),
            tokens_issued: Family::default(),
            tokens_refused: Family::default(),
            upstream_faults: Family::default(),
            directory_staleness: Gauge::default(),
            directory_seq: Gauge::default(),
            directory_credentials: Gauge::default(),
        };
        metrics.registry = Arc::new(metrics.register());
        metrics
    }

    fn register(&self) -> Registry {
        let mut registry = Registry::with_prefix("ringfence");
        registry.register(
            "requests",
            "Requests answered, by method, route and status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its response's head, by route",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests under way",
            self.requests_in_flight.clone(),
        );
        registry.register(
            "refusals",
            "Calls refused at the gateway, by reason code",
            self.refusals.clone(),
        );
        registry.register(
            "tokens_issued",
            "Access tokens issued, by grant",
            self.tokens_issued.clone(),
        );
        registry.register(
            "tokens_refused",
            "Token requests refused, by error code",
            self.tokens_refused.clone(),
        );
        registry.register(
            "upstream_faults",
            "Calls an upstream did not answer, by upstream and kind of fault",
            self.upstream_faults.clone(),
        );
        registry.register_with_unit(
            "directory_staleness",
            "Time since the directory last knew that it was up to date; calls are refused past the bound",
            Unit::Seconds,
            self.directory_staleness.clone(),
        );
        registry.register(
            "directory_seq",
            "Number of the last change applied on this node; nodes that differ for long do not keep up",
            self.directory_seq.clone(),
        );
        registry.register(
            "directory_credentials",
            "Credentials in the directory",
            self.directory_credentials.clone(),
        );
        registry
    }

    /// Counts a request that begins; the guard counts it off when dropped.
    #[must_use]
    pub fn request_begins(&self) -> InFlight {
        self.requests_in_flight.inc();
        InFlight(self.requests_in_flight.clone())
    }

    /// Counts a request that was answered. The route is the template, never the path.
    pub fn request_ends(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels {
            method,
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        let RequestLabels { route, .. } = labels;
        self.request_seconds
            .get_or_create(&RouteLabel { route })
            .observe(took.as_secs_f64());
    }

    /// Counts a call refused at the gateway.
    pub fn call_refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// How many calls were refused for that reason.
    #[must_use]
    pub fn n_calls_refused(&self, reason: &'static str) -> u64 {
        self.refusals.get_or_create(&ReasonLabel { reason }).get()
    }

    /// Counts an access token issued.
    pub fn token_issued(&self, grant: &'static str) {
        self.tokens_issued
            .get_or_create(&GrantLabels { grant })
            .inc();
    }

    /// Counts a token request refused.
    pub fn token_refused(&self, reason: &'static str) {
        self.tokens_refused
            .get_or_create(&ReasonLabel { reason })
            .inc();
    }

    /// Counts a call that an upstream did not answer.
    pub fn upstream_failed(&self, upstream: &str, kind: &'static str) {
        let labels = UpstreamLabels {
            upstream: upstream.to_owned(),
            kind,
        };
        self.upstream_faults.get_or_create(&labels).inc();
    }

    /// Everything as text, with the given readings.
    #[must_use]
    pub fn render(&self, readings: Readings) -> String {
        self.directory_staleness
            .set(readings.directory_staleness.as_secs_f64());
        self.directory_seq.set(readings.directory_seq);
        self.directory_credentials
            .set(i64::try_from(readings.n_credentials).unwrap_or(i64::MAX));
        let mut out = String::new();
        match text::encode(&mut out, &self.registry) {
            Ok(()) => out,
            // Writing to a string does not fail; an empty page would tell the operator if it did.
            Err(fmt::Error) => String::new(),
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_was_counted() {
        let metrics = Metrics::new();
        let first = metrics.request_begins();
        metrics.request_ends("GET", "/stats/{id}", 200, Duration::from_millis(3));
        metrics.call_refused("owner_inactive");
        metrics.token_issued("client_credentials");
        metrics.upstream_failed("billing", "timeout");
        let text = metrics.render(Readings {
            directory_staleness: Duration::from_millis(1500),
            directory_seq: 2,
            n_credentials: 7,
        });
        for line in [
            r#"ringfence_requests_total{method="GET",route="/stats/{id}",status="200"} 1"#,
            r#"ringfence_refusals_total{reason="owner_inactive"} 1"#,
            r#"ringfence_tokens_issued_total{grant="client_credentials"} 1"#,
            r#"ringfence_upstream_faults_total{upstream="billing",kind="timeout"} 1"#,
            "ringfence_requests_in_flight 1",
            "ringfence_directory_staleness_seconds 1.5",
            "ringfence_directory_seq 2",
            "ringfence_directory_credentials 7",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        drop(first);
        assert!(metrics.render(Readings::default()).contains("in_flight 0"));
    }
}
