//! The table of upstream routes: method and path template → API, scope, quota class, upstream.

use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri};
use ringfence_app::gateway::RouteRule;
use ringfence_app::quota::{QuotaClass, Rate};
use ringfence_core::path::{CleanPath, LetterCase, PathTemplate, TemplateFault};
use ringfence_core::scope::ScopeSet;

/// A program behind the gateway.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its name in metrics and logs.
    pub name: String,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host and port.
    pub authority: Authority,
    /// How long the upstream may take to its response's head, from the last byte of the request.
    pub head_timeout: Duration,
    /// How long a body may stall in either direction.
    pub idle_timeout: Duration,
}

/// One rule: calls of these methods and paths go to that upstream when the caller holds one of the scopes.
#[derive(Debug, Clone)]
pub struct UpstreamRoute {
    /// The API's name, in logs and reasons.
    pub name: &'static str,
    /// Methods that are let through.
    pub methods: Vec<Method>,
    /// Paths that are let through.
    pub template: PathTemplate,
    /// One of these is needed.
    pub scopes: ScopeSet,
    /// Calls a minute of one account on this route, when limited.
    pub per_minute: Option<u32>,
    /// Where calls go.
    pub upstream: Arc<Upstream>,
    /// Whether the caller's `Authorization` header is passed on.
    pub forward_token: bool,
    /// Largest request body.
    pub body_bytes_max: u64,
}

/// An upstream or route as settings say it.
#[derive(Debug, Clone)]
pub struct RouteSetting {
    /// The API's name.
    pub name: String,
    /// Methods; at least one.
    pub methods: Vec<String>,
    /// The path template.
    pub path: String,
    /// Scope values, one of which is needed.
    pub scopes: Vec<String>,
    /// Calls a minute of one account on this route, when limited.
    pub per_minute: Option<u32>,
    /// The upstream's base URL: scheme, host and port.
    pub upstream: String,
    /// Whether the caller's `Authorization` header is passed on.
    pub forward_token: bool,
    /// Largest request body, in bytes.
    pub body_bytes_max: u64,
    /// How long the upstream may take to its response's head, in milliseconds.
    pub head_timeout_ms: u64,
    /// How long a body may stall in either direction, in milliseconds.
    pub idle_timeout_ms: u64,
}

impl Default for RouteSetting {
    fn default() -> Self {
        Self {
            name: String::new(),
            methods: Vec::new(),
            path: String::new(),
            scopes: Vec::new(),
            per_minute: None,
            upstream: String::new(),
            forward_token: false,
            body_bytes_max: 100 * 1024 * 1024,
            head_timeout_ms: 30_000,
            idle_timeout_ms: 30_000,
        }
    }
}

/// What is wrong with a route's settings.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RouteFault {
    /// The template is malformed.
    #[error("route {route}: path: {fault}")]
    Path {
        /// The route's name.
        route: String,
        /// What is wrong.
        fault: TemplateFault,
    },
    /// Another value is wrong.
    #[error("route {route}: {field} {reason}")]
    Value {
        /// The route's name.
        route: String,
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two routes take the same method and path.
    #[error("routes {first} and {second} take the same method and path")]
    Twice {
        /// One route's name.
        first: String,
        /// The other's.
        second: String,
    },
}

/// All upstream routes, the more exact ones first.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    routes: Vec<Arc<UpstreamRoute>>,
}

/// What the table says of a method and path.
#[derive(Debug)]
pub enum Found {
    /// This rule holds.
    Route(Arc<UpstreamRoute>),
    /// The path has rules, for other methods only.
    OtherMethods(Vec<Method>),
    /// There is no rule.
    Nothing,
}

impl RouteTable {
    /// Reads the settings.
    ///
    /// # Errors
    /// A [`RouteFault`] naming the route and what is wrong with it.
    pub fn from_settings(settings: &[RouteSetting]) -> Result<Self, RouteFault> {
        let mut routes = settings
            .iter()
            .map(|setting| route_from_setting(setting).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        routes.sort_by_key(|route| route.template.precedence());
        for (index, first) in routes.iter().enumerate() {
            let shape = shape(&first.template);
            let same = routes.iter().skip(index + 1).find(|second| {
                shape == self::shape(&second.template)
                    && first.methods.iter().any(|m| second.methods.contains(m))
            });
            if let Some(second) = same {
                return Err(RouteFault::Twice {
                    first: first.name.to_owned(),
                    second: second.name.to_owned(),
                });
            }
        }
        Ok(Self { routes })
    }

    /// The rule for a call. The first template that fits the path and method decides.
    #[must_use]
    pub fn find(&self, method: &Method, path: &CleanPath<'_>) -> Found {
        let mut others: Vec<Method> = Vec::new();
        for route in &self.routes {
            if route.template.matches(path).is_none() {
                continue;
            }
            if route.methods.contains(method) {
                return Found::Route(Arc::clone(route));
            }
            others.extend(route.methods.iter().cloned());
        }
        if others.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(others)
        }
    }

    /// All routes, the more exact ones first.
    #[must_use]
    pub fn routes(&self) -> &[Arc<UpstreamRoute>] {
        &self.routes
    }
}

impl UpstreamRoute {
    /// What it asks of its callers.
    #[must_use]
    pub fn rule(&self) -> RouteRule {
        RouteRule {
            name: self.name,
            scopes: self.scopes,
            class: QuotaClass::General,
            rate: self.per_minute.map(Rate::per_minute),
        }
    }
}

impl Upstream {
    /// The address of a path on this upstream; path and query stay byte for byte what they were.
    #[must_use]
    pub fn uri(&self, path_and_query: PathAndQuery) -> Option<Uri> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query);
        Uri::from_parts(parts).ok()
    }
}

/// A template with the names of its holes left out.
fn shape(template: &PathTemplate) -> String {
    let mut inside = false;
    template
        .as_str()
        .chars()
        .filter(|c| {
            match c {
                '{' => inside = true,
                '}' => inside = false,
                _ => {}
            }
            !inside || *c == '{' || *c == '.'
        })
        .collect()
}

fn route_from_setting(setting: &RouteSetting) -> Result<UpstreamRoute, RouteFault> {
    let wrong = |field, reason| RouteFault::Value {
        route: setting.name.clone(),
        field,
        reason,
    };
    if setting.name.is_empty() || setting.name.chars().any(char::is_control) {
        return Err(wrong("name", "is missing or holds a control character"));
    }
    let template = PathTemplate::parse(&setting.path, LetterCase::Exact).map_err(|fault| {
        RouteFault::Path {
            route: setting.name.clone(),
            fault,
        }
    })?;
    if setting.methods.is_empty() {
        return Err(wrong("methods", "is empty"));
    }
    let mut methods = Vec::new();
    for text in &setting.methods {
        let method = Method::from_bytes(text.as_bytes())
            .map_err(|_| wrong("methods", "holds something that is no method"))?;
        if matches!(method, Method::CONNECT | Method::TRACE) {
            return Err(wrong(
                "methods",
                "holds CONNECT or TRACE, which are never passed on",
            ));
        }
        methods.push(method);
    }
    let scopes = ScopeSet::parse(&setting.scopes.join(" "))
        .map_err(|_| wrong("scopes", "is empty or holds a scope that does not exist"))?;
    let base: Uri = setting
        .upstream
        .parse()
        .map_err(|_| wrong("upstream", "is not a URL"))?;
    let parts = base.into_parts();
    let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
        return Err(wrong("upstream", "has no scheme or no host"));
    };
    if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
        return Err(wrong("upstream", "is neither http nor https"));
    }
    // The path checked is the path forwarded, so an upstream has no path of its own.
    if parts
        .path_and_query
        .is_some_and(|path| path.as_str() != "/")
    {
        return Err(wrong(
            "upstream",
            "has a path; the call's own path is passed on unchanged",
        ));
    }
    if authority.as_str().contains('@') {
        return Err(wrong("upstream", "holds a user name"));
    }
    Ok(UpstreamRoute {
        // Routes are read once, at start, and live as long as the process.
        name: Box::leak(setting.name.clone().into_boxed_str()),
        methods,
        template,
        scopes,
        per_minute: setting.per_minute,
        upstream: Arc::new(Upstream {
            name: authority.to_string(),
            scheme,
            authority,
            head_timeout: Duration::from_millis(setting.head_timeout_ms),
            idle_timeout: Duration::from_millis(setting.idle_timeout_ms),
        }),
        forward_token: setting.forward_token,
        body_bytes_max: setting.body_bytes_max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, methods: &[&str], path: &str) -> RouteSetting {
        RouteSetting {
            name: name.to_owned(),
            methods: methods.iter().map(|m| (*m).to_owned()).collect(),
            path: path.to_owned(),
            scopes: vec!["stats".to_owned()],
            upstream: "http://127.0.0.1:9000".to_owned(),
            ..RouteSetting::default()
        }
    }

    fn found(table: &RouteTable, method: &Method, path: &str) -> String {
        match table.find(method, &CleanPath::parse(path).unwrap()) {
            Found::Route(route) => route.name.to_owned(),
            Found::OtherMethods(methods) => format!("{methods:?}"),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_more_exact_route_wins_whatever_the_order() {
        let table = RouteTable::from_settings(&[
            setting("rest", &["GET"], "/bills/{rest...}"),
            setting("one", &["GET", "PUT"], "/bills/{id}"),
            setting("open", &["GET"], "/bills/open"),
        ])
        .unwrap();
        assert_eq!(found(&table, &Method::GET, "/bills/open"), "open");
        assert_eq!(found(&table, &Method::GET, "/bills/7"), "one");
        assert_eq!(found(&table, &Method::GET, "/bills/7/lines"), "rest");
        assert_eq!(found(&table, &Method::PUT, "/bills/7"), "one");
        assert_eq!(found(&table, &Method::DELETE, "/bills/7/x"), "[GET]");
        assert_eq!(found(&table, &Method::GET, "/bills"), "nothing");
        assert_eq!(found(&table, &Method::GET, "/Bills/7"), "nothing");
    }

    #[test]
    fn refuses_settings_that_cannot_hold() {
        let fault = |change: fn(&mut RouteSetting)| {
            let mut one = setting("a", &["GET"], "/a");
            change(&mut one);
            RouteTable::from_settings(&[one]).unwrap_err().to_string()
        };
        for (text, part) in [
            (fault(|s| s.methods.clear()), "methods is empty"),
            (fault(|s| s.methods = vec!["CONNECT".to_owned()]), "CONNECT"),
            (fault(|s| s.scopes.clear()), "scopes is empty"),
            (
                fault(|s| s.scopes = vec!["nope".to_owned()]),
                "does not exist",
            ),
            (fault(|s| s.path = "/a/../b".to_owned()), "dot segment"),
            (fault(|s| s.upstream = "ftp://x".to_owned()), "neither http"),
            (
                fault(|s| s.upstream = "http://x/base".to_owned()),
                "has a path",
            ),
            (fault(|s| s.upstream = "http://u@x".to_owned()), "user name"),
        ] {
            assert!(text.contains(part), "{text}");
        }
        let twice = RouteTable::from_settings(&[
            setting("a", &["GET"], "/a/{x}"),
            setting("b", &["GET", "PUT"], "/a/{y}"),
        ]);
        assert!(matches!(twice, Err(RouteFault::Twice { .. })));
    }

    #[test]
    fn hands_path_and_query_on_byte_for_byte() {
        let table = RouteTable::from_settings(&[setting("a", &["GET"], "/a/{x}")]).unwrap();
        let path = PathAndQuery::from_static("/a/b%20c?d=%2e%2E&e");
        let uri = table.routes()[0].upstream.uri(path).unwrap();
        assert_eq!(uri.to_string(), "http://127.0.0.1:9000/a/b%20c?d=%2e%2E&e");
    }
}
