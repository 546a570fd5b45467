//! *Production Keys*: generated, shown once, updated, regenerated, removed (vbc-api §2.4).

use super::{added, between, dana};
use ringfence_server::router::rules;
use ringfence_testkit::test_app::{Browser, TestApp};

async fn app_with_dana() -> (TestApp, Browser) {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    (app, browser)
}

const FORM: [(&str, &str); 5] = [
    ("grant", "refresh_token"),
    ("grant", "authorization_code"),
    ("callbacks", "https://app.example/cb\r\nhttp://localhost"),
    ("post_logout", "https://app.example/bye"),
    ("kind", "confidential"),
];

#[tokio::test]
async fn keys_are_generated_once_and_the_secret_is_shown_once() {
    for app in TestApp::both().await {
        let developer = dana(&app).await;
        let browser = app.developer_session(&developer).await;
        let path = added(&browser, "Phone book").await;
        let keys = format!("{path}/keys");
        let (_, page) = browser.page(&keys).await;
        assert!(page.contains("have not been generated yet"));
        // The safe preset: Refresh Token and Code ticked, the others not.
        for (grant, ticked) in [
            ("refresh_token", true),
            ("authorization_code", true),
            ("password", false),
            ("client_credentials", false),
        ] {
            let mark = format!("value=\"{grant}\" checked");
            assert_eq!(page.contains(&mark), ticked, "{grant}");
        }
        let answer = browser.post_form(&keys, &FORM).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let page = answer.text().await.unwrap();
        let key = between(&page, "id=\"consumer-key\">", "<").to_owned();
        let secret = between(&page, "id=\"consumer-secret\">", "<").to_owned();
        for text in [&key, &secret] {
            assert_eq!(text.len(), 28);
            assert!(
                text.ends_with('a') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            );
        }
        for page in [&keys, &path, &format!("{path}/subscriptions")] {
            let (_, text) = browser.page(page).await;
            assert!(!text.contains(&secret), "{page} holds the secret");
        }
        let (_, page) = browser.page(&keys).await;
        assert!(page.contains(&key) && page.contains("Nobody can read it again"));
        assert!(page.contains("https://app.example/cb\nhttp://localhost"));
        let again = browser.post_form(&keys, &FORM).await;
        assert_eq!(
            again.status(),
            303,
            "the same form updates what is there: {}",
            app.engine
        );
    }
}

#[tokio::test]
async fn what_does_not_go_together_is_refused_at_its_field() {
    let (_app, browser) = app_with_dana().await;
    let path = added(&browser, "Phone book").await;
    let keys = format!("{path}/keys");
    for (fields, fault) in [
        (vec![("callbacks", "")], "grant-error"),
        (
            vec![("grant", "authorization_code"), ("callbacks", "")],
            "callbacks-error",
        ),
        (
            vec![
                ("grant", "authorization_code"),
                ("callbacks", "http://app.example/cb"),
            ],
            "callbacks-error",
        ),
        (
            vec![
                ("grant", "authorization_code"),
                ("callbacks", "https://app.example/*"),
            ],
            "callbacks-error",
        ),
        (
            vec![
                ("grant", "client_credentials"),
                ("callbacks", ""),
                ("kind", "public"),
            ],
            "grant-error",
        ),
        (
            vec![
                ("grant", "client_credentials"),
                ("callbacks", ""),
                ("post_logout", "nonsense"),
            ],
            "post_logout-error",
        ),
    ] {
        let answer = browser.post_form(&keys, &fields).await;
        assert_eq!(answer.status(), 422, "{fields:?}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(fault), "{fields:?}: {fault}");
        assert!(page.contains("have not been generated yet"));
    }
}

#[tokio::test]
async fn a_public_client_gets_no_secret() {
    let (_app, browser) = app_with_dana().await;
    let path = added(&browser, "On the phone").await;
    let mut fields = FORM.to_vec();
    fields[4] = ("kind", "public");
    let answer = browser.post_form(&format!("{path}/keys"), &fields).await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(page.contains("it has no secret") && !page.contains("id=\"consumer-secret\""));
    let answer = browser.post_form(&format!("{path}/keys/secret"), &[]).await;
    assert_eq!(answer.status(), 409);
}

#[tokio::test]
async fn another_secret_replaces_the_first_and_removal_says_what_stops() {
    let (_app, browser) = app_with_dana().await;
    let path = added(&browser, "Phone book").await;
    let page = browser.post_form(&format!("{path}/keys"), &FORM).await;
    let page = page.text().await.unwrap();
    let key = between(&page, "id=\"consumer-key\">", "<").to_owned();
    let first = between(&page, "id=\"consumer-secret\">", "<").to_owned();
    let (_, page) = browser.page(&format!("{path}/keys/secret")).await;
    assert!(page.contains("What stops working"));
    let page = browser.post_form(&format!("{path}/keys/secret"), &[]).await;
    let page = page.text().await.unwrap();
    assert_eq!(
        between(&page, "id=\"consumer-key\">", "<"),
        key,
        "the key stays"
    );
    assert_ne!(between(&page, "id=\"consumer-secret\">", "<"), first);
    let (_, page) = browser.page(&format!("{path}/keys/remove")).await;
    assert!(page.contains("What stops working"));
    let answer = browser.post_form(&format!("{path}/keys/remove"), &[]).await;
    assert_eq!(answer.status(), 303);
    let (_, page) = browser.page(&format!("{path}/keys")).await;
    assert!(page.contains("have not been generated yet") && !page.contains(&key));
}

#[tokio::test]
async fn the_endpoints_it_shows_exist() {
    let (app, browser) = app_with_dana().await;
    let path = added(&browser, "Phone book").await;
    let (_, page) = browser.page(&format!("{path}/keys")).await;
    for (id, method) in [
        ("token-url", "POST"),
        ("revoke-url", "POST"),
        ("authorize-url", "GET"),
        ("userinfo-url", "GET"),
        ("discovery-url", "GET"),
    ] {
        let url = between(&page, &format!("id=\"{id}\">"), "<");
        let path = url.strip_prefix(&app.base).unwrap();
        let known = rules()
            .into_iter()
            .any(|r| r.method == method && r.path == path);
        assert!(known, "{method} {path} is no operation of the product");
    }
}
