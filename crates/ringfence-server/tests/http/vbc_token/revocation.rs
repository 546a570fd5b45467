//! `POST /revoke` (checklist 108 to 113, vbc-api §3.9).

use super::*;
use std::time::{Duration, Instant};

#[tokio::test]
async fn c108_it_needs_authentication_and_takes_unknown_tokens() {
    let bench = Bench::new().await;
    let body = bench.tokens(&bench.of, "openid").await;
    let token = [("token", access(&body))];
    let nobody = bench.send(REVOKE, &[], &form(&token)).await;
    assert_eq!(nobody.code(), (401, "invalid_client".to_owned()));
    let wrong = format!(
        "Basic {}",
        base64(format!("{}:wrong", bench.of.key).as_bytes())
    );
    let refused = bench
        .send(REVOKE, &[("authorization", &wrong)], &form(&token))
        .await;
    assert_eq!(refused.code(), (401, "invalid_client".to_owned()));
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic realm=")
    );
    assert!(bench.admitted(&access(&body)).await);
    let changed = access(&body).replace("ey", "yy");
    for unknown in [
        "x",
        "a.b.c",
        &changed,
        "6f1d2c3b-4a59-3e68-9f70-8a9b0c1d2e3f",
    ] {
        let answer = bench.revoke(&bench.of, unknown).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, ""),
            "{unknown:.20}"
        );
    }
    let missing = bench.send(REVOKE, &[], &form(&proof(&bench.of))).await;
    let wanted = (
        400,
        "invalid_request".to_owned(),
        "Missing parameters: token".to_owned(),
    );
    assert_eq!(missing.refusal(), wanted);
    // A public client shows its id alone.
    let native = bench.public().await;
    let body = bench.tokens(&native, "openid").await;
    assert_eq!(bench.revoke(&native, &refresh_of(&body)).await.status, 200);
    assert!(!bench.admitted(&access(&body)).await);
}

#[tokio::test]
async fn the_answer_is_the_platforms_without_its_headers_of_secrets() {
    let bench = Bench::new().await;
    for path in [REVOKE, "/t/vbc.prod/oauth2/revoke"] {
        let body = bench.tokens(&bench.of, "openid").await;
        let authorization = basic(&bench.of);
        let headers = [("authorization", authorization.as_str())];
        let token = form(&[("token", access(&body))]);
        let answer = bench.send(path, &headers, &token).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(answer.header("content-type"), Some("text/html"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        for name in [
            "revokedaccesstoken",
            "revokedrefreshtoken",
            "authorizeduser",
        ] {
            assert_eq!(answer.header(name), None, "{name}");
        }
        assert!(!bench.admitted(&access(&body)).await, "{path}");
        let jsonp = form(&[
            ("token", access(&body)),
            ("callback", "app.done".to_owned()),
        ]);
        let answer = bench.send(path, &headers, &jsonp).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "app.done();"));
        assert_eq!(
            answer.header("content-type"),
            Some("application/javascript")
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let script = form(&[
            ("token", access(&body)),
            ("callback", "alert(1)//".to_owned()),
        ]);
        let answer = bench.send(path, &headers, &script).await;
        assert_eq!(answer.code(), (400, "invalid_request".to_owned()));
        assert!(!answer.text.contains("alert"));
    }
}

#[tokio::test]
async fn c109_another_applications_token_stays() {
    for bench in Bench::both().await {
        let rival = bench.application("Rival", |_| {}).await;
        let body = bench.tokens(&bench.of, "openid").await;
        for token in [access(&body), refresh_of(&body)] {
            let answer = bench.revoke(&rival, &token).await;
            // vbc-api §3.9: 401, and no challenge, as the application itself is known.
            assert_eq!(answer.code(), (401, "unauthorized_client".to_owned()));
            assert_eq!(answer.header("www-authenticate"), None);
        }
        assert!(bench.admitted(&access(&body)).await, "{}", bench.app.engine);
        assert_eq!(
            bench.refresh(&bench.of, &refresh_of(&body)).await.status,
            200
        );
    }
}

#[tokio::test]
async fn c110_either_token_of_a_pair_ends_both() {
    for bench in Bench::both().await {
        for by in ["access_token", "refresh_token"] {
            let body = bench.tokens(&bench.of, "openid").await;
            let neighbour = bench.tokens(&bench.of, "openid").await;
            for _ in 0..2 {
                let answer = bench.revoke(&bench.of, &text(&body, by)).await;
                assert_eq!(answer.status, 200, "also a second time");
            }
            assert!(
                !bench.admitted(&access(&body)).await,
                "{by}, {}",
                bench.app.engine
            );
            let refreshed = bench.refresh(&bench.of, &refresh_of(&body)).await;
            assert_eq!(refreshed.refusal(), invalid_grant(REFRESH_GONE), "{by}");
            assert!(bench.admitted(&access(&neighbour)).await);
        }
        // Also by a refresh token that was rotated out, and an application's own token.
        let first = bench.tokens(&bench.of, "openid").await;
        let second = bench
            .refresh(&bench.of, &refresh_of(&first))
            .await
            .granted();
        assert_eq!(
            bench.revoke(&bench.of, &refresh_of(&first)).await.status,
            200
        );
        assert!(!bench.admitted(&access(&second)).await);
        let mut own = proof(&bench.of);
        own.push(("grant_type", "client_credentials".to_owned()));
        let own = bench.ask(&own).await.granted();
        assert_eq!(bench.revoke(&bench.of, &access(&own)).await.status, 200);
        bench.app.caught_up().await;
        let jti = text(&claims(&access(&own)), "jti");
        let jti = ringfence_core::id::TokenId::parse(&jti).unwrap();
        assert!(bench.app.ctx.directory.snapshot().is_revoked(jti));
    }
}

#[tokio::test]
async fn c111_what_cannot_be_made_durable_is_not_confirmed() {
    for bench in Bench::both().await {
        let body = bench.tokens(&bench.of, "openid").await;
        bench.app.ctx.db.close().await;
        for token in [access(&body), refresh_of(&body)] {
            let answer = bench.revoke(&bench.of, &token).await;
            assert_eq!(
                answer.code(),
                (503, "server_error".to_owned()),
                "{}",
                bench.app.engine
            );
            assert!(answer.header("retry-after").is_some());
        }
    }
}

#[tokio::test]
async fn c112_every_node_refuses_within_a_second_and_after_a_restart() {
    for store in ringfence_testkit::stores::both().await {
        let (url, engine) = (store.url.clone(), store.engine);
        let blobs = store.folder.path().join("blobs");
        let settings = Settings {
            public_url: "http://ringfence.test".to_owned(),
            ..Settings::default()
        };
        let bench = Bench::on(TestApp::start(store, settings.clone()).await).await;
        let mut nodes = Vec::new();
        for _ in 0..2 {
            nodes.push(TestApp::node(&url, engine, &blobs, settings.clone()).await);
        }
        let body = bench.tokens(&bench.of, "openid").await;
        let neighbour = bench.tokens(&bench.of, "openid").await;
        assert!(nodes.iter().all(|node| admitted(node, &access(&body))));
        assert_eq!(
            bench.revoke(&bench.of, &refresh_of(&body)).await.status,
            200
        );
        let began = Instant::now();
        for node in nodes.iter().chain([&bench.app]) {
            while admitted(node, &access(&body)) {
                assert!(
                    began.elapsed() < Duration::from_secs(1),
                    "{engine}: a node still takes it"
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(admitted(node, &access(&neighbour)));
        }
        let later = TestApp::node(&url, engine, &blobs, settings).await;
        assert!(!admitted(&later, &access(&body)), "{engine}");
        assert!(admitted(&later, &access(&neighbour)), "{engine}");
    }
}

#[tokio::test]
async fn c113_a_wrong_hint_changes_nothing() {
    let bench = Bench::new().await;
    for hint in ["refresh_token", "access_token", "id_token", "nonsense"] {
        for by in ["access_token", "refresh_token"] {
            let body = bench.tokens(&bench.of, "openid").await;
            let mut parameters = proof(&bench.of);
            parameters.push(("token", text(&body, by)));
            parameters.push(("token_type_hint", hint.to_owned()));
            assert_eq!(
                bench.send(REVOKE, &[], &form(&parameters)).await.status,
                200
            );
            assert!(!bench.admitted(&access(&body)).await, "{hint} for {by}");
        }
    }
}
