//! Who gets in, what every page carries, and what another site's page cannot do.

use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{TestApp, actor};

#[tokio::test]
async fn a_stranger_is_sent_to_sign_in_and_back() {
    let app = TestApp::sqlite().await;
    let answer = app.browser(None).get("/admin?x=1").await;
    assert_eq!(answer.status(), 303);
    assert_eq!(answer.headers()["location"], "/login?next=%2Fadmin%3Fx%3D1");
    let wrong = app.browser(Some(&"A".repeat(43))).get("/admin").await;
    assert_eq!(wrong.status(), 303);
}

#[tokio::test]
async fn a_stay_ends_with_the_right_to_it() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = app
            .user(&account, "sam@acme.example", Role::Admin, None)
            .await;
        app.caught_up().await;
        let browser = app.session(&sam).await;
        let (status, text) = browser.page("/admin").await;
        assert_eq!(status, 200, "{}", app.engine);
        assert!(text.contains("Hello, sam@acme.example"));
        for edit in [
            UserEdit {
                active: Some(false),
                ..UserEdit::default()
            },
            // Enabling somebody again does not bring back what they had before.
            UserEdit {
                active: Some(true),
                ..UserEdit::default()
            },
        ] {
            user_edit(&app.ctx, &actor(), sam.id, edit).await.unwrap();
            app.caught_up().await;
            assert_eq!(browser.page("/admin").await.0, 303, "{}", app.engine);
        }
    }
}

#[tokio::test]
async fn a_stay_ends_by_itself_and_by_signing_out() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let sam = app
        .user(&account, "sam@acme.example", Role::Admin, None)
        .await;
    app.caught_up().await;
    let (idle, used, out) = (
        app.session(&sam).await,
        app.session(&sam).await,
        app.session(&sam).await,
    );
    let answer = out.post_form("/logout", &[]).await;
    assert_eq!(answer.headers()["location"], "/login?notice=signed-out");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("Max-Age=0"), "{cookie}");
    assert_eq!(out.page("/admin").await.0, 303);
    for hour in 1..=24 {
        app.clock.advance_secs(3_600);
        app.caught_up().await;
        let used = used.page("/admin").await.0;
        assert_eq!(used, if hour < 24 { 200 } else { 303 }, "hour {hour}");
        if hour == 8 {
            assert_eq!(idle.page("/admin").await.0, 303);
        }
    }
}

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let sam = app
        .user(&account, "sam@acme.example", Role::Admin, None)
        .await;
    app.caught_up().await;
    let browser = app.session(&sam).await;
    let answer = browser
        .send(reqwest::Method::POST, "/logout", |request| {
            request.header("sec-fetch-site", "cross-site")
        })
        .await;
    assert_eq!(answer.status(), 403);
    assert_eq!(browser.page("/admin").await.0, 200, "the stay goes on");
}

#[tokio::test]
async fn every_page_is_sealed_off() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let sam = app
        .user(&account, "sam@acme.example", Role::Admin, None)
        .await;
    app.caught_up().await;
    let answer = app.session(&sam).await.get("/admin").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("cache-control"), "no-store");
    let text = answer.text().await.unwrap();
    assert!(!text.contains("style=") && !text.contains("<script>"));
}
