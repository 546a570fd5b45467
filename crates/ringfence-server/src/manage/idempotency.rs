//! Makes creates safe to repeat: a layer inside the gate of every POST of the Management API.
//!
//! A request that names a key runs to its end even if its caller goes away, so that its answer is there when they ask
//! again. Refusals and faults give the key back: nothing was done. A handler whose answer carries a secret
//! marks it with [`SecretBearing`]; such an answer is remembered without its body.

use super::body::body_bytes;
use super::error::ManageError;
use crate::app::App;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use ringfence_app::caller::Caller;
use ringfence_app::context::{Actor, Ctx, spawn};
use ringfence_app::error::{Error, chain};
use ringfence_app::idempotency::{
    Begun, IdempotencyKey, KeptAnswer, idempotency_begin, idempotency_end, idempotency_release,
};
use ringfence_core::digest::{ContentDigest, ContentHasher};
use utoipa::IntoParams;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// What every create takes, for the description.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the description is made from it")]
pub(crate) struct CreateParams {
    /// A name of your own for this request: sent again within 24 hours, the same request gives the same answer.
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}

/// Marks an answer that carries a secret; an extension of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretBearing;

/// The layer around a POST.
pub(crate) async fn idempotency_pass(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    if !request.headers().contains_key(&HEADER) {
        return next.run(request).await;
    }
    match keyed(app, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn keyed(app: App, request: Request, next: Next) -> Result<Response, ManageError> {
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        tracing::error!("an idempotency key was taken before anybody asked who calls");
        return Err(Error::Unauthenticated.into());
    };
    let key = key_named(&request)?;
    let (parts, body) = request.into_parts();
    let bytes = body_bytes(body).await?;
    let actor = caller.actor();
    match idempotency_begin(&app.ctx, &actor, &key, request_digest(&parts, &bytes)).await? {
        Begun::Other => Err(ManageError::KeyReused),
        Begun::InFlight => Err(ManageError::KeyInFlight),
        Begun::Again(answer) => again(answer),
        Begun::First => {
            let request = Request::from_parts(parts, Body::from(bytes));
            let task = first(app.ctx.clone(), (actor, key), next.run(request));
            // A panic is logged by the wrapper; the key stays taken, since nobody knows how far it came.
            let done = spawn("idempotent", task).await.ok().flatten();
            done.ok_or_else(|| {
                ManageError::App(Error::Unavailable("the request broke off".to_owned()))
            })?
        }
    }
}

async fn first(
    ctx: Ctx,
    (actor, key): (Actor, IdempotencyKey),
    run: impl Future<Output = Response>,
) -> Result<Response, ManageError> {
    let response = run.await;
    let status = response.status();
    let kept = if status.is_success() {
        let (parts, body) = response.into_parts();
        let secret = parts.extensions.get::<SecretBearing>().is_some();
        let bytes = to_bytes(body, ANSWER_BYTES_MAX).await;
        let bytes = bytes.map_err(|e| ManageError::App(Error::internal(e)))?;
        let text = |name: &HeaderName| {
            let value = parts.headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let answer = KeptAnswer {
            status: status.as_u16(),
            location: text(&LOCATION),
            etag: text(&ETAG),
            body: (!secret).then(|| String::from_utf8_lossy(&bytes).into_owned()),
        };
        let kept = idempotency_end(&ctx, &actor, &key, &answer).await;
        (kept, Response::from_parts(parts, Body::from(bytes)))
    } else {
        (idempotency_release(&ctx, &actor, &key).await, response)
    };
    let (kept, response) = kept;
    if let Err(error) = kept {
        // The act is done, and its caller learns so; only a second request under the key will find no answer.
        tracing::warn!(error = %chain(&error), "the answer to an idempotent request could not be kept");
    }
    Ok(response)
}

fn again(answer: KeptAnswer) -> Result<Response, ManageError> {
    let status = StatusCode::from_u16(answer.status).map_err(Error::internal)?;
    let Some(body) = answer.body else {
        return Err(ManageError::SecretShown {
            location: answer.location,
        });
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    for (name, text) in [(LOCATION, answer.location), (ETAG, answer.etag)] {
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

fn key_named(request: &Request) -> Result<IdempotencyKey, ManageError> {
    let mut values = request.headers().get_all(&HEADER).iter();
    let value = values.next().and_then(|v| v.to_str().ok());
    let parsed = IdempotencyKey::parse(value.unwrap_or_default());
    match values.next() {
        None => parsed.map_err(|e| ManageError::malformed("", e)),
        Some(_) => Err(ManageError::malformed("", "send one Idempotency-Key")),
    }
}

fn request_digest(parts: &Parts, body: &[u8]) -> ContentDigest {
    let mut hash = ContentHasher::new();
    let target = parts.uri.path_and_query().map_or("", |p| p.as_str());
    for part in [parts.method.as_str().as_bytes(), target.as_bytes(), body] {
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finish()
}
