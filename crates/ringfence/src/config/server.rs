//! `[server]`

use std::net::SocketAddr;
use std::path::PathBuf;

use ringfence_core::credential::Network;
use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};

/// The listener and its limits.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Where the one listener listens.
    pub listen: SocketAddr,
    /// A listener of its own for `/metrics`, `/livez` and `/readyz`.
    pub metrics_listen: Option<SocketAddr>,
    /// The address clients use, as it stands in issuers and discovery documents.
    pub public_url: Option<String>,
    /// The certificate chain, PEM.
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Whether to make a certificate for itself.
    pub tls_self_signed: bool,
    /// Which jobs this node does.
    pub roles: Vec<Role>,
    /// Addresses or networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// How long a drain may take.
    pub drain_secs: u64,
    /// The longest request body of the token service and of JSON APIs.
    pub max_body_bytes: u64,
    /// The longest request head.
    pub max_header_bytes: u32,
    /// How long a client may take to send its request head.
    pub header_timeout_secs: u64,
    /// How many connections may be open at once.
    pub max_connections: u32,
}

/// A job of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// The token service.
    Issue,
    /// The gateway to upstream routes.
    Guard,
    /// The built-in APIs.
    Apis,
    /// The portals and the Management API.
    Portal,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics_listen: None,
            public_url: None,
            tls_cert: None,
            tls_key: None,
            tls_self_signed: false,
            roles: vec![Role::Issue, Role::Guard, Role::Apis, Role::Portal],
            trusted_proxies: Vec::new(),
            drain_secs: 30,
            max_body_bytes: 1_048_576,
            max_header_bytes: 32_768,
            header_timeout_secs: 15,
            max_connections: 10_000,
        }
    }
}

pub(super) const SECTION: Section = Section {
    path: "server",
    meaning: "The listener and its limits.",
    keys: &[
        Key {
            name: "listen",
            kind: Kind::Text,
            meaning: "Address and port of the one listener. Flag: --listen.",
            example: "",
        },
        Key {
            name: "metrics_listen",
            kind: Kind::Text,
            meaning: "A listener of its own for /metrics, /livez and /readyz. Without it they are on the main listener.",
            example: "\"127.0.0.1:9090\"",
        },
        Key {
            name: "public_url",
            kind: Kind::Text,
            meaning: "The address clients use, as it stands in issuers and discovery documents.\n\
                      Without it: the listener's own address.",
            example: "\"https://calls.example.com\"",
        },
        Key {
            name: "tls_cert",
            kind: Kind::Text,
            meaning: "Certificate chain, PEM file. Flag: --tls-cert.",
            example: "\"/etc/ringfence/tls.crt\"",
        },
        Key {
            name: "tls_key",
            kind: Kind::Text,
            meaning: "The certificate's private key, PEM file. Flag: --tls-key.",
            example: "\"/etc/ringfence/tls.key\"",
        },
        Key {
            name: "tls_self_signed",
            kind: Kind::Flag,
            meaning: "Make a certificate at start, for trying things out. Flag: --tls-self-signed.",
            example: "",
        },
        Key {
            name: "roles",
            kind: Kind::List,
            meaning: "What this node does: issue (tokens), guard (upstream routes), apis (built-in APIs), portal (Admin Portal, Management API). Flag: --roles.",
            example: "",
        },
        Key {
            name: "trusted_proxies",
            kind: Kind::List,
            meaning: "Addresses or networks (10.0.0.0/8) of proxies in front whose X-Forwarded-For is believed; nobody else's is.",
            example: "",
        },
        Key {
            name: "drain_secs",
            kind: Kind::Number,
            meaning: "On SIGTERM: how long requests under way may still take.",
            example: "",
        },
        Key {
            name: "max_body_bytes",
            kind: Kind::Number,
            meaning: "The longest request body. Downloads are not limited.",
            example: "",
        },
        Key {
            name: "max_header_bytes",
            kind: Kind::Number,
            meaning: "The longest request head.",
            example: "",
        },
        Key {
            name: "header_timeout_secs",
            kind: Kind::Number,
            meaning: "How long a client may take to send its request head.",
            example: "",
        },
        Key {
            name: "max_connections",
            kind: Kind::Number,
            meaning: "How many connections may be open at once.",
            example: "",
        },
    ],
};

impl Server {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            faults.push("server.tls_cert and server.tls_key belong together".to_owned());
        }
        if self.tls_self_signed && self.tls_cert.is_some() {
            faults.push(
                "server.tls_self_signed makes its own certificate; take out server.tls_cert"
                    .to_owned(),
            );
        }
        for proxy in &self.trusted_proxies {
            if Network::parse(proxy).is_err() {
                faults.push(format!(
                    "server.trusted_proxies: {proxy} is no address and no network"
                ));
            }
        }
        if self.roles.is_empty() {
            faults.push("server.roles must name at least one role".to_owned());
        }
        if let Some(url) = &self.public_url {
            url_faults("server.public_url", url, faults);
        }
        if self.max_header_bytes < 8_192 {
            faults.push("server.max_header_bytes must be at least 8192: a token with its headers needs that".to_owned());
        }
        if self.max_body_bytes < 1_024 {
            faults.push("server.max_body_bytes must be at least 1024".to_owned());
        }
        if self.header_timeout_secs == 0 || self.max_connections == 0 {
            faults.push(
                "server.header_timeout_secs and server.max_connections must be above zero"
                    .to_owned(),
            );
        }
    }
}

/// A public address is scheme and host, without a path that routing would not see.
pub(super) fn url_faults(key: &str, url: &str, faults: &mut Vec<String>) {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let Some(host) = rest else {
        faults.push(format!("{key} must start with https:// or http://"));
        return;
    };
    if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
        faults.push(format!(
            "{key} must be scheme, host and port only, without a slash at the end"
        ));
    }
}
