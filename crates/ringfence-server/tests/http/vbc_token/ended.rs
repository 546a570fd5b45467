//! What ends refresh at once (checklist 68).

use super::*;
use ringfence_core::id::SessionId;

/// Tokens of the user, checked to work.
async fn working(bench: &Bench) -> Value {
    let body = bench.tokens(&bench.of, "openid").await;
    let body = bench.refresh(&bench.of, &refresh_of(&body)).await.granted();
    assert!(bench.admitted(&access(&body)).await);
    body
}

async fn assert_ended(bench: &Bench, body: &Value, what: &str) {
    bench.app.caught_up().await;
    let refused = bench.refresh(&bench.of, &refresh_of(body)).await;
    assert_eq!(
        refused.refusal(),
        invalid_grant(REFRESH_GONE),
        "{what}, {}",
        bench.app.engine
    );
    assert!(
        !bench.admitted(&access(body)).await,
        "{what}, {}",
        bench.app.engine
    );
}

#[tokio::test]
async fn c68_a_new_password_ends_what_applications_have() {
    for bench in Bench::both().await {
        let body = working(&bench).await;
        let new = Secret::new("Another-Horse-8-Battery".to_owned());
        person_edit(&bench.app, &bench.user, |edit| edit.password = Some(new)).await;
        assert_ended(&bench, &body, "password").await;
        assert_eq!(
            bench.audit("grant.revoke").await[0]["reason"],
            "password_changed"
        );
    }
}

#[tokio::test]
async fn c68_a_disabled_or_locked_person_ends_it() {
    for bench in Bench::both().await {
        let body = working(&bench).await;
        person_edit(&bench.app, &bench.user, |edit| edit.active = Some(false)).await;
        assert_ended(&bench, &body, "disabled").await;
        // Whoever comes back signs in anew.
        person_edit(&bench.app, &bench.user, |edit| edit.active = Some(true)).await;
        assert_ended(&bench, &body, "disabled for a while").await;
        let body = working(&bench).await;
        person_edit(&bench.app, &bench.user, |edit| edit.locked = Some(true)).await;
        assert_ended(&bench, &body, "locked").await;
    }
}

#[tokio::test]
async fn c68_a_suspended_account_or_application_ends_it() {
    for bench in Bench::both().await {
        let body = working(&bench).await;
        ringfence_app::accounts::account_suspend(&bench.app.ctx, &actor(), &bench.account.name)
            .await
            .unwrap();
        assert_ended(&bench, &body, "account").await;
    }
    for bench in Bench::both().await {
        let body = working(&bench).await;
        bench.app.application_suspended(&bench.of).await;
        assert!(!bench.admitted(&access(&body)).await);
        let refused = bench.refresh(&bench.of, &refresh_of(&body)).await;
        assert_eq!(refused.code(), (401, "invalid_client".to_owned()));
    }
}

#[tokio::test]
async fn c68_signing_out_ends_what_was_bound_to_the_stay() {
    for bench in Bench::both().await {
        let stay = SessionId::new(bench.app.ctx.now(), &*bench.app.ctx.random);
        let mut kept = Vec::new();
        for scope in ["openid", "openid offline_access"] {
            let code = bench
                .code_with(&bench.of, scope, |new| {
                    new.authorization.session_id = Some(stay);
                })
                .await;
            kept.push(bench.exchange(&bench.of, &code).await.granted());
        }
        let elsewhere = working(&bench).await;
        let ctx = &bench.app.ctx;
        let mut tx = ctx.db.begin_write().await.unwrap();
        ringfence_app::token::grant::end::stay_grants_end(
            ctx,
            &mut tx,
            (bench.user.id, stay),
            &actor(),
        )
        .await
        .unwrap();
        ctx.commit(tx).await.unwrap();
        assert_ended(&bench, &kept[0], "signed out").await;
        for body in [&kept[1], &elsewhere] {
            assert!(bench.admitted(&access(body)).await);
            assert_eq!(
                bench.refresh(&bench.of, &refresh_of(body)).await.status,
                200
            );
        }
    }
}

#[tokio::test]
async fn c58_a_code_that_was_held_back_ends_with_what_it_was_made_for() {
    for bench in Bench::both().await {
        let stay = SessionId::new(bench.app.ctx.now(), &*bench.app.ctx.random);
        for ending in ["signed out", "password", "consent"] {
            let code = bench
                .code_with(&bench.of, "openid", |new| {
                    new.authorization.session_id = Some(stay);
                })
                .await;
            match ending {
                "signed out" => {
                    let ctx = &bench.app.ctx;
                    let mut tx = ctx.db.begin_write().await.unwrap();
                    let whose = (bench.user.id, stay);
                    ringfence_app::token::grant::end::stay_grants_end(
                        ctx,
                        &mut tx,
                        whose,
                        &actor(),
                    )
                    .await
                    .unwrap();
                    ctx.commit(tx).await.unwrap();
                }
                "password" => {
                    let new = Secret::new("Another-Horse-8-Battery".to_owned());
                    person_edit(&bench.app, &bench.user, |edit| edit.password = Some(new)).await;
                }
                _ => assert_eq!(bench.app.grants_withdrawn(&bench.user, &bench.of).await, 0),
            }
            let refused = bench.exchange(&bench.of, &code).await;
            let expected = (400, "invalid_grant".to_owned());
            assert_eq!(refused.code(), expected, "{ending} on {}", bench.app.engine);
        }
    }
}

#[tokio::test]
async fn c68_withdrawing_a_consent_ends_it_for_that_application() {
    for bench in Bench::both().await {
        let rival = bench.application("Rival", |_| {}).await;
        let (ours, theirs) = (working(&bench).await, bench.tokens(&rival, "openid").await);
        let n = bench.app.grants_withdrawn(&bench.user, &bench.of).await;
        assert_eq!(n, 1);
        assert_ended(&bench, &ours, "consent").await;
        assert!(bench.admitted(&access(&theirs)).await);
    }
}
