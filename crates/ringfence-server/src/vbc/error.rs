//! The one place where refusals of the VBC gateway become responses: faults with their codes (vbc-api §4.3).
//!
//! Status, headers and reason are the gateway's; here they get the platform's codes and words, in the form that is
//! configured, or in XML for clients that take nothing else.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use ringfence_app::context::FaultForm;
use ringfence_app::gateway::{Reason, Refusal};
use ringfence_app::quota_window::WindowKey;
use ringfence_core::suite::Suite;
use serde::Serialize;

use crate::app::App;
use crate::web::record::ReasonCode;

/// Where the paths of every suite begin.
pub(crate) const TENANT: &str = "/t/vbc.prod";
const METHODS: &str = "GET, HEAD, OPTIONS";

/// What the layer of faults in front of an operation knows.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// The state of all rooms.
    pub(crate) app: App,
    /// The suite that the operation belongs to.
    pub(crate) suite: Option<Suite>,
}

/// A fault on its way out.
#[derive(Debug)]
struct Fault {
    status: StatusCode,
    code: u32,
    message: &'static str,
    description: String,
    next_access: Option<String>,
}

/// Says what the gateway refuses as a fault, and lets pages of any origin read the answer.
pub(crate) async fn fault_pass(
    State(words): State<Words>,
    request: Request,
    next: Next,
) -> Response {
    let form = form_for(&words.app, request.headers());
    let response = next.run(request).await;
    let refusal = response.extensions().get::<Refusal>().copied();
    let mut response = match refusal {
        Some(refusal) => words.restate(form, refusal, response),
        None => response,
    };
    cors(response.headers_mut());
    response
}

/// The answer to other methods of an operation's path: what it takes, for a browser that asks first, or a fault.
pub(crate) async fn other_method(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let mut response = if method == Method::OPTIONS {
        StatusCode::OK.into_response()
    } else {
        let mut response = method_fault().respond(form_for(&app, &headers));
        response
            .extensions_mut()
            .insert(ReasonCode("method_refused"));
        response
    };
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(METHODS));
    cors(headers);
    response
}

/// How to say that a path below `/t/` is nobody's.
#[derive(Debug)]
pub(crate) struct Unrouted(FaultForm);

impl Unrouted {
    /// Looks at a request that no operation answers; `None` for paths elsewhere.
    pub(crate) fn of(app: &App, request: &Request) -> Option<Self> {
        let below = request.uri().path().starts_with("/t/");
        below.then(|| Self(form_for(app, request.headers())))
    }

    /// Says as a fault that nothing is there. What a program behind the gateway answers stays.
    pub(crate) fn restate(self, response: Response) -> Response {
        let told = response.extensions().get::<ReasonCode>().copied();
        let fault = match told.map(|told| told.0) {
            Some("no_route") => not_found_fault(),
            Some("method_refused") => method_fault(),
            Some(_) | None => return response,
        };
        let mut response = fault.replace(self.0, response);
        cors(response.headers_mut());
        response
    }
}

impl Words {
    fn restate(&self, form: FaultForm, refusal: Refusal, response: Response) -> Response {
        let fault = self.fault(refusal.reason);
        let mut response = fault.replace(form, response);
        if response.status() == StatusCode::UNAUTHORIZED {
            self.challenge(refusal.reason, response.headers_mut());
        }
        response
    }

    fn fault(&self, reason: Reason) -> Fault {
        let (status, code, message, advice) = words(reason);
        let (api, version) = self.suite.map_or((String::new(), "v1"), |suite| {
            (format!("{TENANT}{}", suite.context()), suite.version())
        });
        if let Reason::Window(spent) = reason {
            // Whole seconds, and never before the next call is let through.
            let wait_ms = i64::try_from(spent.wait_ms).unwrap_or(i64::MAX);
            let next = self.app.ctx.now().plus_ms(wait_ms).plus_ms(999);
            let next = next.to_throttle_text();
            return Fault {
                status,
                code,
                message,
                // The blank before the full stop is the platform's.
                description: format!(
                    "You have exceeded your quota .You can access API after {next}"
                ),
                next_access: Some(next),
            };
        }
        Fault {
            status,
            code,
            message,
            description: format!(
                "Access failure for API: {api}, version: {version} status: ({code}) - {message}. {advice}"
            ),
            next_access: None,
        }
    }

    /// Adds where the metadata of the API stands (RFC 9728 §5.1), and the platform's own challenge.
    fn challenge(&self, reason: Reason, headers: &mut HeaderMap) {
        if let Some(suite) = self.suite {
            let stated = headers.get(WWW_AUTHENTICATE).map(HeaderValue::as_bytes);
            let stated = String::from_utf8_lossy(stated.unwrap_or(b"Bearer"));
            let url = &self.app.ctx.settings.public_url;
            let metadata = format!(
                "{url}/.well-known/oauth-protected-resource{TENANT}{}",
                suite.context()
            );
            let text = format!("{stated}, resource_metadata=\"{metadata}\"");
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(WWW_AUTHENTICATE, value);
            }
        }
        let theirs = match reason.oauth_error() {
            Some("invalid_token") => "OAuth2 realm=\"WSO2 API Manager\", error=\"invalid_token\"",
            Some(_) | None => "OAuth2 realm=\"WSO2 API Manager\"",
        };
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(theirs));
    }
}

/// Status, code, message and advice for each reason.
fn words(reason: Reason) -> (StatusCode, u32, &'static str, &'static str) {
    const RIGHT: &str = "Make sure you have provided the correct security credentials";
    const HEADER: &str =
        "Make sure your API invocation call has a header: 'Authorization: Bearer ACCESS_TOKEN'";
    const UNSUBSCRIBED: &str =
        "User is NOT authorized to access the Resource. API Subscription validation failed.";
    let unauthorized = StatusCode::UNAUTHORIZED;
    match reason {
        Reason::TokenMissing | Reason::TokenMisplaced => {
            (unauthorized, 900_902, "Missing Credentials", HEADER)
        }
        Reason::NoPerson => (
            unauthorized,
            900_905,
            "Incorrect Access Token Type is provided",
            "The API takes tokens that act for a user",
        ),
        Reason::SubscriptionBlocked => (
            unauthorized,
            900_907,
            "The requested API is temporarily blocked",
            UNSUBSCRIBED,
        ),
        Reason::SubscriptionInactive => (
            unauthorized,
            900_909,
            "The subscription to the API is inactive",
            UNSUBSCRIBED,
        ),
        Reason::NotSubscribed | Reason::NetworkRefused => (
            StatusCode::FORBIDDEN,
            900_908,
            "Resource forbidden",
            UNSUBSCRIBED,
        ),
        Reason::ScopeNotAsked | Reason::ScopeWithdrawn | Reason::ScopeMissing => (
            StatusCode::FORBIDDEN,
            900_910,
            "The access token does not allow you to access the requested resource",
            "Ask for a token with the scope of the resource",
        ),
        Reason::Window(spent) => {
            let code = match spent.key {
                WindowKey::Plan(..) => 900_804,
                WindowKey::Token(_) => 900_803,
            };
            let too_many = StatusCode::TOO_MANY_REQUESTS;
            (too_many, code, "Message throttled out", "")
        }
        Reason::Quota(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            900_800,
            "Message throttled out",
            "You have exceeded your quota",
        ),
        Reason::DirectoryStale => (
            StatusCode::SERVICE_UNAVAILABLE,
            700_700,
            "This API has been blocked temporarily",
            "Please try again later",
        ),
        Reason::TokenTwice => (
            StatusCode::BAD_REQUEST,
            102_511,
            "Incomplete payload",
            "The access token is sent in more than one way",
        ),
        Reason::FormTooLong => (
            StatusCode::PAYLOAD_TOO_LARGE,
            102_511,
            "Incomplete payload",
            "The form is too long",
        ),
        Reason::TokenUnreadable
        | Reason::Token(_)
        | Reason::SubjectWrong
        | Reason::Fallen(_)
        | Reason::RegionWrong => (unauthorized, 900_901, "Invalid Credentials", RIGHT),
    }
}

fn not_found_fault() -> Fault {
    Fault {
        status: StatusCode::NOT_FOUND,
        code: 404,
        message: "No matching resource found for given API Request",
        description: "None of the resources of the APIs fits the path of the request".to_owned(),
        next_access: None,
    }
}

fn method_fault() -> Fault {
    Fault {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: 405,
        message: "Method not allowed for given API resource",
        description: "The resource does not take the method of the request".to_owned(),
        next_access: None,
    }
}

/// `fault` wraps these, with a number for the code; the flat form has a text.
#[derive(Serialize)]
struct FaultView<'f, C> {
    code: C,
    message: &'f str,
    description: &'f str,
    #[serde(rename = "nextAccessTime", skip_serializing_if = "Option::is_none")]
    next_access: Option<&'f str>,
}

impl Fault {
    fn respond(&self, form: FaultForm) -> Response {
        self.replace(form, Response::new(Body::empty()))
    }

    /// Puts the fault in the place of an answer's status and body; its other headers stay.
    fn replace(&self, form: FaultForm, response: Response) -> Response {
        let (mut parts, _) = response.into_parts();
        let (media_type, body) = self.body(form);
        parts.status = self.status;
        parts.headers.remove(CONTENT_LENGTH);
        let media_type = HeaderValue::from_static(media_type);
        parts.headers.insert(CONTENT_TYPE, media_type);
        let no_store = HeaderValue::from_static("no-store");
        parts.headers.insert(CACHE_CONTROL, no_store);
        Response::from_parts(parts, Body::from(body))
    }

    fn body(&self, form: FaultForm) -> (&'static str, String) {
        const JSON: &str = "application/json; charset=UTF-8";
        match form {
            FaultForm::Fault => {
                let fault = serde_json::to_string(&self.view(self.code)).unwrap_or_default();
                (JSON, format!("{{\"fault\":{fault}}}"))
            }
            FaultForm::Flat => {
                let view = self.view(self.code.to_string());
                (JSON, serde_json::to_string(&view).unwrap_or_default())
            }
            FaultForm::Xml => ("application/xml; charset=UTF-8", self.xml()),
        }
    }

    fn view<C>(&self, code: C) -> FaultView<'_, C> {
        FaultView {
            code,
            message: self.message,
            description: &self.description,
            next_access: self.next_access.as_deref(),
        }
    }

    fn xml(&self) -> String {
        // Throttling has a namespace of its own.
        let (prefix, space) = match self.next_access {
            Some(_) => ("amt", "http://wso2.org/apimanager/throttling"),
            None => ("ams", "http://wso2.org/apimanager/security"),
        };
        let member = |name: &str, text: &str| {
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            format!("<{prefix}:{name}>{text}</{prefix}:{name}>")
        };
        let mut members = member("code", &self.code.to_string());
        members.push_str(&member("message", self.message));
        members.push_str(&member("description", &self.description));
        if let Some(next) = &self.next_access {
            members.push_str(&member("nextAccessTime", next));
        }
        format!("<{prefix}:fault xmlns:{prefix}=\"{space}\">{members}</{prefix}:fault>")
    }
}

/// The configured form, or XML for a client that takes it and no JSON.
fn form_for(app: &App, headers: &HeaderMap) -> FaultForm {
    let mut takes_xml = false;
    for value in headers.get_all(ACCEPT) {
        let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
        for range in text.split(',') {
            let essence = range.split(';').next().unwrap_or_default().trim();
            if essence.contains("json") || matches!(essence, "*/*" | "application/*") {
                return app.ctx.settings.vbc.fault_form;
            }
            takes_xml |= matches!(essence, "application/xml" | "text/xml" | "text/*");
        }
    }
    if takes_xml {
        FaultForm::Xml
    } else {
        app.ctx.settings.vbc.fault_form
    }
}

/// Pages of any origin may read the answers; no cookie goes along (vbc-api §4.3).
fn cors(headers: &mut HeaderMap) {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, accept",
        ),
        (
            ACCESS_CONTROL_EXPOSE_HEADERS,
            "www-authenticate, retry-after, x-request-id",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vbc_4_3_the_three_forms_of_a_fault() {
        let mut fault = not_found_fault();
        fault.description = "a < b & c".to_owned();
        assert_eq!(
            fault.body(FaultForm::Fault).1,
            r#"{"fault":{"code":404,"message":"No matching resource found for given API Request","description":"a < b & c"}}"#
        );
        assert_eq!(
            fault.body(FaultForm::Flat).1,
            r#"{"code":"404","message":"No matching resource found for given API Request","description":"a < b & c"}"#
        );
        let (media_type, xml) = fault.body(FaultForm::Xml);
        assert_eq!(media_type, "application/xml; charset=UTF-8");
        assert!(xml.starts_with(
            r#"<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>404</ams:code>"#
        ));
        assert!(xml.contains("a &lt; b &amp; c"), "{xml}");
        fault.next_access = Some("2024-Mar-01 12:01:00+0000 UTC".to_owned());
        let xml = fault.body(FaultForm::Xml).1;
        assert!(
            xml.contains("<amt:nextAccessTime>2024-Mar-01 12:01:00+0000 UTC</amt:nextAccessTime>")
        );
    }

    #[test]
    fn a_status_says_the_same_as_the_class_of_its_reason() {
        for (reason, status) in [
            (Reason::TokenMissing, 401),
            (Reason::NoPerson, 401),
            (Reason::NotSubscribed, 403),
            (Reason::ScopeMissing, 403),
            (Reason::DirectoryStale, 503),
            (Reason::TokenTwice, 400),
            (Reason::FormTooLong, 413),
            // The platform's own figures (vbc-api §4.3).
            (Reason::SubscriptionBlocked, 401),
            (Reason::SubscriptionInactive, 401),
        ] {
            assert_eq!(words(reason).0.as_u16(), status, "{reason:?}");
        }
    }
}
