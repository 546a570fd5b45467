//! `/api/v1/accounts/{account}/credentials` and what hangs below it.

use super::{person, read};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{Browser, TestApp};
use serde_json::{Value, json};

const ALL: &str = "/api/v1/accounts/acme/credentials";

async fn patch(browser: &Browser, path: &str, tag: &str, body: Value) -> (u16, Value) {
    let send = |r: reqwest::RequestBuilder| r.header("if-match", tag).json(&body);
    read(browser.send(reqwest::Method::PATCH, path, send).await).await
}

#[tokio::test]
async fn makes_shows_edits_and_deletes() {
    for app in TestApp::both().await {
        let acme = app.account("acme").await;
        let (_, sam) = person(&app, &acme, "sam", Role::Admin).await;
        let new = json!({"name": "nightly", "scopes": ["stats", "users:read"], "networks": ["127.0.0.0/8"]});
        let made = sam.api("POST", ALL, Some(&new)).await;
        let path = made.headers()["location"].to_str().unwrap().to_owned();
        let tag = made.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(made.headers()["cache-control"], "no-store");
        let (status, made) = read(made).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(made["region"], "emea");
        assert!(made["clientSecret"].as_str().unwrap().starts_with("rfs_"));

        let (_, shown) = read(sam.get(&path).await).await;
        assert_eq!(shown["owner"]["username"], "sam");
        assert!(!shown.to_string().contains("rfs_"));
        let (status, after) = patch(
            &sam,
            &path,
            &tag,
            json!({"name": "hourly", "expiresAt": "2099-01-01T00:00:00Z"}),
        )
        .await;
        assert_eq!((status, &after["name"]), (200, &json!("hourly")));
        assert_eq!(after["scopes"], json!(["users:read", "stats"]));
        let (status, _) = patch(&sam, &path, &tag, json!({"name": "x"})).await;
        assert_eq!(status, 412);
        let (status, _) = read(sam.api("PATCH", &path, Some(&json!({}))).await).await;
        assert_eq!(status, 428);
        let (_, after) = patch(&sam, &path, "*", json!({"expiresAt": null})).await;
        assert_eq!(after["expiresAt"], Value::Null);
        for (wrong, pointer) in [
            (json!({"scopes": ["stats", "fly"]}), "/scopes/1"),
            (json!({"networks": ["acme"]}), "/networks/0"),
            (json!({"expiresAt": "soon"}), "/expiresAt"),
        ] {
            let (status, problem) = patch(&sam, &path, "*", wrong).await;
            assert_eq!(
                (status, &problem["errors"][0]["pointer"]),
                (422, &json!(pointer))
            );
        }

        let rotation = json!({"overlapSecs": 3600});
        let (status, second) = read(
            sam.api("POST", &format!("{path}/secrets"), Some(&rotation))
                .await,
        )
        .await;
        assert_eq!((status, &second["secretNumber"]), (201, &json!(2)));
        let (_, secrets) = read(sam.get(&format!("{path}/secrets")).await).await;
        assert_eq!(secrets["secrets"][0]["advice"], "newest");
        assert_eq!(secrets["secrets"][1]["advice"], "safe");
        let gone = sam.api("DELETE", &format!("{path}/secrets/1"), None).await;
        assert_eq!(gone.status(), 204);
        let gone = sam.api("DELETE", &format!("{path}/secrets/1"), None).await;
        assert_eq!(gone.status(), 404);

        let (_, effective) = read(sam.get(&format!("{path}/effective")).await).await;
        assert_eq!(effective["scopes"][0]["works"], true);
        assert_eq!(
            effective["content"]["permissions"]["view-inbound-content"],
            true
        );
        let (_, checklist) = read(sam.get(&format!("{path}/checklist")).await).await;
        assert_eq!(checklist["checks"].as_array().unwrap().len(), 9);
        let (_, usage) = read(sam.get(&format!("{path}/usage?by=hour")).await).await;
        assert_eq!(usage["buckets"].as_array().unwrap().len(), 48);
        assert_eq!(sam.api("DELETE", &path, None).await.status(), 204);
        assert_eq!(sam.get(&path).await.status(), 404);
    }
}

#[tokio::test]
async fn the_rules_are_those_of_the_portal() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (admin, sam) = person(&app, &acme, "sam", Role::Admin).await;
    let (supervisor, sue) = person(&app, &acme, "sue", Role::Supervisor).await;
    let (_, abe) = person(&app, &acme, "abe", Role::Agent).await;
    let rival = app.account("rival").await;
    let (_, rita) = person(&app, &rival, "rita", Role::Admin).await;
    let sams = app.credential(&acme, &admin, "stats").await;
    let sues = app.credential(&acme, &supervisor, "users:read").await;
    app.credential_with(&acme, None, "stats", |_| {}).await;
    let path =
        |made: &ringfence_app::credentials::NewSecret| format!("{ALL}/{}", made.credential.id);
    for (browser, made, show, edit) in [
        (&sam, &sams, 200, 200),
        (&sam, &sues, 200, 403),
        (&sue, &sams, 404, 404),
        (&sue, &sues, 200, 200),
        (&abe, &sues, 404, 404),
        (&rita, &sams, 404, 404),
    ] {
        assert_eq!(browser.get(&path(made)).await.status().as_u16(), show);
        let (status, _) = patch(browser, &path(made), "*", json!({"name": "n"})).await;
        assert_eq!(status, edit);
        for part in ["/secrets", "/effective", "/checklist", "/usage"] {
            let answer = browser.get(&format!("{}{part}", path(made))).await;
            assert_eq!(answer.status().as_u16(), show, "{part}");
        }
    }
    assert_eq!(abe.get(ALL).await.status(), 404);
    assert_eq!(rita.get(ALL).await.status(), 404);
    for (browser, query, n) in [
        (&sam, "", 2),
        (&sam, "?owner=me", 1),
        (&sam, "?level=account", 1),
        (&sam, "?q=SUE", 1),
        (&sue, "", 1),
    ] {
        let (status, page) = read(browser.get(&format!("{ALL}{query}")).await).await;
        assert_eq!(status, 200);
        assert_eq!(page["items"].as_array().unwrap().len(), n, "{query}");
    }
    let (_, first) = read(sam.get(&format!("{ALL}?limit=1")).await).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let (_, second) = read(sam.get(&format!("{ALL}?limit=1&cursor={cursor}")).await).await;
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(second["nextCursor"], Value::Null);
    assert_eq!(sue.get(&format!("{ALL}?level=account")).await.status(), 404);
    let (status, problem) = read(
        sue.api(
            "POST",
            ALL,
            Some(&json!({"name": "n", "scopes": ["stats"]})),
        )
        .await,
    )
    .await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("does not allow stats")
    );
    assert_eq!(sam.api("DELETE", &path(&sues), None).await.status(), 204);
}

#[tokio::test]
async fn a_secret_is_handed_over_once_and_never_replayed() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam", Role::Admin).await;
    let new = json!({"name": "nightly", "scopes": ["stats"]});
    let keyed = |r: reqwest::RequestBuilder| r.header("idempotency-key", "one").json(&new);
    let (status, first) = read(sam.send(reqwest::Method::POST, ALL, keyed).await).await;
    assert_eq!(status, 201);
    let secret = first["clientSecret"].as_str().unwrap().to_owned();
    let (status, again) = read(sam.send(reqwest::Method::POST, ALL, keyed).await).await;
    assert_eq!(
        (status, &again["type"]),
        (409, &json!("/problems/secret-already-shown"))
    );
    assert!(!again.to_string().contains(&secret));
    let (_, page) = read(sam.get(ALL).await).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);

    let linked = json!({"name": "n", "scopes": ["stats"], "handover": {"linkHours": 1}});
    let (_, linked) = read(sam.api("POST", ALL, Some(&linked)).await).await;
    assert_eq!(linked["clientSecret"], Value::Null);
    let url = linked["link"]["url"].as_str().unwrap();
    let path = url.strip_prefix(&app.base).unwrap();
    let opened = app.browser(None).post_form(path, &[]).await;
    assert!(opened.text().await.unwrap().contains("rfs_emea_"));

    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let sealed = json!({"name": "n", "scopes": ["stats"], "handover": {"recipient": key}});
    let (_, sealed) = read(sam.api("POST", ALL, Some(&sealed)).await).await;
    assert!(
        sealed["sealed"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN AGE")
    );
    let both =
        json!({"name": "n", "scopes": ["stats"], "handover": {"recipient": key, "linkHours": 1}});
    assert_eq!(sam.api("POST", ALL, Some(&both)).await.status(), 422);
}

#[tokio::test]
async fn a_token_needs_the_scope_to_write() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (admin, _) = person(&app, &acme, "sam", Role::Admin).await;
    let program = app
        .credential(&acme, &admin, "management:read management:write")
        .await;
    let new = json!({"name": "by a program", "scopes": ["stats"]});
    for (scopes, status) in [("management:read", 403), ("management:write", 201)] {
        let token = app.token(&program, scopes).await;
        let list = app.http.get(app.url(ALL)).bearer_auth(&token);
        assert_eq!(list.send().await.unwrap().status(), 200);
        let post = app.http.post(app.url(ALL)).bearer_auth(&token).json(&new);
        assert_eq!(post.send().await.unwrap().status(), status, "{scopes}");
    }
}
