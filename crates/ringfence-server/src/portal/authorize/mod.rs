//! Pages between an application and the person it wants to act for: `/authorize`, the question, and the way out.
//!
//! [`ask`] takes requests and shows the question, [`answer`] sends the answer back, [`logout`] is for applications that sign
//! people out, [`connected`] lists what was allowed and takes it back. What is allowed decides `ringfence_app::authorize`.

mod answer;
mod ask;
mod connected;
mod logout;

pub(crate) use ask::{answer_route, authorize_routes, continue_route};
pub(crate) use connected::{
    account_connected_route, account_withdraw_routes, connected_route, withdraw_routes,
};
pub(crate) use logout::{logout_confirm_route, logout_continue_route, logout_routes};

use super::error::PortalError;
use crate::app::App;
use crate::web::person::session_of;
use axum::body::{Body, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use ringfence_app::caller::Caller;
use ringfence_app::error::Error;
use ringfence_core::authorization_request::parameters::LONGEST_REQUEST;
use ringfence_core::authorization_request::{Parameters, Unreadable};

/// Where a request goes on after a page; its step stands behind it.
pub(crate) const CONTINUE: &str = "/authorize/continue?step=";

/// Who is signed in, if anybody.
async fn caller_of(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, PortalError> {
    match session_of(app, headers).await {
        Ok(caller) => Ok(Some(caller)),
        Err(Error::Unauthenticated) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The parameters of a form that anybody's page may have posted.
async fn parameters_posted(headers: &HeaderMap, body: Body) -> Result<Parameters, Unreadable> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default();
        essence
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    if !is_form {
        return Err(Unreadable::Malformed);
    }
    let bytes = to_bytes(body, LONGEST_REQUEST)
        .await
        .map_err(|_| Unreadable::TooLong)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Unreadable::Malformed)?;
    Parameters::parse(text)
}
