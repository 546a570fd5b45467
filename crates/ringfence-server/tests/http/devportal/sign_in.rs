//! Who gets in, what every page carries, and that developers and people of accounts are kept apart.

use super::{PASSWORD, dana};
use ringfence_app::developers::{DeveloperEdit, developer_edit};
use ringfence_core::secret::Secret;
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{TestApp, actor};

async fn sign_in(app: &TestApp, username: &str, password: &str) -> reqwest::Response {
    let fields = [
        ("username", username),
        ("password", password),
        ("next", "/devportal/apis"),
    ];
    app.browser(None)
        .post_form("/devportal/login", &fields)
        .await
}

#[tokio::test]
async fn a_developer_signs_in_and_is_led_on() {
    for app in TestApp::both().await {
        dana(&app).await;
        let answer = app.browser(None).get("/devportal/apis?x=1").await;
        assert_eq!(answer.status(), 303);
        let login = "/devportal/login?next=%2Fdevportal%2Fapis%3Fx%3D1";
        assert_eq!(answer.headers()["location"], login);
        let (status, page) = app.browser(None).page(login).await;
        assert_eq!(status, 200);
        assert!(page.contains("Sign in to the Developer Portal"));
        let answer = sign_in(&app, " Dana.API ", PASSWORD).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        assert_eq!(answer.headers()["location"], "/devportal/apis");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-ringfence-dev="), "{cookie}");
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_read_alike() {
    let app = TestApp::sqlite().await;
    let dana = dana(&app).await;
    let page = |username: &'static str, password: &'static str| {
        let app = &app;
        async move {
            let answer = sign_in(app, username, password).await;
            assert_eq!(answer.status(), 422);
            assert!(!answer.headers().contains_key("set-cookie"));
            answer.text().await.unwrap().replace(username, "NAME")
        }
    };
    let wrong = page("dana.api", "not the password").await;
    let unknown = page("nobody.api", "not the password").await;
    let no_name = page("no name at all", "not the password").await;
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, no_name);
    let off = DeveloperEdit {
        active: Some(false),
        ..DeveloperEdit::default()
    };
    developer_edit(&app.ctx, &actor(), &dana.username, off)
        .await
        .unwrap();
    assert_eq!(page("dana.api", PASSWORD).await, wrong);
}

#[tokio::test]
async fn guesses_are_slowed_and_do_not_count_for_a_user_of_the_same_name() {
    let app = TestApp::sqlite().await;
    dana(&app).await;
    let account = app.account("acme").await;
    let user = app.user(&account, "dana.api", Role::Admin, None).await;
    let edit = ringfence_app::users::UserEdit {
        password: Some(Secret::new(PASSWORD.to_owned())),
        ..ringfence_app::users::UserEdit::default()
    };
    ringfence_app::users::user_edit(&app.ctx, &actor(), user.id, edit)
        .await
        .unwrap();
    app.caught_up().await;
    let mut last = 422;
    for _ in 0..12 {
        last = sign_in(&app, "dana.api", "wrong").await.status().as_u16();
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    // The right password waits as well, and the page says how long.
    let answer = sign_in(&app, "dana.api", PASSWORD).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    let fields = [
        ("username", "dana.api"),
        ("password", PASSWORD),
        ("account", "acme"),
    ];
    let answer = app.browser(None).post_form("/login", &fields).await;
    assert_eq!(answer.status(), 303, "the other door counts apart");
}

#[tokio::test]
async fn the_two_portals_know_nothing_of_each_others_stays() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let account = app.account("acme").await;
    let sam = app.user(&account, "sam", Role::Admin, None).await;
    app.caught_up().await;
    let browser = app.developer_session(&developer).await;
    assert_eq!(browser.page("/devportal/applications").await.0, 200);
    assert_eq!(browser.page("/admin").await.0, 303);
    assert_eq!(browser.get("/api/v1/me").await.status(), 401);
    let person = app.session(&sam).await;
    assert_eq!(person.page("/devportal/applications").await.0, 303);
}

#[tokio::test]
async fn another_sites_page_changes_nothing_and_every_page_is_sealed_off() {
    let app = TestApp::sqlite().await;
    let developer = dana(&app).await;
    let browser = app.developer_session(&developer).await;
    let answer = browser
        .send(reqwest::Method::POST, "/devportal/logout", |request| {
            request.header("sec-fetch-site", "cross-site")
        })
        .await;
    assert_eq!(answer.status(), 403);
    let answer = browser.get("/devportal/applications").await;
    assert_eq!(answer.status(), 200, "the stay goes on");
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = answer.text().await.unwrap();
    assert!(!text.contains("style=") && !text.contains("<script>"));
    let (status, page) = browser.page("/devportal/nowhere").await;
    assert_eq!(status, 404);
    assert!(page.contains("Ringfence Developers") && page.contains("href=\"/devportal\""));
}

#[tokio::test]
async fn a_stay_ends_by_signing_out_by_time_and_with_the_right_to_it() {
    for app in TestApp::both().await {
        let developer = dana(&app).await;
        let out = app.developer_session(&developer).await;
        let answer = out.post_form("/devportal/logout", &[]).await;
        assert_eq!(
            answer.headers()["location"],
            "/devportal/login?notice=signed-out"
        );
        assert_eq!(out.page("/devportal/me").await.0, 303);

        let idle = app.developer_session(&developer).await;
        app.clock.advance_secs(8 * 3_600 + 1);
        assert_eq!(idle.page("/devportal/me").await.0, 303, "{}", app.engine);

        let live = app.developer_session(&developer).await;
        assert_eq!(live.page("/devportal/me").await.0, 200);
        for active in [false, true] {
            let edit = DeveloperEdit {
                active: Some(active),
                ..DeveloperEdit::default()
            };
            developer_edit(&app.ctx, &actor(), &developer.username, edit)
                .await
                .unwrap();
            assert_eq!(live.page("/devportal/me").await.0, 303, "{}", app.engine);
        }
    }
}
