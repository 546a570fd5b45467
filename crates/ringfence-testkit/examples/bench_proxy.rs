//! The gateway's forwarder in its hall, with no check of who calls: what the gateway is compared with.
//!
//! Arguments: address to listen on, base URL of the upstream.

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use ringfence_core::context::{SystemClock, SystemRandom};
use ringfence_core::path::CleanPath;
use ringfence_server::gateway::forward::Forwarder;
use ringfence_server::gateway::routes::{Found, RouteSetting, RouteTable};
use ringfence_server::web::hall::{Hall, hall_layer};
use ringfence_server::web::listener::{ListenerSettings, listener_serve};
use ringfence_server::web::metrics::Metrics;
use ringfence_server::web::proxies::Proxies;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

struct Proxy {
    routes: RouteTable,
    forwarder: Forwarder,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [listen, upstream] = &args[..] else {
        anyhow::bail!("address, upstream");
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?
        .block_on(serve(listen, upstream))
}

async fn serve(listen: &str, upstream: &str) -> anyhow::Result<()> {
    let route = RouteSetting {
        name: "orders".to_owned(),
        methods: vec!["GET".to_owned()],
        path: "/orders/{id}".to_owned(),
        scopes: vec!["stats".to_owned()],
        upstream: upstream.to_owned(),
        ..RouteSetting::default()
    };
    let proxy = Proxy {
        routes: RouteTable::from_settings(&[route])?,
        forwarder: Forwarder::new(Proxies::default())?,
    };
    let hall = Hall {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        metrics: Metrics::new(),
        proxies: Proxies::default(),
        body_idle: Duration::from_secs(30),
        body_bytes_max: 1 << 30,
        record: None,
    };
    let router = Router::new().fallback(pass).with_state(Arc::new(proxy));
    let listener = TcpListener::bind(listen).await?;
    let never = std::future::pending();
    let settings = ListenerSettings::default();
    listener_serve(listener, None, hall_layer(router, hall), settings, never)
        .await
        .context("the listener failed")?;
    Ok(())
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let found = CleanPath::parse(request.uri().path())
        .map(|path| proxy.routes.find(request.method(), &path));
    let Ok(Found::Route(route)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match proxy
        .forwarder
        .forward(&route, HeaderMap::new(), request)
        .await
    {
        Ok(response) => response,
        Err(fault) => fault.status().into_response(),
    }
}
