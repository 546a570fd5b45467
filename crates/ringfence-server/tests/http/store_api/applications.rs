//! `/applications`.

use super::{PORTAL, Program, STORE, text};
use ringfence_testkit::test_app::TestApp;
use serde_json::json;

#[tokio::test]
async fn a_developer_registers_finds_changes_and_deletes() {
    for app in TestApp::both().await {
        for base in [STORE, PORTAL] {
            let name = if base == STORE {
                "dana.api"
            } else {
                "dora.api"
            };
            let mut dana = Program::new(&app, name).await;
            dana.base = base;
            let body = json!({
                "name": "Call board", "throttlingPolicy": "20PerMin", "description": "Who calls",
                "tokenType": "JWT", "groups": [], "attributes": {"Required": "no"},
            });
            let made = dana.post("/applications", body).await;
            assert_eq!(made.status, 201, "{} {made:?}", app.engine);
            let id = text(&made.body["applicationId"]).to_owned();
            let path = format!("/applications/{id}");
            assert_eq!(made.location, Some(format!("{base}{path}")));
            assert_eq!(
                made.body,
                json!({
                    "applicationId": id, "name": "Call board", "throttlingPolicy": "20PerMin",
                    "description": "Who calls", "tokenType": "JWT", "status": "APPROVED",
                    "groups": [], "subscriptionCount": 0, "keys": [], "attributes": {},
                    "subscriptionScopes": [], "owner": name, "hashEnabled": true,
                })
            );
            let shown = dana.get(&path).await;
            assert_eq!((shown.status, &shown.body), (200, &made.body));

            // What a client read it may send back.
            let mut body = shown.body;
            body["name"] = json!("Call board 2");
            body["throttlingPolicy"] = json!("Unlimited");
            let changed = dana.put(&path, body.clone()).await;
            assert_eq!((changed.status, &changed.body), (200, &body));
            let gone = dana.delete(&path).await;
            assert_eq!((gone.status, gone.body), (200, json!("")));
            assert_eq!(dana.get(&path).await.refusal(), (404, 900_306));
            assert_eq!(dana.delete(&path).await.refusal(), (404, 900_306));
        }
    }
}

#[tokio::test]
async fn a_name_is_taken_once_by_each_developer() {
    for app in TestApp::both().await {
        let dana = Program::new(&app, "dana.api").await;
        let rita = Program::new(&app, "rita.api").await;
        let one = dana.application("Board").await;
        let other = dana.application("Other").await;
        rita.application("Board").await;
        let body = json!({"name": "Board", "throttlingPolicy": "10PerMin"});
        let again = dana.post("/applications", body.clone()).await;
        assert_eq!(again.refusal(), (409, 900_307), "{}", app.engine);
        let renamed = dana.put(&other, body.clone()).await;
        assert_eq!(renamed.refusal(), (409, 900_307), "{}", app.engine);
        assert_eq!(dana.put(&one, body).await.status, 200);
    }
}

#[tokio::test]
async fn another_developers_application_is_not_there() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let rita = Program::new(&app, "rita.api").await;
    let path = dana.application("Board").await;
    let body = json!({"name": "Mine", "throttlingPolicy": "10PerMin"});
    for answer in [
        rita.get(&path).await,
        rita.put(&path, body).await,
        rita.delete(&path).await,
        rita.get(&format!("{path}/keys")).await,
        rita.get(&format!("{path}/keys/PRODUCTION")).await,
        rita.get("/applications/none").await,
    ] {
        assert_eq!(answer.refusal(), (404, 900_306));
    }
    assert_eq!(rita.get("/applications").await.body["count"], 0);
    assert_eq!(dana.get(&path).await.body["name"], "Board");
}

#[tokio::test]
async fn lists_have_windows_filters_and_orders() {
    for app in TestApp::both().await {
        let dana = Program::new(&app, "dana.api").await;
        for (name, quota) in [
            ("alpha", "50PerMin"),
            ("Beta", "10PerMin"),
            ("100%", "Unlimited"),
        ] {
            let body = json!({"name": name, "throttlingPolicy": quota});
            assert_eq!(dana.post("/applications", body).await.status, 201);
        }
        let names = |path: &'static str| {
            let list = dana.get(path);
            async move {
                let list = list.await;
                assert_eq!(list.status, 200, "{path}: {list:?}");
                let items = list.body["list"].as_array().unwrap().iter();
                let names: Vec<_> = items.map(|one| text(&one["name"]).to_owned()).collect();
                assert_eq!(list.body["count"], names.len());
                names
            }
        };
        assert_eq!(names("/applications").await, ["100%", "alpha", "Beta"]);
        assert_eq!(
            names("/applications?sortOrder=desc").await,
            ["Beta", "alpha", "100%"]
        );
        assert_eq!(
            names("/applications?sortBy=throttlingPolicy").await,
            ["Beta", "alpha", "100%"]
        );
        assert_eq!(names("/applications?query=BET").await, ["Beta"]);
        assert_eq!(names("/applications?query=%25").await, ["100%"]);
        let middle = dana.get("/applications?limit=1&offset=1").await;
        assert_eq!(
            middle.body["pagination"],
            json!({
                "offset": 1, "limit": 1, "total": 3,
                "next": "/applications?limit=1&offset=2",
                "previous": "/applications?limit=1&offset=0",
            })
        );
        for odd in [
            "limit=0",
            "limit=501",
            "limit=x",
            "offset=-1",
            "sortBy=colour",
            "sortOrder=up",
            "colour=red",
            "limit=1&limit=1",
        ] {
            let refused = dana.get(&format!("/applications?{odd}")).await;
            assert_eq!(refused.refusal(), (400, 400), "{odd}");
        }
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_are_refused() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let long = "d".repeat(513);
    let name = "n".repeat(71);
    for (body, code) in [
        (json!({"throttlingPolicy": "10PerMin"}), 400),
        (json!({"name": "", "throttlingPolicy": "10PerMin"}), 400),
        (json!({"name": name, "throttlingPolicy": "10PerMin"}), 400),
        (json!({"name": 7, "throttlingPolicy": "10PerMin"}), 400),
        (json!({"name": "Board"}), 900_305),
        (
            json!({"name": "Board", "throttlingPolicy": "Gold"}),
            900_305,
        ),
        (
            json!({"name": "Board", "throttlingPolicy": "10PerMin", "description": long}),
            400,
        ),
        (
            json!({"name": "Board", "throttlingPolicy": "10PerMin", "tokenType": "SAML"}),
            400,
        ),
        (json!([]), 400),
    ] {
        let refused = dana.post("/applications", body.clone()).await;
        assert_eq!(refused.refusal(), (400, code), "{body}");
    }
    let send = |kind: &'static str, body: String| {
        let request = app.http.post(app.url(&format!("{STORE}/applications")));
        let request = request.bearer_auth(&dana.token);
        request.header("content-type", kind).body(body).send()
    };
    let twice = r#"{"name":"a","name":"b","throttlingPolicy":"10PerMin"}"#.to_owned();
    let longest = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    for (kind, body, status) in [
        ("text/plain", "{}".to_owned(), 415),
        ("application/json", "{".to_owned(), 400),
        ("application/json", twice, 400),
        ("application/json", longest, 413),
        ("application/json; charset=utf-8", "{}".to_owned(), 400),
    ] {
        let answer = super::read(send(kind, body).await.unwrap()).await;
        assert_eq!(answer.refusal().0, status, "{kind}");
    }
}
