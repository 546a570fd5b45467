//! Every row of vbc-api §3.8, with its status, code and words.

use super::*;

fn row(status: u16, error: &str, description: &str) -> (u16, String, String) {
    (status, error.to_owned(), description.to_owned())
}

#[tokio::test]
async fn every_row_of_the_table_has_its_answer() {
    for bench in Bench::both().await {
        let of = &bench.of;
        let (no_client, failed) = ("invalid_client", "Client authentication failed");
        let unknown = [
            ("client_id", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9a".to_owned()),
            ("client_secret", "x".to_owned()),
            ("grant_type", "password".to_owned()),
        ];
        assert_eq!(
            bench.ask(&unknown).await.refusal(),
            row(401, no_client, failed)
        );
        assert_eq!(
            bench.ask(&unknown[2..]).await.refusal(),
            row(401, no_client, failed)
        );
        for missing in ["grant_type", "username", "password"] {
            let mut parameters = password_form(of, USERNAME, PASSWORD);
            parameters.retain(|(name, _)| *name != missing);
            let text = format!("Missing parameters: {missing}");
            let wanted = row(400, "invalid_request", &text);
            assert_eq!(bench.ask(&parameters).await.refusal(), wanted);
        }
        for (grant, missing) in [
            ("authorization_code", "code"),
            ("refresh_token", "refresh_token"),
        ] {
            let mut parameters = proof(of);
            parameters.push(("grant_type", grant.to_owned()));
            let text = format!("Missing parameters: {missing}");
            assert_eq!(
                bench.ask(&parameters).await.refusal(),
                row(400, "invalid_request", &text)
            );
        }
        let mut scope = password_form(of, USERNAME, PASSWORD);
        scope.retain(|(name, _)| *name != "scope");
        scope.push(("scope", "users:read".to_owned()));
        assert_eq!(
            bench.ask(&scope).await.refusal(),
            row(400, "invalid_scope", "Invalid scope")
        );
        let gone = bench
            .refresh(of, "6f1d2c3b-4a59-3e68-9f70-8a9b0c1d2e3f")
            .await;
        assert_eq!(gone.refusal(), invalid_grant(REFRESH_GONE));
        let twice = format!(
            "{}&scope=openid",
            form(&password_form(of, USERNAME, PASSWORD))
        );
        let twice = bench.send(TOKEN, &[], &twice).await;
        assert_eq!(
            twice.refusal(),
            row(400, "invalid_request", "A parameter is repeated")
        );
        // c16, c17: the platform's order of keys, and nothing of it is kept anywhere.
        let body = r#"{"error_description":"Persisted access token data not found","error":"invalid_grant"}"#;
        assert_eq!(gone.text, body);
        assert_eq!(gone.header("cache-control"), Some("no-store"));
        assert_eq!(gone.header("pragma"), Some("no-cache"));
        assert_eq!(gone.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_store_that_is_gone_is_told_as_such() {
    for bench in Bench::both().await {
        let body = bench.tokens(&bench.of, "openid").await;
        let code = bench.code(&bench.of, "openid").await;
        bench.app.ctx.db.close().await;
        for parameters in [
            refresh_form(&bench.of, &refresh_of(&body)),
            exchange_form(&bench.of, &code),
            password_form(&bench.of, USERNAME, PASSWORD),
        ] {
            let answer = bench.ask(&parameters).await;
            // vbc-api §3.8 has 502 of a gateway in front; a node that cannot know answers 503 (design §5).
            let wanted = row(503, "server_error", "Service unavailable");
            assert_eq!(answer.refusal(), wanted, "{}", bench.app.engine);
            assert!(answer.header("retry-after").is_some());
        }
    }
}

#[tokio::test]
async fn c158_a_long_body_is_refused_in_constant_memory() {
    let bench = Bench::new().await;
    let long = format!("{}&x={}", form(&proof(&bench.of)), "a".repeat(20_000));
    let answer = bench.send(TOKEN, &[], &long).await;
    assert_eq!(answer.code(), (413, "invalid_request".to_owned()));
}
