//! `/api/v1/keys` and the page of signing keys.

use super::{operator, person, read};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::TestApp;
use serde_json::json;

#[tokio::test]
async fn an_operator_rotates_and_withdraws() {
    let app = TestApp::sqlite().await;
    let (house, user, olga) = operator(&app).await;
    let credential = app.credential(&house, &user, "stats").await;
    let token = app.token(&credential, "stats").await;
    let call = || {
        let request = app.http.get(app.url("/stats/agent-status"));
        request.bearer_auth(&token).send()
    };
    assert_ne!(call().await.unwrap().status(), 401);
    let (_, keys) = read(olga.get("/api/v1/keys").await).await;
    let in_use = keys["items"].as_array().unwrap();
    assert_eq!(in_use.len(), 2, "one of each algorithm");
    let rs = in_use.iter().find(|key| key["alg"] == "RS256").unwrap();
    let kid = rs["kid"].as_str().unwrap().to_owned();

    let body = json!({"alg": "RS256"});
    let (status, keys) = read(olga.api("POST", "/api/v1/keys/rotate", Some(&body)).await).await;
    assert_eq!((status, keys["items"].as_array().unwrap().len()), (200, 3));
    assert_eq!(
        read(
            olga.api("POST", "/api/v1/keys/rotate", Some(&json!({"alg": "none"})))
                .await
        )
        .await
        .0,
        422
    );

    let (status, text) = olga.page("/admin/keys").await;
    assert_eq!(status, 200);
    assert!(text.contains("<svg") && text.contains(&kid) && !text.contains("style="));
    let page = format!("/admin/keys/{kid}/withdraw");
    assert!(olga.page(&page).await.1.contains("What stops working"));
    let done = olga.post_form(&page, &[]).await;
    assert_eq!(
        done.headers()["location"],
        "/admin/keys?notice=key-withdrawn"
    );
    assert_eq!(
        call().await.unwrap().status(),
        401,
        "its tokens are refused"
    );
    let withdraw = format!("/api/v1/keys/{kid}/withdraw");
    assert_eq!(read(olga.api("POST", &withdraw, None).await).await.0, 409);
    let rotated = olga.post_form("/admin/keys/rotate", &[]).await;
    assert_eq!(rotated.status(), 303);
}

#[tokio::test]
async fn nobody_else_knows_of_keys() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    for path in ["/api/v1/keys", "/admin/keys", "/admin/keys/rotate"] {
        assert_eq!(sam.get(path).await.status(), 404, "{path}");
    }
    assert_eq!(sam.post_form("/admin/keys/rotate", &[]).await.status(), 404);
    assert_eq!(
        read(
            sam.api("POST", "/api/v1/keys/rotate", Some(&json!({})))
                .await
        )
        .await
        .0,
        404
    );
}
