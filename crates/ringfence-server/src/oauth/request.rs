//! How a request to the token service becomes types, or is refused.

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use ringfence_app::context::Settings;
use ringfence_app::token::grant::ApplicationProof;
use ringfence_app::token::{ClientProof, Origin, TokenError};
use ringfence_core::secret::Secret;
use std::time::Duration;
use tokio::time::Instant;

use super::basic::basic_parse;
use super::form::{Form, MAX_BODY_BYTES};
use crate::app::App;
use crate::web::hall::ClientAddress;
use crate::web::host::{host_named, region_of};

/// From a request to the answer that its client is not authenticated, whatever the reason.
/// A second look at the directory is over by then.
const FAILURE_TIME: Duration = Duration::from_millis(12);

/// A well-formed request of a client that says who it is.
#[derive(Debug)]
pub(super) struct ClientRequest {
    /// Its parameters.
    pub form: Form,
    /// Who it says to be.
    pub proof: ClientProof,
    /// Where it comes from.
    pub origin: Origin,
    /// When it had been read.
    pub read_at: Instant,
}

/// A well-formed request of an application that says which it is.
#[derive(Debug)]
pub(super) struct ApplicationRequest {
    /// Its parameters.
    pub form: Form,
    /// Which it says to be; a public client shows no secret.
    pub proof: ApplicationProof,
    /// Where it comes from.
    pub origin: Origin,
    /// When it had been read.
    pub read_at: Instant,
}

/// What a request shows of who sent it, by one method.
struct Shown {
    id: String,
    secret: Option<Secret<String>>,
}

impl ClientRequest {
    /// Reads a request, in constant memory.
    pub(super) async fn read(app: &App, request: Request) -> Result<Self, TokenError> {
        let (parts, form) = form_read(request).await?;
        let shown = shown_by(&parts.headers, &form)?;
        // No credential is a public client.
        let secret = shown.secret.ok_or(TokenError::InvalidClient)?;
        Ok(Self {
            form,
            proof: ClientProof {
                client_id: shown.id,
                secret,
            },
            origin: origin_of(&parts, &app.ctx.settings),
            read_at: Instant::now(),
        })
    }
}

impl ApplicationRequest {
    /// Reads a request, in constant memory.
    pub(super) async fn read(app: &App, request: Request) -> Result<Self, TokenError> {
        let (parts, form) = form_read(request).await?;
        let shown = shown_by(&parts.headers, &form)?;
        Ok(Self {
            form,
            proof: ApplicationProof {
                client_id: shown.id,
                secret: shown.secret,
            },
            origin: origin_of(&parts, &app.ctx.settings),
            read_at: Instant::now(),
        })
    }
}

/// Reads the form of a request, wherever it comes from.
async fn form_read(request: Request) -> Result<(Parts, Form), TokenError> {
    let (parts, body) = request.into_parts();
    // RFC 6749 §2.3.1 and §3.2: what stands in a URL ends up in logs.
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(TokenError::InvalidRequest(
            "Parameters must not be in the query string",
        ));
    }
    if !is_form(&parts.headers) {
        return Err(TokenError::InvalidRequest(
            "The content type must be application/x-www-form-urlencoded",
        ));
    }
    let form = Form::parse(&body_read(body).await?)?;
    Ok((parts, form))
}

/// Holds a failed authentication back until it is due, so that its time tells no reason either.
pub(super) async fn when_due<T>(
    read_at: Instant,
    outcome: Result<T, TokenError>,
) -> Result<T, TokenError> {
    if matches!(outcome, Err(TokenError::InvalidClient)) {
        tokio::time::sleep_until(read_at + FAILURE_TIME).await;
    }
    outcome
}

/// Whether the content type is a form's; a charset after it is tolerated.
fn is_form(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let (essence, parameters) = value.split_once(';').unwrap_or((value, "charset="));
    essence
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && parameters
            .split_once('=')
            .is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
}

async fn body_read(body: Body) -> Result<Vec<u8>, TokenError> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(TokenError::TooLarge),
        Err(_) => Err(TokenError::InvalidRequest(
            "The request body could not be read",
        )),
    }
}

/// Who the client says to be, by exactly one method (RFC 6749 §2.3).
fn shown_by(headers: &HeaderMap, form: &Form) -> Result<Shown, TokenError> {
    let two_methods = TokenError::InvalidRequest("Use one client authentication method");
    let (id, secret) = (form.get("client_id"), form.get("client_secret"));
    let assertion = form
        .get("client_assertion")
        .or_else(|| form.get("client_assertion_type"));
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let header = lines.next();
    if lines.next().is_some() {
        return Err(TokenError::InvalidRequest(
            "There is more than one Authorization header",
        ));
    }
    if let Some(value) = header {
        if secret.is_some() || assertion.is_some() {
            return Err(two_methods);
        }
        let proof = basic_parse(value.as_bytes()).ok_or(TokenError::InvalidClient)?;
        if id.is_some_and(|id| id != proof.client_id) {
            return Err(TokenError::InvalidRequest(
                "client_id is not that of the authenticated client",
            ));
        }
        return Ok(Shown {
            id: proof.client_id,
            secret: Some(proof.secret),
        });
    }
    match (id, secret, assertion) {
        (_, Some(_), Some(_)) => Err(two_methods),
        (Some(id), secret, None) => Ok(Shown {
            id: id.to_owned(),
            secret: secret.map(|secret| Secret::new(secret.to_owned())),
        }),
        // Assertions are not a method of any client here.
        (_, None, Some(_)) | (None, _, None) => Err(TokenError::InvalidClient),
    }
}

fn origin_of(parts: &Parts, settings: &Settings) -> Origin {
    let host = host_named(&parts.headers, &parts.uri);
    let address = parts
        .extensions
        .get::<ClientAddress>()
        .map(|client| client.0);
    Origin {
        address,
        region: region_of(host, settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn content_types() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
            is_form(&headers)
        };
        for good in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded;charset=\"utf-8\"",
        ] {
            assert!(with(good), "{good}");
        }
        for bad in [
            "",
            "application/json",
            "text/plain",
            "application/x-www-form-urlencodedx",
            "application/x-www-form-urlencoded; boundary=x",
        ] {
            assert!(!with(bad), "{bad}");
        }
        assert!(!is_form(&HeaderMap::new()));
    }
}
