//! What every handler is given.

use crate::web::hall::Hall;
use crate::web::metrics::Metrics;
use crate::web::proxies::Proxies;
use ringfence_app::context::Ctx;
use std::sync::Arc;
use std::time::Duration;

/// The state of all rooms.
#[derive(Clone, Debug)]
pub struct App {
    /// The context of the acts.
    pub ctx: Ctx,
    /// Where events are counted.
    pub metrics: Metrics,
    /// Bounds of requests.
    pub limits: Limits,
}

/// Bounds of requests, and whom we believe about addresses.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whose `X-Forwarded-For` is read.
    pub proxies: Proxies,
    /// How long a request's body may stall.
    pub body_idle: Duration,
    /// Largest body of a request to the token service or a built-in API; a longer one is answered 413.
    pub body_bytes_max: usize,
    /// Largest body of any request, those to upstreams included.
    pub forwarded_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            proxies: Proxies::default(),
            body_idle: Duration::from_secs(30),
            body_bytes_max: 256 * 1024,
            forwarded_bytes_max: 4 << 30,
        }
    }
}

impl App {
    /// Puts the state together, with nothing counted yet.
    #[must_use]
    pub fn new(ctx: Ctx, limits: Limits) -> Self {
        Self {
            ctx,
            metrics: Metrics::new(),
            limits,
        }
    }

    /// What the hall around all rooms needs.
    pub(crate) fn hall(&self) -> Hall {
        Hall {
            clock: Arc::clone(&self.ctx.clock),
            random: Arc::clone(&self.ctx.random),
            metrics: self.metrics.clone(),
            proxies: self.limits.proxies.clone(),
            body_idle: self.limits.body_idle,
            body_bytes_max: self.limits.forwarded_bytes_max,
        }
    }
}
