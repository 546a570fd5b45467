//! What can be called, read from the descriptions of the APIs.

use crate::openapi::{admin_document, scopes_of, vcc_document};
use ringfence_core::scope::{Scope, ScopeSet};
use serde_json::{Map, Value};
use std::sync::LazyLock;

const DEEPEST: u8 = 4;

/// An operation that can be tried.
#[derive(Debug)]
pub(super) struct Op {
    /// The API's part that it belongs to.
    pub(super) group: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) about: String,
    pub(super) params: Vec<Param>,
    /// An example of its JSON body, if it takes one.
    pub(super) body: Option<String>,
    /// One of these opens it.
    pub(super) scopes: ScopeSet,
}

/// A value that an operation takes beside its body.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) required: bool,
    pub(super) about: String,
    pub(super) example: String,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

static OPS: LazyLock<Vec<Op>> = LazyLock::new(|| {
    let mut ops = read(vcc_document());
    ops.extend(read(admin_document()));
    ops
});

/// Every operation that a token opens, API by API.
pub(super) fn ops() -> &'static [Op] {
    &OPS
}

/// The operation of that key: `GET /stats/interactions`.
pub(super) fn op_of(key: &str) -> Option<&'static Op> {
    OPS.iter().find(|op| op.key() == key)
}

impl Op {
    /// What names it in addresses and forms.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it only looks.
    pub(super) fn only_reads(&self) -> bool {
        self.method == "GET"
    }
}

impl Param {
    /// The name of its field in the form.
    pub(super) fn field(&self) -> String {
        let place = match self.place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        };
        format!("{place}.{}", self.name)
    }

    /// Whether there is nothing to choose: the version that the API speaks.
    pub(super) fn is_fixed(&self) -> bool {
        self.place == Place::Header && self.name == "Accept"
    }
}

fn read(document: &Value) -> Vec<Op> {
    let nothing = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&nothing);
    let mut ops = Vec::new();
    for (path, item) in paths {
        for method in ["get", "post", "put", "patch", "delete"] {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let method = method.to_ascii_uppercase();
            let values = scopes_of(&method, path).into_iter();
            let scopes: ScopeSet = values.filter_map(|v| Scope::parse(v).ok()).collect();
            if !scopes.is_empty() {
                ops.push(op(document, operation, (method, path), scopes));
            }
        }
    }
    // The APIs stay in the order of their description, and each in the order of its paths.
    let mut groups: Vec<String> = Vec::new();
    for op in &ops {
        if !groups.contains(&op.group) {
            groups.push(op.group.clone());
        }
    }
    ops.sort_by_key(|op| groups.iter().position(|group| *group == op.group));
    ops
}

fn op(document: &Value, operation: &Value, (method, path): (String, &str), scopes: ScopeSet) -> Op {
    let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    let params = operation["parameters"].as_array().into_iter().flatten();
    let content = &operation["requestBody"]["content"]["application/json"];
    let body = operation.get("requestBody").map(|_| {
        let example = match content.get("example") {
            Some(example) => example.clone(),
            None => skeleton(document, &content["schema"], DEEPEST),
        };
        pretty(&example)
    });
    Op {
        group: operation["tags"][0].as_str().unwrap_or("Other").to_owned(),
        summary: text("summary"),
        about: text("description"),
        params: params.filter_map(param).collect(),
        body,
        scopes,
        method,
        path: path.to_owned(),
    }
}

fn param(param: &Value) -> Option<Param> {
    let text = |name: &str| match &param[name] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let place = match param["in"].as_str()? {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        _ => return None,
    };
    Some(Param {
        name: param["name"].as_str()?.to_owned(),
        place,
        required: param["required"].as_bool().unwrap_or(false),
        about: text("description"),
        example: text("example"),
    })
}

/// A value of that shape with as little in it as is allowed.
fn skeleton(document: &Value, schema: &Value, depth: u8) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(pointer) = schema["$ref"].as_str() {
        let found = document.pointer(pointer.trim_start_matches('#'));
        return found.map_or(Value::Null, |schema| skeleton(document, schema, depth - 1));
    }
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("object") => {
            let nothing = Map::new();
            let properties = schema["properties"].as_object().unwrap_or(&nothing);
            let required = schema["required"].as_array();
            let needed = |name: &str| {
                required.is_some_and(|all| all.iter().any(|known| known.as_str() == Some(name)))
            };
            let members = properties.iter().filter(|(name, _)| needed(name));
            members
                .map(|(name, schema)| (name.clone(), skeleton(document, schema, depth - 1)))
                .collect::<Map<_, _>>()
                .into()
        }
        Some("array") => Value::Array(Vec::new()),
        Some("integer" | "number") => 0.into(),
        Some("boolean") => false.into(),
        Some("string") => "".into(),
        Some(_) | None => Value::Null,
    }
}

/// JSON for people.
pub(super) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn knows_every_operation_once_with_its_scopes() {
        let keys: HashSet<String> = ops().iter().map(Op::key).collect();
        assert_eq!(keys.len(), ops().len());
        let search = op_of("GET /interaction-content/interactions").unwrap();
        assert_eq!(search.scopes.to_string(), "interaction-content:read");
        assert_eq!(search.params[0].field(), "query.start");
        let create = op_of("POST /api/v1/accounts").unwrap();
        assert_eq!(create.scopes.to_string(), "management:write");
        let body: Value = serde_json::from_str(create.body.as_deref().unwrap()).unwrap();
        assert!(body.get("name").is_some() && body.get("region").is_none());
    }
}
