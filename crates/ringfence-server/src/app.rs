//! What every handler is given.

use crate::gateway::forward::Forwarder;
use crate::gateway::routes::RouteTable;
use crate::gateway::upstream::Upstreams;
use crate::web::hall::Hall;
use crate::web::metrics::Metrics;
use crate::web::provider::Providers;
use crate::web::proxies::Proxies;
use ringfence_app::context::Ctx;
use ringfence_app::manage::traffic::NamedRoute;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The state of all rooms. Every call copies it, so it is a handful of shared parts.
#[derive(Clone, Debug)]
pub struct App {
    /// The context of the acts.
    pub ctx: Ctx,
    /// Where events are counted.
    pub metrics: Arc<Metrics>,
    /// Bounds of requests.
    pub limits: Arc<Limits>,
    /// Programs behind the gateway, when there are any.
    pub(crate) upstreams: Option<Arc<Upstreams>>,
    /// Providers that people sign in through.
    pub(crate) providers: Arc<Providers>,
    draining: Arc<AtomicBool>,
}

/// No connection to an upstream could be encrypted.
#[derive(Debug, thiserror::Error)]
#[error("connections to upstreams cannot be encrypted")]
pub struct UpstreamsError(#[source] rustls::Error);

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
    /// Metrics have a listener of their own, and are not shown on this one.
    pub metrics_apart: bool,
    /// What this node does.
    pub roles: Roles,
}

/// The jobs of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Roles {
    /// The token service.
    pub issue: bool,
    /// Routes to programs behind the gateway.
    pub guard: bool,
    /// The built-in APIs.
    pub apis: bool,
    /// The portals and the Management API.
    pub portal: bool,
}

impl Default for Roles {
    fn default() -> Self {
        Self {
            issue: true,
            guard: true,
            apis: true,
            portal: true,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            proxies: Proxies::default(),
            body_idle: Duration::from_secs(30),
            body_bytes_max: 256 * 1024,
            forwarded_bytes_max: 4 << 30,
            metrics_apart: false,
            roles: Roles::default(),
        }
    }
}

impl App {
    /// Puts the state together, with nothing counted yet.
    #[must_use]
    pub fn new(ctx: Ctx, limits: Limits) -> Self {
        let providers = Providers::new(&ctx.settings.sso);
        Self {
            ctx,
            metrics: Arc::new(Metrics::new()),
            limits: Arc::new(limits),
            upstreams: None,
            providers: Arc::new(providers),
            draining: Arc::default(),
        }
    }

    /// Adds the programs behind the gateway.
    ///
    /// # Errors
    /// No connection to any of them could be encrypted.
    pub fn with_upstreams(mut self, routes: RouteTable) -> Result<Self, UpstreamsError> {
        let forwarder = Forwarder::new(self.limits.proxies.clone()).map_err(UpstreamsError)?;
        self.upstreams = Some(Arc::new(Upstreams { routes, forwarder }));
        Ok(self)
    }

    /// Tells load balancers, by `/readyz`, to send no more calls here.
    pub fn drain_begin(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// What a route asks of its callers now, by the name that the record of requests has for it.
    pub(crate) fn route_named(&self, name: &str, method: &str) -> Option<NamedRoute> {
        let upstream = || {
            let routes = self.upstreams.as_ref()?.routes.routes();
            let route = routes.iter().find(|route| route.name == name)?;
            Some(NamedRoute::Credential(route.rule()))
        };
        crate::router::route_named(name, method).or_else(upstream)
    }

    /// What the hall around all rooms needs.
    pub(crate) fn hall(&self) -> Hall {
        Hall {
            clock: Arc::clone(&self.ctx.clock),
            random: Arc::clone(&self.ctx.random),
            metrics: Metrics::clone(&self.metrics),
            proxies: self.limits.proxies.clone(),
            body_idle: self.limits.body_idle,
            body_bytes_max: self.limits.forwarded_bytes_max,
            record: Some(self.ctx.clone()),
        }
    }
}
