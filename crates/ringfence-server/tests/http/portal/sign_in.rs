//! Signing in, and one's own ways in.

use ringfence_app::error::Error;
use ringfence_app::sign_in::{PasswordAttempt, Progress, Visitor, password_sign_in};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, User};
use ringfence_testkit::test_app::{Browser, TestApp, actor};
use std::net::IpAddr;
use std::sync::Arc;

pub(super) const PASSWORD: &str = "correct horse battery";

pub(super) async fn person(app: &TestApp, account: &Account, username: &str) -> User {
    let user = app.user(account, username, Role::Admin, None).await;
    let edit = UserEdit {
        password: Some(Secret::new(PASSWORD.to_owned())),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), user.id, edit).await.unwrap();
    app.caught_up().await;
    user
}

pub(super) fn from(last: u8) -> Visitor {
    Visitor {
        address: Some(IpAddr::from([203, 0, 113, last])),
        browser: "test".to_owned(),
    }
}

pub(super) async fn attempt(
    app: &TestApp,
    name: &str,
    password: &str,
    last: u8,
) -> Result<Progress, Error> {
    let attempt = PasswordAttempt {
        username: name.to_owned(),
        account: None,
        password: Secret::new(password.to_owned()),
    };
    password_sign_in(&app.ctx, attempt, &from(last)).await
}

/// The value that an answer gives a cookie.
pub(super) fn cookie(answer: &reqwest::Response, name: &str) -> Option<String> {
    let lines = answer.headers().get_all("set-cookie").iter();
    let mut values = lines.filter_map(|line| {
        let line = line.to_str().unwrap();
        let (found, rest) = line.split_once('=')?;
        assert!(
            line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "{line}"
        );
        (found == name).then(|| rest.split(';').next().unwrap().to_owned())
    });
    values.next().filter(|value| !value.is_empty())
}

pub(super) async fn sign_in(app: &TestApp, fields: &[(&str, &str)]) -> reqwest::Response {
    app.browser(None).post_form("/login", fields).await
}

pub(super) async fn signed_in(app: &TestApp, username: &str) -> Browser {
    let answer = sign_in(app, &[("username", username), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), 303);
    app.browser(Some(&cookie(&answer, "__Host-ringfence").unwrap()))
}

#[tokio::test]
async fn a_right_password_lets_in_and_goes_on_where_one_wanted() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        person(&app, &account, "sam@acme.example").await;
        let nobody = app.browser(None);
        let (status, page) = nobody.page("/login?next=%2Fadmin%2Fme").await;
        assert_eq!(status, 200, "{}", app.engine);
        assert!(page.contains("value=\"/admin/me\"") && page.contains("<h1>Sign in</h1>"));
        let answer = sign_in(
            &app,
            &[
                ("username", " Sam@Acme.example "),
                ("password", PASSWORD),
                ("next", "/admin/me"),
            ],
        )
        .await;
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], "/admin/me");
        let value = cookie(&answer, "__Host-ringfence").unwrap();
        assert_eq!(value.len(), 43, "256 bits");
        let browser = app.browser(Some(&value));
        let (status, page) = browser.page("/admin/me").await;
        assert_eq!(status, 200, "{page}");
        assert!(page.contains("sam@acme.example") && page.contains("This one"));
        assert_eq!(
            browser.get("/login").await.headers()["location"],
            "/admin",
            "who is in need not sign in"
        );
        let again = sign_in(
            &app,
            &[("username", "sam@acme.example"), ("password", PASSWORD)],
        )
        .await;
        assert_ne!(cookie(&again, "__Host-ringfence").unwrap(), value);
    }
}

#[tokio::test]
async fn every_failure_looks_alike() {
    let app = TestApp::sqlite().await;
    let (acme, rival) = (app.account("acme").await, app.account("rival").await);
    person(&app, &acme, "sam").await;
    person(&app, &acme, "both").await;
    person(&app, &rival, "both").await;
    let locked = person(&app, &acme, "locked").await;
    let edit = UserEdit {
        locked: Some(true),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), locked.id, edit)
        .await
        .unwrap();
    app.user(&acme, "no-password", Role::Admin, None).await;
    app.caught_up().await;
    let mut pages = Vec::new();
    for (username, account, password) in [
        ("sam", "", "wrong"),
        ("sam", "rival", PASSWORD),
        ("sam", "nowhere", PASSWORD),
        ("nobody", "", PASSWORD),
        ("not a name", "", PASSWORD),
        ("locked", "", PASSWORD),
        ("no-password", "", ""),
        ("both", "", PASSWORD),
    ] {
        let fields = [
            ("username", username),
            ("account", account),
            ("password", password),
        ];
        let began = std::time::Instant::now();
        let answer = sign_in(&app, &fields).await;
        assert!(
            began.elapsed().as_millis() >= 400,
            "{username}: answered when due"
        );
        assert_eq!(answer.status(), 422, "{username}");
        assert!(cookie(&answer, "__Host-ringfence").is_none());
        let page = answer.text().await.unwrap();
        assert!(!page.contains(PASSWORD), "the password does not come back");
        let page = page
            .replace(&format!("value=\"{username}\""), "value=\"\"")
            .replace(&format!("value=\"{account}\""), "value=\"\"");
        pages.push(page.replace(" open>", ">"));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    let fields = [
        ("username", "both"),
        ("account", "Rival"),
        ("password", PASSWORD),
    ];
    assert_eq!(sign_in(&app, &fields).await.status(), 303);
}

#[tokio::test]
async fn item_15_failures_slow_the_address_that_fails_and_lock_nobody_out() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        person(&app, &account, "sam").await;
        let mut refused = 0;
        for _ in 0..12 {
            match attempt(&app, "sam", "wrong", 1).await {
                Err(Error::Unauthenticated) => {}
                Err(Error::TooMany { retry_after_secs }) => {
                    assert!(retry_after_secs >= 1);
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(refused >= 5, "{}: {refused}", app.engine);
        assert!(
            matches!(
                attempt(&app, "sam", PASSWORD, 1).await,
                Err(Error::TooMany { .. })
            ),
            "{}: not even the right password, from there",
            app.engine
        );
        let elsewhere = attempt(&app, "sam", PASSWORD, 2).await;
        assert!(matches!(elsewhere, Ok(Progress::In(_))), "{}", app.engine);
        app.clock.advance_secs(900);
        app.caught_up().await;
        let later = attempt(&app, "sam", PASSWORD, 1).await;
        assert!(matches!(later, Ok(Progress::In(_))), "{}", app.engine);
        let free = attempt(&app, "sam", "wrong", 1).await;
        assert!(matches!(free, Err(Error::Unauthenticated)), "forgiven");
    }
}

#[tokio::test]
async fn item_15_an_address_that_tries_many_names_is_slowed() {
    let app = TestApp::sqlite().await;
    let mut tried = 0;
    for n in 0..60 {
        if matches!(
            attempt(&app, &format!("name{n}"), "x", 1).await,
            Err(Error::Unauthenticated)
        ) {
            tried += 1;
        }
    }
    assert!((50..=52).contains(&tried), "{tried}");
    let elsewhere = attempt(&app, "name1", "x", 2).await;
    assert!(matches!(elsewhere, Err(Error::Unauthenticated)));
}

#[tokio::test(flavor = "multi_thread")]
async fn item_15_attempts_at_the_same_moment_are_many_and_not_one() {
    for app in TestApp::both().await {
        let app = Arc::new(app);
        let account = app.account("acme").await;
        person(&app, &account, "sam").await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let app = Arc::clone(&app);
            tasks.spawn(async move { attempt(&app, "sam", "wrong", 1).await });
        }
        let outcomes = tasks.join_all().await;
        let looked_at = outcomes
            .iter()
            .filter(|o| matches!(o, Err(Error::Unauthenticated)))
            .count();
        assert!(looked_at <= 7, "{}: {looked_at} were looked at", app.engine);
    }
}

#[tokio::test]
async fn too_many_attempts_say_when_to_come_back() {
    let app = TestApp::sqlite().await;
    let fields = [("username", "sam"), ("password", "wrong")];
    for _ in 0..6 {
        let visitor = Visitor {
            address: Some(IpAddr::from([127, 0, 0, 1])),
            browser: String::new(),
        };
        let attempt = PasswordAttempt {
            username: "sam".to_owned(),
            account: None,
            password: Secret::new("wrong".to_owned()),
        };
        let _ = password_sign_in(&app.ctx, attempt, &visitor).await;
    }
    let answer = sign_in(&app, &fields).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(answer.text().await.unwrap().contains("Too many attempts"));
}

#[tokio::test]
async fn a_session_is_seen_and_ended() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = person(&app, &account, "sam").await;
        let (here, there, third) = (
            signed_in(&app, "sam").await,
            signed_in(&app, "sam").await,
            app.session(&sam).await,
        );
        let page = here.page("/admin/me").await.1;
        let links: Vec<&str> = page
            .split("href=\"/admin/me/sessions/")
            .skip(1)
            .filter_map(|rest| rest.split("/end\"").next())
            .filter(|id| id.len() == 36)
            .collect();
        assert_eq!(links.len(), 3, "{page}");
        // Newest first: the third stay, then the second.
        let path = format!("/admin/me/sessions/{}/end", links[1]);
        let (status, question) = here.page(&path).await;
        assert_eq!(status, 200);
        assert!(question.contains("End this session?"));
        assert_eq!(there.page("/admin/me").await.0, 200, "asking ends nothing");
        let answer = here.post_form(&path, &[]).await;
        assert_eq!(
            answer.headers()["location"],
            "/admin/me?notice=session-ended"
        );
        assert_eq!(there.page("/admin/me").await.0, 303, "{}", app.engine);
        assert_eq!(here.post_form(&path, &[]).await.status(), 404);
        assert_eq!(
            here.post_form("/admin/me/sessions/end", &[]).await.status(),
            303
        );
        assert_eq!(third.page("/admin/me").await.0, 303);
        assert_eq!(here.page("/admin/me").await.0, 200);
        let eve = person(&app, &account, "eve").await;
        let theirs = app.session(&eve).await;
        let own = here.page("/admin/me").await.1;
        let id = own
            .split("/sessions/")
            .nth(1)
            .unwrap()
            .split('/')
            .next()
            .unwrap();
        let path = format!("/admin/me/sessions/{id}/end");
        assert_eq!(
            theirs.post_form(&path, &[]).await.status(),
            404,
            "another's"
        );
        assert_eq!(here.page("/admin/me").await.0, 200);
    }
}

#[tokio::test]
async fn a_changed_password_ends_other_sessions() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    person(&app, &account, "sam").await;
    let (here, there) = (signed_in(&app, "sam").await, signed_in(&app, "sam").await);
    let change = |old: &'static str, new: &'static str, again: &'static str| {
        let here = here.clone();
        async move {
            let fields = [("old", old), ("password", new), ("password_again", again)];
            here.post_form("/admin/me/password", &fields).await
        }
    };
    assert_eq!(
        change("wrong", "another horse", "another horse")
            .await
            .status(),
        422
    );
    assert_eq!(
        change(PASSWORD, "another horse", "another").await.status(),
        422
    );
    assert_eq!(change(PASSWORD, "short", "short").await.status(), 422);
    assert_eq!(there.page("/admin/me").await.0, 200);
    let answer = change(PASSWORD, "another horse", "another horse").await;
    assert_eq!(
        answer.headers()["location"],
        "/admin/me?notice=password-changed"
    );
    assert_eq!(here.page("/admin/me").await.0, 200);
    assert_eq!(there.page("/admin/me").await.0, 303);
    assert!(attempt(&app, "sam", PASSWORD, 9).await.is_err());
    assert!(attempt(&app, "sam", "another horse", 9).await.is_ok());
}

#[tokio::test]
async fn the_api_says_who_calls_and_ends_their_sessions() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let sam = person(&app, &account, "sam").await;
    let (here, there) = (app.session(&sam).await, app.session(&sam).await);
    let me: serde_json::Value = here
        .api("GET", "/api/v1/me", None)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&me["username"], &me["account"]),
        (&"sam".into(), &"acme".into())
    );
    let path = "/api/v1/me/sessions";
    let all: serde_json::Value = here.api("GET", path, None).await.json().await.unwrap();
    let all = all["items"].as_array().unwrap();
    assert_eq!(all.len(), 2);
    let other = all.iter().find(|s| s["current"] == false).unwrap();
    assert_eq!(other["method"], "password");
    let path = format!("{path}/{}", other["id"].as_str().unwrap());
    assert_eq!(here.api("DELETE", &path, None).await.status(), 204);
    assert_eq!(here.api("DELETE", &path, None).await.status(), 404);
    assert_eq!(there.api("GET", "/api/v1/me", None).await.status(), 401);

    let credential = app.credential(&account, &sam, "management:read").await;
    let token = app.token(&credential, "management:read").await;
    let me = app.http.get(app.url("/api/v1/me")).bearer_auth(token);
    let me: serde_json::Value = me.send().await.unwrap().json().await.unwrap();
    assert_eq!(me["credentialId"], credential.credential.id.to_string());
    assert_eq!(me["mayWrite"], false);
}
