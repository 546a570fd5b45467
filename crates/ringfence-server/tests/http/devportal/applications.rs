//! Applications: listed, added, edited, deleted; and never anybody else's.

use super::{added, dana};
use ringfence_testkit::test_app::TestApp;

const LIST: &str = "/devportal/applications";

#[tokio::test]
async fn an_application_is_added_edited_and_deleted() {
    for app in TestApp::both().await {
        let developer = dana(&app).await;
        let browser = app.developer_session(&developer).await;
        let (status, page) = browser.page(LIST).await;
        assert_eq!(status, 200);
        assert!(page.contains("No applications yet"));
        let (_, page) = browser.page("/devportal/applications/new").await;
        assert!(
            page.contains("value=\"10PerMin\" selected"),
            "vbc-api §2.2: the preset"
        );

        let path = added(&browser, "Phone book").await;
        let (status, page) = browser.page(&path).await;
        assert_eq!(status, 200);
        for text in ["Phone book", "10PerMin", "Approved", "What is left to do"] {
            assert!(page.contains(text), "{text}");
        }
        let (_, page) = browser.page(&format!("{path}/edit")).await;
        let version = super::between(&page, "name=\"version\" value=\"", "\"");
        let fields = [
            ("name", "Phone list"),
            ("quota", "Unlimited"),
            ("description", "Lists extensions."),
            ("version", version),
        ];
        let answer = browser.post_form(&format!("{path}/edit"), &fields).await;
        assert_eq!(answer.status(), 303);
        let again = browser.post_form(&format!("{path}/edit"), &fields).await;
        assert_eq!(again.status(), 409, "somebody has changed it meanwhile");
        let (_, page) = browser.page(&path).await;
        assert!(
            page.contains("Phone list")
                && page.contains("Unlimited")
                && page.contains("Lists extensions.")
        );

        let (status, page) = browser.page(&format!("{path}/delete")).await;
        assert_eq!(status, 200);
        assert!(page.contains("What stops working"));
        let answer = browser.post_form(&format!("{path}/delete"), &[]).await;
        assert_eq!(answer.status(), 303);
        assert_eq!(browser.page(&path).await.0, 404, "{}", app.engine);
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_taken_says_why_and_keeps_what_was_typed() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    added(&browser, "Taken").await;
    let long = "x".repeat(71);
    let wordy = "y".repeat(513);
    for (name, description, fault) in [
        ("", "", "name-error"),
        (long.as_str(), "", "name-error"),
        ("Good", wordy.as_str(), "description-error"),
        ("Taken", "kept", "name-error"),
    ] {
        let fields = [
            ("name", name),
            ("quota", "50PerMin"),
            ("description", description),
        ];
        let answer = browser.post_form(LIST, &fields).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains(fault), "{fault}");
        assert!(page.contains("value=\"50PerMin\" selected") && page.contains(description));
    }
    let seventy = "z".repeat(70);
    added(&browser, &seventy).await;
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_paged() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    for n in 0..27 {
        added(&browser, &format!("Program {n:02}")).await;
    }
    let (_, page) = browser.page(LIST).await;
    assert!(page.contains("1 to 25 of 27") && page.contains("aria-sort=\"ascending\""));
    assert!(page.contains("Program 00") && !page.contains("Program 26"));
    let (_, page) = browser.page("/devportal/applications?page=2").await;
    assert!(page.contains("26 to 27 of 27") && page.contains("Program 26"));
    let (_, page) = browser.page("/devportal/applications?sort=-created").await;
    assert!(page.contains("Program 26") && !page.contains("Program 01"));
    let (_, page) = browser.page("/devportal/applications?q=gram%2013").await;
    assert!(page.contains("Program 13") && !page.contains("Program 12"));
    let (_, page) = browser.page("/devportal/applications?q=nothing").await;
    assert!(page.contains("Nothing found") && page.contains("Show all"));
}

#[tokio::test]
async fn somebody_elses_application_is_not_there() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let path = added(&app.developer_session(&developer).await, "Mine").await;
    let other = app.developer("eve.api").await;
    let eve = app.developer_session(&other).await;
    for part in [
        "",
        "/edit",
        "/delete",
        "/keys",
        "/keys/secret",
        "/subscriptions",
    ] {
        assert_eq!(eve.page(&format!("{path}{part}")).await.0, 404, "{part}");
    }
    let id = path.rsplit('/').next().unwrap();
    for (target, fields) in [
        (format!("{path}/delete"), vec![]),
        (
            format!("{path}/keys"),
            vec![("grant", "client_credentials")],
        ),
        (format!("{path}/keys/secret"), vec![]),
        (format!("{path}/keys/remove"), vec![]),
        (
            format!("{path}/subscriptions"),
            vec![("suite", "Provisioning"), ("plan", "Standard")],
        ),
        (
            "/devportal/apis/Provisioning/applications".to_owned(),
            vec![("application", id), ("plan", "Standard")],
        ),
    ] {
        let answer = eve.post_form(&target, &fields).await;
        assert_eq!(answer.status(), 404, "{target}");
    }
    assert!(!eve.page(LIST).await.1.contains("Mine"));
}
