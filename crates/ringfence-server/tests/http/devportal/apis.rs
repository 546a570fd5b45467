//! The catalogue of suites, subscriptions, and the documentation.

use super::{added, between, dana};
use ringfence_core::suite::Suite;
use ringfence_testkit::test_app::TestApp;

#[tokio::test]
async fn the_catalogue_shows_all_suites_and_says_which_are_served() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    let (status, page) = browser.page("/devportal/apis").await;
    assert_eq!(status, 200);
    assert_eq!(page.matches("class=\"card tile\"").count(), 6);
    for suite in Suite::ALL {
        let path = format!("/devportal/apis/{}", suite.name());
        assert!(page.contains(&format!("href=\"{path}\"")));
        for part in ["", "/applications", "/documentation"] {
            let (status, page) = browser.page(&format!("{path}{part}")).await;
            assert_eq!(status, 200, "{path}{part}");
            let unserved = page.contains("Not served by this installation yet");
            assert_eq!(unserved, !suite.is_served(), "{path}{part}");
        }
    }
    assert_eq!(browser.page("/devportal/apis/Nothing").await.0, 404);
}

#[tokio::test]
async fn an_application_is_subscribed_from_either_side_and_unsubscribed() {
    for app in TestApp::both().await {
        let developer = dana(&app).await;
        let browser = app.developer_session(&developer).await;
        let apis = "/devportal/apis/Provisioning/applications";
        assert!(browser.page(apis).await.1.contains("No applications yet"));
        let path = added(&browser, "Phone book").await;
        let id = path.rsplit('/').next().unwrap();
        let fields = [("application", id), ("plan", "Standard")];
        let answer = browser.post_form(apis, &fields).await;
        assert_eq!(answer.status(), 303);
        let again = browser.post_form(apis, &fields).await;
        assert_eq!(again.status(), 422, "once is enough: {}", app.engine);
        let subscriptions = format!("{path}/subscriptions");
        let (_, page) = browser.page(&subscriptions).await;
        assert!(page.contains("Unblocked") && page.contains("Standard"));
        let fields = [("suite", "Reports"), ("plan", "Standard")];
        let answer = browser.post_form(&subscriptions, &fields).await;
        assert_eq!(answer.status(), 303);
        let (_, page) = browser.page(&subscriptions).await;
        let remove = format!("{subscriptions}/");
        let one = between(&page, &format!("href=\"{remove}"), "\"");
        let remove = format!("{remove}{one}");
        let (status, page) = browser.page(&remove).await;
        assert_eq!(status, 200);
        assert!(page.contains("What stops working"));
        assert_eq!(browser.post_form(&remove, &[]).await.status(), 303);
        assert_eq!(browser.post_form(&remove, &[]).await.status(), 404);
    }
}

#[tokio::test]
async fn the_documentation_holds_the_three_flows_with_this_installations_addresses() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    for path in [
        "/devportal/documentation",
        "/devportal/apis/Provisioning/documentation",
    ] {
        let (status, page) = browser.page(path).await;
        assert_eq!(status, 200);
        assert!(page.contains(&format!("{}/token", app.base)), "{path}");
        for text in [
            "grant_type=authorization_code",
            "grant_type=password",
            "grant_type=refresh_token",
            "$VBC_USERNAME@vbc.prod",
            "code_challenge_method=S256",
        ] {
            assert!(page.contains(text), "{path}: {text}");
        }
    }
}
