//! What the server saw.

use std::collections::BTreeMap;

/// Which part of the platform a request went to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Route {
    /// The token endpoint.
    Token,
    /// The content search.
    Search,
    /// One interaction of Interaction Content.
    Interaction,
    /// One content item.
    Download,
    /// Statistics of interactions.
    Stats,
    /// Statistics of one interaction.
    StatsOne,
    /// Agent status.
    AgentStatus,
    /// The users list.
    Users,
    /// One user, or a list of theirs.
    User,
    /// Anything else.
    Unknown,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// When, on the platform's clock.
    pub at_ms: i64,
    /// Where to.
    pub route: Route,
    /// `GET`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The `Range` header.
    pub range: Option<String>,
    /// The `If-Range` header.
    pub if_range: Option<String>,
    /// What was answered; 0 until then, or when the connection was reset instead.
    pub status: u16,
}

/// All requests, in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    /// One by one.
    pub requests: Vec<LoggedRequest>,
    /// Connections accepted.
    pub n_connections: usize,
    /// Most connections open at once.
    pub max_open_connections: usize,
    /// Most requests under way at once.
    pub max_in_flight: usize,
}

impl RequestLog {
    /// How many went to a route.
    #[must_use]
    pub fn count(&self, route: Route) -> usize {
        self.requests.iter().filter(|r| r.route == route).count()
    }

    /// How many were answered with a status.
    #[must_use]
    pub fn n_status(&self, status: u16) -> usize {
        self.requests.iter().filter(|r| r.status == status).count()
    }

    /// Requests to one route, in order.
    pub fn to(&self, route: Route) -> impl Iterator<Item = &LoggedRequest> {
        self.requests.iter().filter(move |r| r.route == route)
    }

    /// How many went to each route with each status.
    #[must_use]
    pub fn by_route_and_status(&self) -> BTreeMap<(Route, u16), usize> {
        let mut counts = BTreeMap::new();
        for request in &self.requests {
            *counts.entry((request.route, request.status)).or_default() += 1;
        }
        counts
    }

    /// Every request but those for tokens.
    #[must_use]
    pub fn n_api(&self) -> usize {
        self.requests
            .iter()
            .filter(|r| r.route != Route::Token)
            .count()
    }

    /// Most requests let through in any span of that length.
    #[must_use]
    pub fn busiest(&self, span_ms: i64) -> usize {
        let at: Vec<i64> = self
            .requests
            .iter()
            .filter(|r| r.status != 429 && r.route != Route::Token)
            .map(|r| r.at_ms)
            .collect();
        let mut first = 0;
        let mut most = 0;
        for (last, now) in at.iter().enumerate() {
            while now - at[first] >= span_ms {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }
}
