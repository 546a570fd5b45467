//! What an operator's programs ask: is it alive, is it ready, what does it count.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

use crate::app::App;
use crate::web::metrics::{METRICS_CONTENT_TYPE, Readings};

/// `GET /livez`: the process answers.
pub(crate) fn live_route() -> MethodRouter<App> {
    get(async || "ok\n")
}

/// `GET /readyz`: calls sent here will be served.
pub(crate) fn ready_route() -> MethodRouter<App> {
    get(ready_show)
}

/// `GET /metrics`, unless metrics have a listener of their own.
pub(crate) fn metrics_route() -> MethodRouter<App> {
    get(metrics_show_here)
}

/// The routes of a listener for operators alone.
pub fn operations_router(app: App) -> Router {
    Router::new()
        .route("/livez", live_route())
        .route("/readyz", ready_route())
        .route("/metrics", get(metrics_show))
        .with_state(app)
}

async fn ready_show(State(app): State<App>) -> Response {
    let staleness_ms = staleness_ms(&app);
    let fresh = staleness_ms <= app.ctx.settings.max_staleness_ms;
    let taking = !app.is_draining();
    let status = if fresh && taking {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = serde_json::json!({
        "ready": fresh && taking,
        "directory": if fresh { "fresh" } else { "stale" },
        "draining": !taking,
    });
    (status, Json(body)).into_response()
}

async fn metrics_show_here(State(app): State<App>) -> Response {
    if app.limits.metrics_apart {
        return StatusCode::NOT_FOUND.into_response();
    }
    metrics_show(State(app)).await
}

async fn metrics_show(State(app): State<App>) -> Response {
    let snapshot = app.ctx.directory.look();
    let [_, _, n_credentials, _] = snapshot.sizes();
    let text = app.metrics.render(Readings {
        directory_staleness: Duration::from_millis(staleness_ms(&app)),
        directory_seq: snapshot.seq,
        n_credentials,
    });
    let kind = HeaderValue::from_static(METRICS_CONTENT_TYPE);
    ([(CONTENT_TYPE, kind)], text).into_response()
}

fn staleness_ms(app: &App) -> u64 {
    app.ctx.directory.staleness_ms(app.ctx.clock.monotonic_ms())
}
