//! What the token service writes down besides its answers.

use ringfence_app::token::{ClientProof, Origin, TokenRequest, token_issue};
use ringfence_app::usage;
use ringfence_core::secret::Secret;
use ringfence_testkit::test_app::TestApp;

fn request(client_id: &str) -> TokenRequest {
    TokenRequest {
        proof: ClientProof {
            client_id: client_id.to_owned(),
            secret: Secret::new("wrong".to_owned()),
        },
        origin: Origin {
            address: Some([203, 0, 113, 9].into()),
            region: None,
        },
        grant_type: Some("client_credentials".to_owned()),
        scope: Some("stats".to_owned()),
    }
}

#[tokio::test]
async fn c155_failed_uses_of_a_credential_are_in_the_audit_trail() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let owner = app.admin(&account, "sam.lee@acme.example", &[]).await;
        let made = app.credential(&account, &owner, "stats").await;
        let id = made.credential.id.to_string();
        let lines = async || {
            let mut tx = app.ctx.db.begin_read().await.unwrap();
            let sql = "SELECT account_id, subject, detail FROM audit WHERE act = 'credential.use_failed' ORDER BY seq";
            let rows = tx.fetch_all(sql, &[]).await.unwrap();
            let of = |row: &ringfence_store::db::Row, name| row.text(name).unwrap();
            let line = |row| [of(row, "account_id"), of(row, "subject"), of(row, "detail")];
            rows.iter().map(line).collect::<Vec<_>>()
        };
        for _ in 0..3 {
            assert!(token_issue(&app.ctx, &request(&id)).is_err());
        }
        assert!(token_issue(&app.ctx, &request("nobody")).is_err());
        assert_eq!(
            lines().await.len(),
            0,
            "a wrong secret writes nothing by itself"
        );
        usage::flush(&app.ctx).await.unwrap();
        usage::flush(&app.ctx).await.unwrap();
        let detail = r#"{"count":3,"last_from":"203.0.113.9","reason":"secret_wrong"}"#;
        let expected = [account.id.to_string(), id, detail.to_owned()];
        assert_eq!(lines().await, [expected], "{}", app.engine);
    }
}
