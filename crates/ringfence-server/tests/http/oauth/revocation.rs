//! `POST /Auth/connect/revocation`.

use std::time::{Duration, Instant};

use ringfence_testkit::stores;

use super::*;

const INACTIVE: &str = r#"{"active":false}"#;

#[tokio::test]
async fn c108_it_needs_authentication_and_takes_unknown_tokens() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    let body = form(&[("token", token.clone())]);
    assert_eq!(
        bench.send(REVOKE, &[], &body).await.refusal(),
        (401, "invalid_client".to_owned())
    );
    let wrong = basic(&bench.id(), "wrong");
    assert_eq!(
        bench
            .send(REVOKE, &[("authorization", &wrong)], &body)
            .await
            .refusal(),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        bench.introspect(&bench.credential, &token).await.json()["active"],
        true
    );
    for unknown in ["x", "a.b.c", &token.replace("ey", "yy")] {
        let answer = bench.revoke(&bench.credential, unknown).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, ""),
            "{unknown:.20}"
        );
    }
    let missing = bench
        .send(REVOKE, &[("authorization", &bench.basic())], "")
        .await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(bench.get(REVOKE).await.status, 405);
}

#[tokio::test]
async fn c109_another_clients_token_stays() {
    for bench in Bench::both().await {
        let token = bench.token().await;
        let sibling = bench
            .app
            .credential(&bench.account, &bench.owner, "admin:read stats")
            .await;
        let answer = bench.revoke(&sibling, &token).await;
        assert_eq!(answer.refusal(), (400, "unauthorized_client".to_owned()));
        bench.app.caught_up().await;
        assert_eq!(
            bench.introspect(&bench.credential, &token).await.json()["active"],
            true
        );
    }
}

#[tokio::test]
async fn c110_access_tokens_can_be_revoked_one_by_one() {
    for bench in Bench::both().await {
        let (first, second) = (bench.token().await, bench.token().await);
        for _ in 0..2 {
            assert_eq!(
                bench.revoke(&bench.credential, &first).await.status,
                200,
                "also a second time"
            );
        }
        bench.app.caught_up().await;
        assert_eq!(
            bench.introspect(&bench.credential, &first).await.text,
            INACTIVE
        );
        assert_eq!(
            bench.introspect(&bench.credential, &second).await.json()["active"],
            true
        );
        // A token is forgiven some clock difference after its end; its revocation outlasts that.
        bench.app.clock.advance_secs(910);
        bench.app.caught_up().await;
        let claims = part(&first, 1);
        let id = ringfence_core::id::TokenId::parse(claims["jti"].as_str().unwrap()).unwrap();
        assert!(bench.app.ctx.directory.snapshot().is_revoked(id));
    }
}

#[tokio::test]
async fn c111_what_cannot_be_made_durable_is_not_confirmed() {
    for bench in Bench::both().await {
        let token = bench.token().await;
        bench.app.ctx.db.close().await;
        let answer = bench.revoke(&bench.credential, &token).await;
        assert_eq!(
            answer.refusal(),
            (503, "temporarily_unavailable".to_owned()),
            "{}",
            bench.app.engine
        );
        assert!(answer.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn c112_every_node_refuses_within_a_second_and_after_a_restart() {
    for store in stores::both().await {
        let (url, engine, blobs) = (
            store.url.clone(),
            store.engine,
            store.folder.path().join("blobs"),
        );
        let bench = Bench::on(TestApp::start(store, Settings::default()).await).await;
        let mut nodes = Vec::new();
        for _ in 0..2 {
            nodes.push(TestApp::node(&url, engine, &blobs, Settings::default()).await);
        }
        let (token, neighbour) = (bench.token().await, bench.token().await);
        let id_of = |token: &str| {
            ringfence_core::id::TokenId::parse(part(token, 1)["jti"].as_str().unwrap()).unwrap()
        };
        assert_eq!(bench.revoke(&bench.credential, &token).await.status, 200);
        let began = Instant::now();
        for node in nodes.iter().chain([&bench.app]) {
            while !node.ctx.directory.snapshot().is_revoked(id_of(&token)) {
                assert!(
                    began.elapsed() < Duration::from_secs(1),
                    "{engine}: a node still takes it"
                );
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(!node.ctx.directory.snapshot().is_revoked(id_of(&neighbour)));
        }
        let later = TestApp::node(&url, engine, &blobs, Settings::default()).await;
        assert!(
            later.ctx.directory.snapshot().is_revoked(id_of(&token)),
            "{engine}"
        );
    }
}

#[tokio::test]
async fn c113_a_wrong_hint_changes_nothing() {
    let bench = Bench::new().await;
    for hint in ["refresh_token", "access_token", "id_token", "nonsense"] {
        let token = bench.token().await;
        let body = form(&[
            ("token", token.clone()),
            ("token_type_hint", hint.to_owned()),
        ]);
        let headers = [("authorization", bench.basic())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(
            bench.send(INTROSPECT, &headers, &body).await.json()["active"],
            true,
            "{hint}"
        );
        assert_eq!(
            bench.send(REVOKE, &headers, &body).await.status,
            200,
            "{hint}"
        );
        bench.app.caught_up().await;
        assert_eq!(
            bench.send(INTROSPECT, &headers, &body).await.text,
            INACTIVE,
            "{hint}"
        );
    }
}
