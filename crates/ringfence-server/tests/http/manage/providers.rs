//! `/api/v1/accounts/{account}/providers`.

use super::{operator, person, read};
use ringfence_app::context::Settings;
use ringfence_app::sign_in::sso::SsoSettings;
use ringfence_core::user::Role;
use ringfence_testkit::provider::{CLIENT_ID, CLIENT_SECRET, TestProvider};
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

const ALL: &str = "/api/v1/accounts/acme/providers";
const CORP: &str = "/api/v1/accounts/acme/providers/corp";

fn corp(issuer: &str) -> Value {
    json!({
        "name": "corp",
        "title": "Example Corp",
        "issuer": issuer,
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
    })
}

#[tokio::test]
async fn an_admin_keeps_a_provider_and_never_sees_its_secret_again() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let (_, sam) = person(&app, &account, "sam@acme.example", Role::Admin).await;
        let body = corp("https://id.example");
        let answer = sam.api("POST", ALL, Some(&body)).await;
        assert_eq!(answer.headers()["location"], CORP);
        let (status, made) = read(answer).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!(
            made["redirectUri"],
            format!("{}/login/sso/acme.corp/callback", app.base)
        );
        assert_eq!(
            made["signInUrl"],
            format!("{}/login?account=acme", app.base)
        );
        assert_eq!(made["scopes"], json!(["profile", "email"]));
        let twice = read(sam.api("POST", ALL, Some(&body)).await).await;
        assert_eq!(twice.0, 409);

        let (_, list) = read(sam.get(ALL).await).await;
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        let answer = sam.get(CORP).await;
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        let text = answer.text().await.unwrap();
        assert!(!text.contains(CLIENT_SECRET) && text.contains("\"peopleCount\":0"));

        let edit = |tag: &str, body: Value| {
            let (sam, tag) = (sam.clone(), tag.to_owned());
            async move {
                let answer = sam.send(reqwest::Method::PATCH, CORP, |r| {
                    r.header("if-match", tag).json(&body)
                });
                read(answer.await).await
            }
        };
        let (status, changed) = edit(&tag, json!({"active": false, "findByEmail": true})).await;
        assert_eq!((status, &changed["active"]), (200, &json!(false)));
        assert_eq!(changed["findByEmail"], true);
        assert_eq!(edit(&tag, json!({"active": true})).await.0, 412, "stale");
        for (body, pointer) in [
            (json!({"title": ""}), "/title"),
            (json!({"clientSecret": "é"}), "/clientSecret"),
            (json!({"scopes": ["a b\"c"]}), "/scopes"),
            (json!({"domains": ["acme"]}), "/domains/0"),
        ] {
            let (status, problem) = edit("*", body).await;
            assert_eq!(status, 422, "{problem}");
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
        let (status, _) = edit("*", json!({"issuer": "https://other.example"})).await;
        assert_eq!(status, 400, "an issuer stays");

        assert_eq!(read(sam.api("DELETE", CORP, None).await).await.0, 204);
        assert_eq!(read(sam.get(CORP).await).await.0, 404);
        let trail = read(sam.get("/api/v1/accounts/acme/audit?limit=50").await).await;
        let text = trail.1.to_string();
        for act in ["provider.create", "provider.edit", "provider.delete"] {
            assert!(text.contains(act), "{act}: {text}");
        }
        assert!(!text.contains(CLIENT_SECRET));
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let (_, sam) = person(&app, &account, "sam@acme.example", Role::Admin).await;
    for (member, value) in [
        ("name", json!("Corp.1")),
        ("name", json!("new")),
        ("title", json!("")),
        ("issuer", json!("http://id.example")),
        ("issuer", json!("https://id.example?tenant=1")),
        ("issuer", json!("https://user:pass@id.example")),
        ("clientId", json!("")),
        ("clientSecret", json!("")),
        ("usernameClaim", json!("")),
    ] {
        let mut body = corp("https://id.example");
        body[member] = value.clone();
        let (status, problem) = read(sam.api("POST", ALL, Some(&body)).await).await;
        assert_eq!(status, 422, "{member} {value}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], format!("/{member}"));
    }
    // Whoever names another's domain would be shown to its people.
    let mut body = corp("https://id.example");
    body["domains"] = json!(["rival.example"]);
    assert_eq!(read(sam.api("POST", ALL, Some(&body)).await).await.0, 403);
    let (_, _, olga) = operator(&app).await;
    let (status, made) = read(olga.api("POST", ALL, Some(&body)).await).await;
    assert_eq!((status, &made["domains"]), (201, &json!(["rival.example"])));
    // What an operator vouched for may stay, and only that.
    for (domains, expected) in [(json!(["rival.example"]), 200), (json!([]), 403)] {
        let body = json!({"domains": domains, "title": "Corp"});
        let answer = sam.send(reqwest::Method::PATCH, CORP, |r| {
            r.header("if-match", "*").json(&body)
        });
        assert_eq!(read(answer.await).await.0, expected);
    }
    for n in 0..19 {
        let mut body = corp("https://id.example");
        body["name"] = json!(format!("p{n}"));
        assert_eq!(read(sam.api("POST", ALL, Some(&body)).await).await.0, 201);
    }
    let mut body = corp("https://id.example");
    body["name"] = json!("one-too-many");
    assert_eq!(read(sam.api("POST", ALL, Some(&body)).await).await.0, 409);
}

#[tokio::test]
async fn a_connection_is_tried_and_private_addresses_are_not_asked() {
    let upstream = TestProvider::start().await;
    let results = |checks: &Value| -> Vec<String> {
        let lines = checks["checks"].as_array().unwrap().iter();
        lines
            .map(|line| line["result"].as_str().unwrap().to_owned())
            .collect()
    };
    for private_addresses in [true, false] {
        let settings = Settings {
            sso: SsoSettings {
                private_addresses,
                extra_roots: None,
            },
            ..Settings::default()
        };
        let app = TestApp::start(ringfence_testkit::stores::sqlite(), settings).await;
        let account = app.account("acme").await;
        let (_, sam) = person(&app, &account, "sam@acme.example", Role::Admin).await;
        let answer = sam.api("POST", ALL, Some(&corp(&upstream.issuer))).await;
        assert_eq!(answer.status(), 201);
        let check = format!("{CORP}/check");
        let (status, checks) = read(sam.api("POST", &check, None).await).await;
        assert_eq!(status, 200);
        if private_addresses {
            assert_eq!(
                results(&checks),
                ["pass", "pass", "pass", "unknown", "unknown"],
                "{checks}"
            );
        } else {
            assert_eq!(results(&checks), ["fail"], "{checks}");
            let text = checks["checks"][0]["text"].as_str().unwrap();
            assert!(text.contains("not one of the public internet"), "{text}");
            let begun = app.browser(None).get("/login/sso/acme.corp").await;
            assert_eq!(begun.status(), 503, "nor for somebody who signs in");
        }
    }
}
