//! The description and the router list the same operations.

use super::read;
use ringfence_server::router::rules;
use ringfence_testkit::test_app::TestApp;
use std::collections::BTreeSet;

#[tokio::test]
async fn the_description_and_the_router_list_the_same_operations() {
    let app = TestApp::sqlite().await;
    let (status, document) = read(app.browser(None).get("/api/v1/openapi.json").await).await;
    assert_eq!(status, 200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut described = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            described.insert(format!("{} {path}", method.to_uppercase()));
            let has = |member: &str| operation[member].is_string();
            assert!(has("summary") && has("operationId"), "{method} {path}");
        }
    }
    let routed: BTreeSet<String> = rules()
        .iter()
        .filter(|rule| rule.path.starts_with("/api/v1"))
        .map(|rule| format!("{} {}", rule.method, rule.path))
        .collect();
    let missing: Vec<_> = routed.difference(&described).collect();
    let unknown: Vec<_> = described.difference(&routed).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    assert!(unknown.is_empty(), "described and not there: {unknown:?}");
}

#[tokio::test]
async fn the_operations_have_names_of_their_own() {
    let app = TestApp::sqlite().await;
    let (_, document) = read(app.browser(None).get("/api/v1/openapi.json").await).await;
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(
                names.insert(name.to_owned()),
                "{method} {path}: {name} is taken"
            );
        }
    }
}
