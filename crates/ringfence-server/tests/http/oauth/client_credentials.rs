//! The client credentials grant: exactly what was asked for, or nothing.

use ringfence_app::credentials::{CredentialEdit, credential_edit};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::scope::ScopeSet;
use ringfence_core::user::Role;
use ringfence_testkit::test_app::actor;

use super::*;

impl Bench {
    async fn ask_scope(&self, scope: &str) -> Answer {
        self.ask_as(&self.id(), self.secret(), scope).await
    }
}

#[tokio::test]
async fn c30_a_client_without_a_secret_cannot_use_it() {
    let bench = Bench::new().await;
    for secret in [None, Some("")] {
        let mut parameters = bench.good().to_vec();
        parameters.remove(2);
        parameters.extend(secret.map(|s| ("client_secret", s.to_owned())));
        assert_eq!(
            bench.ask(&parameters).await.refusal(),
            (400, "invalid_client".to_owned())
        );
    }
    let answer = bench
        .ask_basic(
            &basic(&bench.id(), ""),
            &[
                ("grant_type", "client_credentials".to_owned()),
                ("scope", "stats".to_owned()),
            ],
        )
        .await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn c31_neither_refresh_nor_id_token_is_given() {
    let bench = Bench::new().await;
    let json = bench.ask_scope(SCOPES).await.json();
    let mut names: Vec<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["access_token", "expires_in", "scope", "token_type"]);
    for scope in ["openid", "offline_access", "stats openid"] {
        assert_eq!(
            bench.ask_scope(scope).await.refusal(),
            (400, "invalid_scope".to_owned())
        );
    }
}

#[tokio::test]
async fn c32_a_scope_beyond_the_credential_issues_nothing() {
    for bench in Bench::both().await {
        for scope in [
            "users:write",
            "stats users:write",
            "users:write stats",
            "nonsense",
            "Stats",
        ] {
            let answer = bench.ask_scope(scope).await;
            assert_eq!(
                answer.refusal(),
                (400, "invalid_scope".to_owned()),
                "{scope}"
            );
            assert!(!answer.text.contains("access_token"));
        }
        assert_eq!(
            bench.ask_scope("users:write").await.description(),
            "\"users:write\" is an invalid scope"
        );
        let token = bench.token().await;
        assert_eq!(part(&token, 1)["scope"], "stats", "nothing is added");
        // A scope taken off the credential is gone at once.
        let edit = CredentialEdit {
            scopes: Some(ScopeSet::parse("users:read").unwrap()),
            ..CredentialEdit::default()
        };
        credential_edit(
            &bench.app.ctx,
            &actor(),
            bench.credential.credential.id,
            edit,
        )
        .await
        .unwrap();
        bench.app.caught_up().await;
        assert_eq!(
            bench.ask_scope("stats").await.refusal(),
            (400, "invalid_scope".to_owned())
        );
    }
}

#[tokio::test]
async fn c33_several_scopes_in_any_order() {
    let bench = Bench::new().await;
    for scope in [
        "users:read stats",
        "stats users:read",
        "stats users:read stats",
        "stats  users:read",
    ] {
        let answer = bench.ask_scope(scope).await;
        assert_eq!(answer.json()["scope"], "users:read stats", "{scope}");
        assert_eq!(
            part(answer.json()["access_token"].as_str().unwrap(), 1)["scope"],
            "users:read stats"
        );
    }
    for scope in [
        "stats\"",
        "sta\\ts",
        "stats\u{e9}",
        "stats,users:read",
        "stats\u{a0}users:read",
    ] {
        assert_eq!(
            bench.ask_scope(scope).await.refusal(),
            (400, "invalid_scope".to_owned()),
            "{scope}"
        );
    }
    assert_eq!(bench.ask_scope("stats\tusers:read").await.status, 400);
}

#[tokio::test]
async fn c34_no_scope_is_an_invalid_scope() {
    let bench = Bench::new().await;
    let mut without = bench.good().to_vec();
    without.pop();
    let answers = [
        bench.ask(&without).await,
        bench.ask_scope("").await,
        bench.ask_scope(" ").await,
    ];
    for answer in answers {
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.text,
            r#"{"error":"invalid_scope","error_description":"You must specify a scope"}"#
        );
    }
}

#[tokio::test]
async fn c35_a_machines_subject_is_the_credential_and_never_a_person() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    let claims = part(&token, 1);
    assert_eq!(claims["sub"], bench.id());
    assert_eq!(claims["client_id"], bench.id());
    assert_ne!(claims["sub"], bench.owner.id.to_string());
}

#[tokio::test]
async fn c36_the_owners_licence_bounds_the_credential_at_that_moment() {
    for bench in Bench::both().await {
        let ctx = &bench.app.ctx;
        let edit = |edit: UserEdit| async {
            user_edit(ctx, &actor(), bench.owner.id, edit)
                .await
                .unwrap();
            bench.app.caught_up().await;
        };
        assert_eq!(bench.ask_scope("stats").await.status, 200);
        edit(UserEdit {
            role: Some(Role::Supervisor),
            ..UserEdit::default()
        })
        .await;
        assert_eq!(
            bench.ask_scope("stats").await.refusal(),
            (400, "invalid_scope".to_owned())
        );
        assert_eq!(bench.ask_scope("users:read").await.status, 200);
        edit(UserEdit {
            role: Some(Role::Agent),
            ..UserEdit::default()
        })
        .await;
        assert_eq!(
            bench.ask_scope("users:read").await.refusal(),
            (400, "invalid_scope".to_owned())
        );
        edit(UserEdit {
            role: Some(Role::Admin),
            ..UserEdit::default()
        })
        .await;
        assert_eq!(bench.ask_scope("stats").await.status, 200);
        edit(UserEdit {
            locked: Some(true),
            ..UserEdit::default()
        })
        .await;
        assert_eq!(
            bench.ask_scope("stats").await.refusal(),
            (400, "invalid_client".to_owned())
        );
        edit(UserEdit {
            locked: Some(false),
            active: Some(false),
            ..UserEdit::default()
        })
        .await;
        assert_eq!(
            bench.ask_scope("stats").await.refusal(),
            (400, "invalid_client".to_owned())
        );
    }
}

#[tokio::test]
async fn an_account_level_credential_keeps_working() {
    let bench = Bench::new().await;
    let legacy = bench
        .app
        .credential_with(&bench.account, None, "stats", |_| {})
        .await;
    assert_eq!(bench.app.token_answer(&legacy, "stats").await.status(), 200);
    assert_eq!(
        bench.app.token_answer(&legacy, "users:read").await.status(),
        400
    );
}
