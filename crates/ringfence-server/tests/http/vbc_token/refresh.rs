//! Refresh tokens (checklist E).

use super::*;

#[tokio::test]
async fn c61_each_use_gives_the_next_and_ends_the_access_token_before() {
    for bench in Bench::both().await {
        let public = bench.public().await;
        for of in [&bench.of, &public] {
            let first = bench.tokens(of, "openid").await;
            let second = bench.refresh(of, &refresh_of(&first)).await.granted();
            assert_ne!(refresh_of(&second), refresh_of(&first));
            assert_ne!(access(&second), access(&first));
            assert_eq!(
                (text(&second, "scope"), second["expires_in"].as_i64()),
                ("openid".to_owned(), Some(86_400))
            );
            assert!(
                !bench.admitted(&access(&first)).await,
                "{}",
                bench.app.engine
            );
            assert!(bench.admitted(&access(&second)).await);
            let third = bench.refresh(of, &refresh_of(&second)).await.granted();
            assert!(bench.admitted(&access(&third)).await);
        }
    }
}

#[tokio::test]
async fn c62_reuse_ends_the_whole_family() {
    for bench in Bench::both().await {
        let first = bench.tokens(&bench.of, "openid").await;
        let second = bench
            .refresh(&bench.of, &refresh_of(&first))
            .await
            .granted();
        let third = bench
            .refresh(&bench.of, &refresh_of(&second))
            .await
            .granted();
        let reused = bench.refresh(&bench.of, &refresh_of(&first)).await;
        assert_eq!(reused.refusal(), invalid_grant(REFRESH_GONE));
        assert!(
            !bench.admitted(&access(&third)).await,
            "{}",
            bench.app.engine
        );
        let last = bench.refresh(&bench.of, &refresh_of(&third)).await;
        assert_eq!(last.refusal(), invalid_grant(REFRESH_GONE));
        assert_eq!(
            bench.audit("grant.revoke").await[0]["reason"],
            "refresh_reused"
        );
    }
}

#[tokio::test]
async fn c64_a_lost_answer_is_given_again_for_ten_seconds_to_who_can_keep_a_secret() {
    for bench in Bench::both().await {
        let first = bench.tokens(&bench.of, "openid").await;
        let second = bench
            .refresh(&bench.of, &refresh_of(&first))
            .await
            .granted();
        bench.app.clock.advance_secs(9);
        bench.app.caught_up().await;
        let again = bench
            .refresh(&bench.of, &refresh_of(&first))
            .await
            .granted();
        assert_eq!(
            refresh_of(&again),
            refresh_of(&second),
            "{}",
            bench.app.engine
        );
        assert_eq!(access(&again), access(&second), "one access token, not two");
        assert!(
            again["expires_in"].as_i64().unwrap() <= 86_391,
            "c19: what really remains"
        );
        assert!(bench.admitted(&access(&second)).await);
        // Another scope than the lost answer's is no retry, and no reuse either.
        let mut other = refresh_form(&bench.of, &refresh_of(&first));
        other.push(("scope", "default".to_owned()));
        assert_eq!(
            bench.ask(&other).await.refusal(),
            invalid_grant(REFRESH_GONE)
        );
        assert!(bench.admitted(&access(&second)).await);
        bench.app.clock.advance_secs(2);
        bench.app.caught_up().await;
        let late = bench.refresh(&bench.of, &refresh_of(&first)).await;
        assert_eq!(late.refusal(), invalid_grant(REFRESH_GONE));
        assert!(
            !bench.admitted(&access(&second)).await,
            "past the window it is reuse"
        );

        let public = bench.public().await;
        let first = bench.tokens(&public, "openid").await;
        let second = bench.refresh(&public, &refresh_of(&first)).await.granted();
        let retry = bench.refresh(&public, &refresh_of(&first)).await;
        assert_eq!(retry.refusal(), invalid_grant(REFRESH_GONE));
        assert!(
            !bench.admitted(&access(&second)).await,
            "anybody may hold a public client's"
        );
    }
}

#[tokio::test]
async fn c65_another_applications_use_is_refused_and_seen() {
    for bench in Bench::both().await {
        let rival = bench.application("Rival", |_| {}).await;
        let body = bench.tokens(&bench.of, "openid").await;
        let stolen = bench.refresh(&rival, &refresh_of(&body)).await;
        assert_eq!(stolen.refusal(), invalid_grant(REFRESH_GONE));
        let seen = bench.audit("application.stranger").await;
        assert_eq!(seen[0]["reason"], "refresh_token_of_another_application");
        assert_eq!(seen[0]["application_id"], rival.application.id.to_string());
        assert_eq!(
            bench.refresh(&bench.of, &refresh_of(&body)).await.status,
            200
        );
    }
}

#[tokio::test]
async fn c66_scope_gets_narrower_and_never_wider() {
    let bench = Bench::new().await;
    let body = bench.tokens(&bench.of, "openid email").await;
    let with = async |token: &str, scope: &str| {
        let mut parameters = refresh_form(&bench.of, token);
        parameters.push(("scope", scope.to_owned()));
        bench.ask(&parameters).await
    };
    for wider in [
        "openid phone",
        "openid device_7",
        "users:read",
        "openid \"x\"",
    ] {
        let answer = with(&refresh_of(&body), wider).await;
        assert_eq!(answer.code(), (400, "invalid_scope".to_owned()), "{wider}");
    }
    let narrow = with(&refresh_of(&body), "email").await.granted();
    assert_eq!(text(&narrow, "scope"), "email");
    assert_eq!(narrow.get("id_token"), None);
    let claims = claims(&access(&narrow));
    assert_eq!(claims["scope"], "email");
    // The grant itself keeps what was allowed.
    let whole = bench
        .refresh(&bench.of, &refresh_of(&narrow))
        .await
        .granted();
    assert_eq!(text(&whole, "scope"), "openid email");
}

#[tokio::test]
async fn c67_seven_days_unused_and_ninety_days_in_all() {
    const DAY: u32 = 86_400;
    for bench in Bench::both().await {
        let idle = bench.tokens(&bench.of, "openid").await;
        let mut used = bench.tokens(&bench.of, "openid").await;
        bench.app.clock.advance_secs(7 * DAY);
        bench.app.caught_up().await;
        let expired = bench.refresh(&bench.of, &refresh_of(&idle)).await;
        assert_eq!(expired.refusal(), invalid_grant("Refresh token is expired"));
        let expired = bench.refresh(&bench.of, &refresh_of(&used)).await;
        assert_eq!(expired.status, 400);
        used = bench.tokens(&bench.of, "openid").await;
        for _ in 0..14 {
            bench.app.clock.advance_secs(6 * DAY);
            bench.app.caught_up().await;
            used = bench.refresh(&bench.of, &refresh_of(&used)).await.granted();
        }
        // 84 days have gone by; the last one lasts six days more, not seven.
        bench.app.clock.advance_secs(6 * DAY - 60);
        bench.app.caught_up().await;
        let last = bench.refresh(&bench.of, &refresh_of(&used)).await.granted();
        assert!(
            last["expires_in"].as_i64().unwrap() <= 60,
            "nor does its access token"
        );
        bench.app.clock.advance_secs(60);
        bench.app.caught_up().await;
        let over = bench.refresh(&bench.of, &refresh_of(&last)).await;
        assert_eq!(
            over.refusal(),
            invalid_grant("Refresh token is expired"),
            "{}",
            bench.app.engine
        );
    }
}

#[tokio::test]
async fn what_is_long_over_is_forgotten() {
    for bench in Bench::both().await {
        let body = bench.tokens(&bench.of, "openid").await;
        let count = async || {
            let mut tx = bench.app.ctx.db.begin_read().await.unwrap();
            let mut all = Vec::new();
            for sql in [
                "SELECT COUNT(*) AS n FROM authorization_codes",
                "SELECT COUNT(*) AS n FROM grants",
                "SELECT COUNT(*) AS n FROM refresh_tokens",
            ] {
                all.push(tx.fetch_one(sql, &[]).await.unwrap().int("n").unwrap());
            }
            all
        };
        ringfence_app::upkeep::tidy(&bench.app.ctx).await.unwrap();
        assert_eq!(count().await, [1, 1, 1], "{}", bench.app.engine);
        bench.app.clock.advance_secs(8 * 86_400 + 1);
        bench.app.caught_up().await;
        ringfence_app::upkeep::tidy(&bench.app.ctx).await.unwrap();
        assert_eq!(count().await, [1, 0, 0], "{}", bench.app.engine);
        let gone = bench.refresh(&bench.of, &refresh_of(&body)).await;
        assert_eq!(gone.refusal(), invalid_grant(REFRESH_GONE));
        bench.app.clock.advance_secs(83 * 86_400);
        bench.app.caught_up().await;
        ringfence_app::upkeep::tidy(&bench.app.ctx).await.unwrap();
        assert_eq!(count().await, [0, 0, 0]);
    }
}
