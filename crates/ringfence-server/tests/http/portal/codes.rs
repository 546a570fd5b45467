//! Authenticator apps and recovery codes, as their owner and as a second step.

use super::sign_in::{PASSWORD, attempt, cookie, from, person, sign_in, signed_in};
use ringfence_app::caller::{Caller, Via};
use ringfence_app::error::Error;
use ringfence_app::session::{SignedIn, session_begin, session_caller};
use ringfence_app::sign_in::Progress;
use ringfence_app::sign_in::totp::{code_sign_in, totp_begin, totp_enrol};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::user::User;
use ringfence_testkit::test_app::{TestApp, actor};
use std::sync::Arc;

async fn caller(app: &TestApp, user: &User) -> Caller {
    let how = SignedIn {
        method: "password".to_owned(),
        address: None,
        browser: "test".to_owned(),
    };
    let handle = session_begin(&app.ctx, user.id, how).await.unwrap();
    let caller = session_caller(&app.ctx, handle.expose()).await.unwrap();
    assert!(matches!(caller.via, Via::Session(_)));
    caller
}

/// The code that an app with that secret shows.
fn code(app: &TestApp, secret: &str) -> String {
    ringfence_testkit::authenticator::code(secret, app.ctx.now())
}

#[tokio::test]
async fn an_authenticator_app_is_added_and_removed() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        person(&app, &account, "sam").await;
        let browser = signed_in(&app, "sam").await;
        let page = browser.page("/admin/me/authenticator").await.1;
        assert!(page.contains("<svg") && page.contains("QR code"));
        let field = |page: &str, mark: &str| {
            let rest = page.split(mark).nth(1).unwrap();
            rest.split(['"', '<']).next().unwrap().to_owned()
        };
        let secret = field(&page, "<code id=\"key\">");
        let step = field(&page, "name=\"step\" value=\"");
        let wrong = [("step", step.as_str()), ("code", "000000")];
        assert_eq!(
            browser
                .post_form("/admin/me/authenticator", &wrong)
                .await
                .status(),
            422
        );
        let now = code(&app, &secret);
        let right = [("step", step.as_str()), ("code", now.as_str())];
        let answer = browser.post_form("/admin/me/authenticator", &right).await;
        assert_eq!(answer.status(), 200);
        let page = answer.text().await.unwrap();
        let codes = field(&page, "<pre id=\"codes\">");
        let codes: Vec<&str> = codes.split_whitespace().collect();
        assert_eq!(codes.len(), 10);

        let remove = |password: &'static str| {
            let browser = browser.clone();
            async move {
                let fields = [("password", password)];
                browser
                    .post_form("/admin/me/authenticator/remove", &fields)
                    .await
                    .status()
            }
        };
        assert_eq!(remove("wrong").await, 422);
        assert_eq!(remove(PASSWORD).await, 303);
        signed_in(&app, "sam").await;
    }
}

/// Adds an app to somebody: its secret, the code that confirmed it, and the recovery codes.
async fn enrolled(app: &TestApp, user: &User) -> (String, String, Vec<String>) {
    let owner = caller(app, user).await;
    let new = totp_begin(&app.ctx, &owner).await.unwrap();
    let first = code(app, new.secret.expose());
    let codes = totp_enrol(&app.ctx, &owner, new.step.expose(), &first).await;
    let codes = codes.unwrap().iter().map(|c| c.expose().clone()).collect();
    (new.secret.expose().clone(), first, codes)
}

#[tokio::test]
async fn after_the_password_a_code_is_asked_for_and_each_is_good_once() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = person(&app, &account, "sam").await;
        let (secret, now, codes) = enrolled(&app, &sam).await;

        // The code that confirmed the app is used up.
        let begin = || async {
            let answer = sign_in(&app, &[("username", "sam"), ("password", PASSWORD)]).await;
            assert_eq!(answer.headers()["location"], "/login/code?next=%2Fadmin");
            assert!(cookie(&answer, "__Host-ringfence").is_none(), "not in yet");
            cookie(&answer, "__Host-ringfence-step").unwrap()
        };
        let give = |step: String, code: String| {
            let nobody = app.browser(None);
            async move {
                let header = format!("__Host-ringfence-step={step}");
                let body = format!("code={code}");
                nobody
                    .send(reqwest::Method::POST, "/login/code", |request| {
                        request
                            .header("cookie", header)
                            .header("content-type", "application/x-www-form-urlencoded")
                            .body(body)
                    })
                    .await
            }
        };
        assert_eq!(
            give(begin().await, now).await.status(),
            422,
            "{}",
            app.engine
        );
        app.clock.advance_secs(30);
        app.caught_up().await;
        let (step, fresh) = (begin().await, code(&app, &secret));
        let answer = give(step.clone(), fresh.clone()).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        let inside = app.browser(Some(&cookie(&answer, "__Host-ringfence").unwrap()));
        assert!(
            inside
                .page("/admin/me")
                .await
                .1
                .contains("password, then code")
        );
        assert_eq!(give(begin().await, fresh).await.status(), 422, "replayed");

        let answer = give(begin().await, codes[3].clone()).await;
        assert_eq!(answer.status(), 303, "a recovery code");
        assert_eq!(
            give(begin().await, codes[3].clone()).await.status(),
            422,
            "once"
        );
        let late = give(step, codes[4].clone()).await;
        assert!(
            late.headers()["location"]
                .to_str()
                .unwrap()
                .starts_with("/login?"),
            "a step is good once"
        );
        let answer = give("x".to_owned(), codes[5].clone()).await;
        assert!(
            answer.headers()["location"]
                .to_str()
                .unwrap()
                .starts_with("/login?")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_give_the_same_code_one_gets_in() {
    for app in TestApp::both().await {
        let app = Arc::new(app);
        let account = app.account("acme").await;
        let sam = person(&app, &account, "sam").await;
        let (secret, _, _) = enrolled(&app, &sam).await;
        app.clock.advance_secs(30);
        app.caught_up().await;
        let fresh = code(&app, &secret);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (app, fresh) = (Arc::clone(&app), fresh.clone());
            tasks.spawn(async move {
                let Ok(Progress::CodeWanted(step)) = attempt(&app, "sam", PASSWORD, n).await else {
                    panic!("a code is wanted");
                };
                code_sign_in(&app.ctx, step.expose(), &fresh, &from(n)).await
            });
        }
        let outcomes = tasks.join_all().await;
        let won = outcomes.iter().filter(|o| o.is_ok()).count();
        assert_eq!(won, 1, "{}: {outcomes:?}", app.engine);
    }
}

#[tokio::test]
async fn codes_that_are_guessed_are_slowed() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let sam = person(&app, &account, "sam").await;
    enrolled(&app, &sam).await;
    let Ok(Progress::CodeWanted(step)) = attempt(&app, "sam", PASSWORD, 1).await else {
        panic!("a code is wanted");
    };
    let mut slowed = false;
    for n in 0..8 {
        let guess = format!("00000{n}");
        let outcome = code_sign_in(&app.ctx, step.expose(), &guess, &from(n)).await;
        slowed |= matches!(outcome, Err(Error::TooMany { .. }));
    }
    assert!(slowed, "from whatever address");
}

#[tokio::test]
async fn an_admin_lets_in_anew_who_lost_a_device_and_no_operator() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let (admin, sam, boss) = (
        person(&app, &account, "admin").await,
        person(&app, &account, "sam").await,
        person(&app, &account, "boss").await,
    );
    let edit = UserEdit {
        operator: Some(true),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), boss.id, edit).await.unwrap();
    enrolled(&app, &sam).await;
    app.caught_up().await;
    let browser = app.session(&admin).await;
    let path = |user: &User| format!("/admin/users/{}/invite", user.id);
    let question = format!("/admin/users/{}/lost-device", sam.id);
    assert_eq!(browser.page(&question).await.0, 200);
    let forget = [("forget", "yes")];
    let refused = browser.post_form(&path(&boss), &forget).await;
    assert_eq!(refused.status(), 403);
    let answer = browser.post_form(&path(&sam), &forget).await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    let token = page.split("/invite/").nth(1).unwrap();
    let token = token.split('<').next().unwrap();
    let answer = app
        .browser(None)
        .post_form(
            &format!("/invite/{token}"),
            &[
                ("password", "new password"),
                ("password_again", "new password"),
            ],
        )
        .await;
    assert_eq!(answer.status(), 303);
    assert!(
        cookie(&answer, "__Host-ringfence").is_some(),
        "no code is asked for any more"
    );
}
