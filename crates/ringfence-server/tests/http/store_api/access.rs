//! The access matrix of the Portal REST API: every operation against nobody, the wrong scope, another developer and the
//! right one. The rows come from the router.

use super::{PORTAL, Program, STORE, read, token_of};
use ringfence_app::developer_session::developer_session_begin;
use ringfence_app::developer_tokens::PREFIX;
use ringfence_app::sign_in::Visitor;
use ringfence_core::developer::DeveloperScope;
use ringfence_server::router::{Access, Rule, rules};
use ringfence_testkit::test_app::TestApp;

fn operations() -> Vec<(Rule, &'static [DeveloperScope])> {
    let mut operations = Vec::new();
    for rule in rules() {
        if let Access::DeveloperApi(scopes) = rule.access {
            operations.push((rule, scopes));
        }
    }
    operations
}

/// Sends the operation with things of that application in its path, as a good body or none.
async fn ask(app: &TestApp, rule: &Rule, path: &str, token: Option<&str>) -> super::Answer {
    let request = app
        .http
        .request(rule.method.parse().unwrap(), app.url(path));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let request = if matches!(rule.method, "POST" | "PUT") {
        request
            .header("content-type", "application/json")
            .body("{}")
    } else {
        request
    };
    read(request.send().await.unwrap()).await
}

fn concrete(rule: &Rule, application: &str) -> String {
    rule.path
        .replace(
            "{applicationId}",
            application.trim_start_matches("/applications/"),
        )
        .replace("{apiId}", "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a01")
        .replace("{policyLevel}", "application")
        .replace("{keyType}", "PRODUCTION")
        .replace("{keyMappingId}", "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a01")
        .replace("{subscriptionId}", "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a01")
}

#[tokio::test]
async fn every_operation_asks_for_its_scope() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let board = dana.application("Board").await;
    let operations = operations();
    assert_eq!(operations.len(), 52, "26 operations below two beginnings");
    let mut tokens = Vec::new();
    for scope in DeveloperScope::ALL {
        let token = token_of(&app, &dana.developer, scope.as_str()).await;
        tokens.push((scope, token));
    }
    for (rule, scopes) in &operations {
        let what = format!("{} {}", rule.method, rule.path);
        let path = concrete(rule, &board);
        let nobody = ask(&app, rule, &path, None).await;
        assert_eq!(nobody.refusal(), (401, 900_410), "{what}");
        let challenge = nobody.challenge.unwrap();
        assert!(challenge.starts_with("Bearer"), "{what}: {challenge}");
        assert!(!challenge.contains("error="), "{what}: {challenge}");
        for odd in ["x", &format!("{PREFIX}{}", "0".repeat(43))] {
            let refused = ask(&app, rule, &path, Some(odd)).await;
            assert_eq!(refused.refusal(), (401, 900_410), "{what}");
            let challenge = refused.challenge.unwrap();
            assert!(challenge.contains("invalid_token"), "{what}: {challenge}");
        }
        for (scope, token) in &tokens {
            // Deleting it would take it from the next row; that is tested on its own.
            if rule.method == "DELETE" && rule.path.ends_with("{applicationId}") {
                continue;
            }
            let answer = ask(&app, rule, &path, Some(token)).await;
            let covers = scopes.contains(scope) || *scope == DeveloperScope::Subscribe;
            if covers {
                assert!(
                    !matches!(answer.status, 401 | 403 | 405) && answer.status < 500,
                    "{what} {}: {answer:?}",
                    scope.as_str()
                );
            } else {
                assert_eq!(answer.refusal(), (403, 900_409), "{what}");
                let challenge = answer.challenge.unwrap();
                let needed = format!("scope=\"{}\"", scopes[0].as_str());
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
                assert!(challenge.contains(&needed), "{challenge}");
            }
        }
    }
}

#[tokio::test]
async fn another_developer_gets_no_further_than_not_found() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let rita = Program::new(&app, "rita.api").await;
    let board = dana.application("Board").await;
    dana.keys(&board, &["client_credentials"]).await;
    let named = operations();
    let named = named
        .iter()
        .filter(|(rule, _)| rule.path.contains("{applicationId}"));
    let mut n_rules = 0;
    for (rule, _) in named {
        n_rules += 1;
        let what = format!("{} {}", rule.method, rule.path);
        let refused = ask(&app, rule, &concrete(rule, &board), Some(&rita.token)).await;
        // A body that lacks what it needs may be told first; it tells nothing of the application.
        let (status, code) = refused.refusal();
        let told = matches!((status, code), (404, 900_306) | (400, 400 | 900_305));
        assert!(told, "{what}: {refused:?}");
    }
    assert_eq!(n_rules, 34);
    assert_eq!(dana.get(&board).await.status, 200);
}

#[tokio::test]
async fn a_token_that_has_run_out_is_refused() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    assert_eq!(dana.get("/applications").await.status, 200);
    app.clock.advance_secs(31 * 86_400);
    app.caught_up().await;
    assert_eq!(dana.get("/applications").await.refusal(), (401, 900_410));
}

#[tokio::test]
async fn the_two_beginnings_have_the_same_operations() {
    let below = |base: &str| {
        let operations = operations();
        let paths = operations.iter().filter_map(|(rule, scopes)| {
            let rest = rule.path.strip_prefix(base)?;
            Some(format!("{} {rest} {}", rule.method, scopes[0].as_str()))
        });
        paths.collect::<Vec<_>>()
    };
    assert_eq!(below(STORE), below(PORTAL));
    assert_eq!(below(STORE).len(), 26);
}

#[tokio::test]
async fn a_stay_counts_for_requests_of_our_own_pages_alone() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let visitor = Visitor {
        address: None,
        browser: "test".to_owned(),
    };
    let handle = developer_session_begin(&app.ctx, &dana.developer, &visitor);
    let cookie = format!("__Host-ringfence-dev={}", handle.await.unwrap().expose());
    let url = app.url(&format!("{STORE}/applications"));
    let send = |method: reqwest::Method, site: &'static str| {
        let request = app.http.request(method, &url).header("cookie", &cookie);
        let request = request.header("sec-fetch-site", site);
        let body = serde_json::json!({"name": "Board", "throttlingPolicy": "10PerMin"});
        async move { read(request.json(&body).send().await.unwrap()).await }
    };
    for site in ["cross-site", "same-site", "none"] {
        let refused = send(reqwest::Method::POST, site).await;
        assert_eq!(refused.refusal(), (403, 900_409), "{site}");
    }
    assert_eq!(send(reqwest::Method::GET, "cross-site").await.status, 200);
    assert_eq!(send(reqwest::Method::POST, "same-origin").await.status, 201);
}
