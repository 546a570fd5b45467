//! `/login/sso/{provider}` and its callback: through an OpenID Connect provider and back.

use super::visitor::AtDoor;
use super::{STEP_COOKIE, go_on, next_of, query_value, step_cookie};
use crate::app::App;
use crate::portal::authorize::CONTINUE;
use crate::portal::error::PortalError;
use crate::portal::page::redirect;
use crate::web::person::cookie;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use ringfence_app::authorize::proof_wanted;
use ringfence_app::error::Error;
use ringfence_app::sign_in::sso::{
    SsoReturn, provider_find, sso_begin, sso_return, sso_sign_in, sso_verify,
};
use ringfence_app::sign_in::{Progress, Visitor};

const REFUSED: &str = "/login?again=sso";

/// `GET /login/sso/{provider}`.
pub(crate) fn sso_begin_route() -> MethodRouter<App> {
    get(begin)
}

/// `GET /login/sso/{provider}/callback`.
pub(crate) fn sso_return_route() -> MethodRouter<App> {
    get(back)
}

async fn begin(
    State(app): State<App>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PortalError> {
    let provider = provider_find(&app.ctx, &name).await?;
    let now_ms = app.ctx.clock.monotonic_ms();
    let metadata = app.providers.metadata(&provider, now_ms).await?;
    let next = next_of(query.as_deref());
    let is_fresh = next
        .strip_prefix(CONTINUE)
        .is_some_and(|step| proof_wanted(&app.ctx, step));
    let begun = sso_begin(&app.ctx, &provider, &metadata, (&next, is_fresh))?;
    let location = HeaderValue::from_str(&begun.location).map_err(Error::internal)?;
    let headers = [
        (LOCATION, location),
        (SET_COOKIE, step_cookie(Some(begun.step.expose()))),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

async fn back(
    State(app): State<App>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    AtDoor(visitor): AtDoor,
    headers: HeaderMap,
) -> Result<Response, PortalError> {
    let value = |name| query_value(query.as_deref(), name);
    let (Some(state), Some(code)) = (value("state"), value("code")) else {
        // The provider says no, or the person did.
        tracing::info!(
            provider = name,
            refused = value("error").is_some(),
            "somebody came back from a provider without a code"
        );
        return Ok(redirect(REFUSED));
    };
    let answer = SsoReturn {
        step: cookie(&headers, STEP_COOKIE).unwrap_or_default().to_owned(),
        state,
        issuer: value("iss"),
        code,
    };
    match signed_in(&app, &name, &answer, &visitor).await {
        Ok((progress, next)) => go_on(&app, &headers, progress, &next).await,
        Err(Error::Unauthenticated) => Ok(redirect(REFUSED)),
        Err(error) => Err(error.into()),
    }
}

async fn signed_in(
    app: &App,
    name: &str,
    answer: &SsoReturn,
    visitor: &Visitor,
) -> Result<(Progress, String), Error> {
    let provider = &provider_find(&app.ctx, name).await?;
    let now_ms = app.ctx.clock.monotonic_ms();
    let metadata = app.providers.metadata(provider, now_ms).await?;
    let exchange = sso_return(&app.ctx, provider, &metadata, answer).await?;
    let providers = &app.providers;
    let exchanged = providers
        .exchange(provider, &metadata, &exchange.form)
        .await?;
    let proof = (exchanged.id_token.expose().as_str(), &exchanged.keys);
    let mut person = sso_verify(&app.ctx, provider, &exchange, proof)?;
    if person.is_nameless(provider)
        && let Some(info) = providers.user_info(provider, &metadata, &exchanged).await?
    {
        person.add_user_info(provider, &info)?;
    }
    let progress = sso_sign_in(&app.ctx, provider, &person, visitor).await?;
    Ok((progress, exchange.next))
}
