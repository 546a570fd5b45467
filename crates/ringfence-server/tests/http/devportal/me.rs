//! A developer's own page: profile, password, stays, personal tokens.

use super::{PASSWORD, between, dana};
use ringfence_app::developer_tokens::developer_of_token;
use ringfence_app::developers::{DeveloperEdit, developer_edit};
use ringfence_core::developer::DeveloperScope;
use ringfence_testkit::test_app::{TestApp, actor};

const ME: &str = "/devportal/me";

#[tokio::test]
async fn a_token_is_shown_once_works_until_deleted_and_does_what_its_scopes_say() {
    for app in TestApp::both().await {
        let developer = dana(&app).await;
        let browser = app.developer_session(&developer).await;
        let fields = [
            ("name", "Nightly"),
            ("scope", "apim:app_manage"),
            ("days", "30"),
        ];
        let answer = browser.post_form("/devportal/me/tokens", &fields).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let page = answer.text().await.unwrap();
        let token = between(&page, "id=\"token\">", "<").to_owned();
        assert!(token.starts_with("rfd_") && token.len() == 47);
        let caller = developer_of_token(&app.ctx, &token).await.unwrap();
        assert_eq!(caller.actor().0, format!("developer:{}", developer.id));
        assert!(caller.may(DeveloperScope::AppManage) && !caller.may(DeveloperScope::SubManage));
        assert!(
            developer_of_token(&app.ctx, &format!("{token}x"))
                .await
                .is_err()
        );
        let (_, page) = browser.page(ME).await;
        assert!(page.contains("Nightly") && !page.contains(&token));
        let delete = between(&page, "href=\"/devportal/me/tokens/", "/delete\"");
        let delete = format!("/devportal/me/tokens/{delete}/delete");
        let delete = delete.replace("/new/", "/");
        assert_eq!(browser.page(&delete).await.0, 200);
        assert_eq!(browser.post_form(&delete, &[]).await.status(), 303);
        assert!(
            developer_of_token(&app.ctx, &token).await.is_err(),
            "{}",
            app.engine
        );
    }
}

#[tokio::test]
async fn a_token_ends_by_time_and_with_its_developer() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    let make = async || {
        let fields = [("name", "x"), ("scope", "apim:subscribe"), ("days", "7")];
        let page = browser.post_form("/devportal/me/tokens", &fields).await;
        let page = page.text().await.unwrap();
        between(&page, "id=\"token\">", "<").to_owned()
    };
    let (short, barred) = (make().await, make().await);
    for active in [false, true] {
        let edit = DeveloperEdit {
            active: Some(active),
            ..DeveloperEdit::default()
        };
        developer_edit(&app.ctx, &actor(), &developer.username, edit)
            .await
            .unwrap();
        assert!(developer_of_token(&app.ctx, &barred).await.is_err());
        assert!(developer_of_token(&app.ctx, &short).await.is_err());
    }
    let developer = ringfence_app::developers::developer_show(&app.ctx, &developer.username)
        .await
        .unwrap();
    let browser = app.developer_session(&developer).await;
    let fields = [("name", "y"), ("scope", "apim:subscribe"), ("days", "7")];
    let page = browser.post_form("/devportal/me/tokens", &fields).await;
    let page = page.text().await.unwrap();
    let token = between(&page, "id=\"token\">", "<").to_owned();
    assert!(developer_of_token(&app.ctx, &token).await.is_ok());
    app.clock.advance_secs(7 * 86_400);
    assert!(developer_of_token(&app.ctx, &token).await.is_err());
}

#[tokio::test]
async fn profile_and_password_are_changed() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    let other = app.developer_session(&developer).await;
    let fields = [("name", "Dana D."), ("email", ""), ("company", "")];
    let answer = browser.post_form("/devportal/me/profile", &fields).await;
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("email-error"));
    let fields = [
        ("name", "Dana D."),
        ("email", "d@example.com"),
        ("company", ""),
    ];
    let answer = browser.post_form("/devportal/me/profile", &fields).await;
    assert_eq!(answer.status(), 303);
    assert!(browser.page(ME).await.1.contains("Dana D."));

    let change = async |old: &str, new: &str, again: &str| {
        let fields = [("old", old), ("password", new), ("password_again", again)];
        browser
            .post_form("/devportal/me/password", &fields)
            .await
            .status()
            .as_u16()
    };
    assert_eq!(
        change("wrong", "another sentence 8", "another sentence 8").await,
        422
    );
    assert_eq!(change(PASSWORD, "short", "short").await, 422);
    assert_eq!(
        change(PASSWORD, "another sentence 8", "another sentence 9").await,
        422
    );
    assert_eq!(
        change(PASSWORD, "another sentence 8", "another sentence 8").await,
        303
    );
    assert_eq!(browser.page(ME).await.0, 200, "this stay goes on");
    assert_eq!(other.page(ME).await.0, 303, "the others end");
}

#[tokio::test]
async fn a_stay_is_ended_from_another() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    let other = app.developer_session(&developer).await;
    let (_, page) = browser.page(ME).await;
    assert_eq!(page.matches("This one").count(), 1);
    assert_eq!(browser.page("/devportal/me/sessions/end").await.0, 200);
    let answer = browser.post_form("/devportal/me/sessions/end", &[]).await;
    assert_eq!(answer.status(), 303);
    assert_eq!(other.page(ME).await.0, 303);
    let (_, page) = browser.page(ME).await;
    let own = between(&page, "href=\"/devportal/me/sessions/", "/end\"").to_owned();
    let end = format!("/devportal/me/sessions/{own}/end");
    assert_eq!(browser.page(&end).await.0, 200);
    let answer = browser.post_form(&end, &[]).await;
    assert_eq!(
        answer.headers()["location"],
        "/devportal/login?notice=signed-out"
    );
}
