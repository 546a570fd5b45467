//! `[gateway]` and its routes

use ringfence_core::path::{LetterCase, PathTemplate};
use ringfence_core::scope::Scope;
use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// Quotas and the routes to services behind the gateway.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Gateway {
    /// Which figures the quotas have.
    pub quota_profile: QuotaProfile,
    /// The quota of an account in the profile `open`.
    pub requests_per_minute: u32,
    /// How long an upstream may take to begin its answer.
    pub upstream_timeout_secs: u64,
    /// Services behind the gateway.
    #[serde(rename = "route", skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
}

/// Which figures the quotas have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QuotaProfile {
    /// One wide figure for each account.
    Open,
    /// The figures of the platform served.
    Vcc,
}

/// One route: these calls, with this right, go there.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Route {
    /// What logs and metrics call it.
    pub name: String,
    /// The methods it admits.
    pub methods: Vec<String>,
    /// The path template.
    pub path: String,
    /// Scopes of which a token needs one.
    pub scopes: Vec<String>,
    /// How many calls an account may make to it in a minute, beside the quota of all.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
    /// The longest request body.
    #[serde(default = "Route::max_body_bytes")]
    pub max_body_bytes: u64,
    /// Scheme, host and port of the service.
    pub upstream: String,
    /// Whether the service receives the caller's token.
    #[serde(default)]
    pub forward_token: bool,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            quota_profile: QuotaProfile::Open,
            requests_per_minute: 10_000,
            upstream_timeout_secs: 30,
            routes: Vec::new(),
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "gateway",
    meaning: "Quotas, and routes to services behind the gateway.",
    keys: &[
        Key {
            name: "quota_profile",
            kind: Kind::Text,
            meaning: "open (one wide figure for each account) or vcc (the figures of the platform's fair use).",
            example: "",
        },
        Key {
            name: "requests_per_minute",
            kind: Kind::Number,
            meaning: "Profile open: how many requests an account may make in a minute.",
            example: "",
        },
        Key {
            name: "upstream_timeout_secs",
            kind: Kind::Number,
            meaning: "How long a service behind the gateway may take to begin its answer.",
            example: "",
        },
    ],
};

/// The sample's words on routes, which are tables and have no variables.
pub(super) const ROUTE_SAMPLE: &str = r#"
# A route: calls with these methods and this path, made with a token that holds one of the scopes, go to the service.
# {name} stands for one path segment, {rest...} at the end for everything below. Repeat the table for each route.
# The path goes on as it came. X-Ringfence-* headers tell the service who calls; the token itself goes on only with
# forward_token.
#[[gateway.route]]
#name = "orders"
#methods = ["GET", "POST"]
#path = "/orders/{rest...}"
#scopes = ["stats"]
#upstream = "http://127.0.0.1:9000"
#forward_token = false
#max_body_bytes = 104857600
#requests_per_minute = 600
"#;

impl Gateway {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if self.requests_per_minute == 0 {
            faults.push("gateway.requests_per_minute must be above zero".to_owned());
        }
        if self.upstream_timeout_secs == 0 {
            faults.push("gateway.upstream_timeout_secs must be above zero".to_owned());
        }
        for (index, route) in self.routes.iter().enumerate() {
            route.faults(faults);
            if self
                .routes
                .iter()
                .take(index)
                .any(|other| other.name == route.name)
            {
                faults.push(format!("gateway.route {}: the name is taken", route.name));
            }
        }
    }
}

impl Route {
    const fn max_body_bytes() -> u64 {
        100 * 1024 * 1024
    }

    fn faults(&self, faults: &mut Vec<String>) {
        let mut fault = |text: &str| faults.push(format!("gateway.route {}: {text}", self.name));
        if self.name.is_empty() {
            fault("name is empty");
        }
        for scope in &self.scopes {
            if Scope::parse(scope).is_err() {
                fault(&format!("{scope} is no scope"));
            }
        }
        if self.scopes.is_empty() {
            fault("scopes is empty");
        }
        if self.methods.is_empty()
            || self
                .methods
                .iter()
                .any(|method| !method.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            fault("methods must name methods in capitals");
        }
        if let Err(wrong) = PathTemplate::parse(&self.path, LetterCase::Exact) {
            fault(&format!("path: {wrong}"));
        }
        if !self.upstream.starts_with("http://") && !self.upstream.starts_with("https://") {
            fault("upstream must start with http:// or https://");
        }
    }
}
