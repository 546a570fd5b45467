//! The password grant (checklist 26, 27; vbc-api §3.3, §3.4, §3.8).

use super::*;

fn failed(username: &str) -> (u16, String, String) {
    invalid_grant(&format!("Authentication failed for {username}"))
}

fn locked(username: &str) -> (u16, String, String) {
    invalid_grant(&format!(
        "17003 Authentication failed for {username}: too many failed attempts, the account is locked"
    ))
}

#[tokio::test]
async fn seed_002s_request_gives_tokens_and_its_use_is_counted() {
    for bench in Bench::both().await {
        let body = bench.password(USERNAME, PASSWORD).await.granted();
        assert_eq!(
            (text(&body, "scope"), body["expires_in"].as_i64()),
            ("openid".to_owned(), Some(86_400))
        );
        let id = claims(&text(&body, "id_token"));
        assert_eq!(id["sub"], bench.user.id.to_string());
        assert!(bench.admitted(&access(&body)).await);
        let next = bench.refresh(&bench.of, &refresh_of(&body)).await.granted();
        assert!(bench.admitted(&access(&next)).await);
        bench.password(USERNAME, "wrong").await;
        let uses = bench.audit("password_grant.use").await;
        let mut counted: Vec<(&str, u64)> = uses
            .iter()
            .map(|line| {
                (
                    line["reason"].as_str().unwrap(),
                    line["count"].as_u64().unwrap(),
                )
            })
            .collect();
        counted.sort_unstable();
        assert_eq!(counted, [("granted", 1), ("password_wrong", 1)], "c27");
        assert_eq!(
            uses[0]["application_id"],
            bench.of.application.id.to_string()
        );
    }
}

#[tokio::test]
async fn a_second_request_gives_the_same_tokens_with_what_is_left_of_their_life() {
    for bench in Bench::both().await {
        let first = bench.password(USERNAME, PASSWORD).await.granted();
        bench.app.clock.advance_secs(3_834);
        bench.app.caught_up().await;
        let second = bench.password(USERNAME, PASSWORD).await.granted();
        assert_eq!(second["expires_in"], 82_566, "as in seed 002");
        assert_eq!(access(&second), access(&first), "{}", bench.app.engine);
        assert_eq!(refresh_of(&second), refresh_of(&first));
        assert_ne!(
            text(&second, "id_token"),
            text(&first, "id_token"),
            "minted anew"
        );
        // Another scope, a device or another application is another token.
        let mut device = password_form(&bench.of, USERNAME, PASSWORD);
        device.retain(|(name, _)| *name != "scope");
        device.push(("scope", "openid device_7".to_owned()));
        let device = bench.ask(&device).await.granted();
        assert_ne!(access(&device), access(&first));
        assert_eq!(text(&device, "scope"), "openid device_7");
        let rival = bench.application("Rival", |_| {}).await;
        let theirs = bench
            .ask(&password_form(&rival, USERNAME, PASSWORD))
            .await
            .granted();
        assert_ne!(access(&theirs), access(&first));
        // After its end, or once it is revoked, there is a new one.
        assert_eq!(bench.revoke(&bench.of, &access(&first)).await.status, 200);
        let third = bench.password(USERNAME, PASSWORD).await.granted();
        assert_ne!(access(&third), access(&first));
        assert_eq!(third["expires_in"], 86_400);
        bench.app.clock.advance_secs(86_400);
        bench.app.caught_up().await;
        let fourth = bench.password(USERNAME, PASSWORD).await.granted();
        assert_ne!(access(&fourth), access(&third));
        assert_eq!(fourth["expires_in"], 86_400);
    }
}

#[tokio::test]
async fn with_reuse_switched_off_the_token_before_ends() {
    let bench = Bench::with(|vbc| vbc.token_reuse = false).await;
    let first = bench.password(USERNAME, PASSWORD).await.granted();
    let second = bench.password(USERNAME, PASSWORD).await.granted();
    assert_ne!(access(&second), access(&first));
    assert!(!bench.admitted(&access(&first)).await);
    assert!(bench.admitted(&access(&second)).await);
}

#[tokio::test]
async fn c26_the_server_can_forbid_it_for_all() {
    let bench = Bench::with(|vbc| vbc.password_grant = false).await;
    let answer = bench.password(USERNAME, PASSWORD).await;
    assert_eq!(answer.code(), (400, "unsupported_grant_type".to_owned()));
}

#[tokio::test]
async fn the_last_suffix_is_the_tenant() {
    let bench = Bench::new().await;
    let mail = person(&bench.app, &bench.account, "pat@example.com").await;
    bench.app.caught_up().await;
    let body = bench
        .password("pat@example.com@vbc.prod", PASSWORD)
        .await
        .granted();
    assert_eq!(claims(&access(&body))["sub"], mail.id.to_string());
    let key = &bench.of.key;
    let other = |tenant: &str| {
        invalid_grant(&format!(
            "Users in the tenant domain {tenant} have no access to application {key}"
        ))
    };
    let cases = [
        ("pat@example.com", "example.com"),
        (LOGIN, "carbon.super"),
        ("api_user_4711@vbc.prod@example.com", "example.com"),
        ("api_user_4711@VBC.PROD", "VBC.PROD"),
        ("x@<script>", "the name given"),
    ];
    for (username, tenant) in cases {
        assert_eq!(
            bench.password(username, PASSWORD).await.refusal(),
            other(tenant),
            "{username}"
        );
    }
}

#[tokio::test]
async fn c27_whoever_may_not_use_it_is_answered_like_a_wrong_password() {
    for bench in Bench::both().await {
        let app = &bench.app;
        let totp = person(app, &bench.account, "totp").await;
        app.authenticator(&totp).await;
        app.user(&bench.account, "passwordless", Role::Admin, None)
            .await;
        let disabled = person(app, &bench.account, "disabled").await;
        person_edit(app, &disabled, |edit| edit.active = Some(false)).await;
        let shut = person(app, &bench.account, "shut").await;
        person_edit(app, &shut, |edit| edit.locked = Some(true)).await;
        let vcc = app.account("acme").await;
        person(app, &vcc, "contact-center").await;
        let second = app.vbc_account("second").await;
        for account in [&bench.account, &second] {
            person(app, account, "twice").await;
        }
        app.caught_up().await;
        let names = [
            "totp",
            "passwordless",
            "disabled",
            "shut",
            "contact-center",
            "twice",
            "nobody",
            "dana.api",
        ];
        for name in names {
            let username = format!("{name}@vbc.prod");
            let answer = bench.password(&username, PASSWORD).await;
            assert_eq!(answer.refusal(), failed(&username), "{}", app.engine);
        }
        assert_eq!(
            bench.password(USERNAME, "wrong").await.refusal(),
            failed(USERNAME)
        );
        // c16: only printable ASCII is echoed.
        let odd = bench.password("j\u{fc}rgen@vbc.prod", PASSWORD).await;
        assert_eq!(odd.refusal(), failed("the name given"));
    }
}

#[tokio::test]
async fn five_wrong_passwords_lock_the_grant_for_half_an_hour_from_the_last_try() {
    for bench in Bench::both().await {
        let app = &bench.app;
        for _ in 0..4 {
            assert_eq!(
                bench.password(USERNAME, "wrong").await.refusal(),
                failed(USERNAME)
            );
        }
        assert_eq!(
            bench.password(USERNAME, PASSWORD).await.status,
            200,
            "four are forgiven"
        );
        for _ in 0..5 {
            assert_eq!(
                bench.password(USERNAME, "wrong").await.refusal(),
                failed(USERNAME)
            );
        }
        assert_eq!(
            bench.password(USERNAME, PASSWORD).await.refusal(),
            locked(USERNAME)
        );
        let later = async |secs| {
            app.clock.advance_secs(secs);
            app.caught_up().await;
        };
        later(29 * 60).await;
        assert_eq!(
            bench.password(USERNAME, PASSWORD).await.refusal(),
            locked(USERNAME)
        );
        later(29 * 60).await;
        let still = bench.password(USERNAME, PASSWORD).await;
        assert_eq!(
            still.refusal(),
            locked(USERNAME),
            "{}: each try makes it longer",
            app.engine
        );
        // The lock is of this grant alone: the person may act, and codes work.
        assert_eq!(bench.refresh(&bench.of, "x").await.status, 400);
        let body = bench.tokens(&bench.of, "openid").await;
        assert!(bench.admitted(&access(&body)).await);
        later(30 * 60).await;
        assert_eq!(
            bench.password(USERNAME, PASSWORD).await.status,
            200,
            "{}",
            app.engine
        );
        // A name that nobody has is locked alike.
        for _ in 0..5 {
            bench.password("nobody@vbc.prod", "wrong").await;
        }
        let nobody = bench.password("NOBODY@vbc.prod", "wrong").await;
        assert_eq!(nobody.refusal(), locked("NOBODY@vbc.prod"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_side_by_side_are_no_more_than_guesses_in_turn() {
    for bench in Bench::both().await {
        let tries = (0..20).map(|_| bench.password(USERNAME, "wrong"));
        let answers = futures_util::future::join_all(tries).await;
        let n_checked = answers
            .iter()
            .filter(|a| a.refusal() == failed(USERNAME))
            .count();
        assert_eq!(n_checked, 5, "{}", bench.app.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_side_by_side_lock_nobody_and_share_a_token() {
    for bench in Bench::both().await {
        let tries = (0..20).map(|_| bench.password(USERNAME, PASSWORD));
        let answers = futures_util::future::join_all(tries).await;
        let first = access(&answers[0].granted());
        assert!(answers.iter().all(|a| access(&a.granted()) == first));
    }
}

#[tokio::test]
async fn c27_an_address_that_tries_many_names_is_slowed() {
    let bench = Bench::new().await;
    let mut statuses = Vec::new();
    for n in 0..70 {
        let username = format!("user{n}@vbc.prod");
        statuses.push(bench.password(&username, "wrong").await.status);
    }
    assert!(
        statuses[..60].iter().all(|status| *status == 400),
        "{statuses:?}"
    );
    assert_eq!(*statuses.last().unwrap(), 429);
}
