//! `POST /Auth/connect/introspect`.

use ringfence_app::credentials::{credential_retire, credential_rotate};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::TokenAlg;
use ringfence_core::encoding::{base64url, base64url_decode};
use ringfence_core::id::KeyId;
use ringfence_core::jwt::key::SigningKey;
use ringfence_testkit::test_app::actor;

use super::*;

const INACTIVE: &str = r#"{"active":false}"#;

#[tokio::test]
async fn c103_the_caller_must_authenticate() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    let body = form(&[("token", token.clone())]);
    let answers = [
        bench.send(INTROSPECT, &[], &body).await,
        bench
            .send(
                INTROSPECT,
                &[("authorization", &format!("Bearer {token}"))],
                &body,
            )
            .await,
        bench
            .send(
                INTROSPECT,
                &[("authorization", &basic(&bench.id(), "wrong"))],
                &body,
            )
            .await,
    ];
    for answer in answers {
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
        assert!(!answer.text.contains("active"));
    }
    let missing = bench
        .send(INTROSPECT, &[("authorization", &bench.basic())], "x=1")
        .await;
    assert_eq!(missing.refusal(), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn c104_a_caller_sees_its_own_tokens_or_needs_a_permission() {
    for bench in Bench::both().await {
        let app = &bench.app;
        let token = bench.token().await;
        let own = bench.introspect(&bench.credential, &token).await.json();
        assert_eq!(own["active"], true);
        assert_eq!(
            (&own["client_id"], &own["scope"]),
            (&bench.id().into(), &"stats".into())
        );
        assert_eq!(
            (&own["token_type"], &own["iss"]),
            (&"Bearer".into(), &format!("{}/Auth", app.base).into())
        );
        let sibling = app.credential(&bench.account, &bench.owner, SCOPES).await;
        assert_eq!(
            bench.introspect(&sibling, &token).await.text,
            INACTIVE,
            "holding it is not enough"
        );
        let permitted = app
            .credential(&bench.account, &bench.owner, "admin:read")
            .await;
        assert_eq!(
            bench.introspect(&permitted, &token).await.json()["active"],
            true
        );
        let other = app.account("other").await;
        let owner = app.admin(&other, "alex@other.example", &[]).await;
        let stranger = app.credential(&other, &owner, "admin:read").await;
        assert_eq!(bench.introspect(&stranger, &token).await.text, INACTIVE);
    }
}

#[tokio::test]
async fn c105_whatever_is_no_good_looks_alike() {
    for bench in Bench::both().await {
        let app = &bench.app;
        let token = bench.token().await;
        let (head, signature) = token.rsplit_once('.').unwrap();
        let mut loose = base64url_decode(signature).unwrap();
        loose.push(0);
        let revoked = bench.token().await;
        assert_eq!(bench.revoke(&bench.credential, &revoked).await.status, 200);
        app.caught_up().await;
        let elsewhere = TestApp::sqlite().await;
        let account = elsewhere.account("acme").await;
        let owner = elsewhere.admin(&account, "sam@acme.example", &[]).await;
        let made = elsewhere.credential(&account, &owner, "stats").await;
        let foreign = elsewhere.token(&made, "stats").await;
        let tokens = [
            ("unknown", "x".to_owned()),
            ("revoked", revoked),
            ("truncated", token.chars().take(token.len() - 1).collect()),
            ("padded", format!("{token}=")),
            ("re-encoded", format!("{head}.{}", base64url(&loose))),
            ("spaced", format!(" {token}")),
            ("another issuer's", foreign),
            ("long", "a".repeat(9_000)),
        ];
        for (name, token) in tokens {
            let answer = bench.introspect(&bench.credential, &token).await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (200, INACTIVE),
                "{name}"
            );
        }
        assert_eq!(
            bench.introspect(&bench.credential, &token).await.json()["active"],
            true
        );
        app.clock.advance_secs(900);
        app.caught_up().await;
        assert_eq!(
            bench.introspect(&bench.credential, &token).await.text,
            INACTIVE,
            "expired"
        );
    }
}

#[tokio::test]
async fn c106_no_claim_of_a_forged_token_is_told() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    let kid = KeyId::parse(part(&token, 0)["kid"].as_str().unwrap()).unwrap();
    // The right key's name over another key's signature, with claims of the right form.
    let forger = SigningKey::generate(kid, TokenAlg::Rs256).unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let forged = forger
        .sign_access_token(&base64url_decode(claims).unwrap())
        .unwrap();
    assert_eq!(
        bench.introspect(&bench.credential, &forged).await.text,
        INACTIVE
    );
    let mut parts: Vec<&str> = token.split('.').collect();
    let none = base64url(br#"{"alg":"none","typ":"at+jwt"}"#);
    (parts[0], parts[2]) = (&none, "");
    assert_eq!(
        bench
            .introspect(&bench.credential, &parts.join("."))
            .await
            .text,
        INACTIVE
    );
}

#[tokio::test]
async fn c107_questions_are_throttled_and_write_nothing() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    let other = bench
        .app
        .credential(&bench.account, &bench.owner, "stats")
        .await;
    let folder = bench.app.folder.as_ref().unwrap().path().to_owned();
    let stored = || {
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
        (read("ringfence.db"), read("ringfence.db-wal"))
    };
    let before = stored();
    let mut n_answered = 0;
    let mut refused = None;
    for _ in 0..2_000 {
        let answer = bench.introspect(&bench.credential, &token).await;
        match answer.status {
            200 => n_answered += 1,
            _ => {
                refused = Some(answer);
                break;
            }
        }
    }
    let refused = refused.expect("questions without end are refused");
    assert!(n_answered >= 200);
    assert_eq!(refused.status, 429);
    assert!(
        refused
            .header("retry-after")
            .unwrap()
            .parse::<u32>()
            .unwrap()
            >= 1
    );
    assert!(before == stored(), "nothing was written");
    assert_eq!(
        bench.ask(&bench.good()).await.status,
        200,
        "tokens are issued as ever"
    );
    let own = bench.app.token(&other, "stats").await;
    assert_eq!(
        bench.introspect(&other, &own).await.json()["active"],
        true,
        "others may ask"
    );
}

#[tokio::test]
async fn what_is_told_follows_the_rights_of_the_moment() {
    let bench = Bench::new().await;
    let token = bench.app.token(&bench.credential, SCOPES).await;
    let id = bench.credential.credential.id;
    let second = credential_rotate(&bench.app.ctx, &actor(), id, 3_600, None)
        .await
        .unwrap();
    bench.app.caught_up().await;
    assert_eq!(
        bench.introspect(&second, &token).await.json()["active"],
        true
    );
    let supervisor = UserEdit {
        role: Some(ringfence_core::user::Role::Supervisor),
        ..UserEdit::default()
    };
    user_edit(&bench.app.ctx, &actor(), bench.owner.id, supervisor)
        .await
        .unwrap();
    bench.app.caught_up().await;
    assert_eq!(
        bench.introspect(&second, &token).await.json()["scope"],
        "users:read interaction-content:read"
    );
    credential_retire(&bench.app.ctx, &actor(), id, 1)
        .await
        .unwrap();
    bench.app.caught_up().await;
    assert_eq!(
        bench.introspect(&second, &token).await.text,
        INACTIVE,
        "the secret that made it is gone"
    );
    let fresh = bench.app.token(&second, "users:read").await;
    assert_eq!(
        bench.introspect(&second, &fresh).await.json()["active"],
        true
    );
}
