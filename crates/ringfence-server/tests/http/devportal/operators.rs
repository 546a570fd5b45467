//! Developers, as operators have them: the Management API and the pages of the Admin Portal.

use super::PASSWORD;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{Browser, TestApp, actor};
use serde_json::json;

/// The browser of an operator, and that of an admin who is none.
async fn two(app: &TestApp) -> (Browser, Browser) {
    let account = app.account("acme").await;
    let olu = app.user(&account, "olu", Role::Admin, None).await;
    let sam = app.user(&account, "sam", Role::Admin, None).await;
    let edit = UserEdit {
        operator: Some(true),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), olu.id, edit).await.unwrap();
    app.caught_up().await;
    (app.session(&olu).await, app.session(&sam).await)
}

#[tokio::test]
async fn the_management_api_makes_lists_changes_and_shuts_out() {
    for app in TestApp::both().await {
        let (olu, sam) = two(&app).await;
        const ALL: &str = "/api/v1/developers";
        let new = json!({"username": "Dana.api", "email": "dana@example.com", "company": "Example", "password": PASSWORD});
        assert_eq!(sam.api("POST", ALL, Some(&new)).await.status(), 404);
        assert_eq!(sam.api("GET", ALL, None).await.status(), 404);
        let answer = olu.api("POST", ALL, Some(&new)).await;
        assert_eq!(answer.status(), 201, "{}", app.engine);
        assert_eq!(answer.headers()["location"], "/api/v1/developers/dana.api");
        let made: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(made["name"], "dana.api");
        assert!(made.get("password").is_none());
        assert_eq!(olu.api("POST", ALL, Some(&new)).await.status(), 409);
        let odd = json!({"username": "dana", "email": "d@example.com"});
        assert_eq!(olu.api("POST", ALL, Some(&odd)).await.status(), 422);
        let listed: serde_json::Value = olu
            .api("GET", "/api/v1/developers?q=EXAMPLE", None)
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);

        let one = "/api/v1/developers/dana.api";
        let shown = olu.api("GET", one, None).await;
        let tag = shown.headers()["etag"].to_str().unwrap().to_owned();
        let edit = async |tag: &str, body: serde_json::Value| {
            let tag = tag.to_owned();
            let sent = olu.send(reqwest::Method::PATCH, one, |request| {
                request.header("if-match", tag).json(&body)
            });
            sent.await.status().as_u16()
        };
        assert_eq!(edit("\"stale\"", json!({"active": false})).await, 412);
        let fields = [("username", "dana.api"), ("password", PASSWORD)];
        let entered = app
            .browser(None)
            .post_form("/devportal/login", &fields)
            .await;
        assert_eq!(entered.status(), 303);
        assert_eq!(edit(&tag, json!({"active": false})).await, 200);
        let entered = app
            .browser(None)
            .post_form("/devportal/login", &fields)
            .await;
        assert_eq!(entered.status(), 422);
        assert_eq!(
            edit(&tag, json!({"active": true})).await,
            412,
            "the tag is another by now"
        );
    }
}

#[tokio::test]
async fn operators_have_pages_for_it_and_nobody_else_has() {
    let app = TestApp::sqlite().await;
    let (olu, sam) = two(&app).await;
    const LIST: &str = "/admin/developers";
    assert_eq!(sam.page(LIST).await.0, 404);
    assert_eq!(sam.page("/admin/developers/new").await.0, 404);
    assert!(!sam.page("/admin").await.1.contains(LIST));
    let (status, page) = olu.page(LIST).await;
    assert_eq!(status, 200);
    assert!(page.contains("No developers yet"));
    let fields = |username: &'static str, password: &'static str| {
        [
            ("username", username),
            ("name", "Dana Dev"),
            ("email", "dana@example.com"),
            ("company", ""),
            ("password", password),
        ]
    };
    for (username, password, fault) in [
        ("dana", PASSWORD, "username-error"),
        ("dana.api", "short", "password-error"),
    ] {
        let answer = olu.post_form(LIST, &fields(username, password)).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains(fault) && !page.contains("value=\"short\""));
    }
    let answer = olu.post_form(LIST, &fields("dana.api", PASSWORD)).await;
    assert_eq!(answer.status(), 303);
    let one = "/admin/developers/dana.api";
    let (_, page) = olu.page(one).await;
    assert!(page.contains("Dana Dev") && page.contains("Has never signed in"));
    let edit = [
        ("name", "Dana D."),
        ("email", "d@example.com"),
        ("company", "X"),
        ("password", ""),
    ];
    assert_eq!(olu.post_form(one, &edit).await.status(), 303);
    assert!(olu.page(LIST).await.1.contains("Dana D."));
    let switch = "/admin/developers/dana.api/switch";
    assert!(olu.page(switch).await.1.contains("What stops working"));
    assert_eq!(
        olu.post_form(switch, &[("act", "disable")]).await.status(),
        303
    );
    assert!(olu.page(one).await.1.contains("Disabled"));
    assert_eq!(
        sam.post_form(switch, &[("act", "enable")]).await.status(),
        404
    );
    assert_eq!(
        olu.post_form(switch, &[("act", "enable")]).await.status(),
        303
    );
}
