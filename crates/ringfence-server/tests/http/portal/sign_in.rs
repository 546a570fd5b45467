//! Signing in, and one's own ways in.

use ringfence_app::caller::{Caller, Via};
use ringfence_app::error::Error;
use ringfence_app::session::session_caller;
use ringfence_app::sign_in::link::{FirstOperator, invite_link, setup_finish, setup_link};
use ringfence_app::sign_in::totp::{totp_begin, totp_enrol};
use ringfence_app::sign_in::{PasswordAttempt, Progress, Visitor, password_sign_in};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::{Account, AccountName, Region};
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, User, Username};
use ringfence_testkit::test_app::{Browser, TestApp, actor};
use std::net::IpAddr;
use std::sync::Arc;

const PASSWORD: &str = "correct horse battery";

async fn person(app: &TestApp, account: &Account, username: &str) -> User {
    let user = app.user(account, username, Role::Admin, None).await;
    let edit = UserEdit {
        password: Some(Secret::new(PASSWORD.to_owned())),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), user.id, edit).await.unwrap();
    app.caught_up().await;
    user
}

fn from(last: u8) -> Visitor {
    Visitor {
        address: Some(IpAddr::from([203, 0, 113, last])),
        browser: "test".to_owned(),
    }
}

async fn attempt(app: &TestApp, name: &str, password: &str, last: u8) -> Result<Progress, Error> {
    let attempt = PasswordAttempt {
        username: name.to_owned(),
        account: None,
        password: Secret::new(password.to_owned()),
    };
    password_sign_in(&app.ctx, attempt, &from(last)).await
}

/// The value that an answer gives a cookie.
fn cookie(answer: &reqwest::Response, name: &str) -> Option<String> {
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

async fn sign_in(app: &TestApp, fields: &[(&str, &str)]) -> reqwest::Response {
    app.browser(None).post_form("/login", fields).await
}

async fn signed_in(app: &TestApp, username: &str) -> Browser {
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

fn first(username: &str) -> FirstOperator {
    FirstOperator {
        account: AccountName::parse("acme").unwrap(),
        region: Region::Emea,
        username: Username::parse(username).unwrap(),
        name: "Olivia".to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
    }
}

#[tokio::test]
async fn the_set_up_link_makes_the_first_operator_and_signs_them_in() {
    for app in TestApp::both().await {
        let link = setup_link(&app.ctx).await.unwrap().unwrap();
        let path = format!("/setup/{}", link.expose());
        let nobody = app.browser(None);
        let (status, page) = nobody.page(&path).await;
        assert_eq!(status, 200, "{}", app.engine);
        assert!(page.contains("Set up Ringfence"));
        let mut fields = vec![
            ("account", "acme"),
            ("region", "emea"),
            ("name", "Olivia"),
            ("username", "olivia@acme.example"),
            ("password", PASSWORD),
            ("password_again", "other"),
        ];
        let answer = nobody.post_form(&path, &fields).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains("value=\"olivia@acme.example\"") && !page.contains(PASSWORD));
        fields[5].1 = PASSWORD;
        let answer = nobody.post_form(&path, &fields).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        let browser = app.browser(Some(&cookie(&answer, "__Host-ringfence").unwrap()));
        assert!(
            browser
                .page("/admin/me")
                .await
                .1
                .contains("Admin, operator")
        );
        assert_eq!(nobody.page(&path).await.0, 404, "used up");
        assert_eq!(nobody.post_form(&path, &fields).await.status(), 404);
        assert!(
            setup_link(&app.ctx).await.unwrap().is_none(),
            "somebody can sign in"
        );
        assert_eq!(
            signed_in(&app, "olivia@acme.example")
                .await
                .page("/admin")
                .await
                .0,
            200
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_hold_the_set_up_link_one_wins() {
    for app in TestApp::both().await {
        let app = Arc::new(app);
        let token = setup_link(&app.ctx).await.unwrap().unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (app, token) = (Arc::clone(&app), token.clone());
            tasks.spawn(async move {
                let first = first(&format!("olivia{n}"));
                setup_finish(&app.ctx, token.expose(), first, &from(n)).await
            });
        }
        let outcomes = tasks.join_all().await;
        let won = outcomes.iter().filter(|o| o.is_ok()).count();
        assert_eq!(won, 1, "{}: {outcomes:?}", app.engine);
        let lost = |o: &&Result<_, Error>| matches!(o, Err(Error::NotFound(_)));
        assert_eq!(outcomes.iter().filter(lost).count(), 7, "{outcomes:?}");
    }
}

#[tokio::test]
async fn links_run_out_and_newer_ones_replace_older() {
    let app = TestApp::sqlite().await;
    let nobody = app.browser(None);
    let show = |token: String| {
        let nobody = nobody.clone();
        async move { nobody.page(&format!("/setup/{token}")).await.0 }
    };
    let old = setup_link(&app.ctx).await.unwrap().unwrap();
    let new = setup_link(&app.ctx).await.unwrap().unwrap();
    assert_eq!(show(old.expose().to_owned()).await, 404);
    assert_eq!(show(new.expose().to_owned()).await, 200);
    assert_eq!(show("A".repeat(43)).await, 404);
    assert_eq!(show("x".to_owned()).await, 404);
    app.clock.advance_secs(86_400);
    assert_eq!(show(new.expose().to_owned()).await, 404);
}

#[tokio::test]
async fn an_invitation_sets_a_password_once() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = app.user(&account, "sam", Role::Supervisor, None).await;
        app.caught_up().await;
        let link = invite_link(&app.ctx, &actor(), sam.id, false)
            .await
            .unwrap();
        let path = format!("/invite/{}", link.expose());
        let nobody = app.browser(None);
        let (status, page) = nobody.page(&path).await;
        assert_eq!(status, 200);
        assert!(page.contains("<strong>sam</strong>"));
        assert_eq!(
            nobody.page(&format!("/setup/{}", link.expose())).await.0,
            404
        );
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        let answer = nobody.post_form(&path, &fields).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        let browser = app.browser(Some(&cookie(&answer, "__Host-ringfence").unwrap()));
        assert_eq!(browser.page("/admin/me").await.0, 200);
        assert_eq!(nobody.post_form(&path, &fields).await.status(), 404);
        signed_in(&app, "sam").await;
        let again = invite_link(&app.ctx, &actor(), sam.id, false)
            .await
            .unwrap();
        let edit = UserEdit {
            active: Some(false),
            ..UserEdit::default()
        };
        user_edit(&app.ctx, &actor(), sam.id, edit).await.unwrap();
        app.caught_up().await;
        assert_eq!(
            nobody.page(&format!("/invite/{}", again.expose())).await.0,
            404
        );
    }
}

async fn caller(app: &TestApp, user: &User) -> Caller {
    let how = ringfence_app::session::SignedIn {
        method: "password".to_owned(),
        address: None,
        browser: "test".to_owned(),
    };
    let handle = ringfence_app::session::session_begin(&app.ctx, user.id, how)
        .await
        .unwrap();
    let caller = session_caller(&app.ctx, handle.expose()).await.unwrap();
    assert!(matches!(caller.via, Via::Session(_)));
    caller
}

/// The code that an app with that secret shows.
fn code(app: &TestApp, secret: &str) -> String {
    ringfence_testkit::authenticator::code(secret, app.ctx.now())
}

#[tokio::test]
async fn an_authenticator_app_is_added_and_asked_for() {
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

        let answer = give(begin().await, codes[3].to_owned()).await;
        assert_eq!(answer.status(), 303, "a recovery code");
        assert_eq!(
            give(begin().await, codes[3].to_owned()).await.status(),
            422,
            "once"
        );
        let late = give(step, codes[4].to_owned()).await;
        assert!(
            late.headers()["location"]
                .to_str()
                .unwrap()
                .starts_with("/login?"),
            "a step is good once"
        );
        let answer = give("x".to_owned(), codes[5].to_owned()).await;
        assert!(
            answer.headers()["location"]
                .to_str()
                .unwrap()
                .starts_with("/login?")
        );

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

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_give_the_same_code_one_gets_in() {
    for app in TestApp::both().await {
        let app = Arc::new(app);
        let account = app.account("acme").await;
        let sam = person(&app, &account, "sam").await;
        let owner = caller(&app, &sam).await;
        let new = totp_begin(&app.ctx, &owner).await.unwrap();
        let first = code(&app, new.secret.expose());
        totp_enrol(&app.ctx, &owner, new.step.expose(), &first)
            .await
            .unwrap();
        app.clock.advance_secs(30);
        app.caught_up().await;
        let fresh = code(&app, new.secret.expose());
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (app, fresh) = (Arc::clone(&app), fresh.clone());
            tasks.spawn(async move {
                let Ok(Progress::CodeWanted(step)) = attempt(&app, "sam", PASSWORD, n).await else {
                    panic!("a code is wanted");
                };
                ringfence_app::sign_in::totp::code_sign_in(
                    &app.ctx,
                    step.expose(),
                    &fresh,
                    &from(n),
                )
                .await
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
    let owner = caller(&app, &sam).await;
    let new = totp_begin(&app.ctx, &owner).await.unwrap();
    let first = code(&app, new.secret.expose());
    totp_enrol(&app.ctx, &owner, new.step.expose(), &first)
        .await
        .unwrap();
    let Ok(Progress::CodeWanted(step)) = attempt(&app, "sam", PASSWORD, 1).await else {
        panic!("a code is wanted");
    };
    let mut slowed = false;
    for n in 0..8 {
        let guess = format!("00000{n}");
        let outcome =
            ringfence_app::sign_in::totp::code_sign_in(&app.ctx, step.expose(), &guess, &from(n))
                .await;
        slowed |= matches!(outcome, Err(Error::TooMany { .. }));
    }
    assert!(slowed, "from whatever address");
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
    let owner = caller(&app, &sam).await;
    let new = totp_begin(&app.ctx, &owner).await.unwrap();
    let first = code(&app, new.secret.expose());
    totp_enrol(&app.ctx, &owner, new.step.expose(), &first)
        .await
        .unwrap();
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
