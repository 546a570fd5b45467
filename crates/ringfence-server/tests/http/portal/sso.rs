//! Signing in through an OpenID Connect provider.

use ringfence_app::context::Settings;
use ringfence_app::sign_in::sso::{Keeper, Provider};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::AccountName;
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, User};
use ringfence_testkit::provider::{Behaviour, CLIENT_ID, CLIENT_SECRET, TestProvider};
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::{Value, json};

const BEGIN: &str = "/login/sso/corp?next=%2Fadmin%2Fme";
const REFUSED: &str = "/login?again=sso";

async fn started(link_by_email: bool) -> (TestApp, TestProvider, User) {
    let upstream = TestProvider::start().await;
    let provider = Provider {
        name: "corp".to_owned(),
        title: "Example Corp".to_owned(),
        issuer: upstream.issuer.clone(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new(CLIENT_SECRET.to_owned()),
        account: AccountName::parse("acme").unwrap(),
        scopes: vec!["email".to_owned()],
        username_claim: "preferred_username".to_owned(),
        link_by_email,
        ask_code: false,
        keeper: Keeper::Settings,
    };
    let settings = Settings {
        providers: vec![provider],
        ..Settings::default()
    };
    let app = TestApp::start(ringfence_testkit::stores::sqlite(), settings).await;
    let account = app.account("acme").await;
    let sam = app.user(&account, "sam", Role::Admin, None).await;
    app.caught_up().await;
    (app, upstream, sam)
}

fn claims(changes: &Value) -> Behaviour {
    Behaviour {
        claims: changes.as_object().unwrap().clone(),
        ..Behaviour::default()
    }
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn cookie(answer: &reqwest::Response, name: &str) -> Option<String> {
    let lines = answer.headers().get_all("set-cookie").iter();
    let mut values = lines.filter_map(|line| {
        let (found, rest) = line.to_str().unwrap().split_once('=')?;
        (found == name).then(|| rest.split(';').next().unwrap().to_owned())
    });
    values.next().filter(|value| !value.is_empty())
}

/// Goes to the provider and comes back: the path, and the step that the browser carries.
async fn there_and_back(app: &TestApp) -> (String, String) {
    let answer = app.browser(None).get(BEGIN).await;
    assert_eq!(answer.status(), 303);
    let step = cookie(&answer, "__Host-ringfence-step").unwrap();
    let there = app.http.get(location(&answer)).send().await.unwrap();
    let back = location(&there);
    (back.strip_prefix(&app.base).unwrap().to_owned(), step)
}

async fn come_back(app: &TestApp, path: &str, step: &str) -> reqwest::Response {
    let cookie = format!("__Host-ringfence-step={step}");
    let browser = app.browser(None);
    browser
        .send(reqwest::Method::GET, path, |request| {
            request
                .header("cookie", cookie)
                .header("sec-fetch-site", "cross-site")
        })
        .await
}

/// Where a whole sign-in leads.
async fn sign_in(app: &TestApp) -> String {
    let (back, step) = there_and_back(app).await;
    location(&come_back(app, &back, &step).await)
}

#[tokio::test]
async fn somebody_comes_in_through_a_provider() {
    let (app, _upstream, _) = started(false).await;
    let page = app.browser(None).page("/login?next=%2Fadmin%2Fme").await.1;
    assert!(page.contains("Sign in with Example Corp"), "{page}");
    let (back, step) = there_and_back(&app).await;
    let answer = come_back(&app, &back, &step).await;
    assert_eq!(location(&answer), "/admin/me");
    let session = cookie(&answer, "__Host-ringfence").unwrap();
    let page = app.browser(Some(&session)).page("/admin/me").await.1;
    assert!(page.contains("<td>corp</td>"), "how they came: {page}");
    let again = come_back(&app, &back, &step).await;
    assert_eq!(location(&again), REFUSED, "a step is good once");
    assert!(cookie(&again, "__Host-ringfence").is_none());
}

#[tokio::test]
async fn rfc9700_4_7_only_the_browser_that_was_sent_comes_back() {
    let (app, _upstream, _) = started(false).await;
    let (back, step) = there_and_back(&app).await;
    let (_, other) = there_and_back(&app).await;
    for (path, step) in [
        (back.clone(), ""),
        (back.clone(), other.as_str()),
        (back.replace("state=", "state=x"), step.as_str()),
        (back.replace("iss=http", "iss=https"), step.as_str()),
        (
            back.split("&iss=").next().unwrap().to_owned(),
            step.as_str(),
        ),
        (back.replace("code=code-", "code=none-"), step.as_str()),
        (
            "/login/sso/corp/callback?error=access_denied".to_owned(),
            step.as_str(),
        ),
    ] {
        let answer = come_back(&app, &path, step).await;
        assert_eq!(location(&answer), REFUSED, "{path}");
        assert!(cookie(&answer, "__Host-ringfence").is_none());
    }
    assert_eq!(
        app.browser(None).get("/login/sso/other").await.status(),
        404
    );
}

#[tokio::test]
async fn an_id_token_that_is_not_acceptable_lets_nobody_in() {
    let (app, upstream, _) = started(false).await;
    for changes in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"aud": [CLIENT_ID, "another"]}),
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"exp": 1}),
        json!({"sub": null}),
        json!({"preferred_username": "nobody"}),
        json!({"preferred_username": null}),
    ] {
        upstream.behave(claims(&changes));
        assert_eq!(sign_in(&app).await, REFUSED, "{changes}");
    }
    upstream.behave(Behaviour {
        signs_with_another_key: true,
        ..Behaviour::default()
    });
    assert_eq!(sign_in(&app).await, REFUSED);
    upstream.behave(Behaviour::default());
    assert_eq!(sign_in(&app).await, "/admin/me");
}

#[tokio::test]
async fn who_came_once_is_known_by_the_providers_subject() {
    let (app, upstream, sam) = started(false).await;
    assert_eq!(sign_in(&app).await, "/admin/me");
    upstream.behave(claims(&json!({"preferred_username": "renamed"})));
    assert_eq!(sign_in(&app).await, "/admin/me", "the same subject");
    upstream.behave(claims(&json!({"sub": "subject-2"})));
    assert_eq!(
        sign_in(&app).await,
        REFUSED,
        "another one under the old name"
    );
    upstream.behave(Behaviour::default());
    let edit = UserEdit {
        locked: Some(true),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), sam.id, edit).await.unwrap();
    app.caught_up().await;
    assert_eq!(
        sign_in(&app).await,
        REFUSED,
        "who may not act does not come in"
    );
}

#[tokio::test]
async fn an_e_mail_address_counts_only_when_verified_and_wanted() {
    let stranger = |verified: Value| {
        claims(&json!({
            "preferred_username": "nobody",
            "email": "SAM@example.com",
            "email_verified": verified,
        }))
    };
    let (app, upstream, _) = started(false).await;
    upstream.behave(stranger(json!(true)));
    assert_eq!(sign_in(&app).await, REFUSED, "not wanted");
    let (app, upstream, _) = started(true).await;
    for verified in [json!(false), json!("true"), json!(null)] {
        upstream.behave(stranger(verified.clone()));
        assert_eq!(sign_in(&app).await, REFUSED, "{verified}");
    }
    upstream.behave(stranger(json!(true)));
    assert_eq!(sign_in(&app).await, "/admin/me");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_said_so() {
    let (app, upstream, _) = started(false).await;
    drop(upstream);
    tokio::task::yield_now().await;
    let answer = app.browser(None).get(BEGIN).await;
    assert_eq!(answer.status(), 503);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Example Corp does not answer"), "{page}");
}
