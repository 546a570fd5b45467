//! Every URL of the product is in this one file.
//!
//! [`table`] lists each operation with what it takes to call it; the router and the access
//! matrix of the tests are both made from it. What is not listed does not exist.

use crate::app::App;
use crate::oauth;
use crate::web::hall::hall_layer;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use ringfence_core::path::{CleanPath, LetterCase, PathTemplate};
use ringfence_core::scope::Scope;
use std::sync::Arc;
use tower::ServiceExt as _;

/// What it takes to call an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Anybody may.
    Public,
    /// A credential's id and secret, checked by the handler's own act.
    Client,
    /// A bearer token with one of these scopes.
    Token(&'static [Scope]),
}

/// One operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// The method.
    pub method: &'static str,
    /// The path template; fixed segments match in any case unless they begin with `/.` or are an operation of ours.
    pub path: &'static str,
    /// What it takes.
    pub access: Access,
}

/// An operation and what answers it.
struct Entry {
    rule: Rule,
    handler: MethodRouter<App>,
}

fn table() -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(token_service());
    entries
}

/// The VCC token service; `/connect/token` is the same under another name.
fn token_service() -> Vec<Entry> {
    let entry = |method, path, access, handler| Entry {
        rule: Rule {
            method,
            path,
            access,
        },
        handler,
    };
    use Access::{Client, Public};
    vec![
        entry("POST", "/Auth/connect/token", Client, oauth::token_route()),
        entry("POST", "/connect/token", Client, oauth::token_route()),
        entry(
            "POST",
            "/Auth/connect/introspect",
            Client,
            oauth::introspection_route(),
        ),
        entry(
            "POST",
            "/Auth/connect/revocation",
            Client,
            oauth::revocation_route(),
        ),
        entry(
            "GET",
            "/Auth/.well-known/openid-configuration",
            Public,
            oauth::discovery_route(),
        ),
        entry(
            "GET",
            "/.well-known/openid-configuration/Auth",
            Public,
            oauth::discovery_route(),
        ),
        entry(
            "GET",
            "/.well-known/oauth-authorization-server/Auth",
            Public,
            oauth::discovery_route(),
        ),
        entry(
            "GET",
            "/Auth/.well-known/openid-configuration/jwks",
            Public,
            oauth::jwks_route(),
        ),
    ]
}

/// The rules of every operation, for the access matrix.
#[must_use]
pub fn rules() -> Vec<Rule> {
    table().into_iter().map(|entry| entry.rule).collect()
}

/// The whole product as one service.
#[must_use]
pub fn router(app: App) -> Router {
    let exact = Arc::new(templates());
    let mut operations = Router::new();
    for entry in table() {
        operations = operations.route(entry.rule.path, entry.handler.layer(Extension(entry.rule)));
    }
    // A path that fits no operation letter by letter is tried once more without regard to case.
    let second = operations
        .clone()
        .fallback(unmatched)
        .with_state(app.clone());
    let retry = move |State(_): State<App>, request: Request| {
        let (second, templates) = (second.clone(), Arc::clone(&exact));
        async move { in_canonical_case(second, &templates, request).await }
    };
    let hall = app.hall();
    hall_layer(operations.fallback(retry).with_state(app), hall)
}

async fn in_canonical_case(
    second: Router,
    templates: &[PathTemplate],
    mut request: Request,
) -> Response {
    if let Some(uri) = canonical(request.uri(), templates) {
        *request.uri_mut() = uri;
    }
    match second.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn unmatched(_method: Method) -> Response {
    StatusCode::NOT_FOUND.into_response()
}

fn templates() -> Vec<PathTemplate> {
    let parse = |rule: &Rule| PathTemplate::parse(rule.path, LetterCase::Ignored).ok();
    rules()
        .iter()
        .filter(|rule| !rule.path.starts_with("/."))
        .filter_map(parse)
        .collect()
}

/// The URI with the fixed segments of the template it fits, or `None` when it fits none.
fn canonical(uri: &Uri, templates: &[PathTemplate]) -> Option<Uri> {
    let path = CleanPath::parse(uri.path()).ok()?;
    let template = templates.iter().find(|t| t.matches(&path).is_some())?;
    let pick = |(fixed, sent): (&str, &str)| {
        if fixed.starts_with('{') {
            sent.to_owned()
        } else {
            fixed.to_owned()
        }
    };
    let segments = template
        .as_str()
        .split('/')
        .zip(uri.path().split('/'))
        .map(pick)
        .collect::<Vec<_>>();
    let mut target = segments.join("/");
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_segments_take_the_case_of_the_template_and_the_rest_stays() {
        let template =
            PathTemplate::parse("/stats/interactions/{guid}", LetterCase::Ignored).unwrap();
        let uri: Uri = "/Stats/INTERACTIONS/AbC?Limit=5".parse().unwrap();
        assert_eq!(
            canonical(&uri, &[template.clone()]).unwrap(),
            "/stats/interactions/AbC?Limit=5"
        );
        assert_eq!(
            canonical(&"/stats/other".parse().unwrap(), &[template]),
            None
        );
    }
}
