//! One call: made from a form, sent through the product's own door, and its answer for people.

use super::Inside;
use super::catalogue::{Op, Place, pretty};
use crate::portal::form::Form;
use crate::web::hall::REQUEST_ID;
use crate::web::listener::Peer;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::StreamExt as _;
use http::request::{Builder, Parts};
use std::convert::Infallible;
use std::fmt::Write as _;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

const SHOWN_BYTES: usize = 256 * 1024;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A call that is ready to go, but for its token.
#[derive(Debug)]
pub(super) struct Call {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// Where a call comes from: what the person's own request says of that.
#[derive(Debug)]
pub(in crate::portal) struct Origin {
    peer: Option<Peer>,
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            peer: parts.extensions.get::<Peer>().copied(),
            headers: parts.headers.clone(),
        })
    }
}

impl Origin {
    /// The beginning of a request that comes from there.
    pub(in crate::portal) fn builder(&self, method: &str, target: &str) -> Builder {
        let mut builder = Request::builder().method(method).uri(target);
        // The host decides the region, and a trusted proxy's word the address: both as in the person's own request.
        for name in [HOST, FORWARDED_FOR] {
            if let Some(value) = self.headers.get(&name) {
                builder = builder.header(name, value);
            }
        }
        match self.peer {
            Some(peer) => builder.extension(peer),
            None => builder,
        }
    }
}

/// Sends a request to the product itself.
pub(in crate::portal) async fn send(inside: Inside, request: Request) -> Response {
    match inside.0.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// What came back, for people.
#[derive(Debug)]
pub(in crate::portal) struct Answer {
    pub(in crate::portal) status: u16,
    pub(in crate::portal) reason: &'static str,
    pub(in crate::portal) class: &'static str,
    pub(in crate::portal) request_id: String,
    pub(in crate::portal) headers: Vec<(String, String)>,
    pub(in crate::portal) body: Shown,
}

/// What is shown of a body.
#[derive(Debug)]
pub(in crate::portal) enum Shown {
    /// There is none.
    Nothing,
    /// Text, and whether that is all of it.
    Text { text: String, whole: bool },
    /// Something that is no text: its media type and size.
    File { kind: String, size: String },
}

/// Something that is wrong with a field.
#[derive(Clone, Debug)]
pub(super) struct FieldFault {
    pub(super) field: String,
    pub(super) text: String,
}

impl Call {
    /// Puts a call together from what was filled in.
    pub(super) fn of(op: &Op, form: &Form) -> Result<Self, Vec<FieldFault>> {
        let mut faults = Vec::new();
        let mut target = op.path.clone();
        let mut query = Serializer::new(String::new());
        let mut headers = Vec::new();
        for param in &op.params {
            let field = param.field();
            let value = if param.is_fixed() {
                param.example.as_str()
            } else {
                form.text(&field)
            };
            if value.is_empty() {
                if param.required {
                    let text = format!("Give {}", param.name);
                    faults.push(FieldFault { field, text });
                }
                continue;
            }
            match param.place {
                Place::Path => {
                    let mark = format!("{{{}}}", param.name);
                    target = target.replace(&mark, &encoded(value));
                }
                Place::Query => {
                    query.append_pair(&param.name, value);
                }
                Place::Header if HeaderValue::from_str(value).is_err() => {
                    let text = format!("{} holds a letter that no header can carry", param.name);
                    faults.push(FieldFault { field, text });
                }
                Place::Header => headers.push((param.name.to_ascii_lowercase(), value.to_owned())),
            }
        }
        let query = query.finish();
        if !query.is_empty() {
            target = format!("{target}?{query}");
        }
        let body = op.body.as_ref().map(|_| form.text("body").to_owned());
        if let Some(body) = &body
            && serde_json::from_str::<serde_json::Value>(body).is_err()
        {
            faults.push(FieldFault {
                field: "body".to_owned(),
                text: "The body is not JSON".to_owned(),
            });
        }
        if !op.only_reads() && !form.is_ticked("sure") {
            faults.push(FieldFault {
                field: "sure".to_owned(),
                text: "Confirm that this call may change real data".to_owned(),
            });
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let method = op.method.clone();
        Ok(Self {
            method,
            target,
            headers,
            body,
        })
    }

    /// The same call as a line for a shell; the token is a variable of its reader.
    pub(super) fn curl(&self, public_url: &str) -> String {
        let mut line = String::from("curl");
        if self.method != "GET" {
            let _ = write!(line, " -X {}", self.method);
        }
        let _ = write!(line, " {}", quoted(&format!("{public_url}{}", self.target)));
        line.push_str(" -H \"authorization: Bearer $TOKEN\"");
        for (name, value) in &self.headers {
            let _ = write!(line, " -H {}", quoted(&format!("{name}: {value}")));
        }
        if let Some(body) = &self.body {
            let _ = write!(
                line,
                " -H 'content-type: application/json' -d {}",
                quoted(body)
            );
        }
        line
    }

    /// Sends it.
    pub(super) async fn send(&self, inside: Inside, origin: &Origin, token: &str) -> Response {
        let Some(request) = self.request(origin, token) else {
            // What a form can hold and a request cannot: nothing is sent.
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return response;
        };
        send(inside, request).await
    }

    fn request(&self, origin: &Origin, token: &str) -> Option<Request> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        bearer.set_sensitive(true);
        let mut builder = origin
            .builder(&self.method, &self.target)
            .header(AUTHORIZATION, bearer);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        if !self.headers.iter().any(|(name, _)| name == ACCEPT.as_str()) {
            builder = builder.header(ACCEPT, "application/json");
        }
        if self.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/json");
        }
        let body = self.body.clone().map_or_else(Body::empty, Body::from);
        builder.body(body).ok()
    }
}

impl Answer {
    /// Reads an answer, as much of it as is shown.
    pub(in crate::portal) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let text = |name: &HeaderName| {
            let value = parts.headers.get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let kind = text(&CONTENT_TYPE);
        let length = text(&CONTENT_LENGTH);
        let status = parts.status;
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        Self {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            class: match status.as_u16() {
                ..400 => "ok",
                400..500 => "warn",
                500.. => "bad",
            },
            request_id: text(&REQUEST_ID),
            headers,
            body: shown(body, &kind, &length).await,
        }
    }
}

async fn shown(body: Body, kind: &str, length: &str) -> Shown {
    let is_json = kind.contains("json");
    if !is_json && !kind.starts_with("text/") && !kind.is_empty() {
        return Shown::File {
            kind: kind.to_owned(),
            size: match length.parse::<i64>() {
                Ok(n) => format!("{} bytes", crate::portal::chart::grouped(n)),
                Err(_) => "of unknown length".to_owned(),
            },
        };
    }
    let mut bytes = Vec::new();
    let mut whole = true;
    let mut stream = body.into_data_stream();
    while let Some(Ok(part)) = stream.next().await {
        let room = SHOWN_BYTES.saturating_sub(bytes.len());
        bytes.extend(part.iter().take(room));
        if part.len() > room {
            whole = false;
            break;
        }
    }
    if bytes.is_empty() {
        return Shown::Nothing;
    }
    let parsed = serde_json::from_slice(&bytes).ok().filter(|_| is_json);
    let text = match parsed {
        Some(value) => pretty(&value),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    };
    Shown::Text { text, whole }
}

/// A value as one segment of a path (RFC 3986 §2.3: what is unreserved stays).
pub(in crate::portal) fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// A word for a POSIX shell.
pub(in crate::portal) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        assert_eq!(encoded("a/../b?c#d e"), "a%2F..%2Fb%3Fc%23d%20e");
        assert_eq!(quoted("it's; rm"), r"'it'\''s; rm'");
    }
}
