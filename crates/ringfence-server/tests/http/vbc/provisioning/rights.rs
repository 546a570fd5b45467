//! Who sees what, at this moment (design §5; vbc-api §5.3).

use super::{Lab, load, user};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::actor;
use serde_json::json;
use std::path::Path;

const PATHS: [&str; 7] = [
    "/api/accounts/4711",
    "/api/accounts/4711/locations",
    "/api/accounts/4711/locations/9001",
    "/api/accounts/4711/extensions",
    "/api/accounts/4711/extensions/2001",
    "/api/accounts/4711/users",
    "/api/accounts/4711/users/815",
];

#[tokio::test]
async fn vbc_5_3_who_is_no_account_administrator_sees_nothing() {
    let lab = Lab::sqlite().await;
    for username in ["ada.sample", "ben.ortiz"] {
        let token = lab.token_of(username).await;
        // Rights come before ids: nobody learns which accounts there are.
        for path in PATHS.into_iter().chain(["/api/accounts/1"]) {
            let answer = lab.answer(&token, path).await;
            assert_eq!(answer.status(), 401, "{path} for {username}");
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.contains("reason=\"not_administrator\""));
            let body: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(body, json!({"msg": "missing user data", "status": 401}));
        }
    }
}

#[tokio::test]
async fn rights_are_those_of_now() {
    let lab = Lab::sqlite().await;
    let pat = user(&lab.app, &lab.account, "pat.example").await;
    let set = async |edit: UserEdit| {
        user_edit(&lab.app.ctx, &actor(), pat.id, edit)
            .await
            .unwrap();
        lab.app.caught_up().await;
    };
    assert_eq!(lab.get("/api/accounts/self").await.0, 200);
    set(UserEdit {
        role: Some(Role::Supervisor),
        ..UserEdit::default()
    })
    .await;
    let (status, body) = lab.get("/api/accounts/self").await;
    assert_eq!(status, 401);
    assert_eq!(body["msg"], "missing user data");
    set(UserEdit {
        role: Some(Role::Admin),
        ..UserEdit::default()
    })
    .await;
    assert_eq!(lab.get("/api/accounts/self").await.0, 200);
    set(UserEdit {
        active: Some(false),
        ..UserEdit::default()
    })
    .await;
    let (status, body) = lab.get("/api/accounts/self").await;
    assert_eq!((status, &body["fault"]["code"]), (401, &json!(900_901)));
}

#[tokio::test]
async fn of_another_tenant_nothing_is_there() {
    let lab = Lab::sqlite().await;
    let rival = lab.app.vbc_account("rival").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    // The numbers of locations and extensions are each account's own.
    let lines = [
        r#"{"account":{"id":4712,"name":"Rival"}}"#,
        r#"{"location":{"id":9001,"name":"Rival's","address":{"time_zone":"Europe/Berlin"}}}"#,
        r#"{"user":{"id":1815,"login_name":"ron.rival","email":"ron@rival.example","first_name":"Ron","role":"Admin"}}"#,
        r#"{"extension":{"extension_number":"2001","external_id":"ext0001","location_id":9001,"user":{"id":1815}}}"#,
    ];
    std::fs::write(file.path(), lines.join("\n")).unwrap();
    load(&lab.app, &rival, Path::new(file.path())).await;
    let ron = user(&lab.app, &rival, "ron.rival").await;
    let theirs = lab.app.user_token(&lab.application, &ron, "openid").await;
    for path in PATHS {
        let (status, _) = lab.get_with(&theirs, path).await;
        assert_eq!(status, 404, "{path}");
        let own = path.replace("4711", "4712").replace("815", "1815");
        assert_eq!(lab.get_with(&theirs, &own).await.0, 200, "{own}");
    }
    let (status, _) = lab.get_with(&theirs, "/api/accounts/4712/users/815").await;
    assert_eq!(status, 404);
    let (_, body) = lab
        .get_with(&theirs, "/api/accounts/self/extensions/ext0001")
        .await;
    let ext = &body["_embedded"]["extension"];
    assert_eq!(ext["user"]["login_name"], "ron.rival");
    let (_, body) = lab.get("/api/accounts/self/extensions/ext0001").await;
    let ext = &body["_embedded"]["extension"];
    assert_eq!(ext["user"]["login_name"], "pat.example");
}

#[tokio::test]
async fn vbc_10_14_the_scope_default_is_enough() {
    let lab = Lab::sqlite().await;
    let pat = user(&lab.app, &lab.account, "pat.example").await;
    let token = lab.app.user_token(&lab.application, &pat, "").await;
    assert_eq!(lab.get_with(&token, "/api/accounts/self").await.0, 200);
}
