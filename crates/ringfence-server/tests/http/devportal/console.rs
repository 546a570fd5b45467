//! *API Console*: a token in hand, a call, its answer; and what it must not keep.

use super::{between, dana};
use ringfence_app::developer_console::callback_url;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::developer::Developer;
use ringfence_core::secret::Secret;
use ringfence_core::user::Role;
use ringfence_testkit::applications::TestApplication;
use ringfence_testkit::test_app::{Browser, TestApp, actor};

const CONSOLE: &str = "/devportal/apis/Provisioning/console";
const ACCOUNT: &str = "GET /t/vbc.prod/provisioning/api/accounts/{account_id}";
const PASSWORD: &str = "a user's own sentence 5";

struct Bench {
    app: TestApp,
    developer: Developer,
    browser: Browser,
    application: TestApplication,
}

impl Bench {
    /// A developer with an application that has every grant, and a user of a VBC account.
    async fn new() -> Self {
        let app = TestApp::sqlite().await;
        let developer = dana(&app).await;
        let account = app.vbc_account("widgets").await;
        let user = app.user(&account, "api_user", Role::Admin, None).await;
        let edit = UserEdit {
            password: Some(Secret::new(PASSWORD.to_owned())),
            ..UserEdit::default()
        };
        user_edit(&app.ctx, &actor(), user.id, edit).await.unwrap();
        let callback = callback_url(&app.ctx);
        let change = |application: &mut ringfence_core::application::Application| {
            if let Some(keys) = &mut application.keys {
                keys.callbacks.push(CallbackUrl::parse(&callback).unwrap());
            }
        };
        let application = app.application_with(&developer, "Tried", change).await;
        let browser = app.developer_session(&developer).await;
        Self {
            app,
            developer,
            browser,
            application,
        }
    }

    async fn act(&self, fields: &[(&str, &str)]) -> (u16, String) {
        let answer = self.browser.post_form(CONSOLE, fields).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn password(&self, password: &str) -> (u16, String) {
        let id = self.application.application.id.to_string();
        self.act(&[
            ("act", "password"),
            ("op", ACCOUNT),
            ("application", &id),
            ("secret", self.application.secret.expose()),
            ("username", "api_user"),
            ("password", password),
        ])
        .await
    }
}

#[tokio::test]
async fn a_token_by_password_makes_a_call_and_the_page_keeps_neither_in_the_open() {
    let bench = Bench::new().await;
    let (status, page) = bench.browser.page(CONSOLE).await;
    assert_eq!(status, 200);
    assert!(page.contains("1. A token") && page.contains("2. The call"));
    let (status, page) = bench.password(PASSWORD).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("In hand"));
    assert!(!page.contains(PASSWORD) && !page.contains(bench.application.secret.expose()));
    let held = between(&page, "name=\"held\" value=\"", "\"").to_owned();
    assert!(
        !held.starts_with("ey"),
        "the token itself is not in the page"
    );
    let call = [
        ("act", "send"),
        ("op", ACCOUNT),
        ("held", held.as_str()),
        ("account_id", "self"),
    ];
    let (status, page) = bench.act(&call).await;
    assert_eq!(status, 200);
    assert!(page.contains("200 OK"), "{page}");
    assert!(page.contains("accounts/self") && page.contains("$ACCESS_TOKEN"));
    assert!(page.contains("Headers of the answer"));

    // It opens for nobody else, and for a quarter of an hour.
    let eve = bench.app.developer("eve.api").await;
    let eve = bench.app.developer_session(&eve).await;
    let answer = eve.post_form(CONSOLE, &call).await;
    assert_eq!(answer.status(), 422);
    bench.app.clock.advance_secs(901);
    bench.app.caught_up().await;
    let (status, page) = bench.act(&call).await;
    assert_eq!(status, 422);
    assert!(page.contains("held for too long"));
}

#[tokio::test]
async fn what_the_token_endpoint_refuses_is_said_and_nothing_is_kept() {
    let bench = Bench::new().await;
    let (status, page) = bench.password("wrong").await;
    assert_eq!(status, 422);
    assert!(page.contains("invalid_grant") && !page.contains("In hand"));
    assert!(page.contains("value=\"api_user\"") && !page.contains("value=\"wrong\""));
    let (status, page) = bench
        .act(&[("act", "send"), ("op", ACCOUNT), ("account_id", "")])
        .await;
    assert_eq!(status, 422);
    assert!(page.contains("Get a token first") && page.contains("account_id-error"));
}

#[tokio::test]
async fn a_pasted_token_that_is_none_is_refused_by_the_api_itself() {
    let bench = Bench::new().await;
    let (status, _) = bench
        .act(&[("act", "paste"), ("op", ACCOUNT), ("token", "two words")])
        .await;
    assert_eq!(status, 422);
    let (_, page) = bench
        .act(&[("act", "paste"), ("op", ACCOUNT), ("token", "nonsense")])
        .await;
    let held = between(&page, "name=\"held\" value=\"", "\"").to_owned();
    let call = [
        ("act", "send"),
        ("op", ACCOUNT),
        ("held", held.as_str()),
        ("account_id", "self"),
    ];
    let (status, page) = bench.act(&call).await;
    assert_eq!(status, 200, "the console answers; the API refuses");
    assert!(page.contains("401 Unauthorized") && page.contains("900901"));
}

#[tokio::test]
async fn the_code_flow_goes_to_the_sign_in_and_comes_back_to_the_same_developer_only() {
    let bench = Bench::new().await;
    let id = bench.application.application.id.to_string();
    let fields = [
        ("act", "authorize"),
        ("op", ACCOUNT),
        ("code_application", &id),
    ];
    let answer = bench.browser.post_form(CONSOLE, &fields).await;
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let wanted = format!("{}/authorize?response_type=code&", bench.app.base);
    assert!(location.starts_with(&wanted), "{location}");
    assert!(location.contains("code_challenge_method=S256"));
    let state = between(&format!("{location}&"), "&state=", "&").to_owned();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-ringfence-console=") && cookie.contains("HttpOnly"));
    let cookie = cookie.split(';').next().unwrap().to_owned();

    let back = async |browser: &Browser, cookie: &str, query: &str| {
        let path = format!("/devportal/console/callback?{query}");
        let answer = browser
            .send(reqwest::Method::GET, &path, |request| {
                request.header("cookie", cookie)
            })
            .await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let good = format!("state={state}&code={}", "A".repeat(43));
    let (status, page) = back(&bench.browser, &cookie, &good).await;
    assert_eq!(status, 200);
    assert!(page.contains("Finish the sign-in") && page.contains("name=\"flow\""));
    let (status, _) = back(&bench.browser, &cookie, "state=another&code=x").await;
    assert_eq!(status, 422);
    let (status, _) = back(&bench.browser, "__Host-ringfence-console=x", &good).await;
    assert_eq!(status, 422);
    let other = bench.app.developer("eve.api").await;
    let eve = bench.app.developer_session(&other).await;
    assert_eq!(back(&eve, &cookie, &good).await.0, 422);
    let denied = format!("state={state}&error=access_denied&error_description=no");
    let (status, page) = back(&bench.browser, &cookie, &denied).await;
    assert_eq!(status, 422);
    assert!(page.contains("access_denied"));
}

#[tokio::test]
async fn an_application_without_the_consoles_callback_is_told_which_to_add() {
    let bench = Bench::new().await;
    let plain = bench.app.application(&bench.developer, "Plain").await;
    let id = plain.application.id.to_string();
    let (status, page) = bench
        .act(&[
            ("act", "authorize"),
            ("op", ACCOUNT),
            ("code_application", &id),
        ])
        .await;
    assert_eq!(status, 422);
    assert!(
        page.contains("code_application-error") && page.contains("/devportal/console/callback")
    );
}

#[tokio::test]
async fn a_suite_that_is_not_served_has_nothing_to_try() {
    let bench = Bench::new().await;
    let (status, page) = bench.browser.page("/devportal/apis/Reports/console").await;
    assert_eq!(status, 200);
    assert!(page.contains("Nothing to try yet"));
    let fields = [
        ("act", "send"),
        (
            "op",
            "GET /t/vbc.prod/reports/accounts/{account_id}/call-logs",
        ),
    ];
    let answer = bench
        .browser
        .post_form("/devportal/apis/Reports/console", &fields)
        .await;
    assert_eq!(answer.status(), 404);
}
