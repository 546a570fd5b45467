//! The descriptions of the APIs (OpenAPI 3.1), for `ringfence openapi` and for the API explorer.

use crate::router::{Access, rules};
use crate::vcc::describe::{OPERATIONS, Operation, Param, path_param};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static VCC: LazyLock<Value> = LazyLock::new(vcc_make);
static ADMIN: LazyLock<Value> = LazyLock::new(|| {
    // Plain data always serializes.
    serde_json::to_value(crate::manage::openapi::document()).unwrap_or_default()
});

/// The built-in VCC APIs.
#[must_use]
pub fn vcc_document() -> &'static Value {
    &VCC
}

/// The Management API.
#[must_use]
pub fn admin_document() -> &'static Value {
    &ADMIN
}

fn vcc_make() -> Value {
    let mut paths = Map::new();
    for operation in &OPERATIONS {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[operation.method.to_ascii_lowercase()] = operation_view(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ringfence VCC APIs",
            "version": "1",
            "description": "Interaction Content, Insights Stats and User Admin. Every call names a version in `Accept` and carries a bearer token; what it shows depends on the credential's owner now. Every refusal carries `WWW-Authenticate` with a reason code and `x-request-id`.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "/Auth/connect/token", "scopes": scopes()}},
            }},
            "schemas": {"Refusal": {
                "type": "object",
                "description": "What was wrong. A missing or bad token has `error` and `error_description` instead of `message`.",
                "properties": {
                    "message": {"type": "string"},
                    "error": {"type": "string"},
                    "error_description": {"type": "string"},
                },
            }},
        },
    })
}

fn operation_view(operation: &Operation) -> Value {
    let needed = scopes_of(operation.method, operation.path);
    let mut parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let (about, example) = path_param(name);
            json!({"name": name, "in": "path", "required": true, "description": about,
                "schema": {"type": "string"}, "example": example})
        })
        .collect();
    parameters.extend(operation.query.iter().map(query_view));
    parameters.push(json!({"name": "Accept", "in": "header", "required": true,
        "description": "The version of the API", "schema": {"type": "string"}, "example": operation.api.accept()}));
    let refusal = |about: &str| {
        json!({"description": about,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}})
    };
    let mut responses = Map::new();
    responses.insert(operation.status.to_string(), success(operation));
    for (status, about) in [
        ("400", "The request is wrong; the message says what"),
        ("401", "There is no token, or it is not good any more"),
        (
            "403",
            "The token, its credential or its owner may not do this",
        ),
        ("404", "It is not there, or the owner may not see it"),
        ("429", "A quota is used up; Retry-After says when to go on"),
    ] {
        responses.insert(status.to_owned(), refusal(about));
    }
    let mut view = json!({
        "tags": [operation.api.title()],
        "summary": operation.summary,
        "operationId": operation_id(operation),
        "parameters": parameters,
        "responses": responses,
        // One of them is enough.
        "security": needed.iter().map(|scope| json!({"token": [scope]})).collect::<Vec<_>>(),
    });
    if !operation.about.is_empty() {
        view["description"] = operation.about.into();
    }
    if let Some(body) = operation.body {
        view["requestBody"] = json!({"required": true,
            "content": {"application/json": {"schema": {"type": "object"}, "example": parsed(body)}}});
    }
    view
}

fn query_view(param: &Param) -> Value {
    let schema = match param.kind {
        "date-time" => json!({"type": "string", "format": "date-time"}),
        kind => json!({"type": kind}),
    };
    let mut view = json!({"name": param.name, "in": "query", "required": param.required,
        "description": param.about, "schema": schema});
    if !param.example.is_empty() {
        view["example"] = param.example.into();
    }
    view
}

fn success(operation: &Operation) -> Value {
    match (operation.gives, operation.status) {
        ("", 204) => json!({"description": "Done"}),
        ("", _) => json!({"description": "The file",
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}),
        (example, _) => json!({"description": "Done",
            "content": {"application/json": {"schema": {"type": "object"}, "example": parsed(example)}}}),
    }
}

/// `getUseradminUsersByUserId`, in the order of the path.
fn operation_id(operation: &Operation) -> String {
    let mut id = operation.method.to_ascii_lowercase();
    for word in operation.path.split(['/', '-', '{', '}']) {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.extend(letters);
    }
    id
}

/// The scopes of which one opens an operation.
pub(crate) fn scopes_of(method: &str, path: &str) -> Vec<&'static str> {
    let found = rules()
        .into_iter()
        .find(|rule| rule.method == method && rule.path == path);
    match found.map(|rule| rule.access) {
        Some(Access::Token(scopes) | Access::Manage(scopes)) => {
            scopes.iter().map(|scope| scope.as_str()).collect()
        }
        Some(
            Access::Public
            | Access::Client
            | Access::Session
            | Access::User(_)
            | Access::Developer
            | Access::DeveloperApi(_),
        )
        | None => Vec::new(),
    }
}

fn scopes() -> Value {
    let all = ringfence_core::scope::CATALOGUE.iter();
    all.map(|info| (info.value.to_owned(), Value::from(info.title)))
        .collect::<Map<_, _>>()
        .into()
}

// The examples are our own text; a test reads each of them.
fn parsed(example: &str) -> Value {
    serde_json::from_str(example).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn describes_exactly_the_operations_of_the_router() {
        let described: BTreeSet<(&str, &str)> =
            OPERATIONS.iter().map(|o| (o.method, o.path)).collect();
        let routed: BTreeSet<(&str, &str)> = rules()
            .iter()
            .filter(|rule| matches!(rule.access, Access::Token(_)))
            .map(|rule| (rule.method, rule.path))
            .collect();
        assert_eq!(described, routed);
        assert_eq!(described.len(), OPERATIONS.len(), "none twice");
    }

    #[test]
    fn every_example_is_json_and_every_path_value_is_explained() {
        for operation in &OPERATIONS {
            for example in operation.body.into_iter().chain([operation.gives]) {
                let good = example.is_empty() || serde_json::from_str::<Value>(example).is_ok();
                assert!(good, "{example}");
            }
        }
        let document = vcc_document();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(!operation["security"].as_array().unwrap().is_empty());
                for parameter in operation["parameters"].as_array().unwrap() {
                    let about = parameter["description"].as_str().unwrap();
                    assert!(!about.is_empty(), "{method} {path}: {parameter}");
                }
            }
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let ids: BTreeSet<String> = OPERATIONS.iter().map(operation_id).collect();
        assert_eq!(ids.len(), OPERATIONS.len());
    }
}
