//! The door of the Management API: a token that the gateway has admitted, or a stay and a request of our own pages.

use super::error::ManageError;
use crate::app::App;
use crate::web::person::{is_from_us, session_of};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ringfence_app::caller::{Caller, caller_of_token};
use ringfence_app::error::Error;
use ringfence_app::gateway::Admitted;

/// The layer in front of every operation: the handler finds who calls in [`crate::web::person::Signed`].
pub(crate) async fn caller_pass(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let admitted = request.extensions().get::<Admitted>().cloned();
    let (parts, body) = request.into_parts();
    let caller = match admitted {
        Some(admitted) => caller_of_token(&app.ctx, &admitted).await,
        None => of_session(&app, &parts).await,
    };
    request = Request::from_parts(parts, body);
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => ManageError::App(error).into_response(),
    }
}

async fn of_session(app: &App, parts: &http::request::Parts) -> Result<Caller, Error> {
    let caller = session_of(app, &parts.headers).await?;
    if is_from_us(parts) {
        Ok(caller)
    } else {
        Err(Error::Forbidden(
            "a request that changes something with a session must come from a page of ours"
                .to_owned(),
        ))
    }
}
