//! What answers look like (vbc-api §3.2 to §3.5, §3.7).

use super::*;

#[tokio::test]
async fn a_code_gives_tokens_in_the_platforms_shape() {
    for bench in Bench::both().await {
        let code = bench.code(&bench.of, "openid").await;
        let mut parameters = exchange_form(&bench.of, &code);
        parameters.retain(|(name, _)| !name.starts_with("client_"));
        let authorization = basic(&bench.of);
        let headers = [("authorization", authorization.as_str())];
        let answer = bench.send(TOKEN, &headers, &form(&parameters)).await;
        let body = answer.granted();
        let keys: Vec<&str> = answer
            .text
            .split(['"', ','])
            .filter(|part| body.get(part).is_some())
            .collect();
        assert_eq!(
            keys,
            [
                "access_token",
                "refresh_token",
                "scope",
                "id_token",
                "token_type",
                "expires_in"
            ]
        );
        assert_eq!(
            (
                text(&body, "scope"),
                text(&body, "token_type"),
                body["expires_in"].as_i64()
            ),
            ("openid".to_owned(), "Bearer".to_owned(), Some(86_400))
        );
        assert_eq!(
            refresh_of(&body).chars().nth(14),
            Some('3'),
            "a version nibble of 3"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        let claims = claims(&access(&body));
        assert_eq!(claims["iss"], bench.app.url("/oauth2/token"));
        assert_eq!(claims["sub"], bench.user.id.to_string());
        assert_eq!(claims["client_id"], bench.of.key);
        assert_eq!(claims["aud"], "urn:ringfence:vbc:nam");
        assert_eq!(claims["aut"], "APPLICATION_USER");
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            86_400
        );
        assert!(bench.admitted(&access(&body)).await);
    }
}

#[tokio::test]
async fn without_openid_the_scope_is_default_and_there_is_no_id_token() {
    let bench = Bench::new().await;
    let body = bench.tokens(&bench.of, "").await;
    assert_eq!(text(&body, "scope"), "default");
    assert_eq!(body.get("id_token"), None);
    assert!(bench.admitted(&access(&body)).await);
}

#[tokio::test]
async fn c145_the_id_token_says_what_was_asked() {
    let bench = Bench::new().await;
    let body = bench.tokens(&bench.of, "openid").await;
    let id = claims(&text(&body, "id_token"));
    assert_eq!(id["iss"], bench.app.url("/oauth2/token"));
    assert_eq!(id["sub"], bench.user.id.to_string());
    assert_eq!(id["nonce"], "n-0S6_WzA2Mj");
    assert!(id["at_hash"].is_string() && id["auth_time"].is_i64());
    // OpenID Connect Core §12.2: the next one is about the same sign-in and has no nonce.
    let next = bench.refresh(&bench.of, &refresh_of(&body)).await.granted();
    let next = claims(&text(&next, "id_token"));
    assert_eq!(
        (&next["sub"], &next["auth_time"]),
        (&id["sub"], &id["auth_time"])
    );
    assert_eq!(next.get("nonce"), None);
}

#[tokio::test]
async fn an_application_without_refresh_gets_no_refresh_token() {
    let bench = Bench::new().await;
    let plain = bench
        .application("Plain", |application| {
            let keys = application.keys.as_mut().unwrap();
            keys.grant_types =
                ringfence_core::application::GrantTypes::parse("authorization_code password")
                    .unwrap();
        })
        .await;
    let body = bench.tokens(&plain, "openid").await;
    assert_eq!(body.get("refresh_token"), None);
    let again = bench
        .ask(&refresh_form(
            &plain,
            "6f1d2c3b-4a59-3e68-9f70-8a9b0c1d2e3f",
        ))
        .await;
    assert_eq!(again.code(), (400, "unauthorized_client".to_owned()));
}

#[tokio::test]
async fn an_applications_own_token_is_of_nobody() {
    let bench = Bench::new().await;
    let mut parameters = proof(&bench.of);
    parameters.push(("grant_type", "client_credentials".to_owned()));
    let answer = bench.ask(&parameters).await;
    let body = answer.granted();
    // c31: neither a refresh token nor an ID token.
    assert_eq!(
        (body.get("refresh_token"), body.get("id_token")),
        (None, None)
    );
    assert_eq!(
        (text(&body, "scope"), body["expires_in"].as_i64()),
        ("default".to_owned(), Some(86_400))
    );
    let claims = claims(&access(&body));
    // c35: its subject is no person's.
    assert_eq!(claims["sub"], bench.of.application.id.to_string());
    assert_eq!(claims["aut"], "APPLICATION");
    assert!(!bench.admitted(&access(&body)).await);
    // c32: scopes about a person are refused, not dropped.
    for scope in ["openid", "email", "users:read"] {
        let mut wider = parameters.clone();
        wider.push(("scope", scope.to_owned()));
        assert_eq!(
            bench.ask(&wider).await.code(),
            (400, "invalid_scope".to_owned()),
            "{scope}"
        );
    }
    let public = bench.public().await;
    let mut of_public = proof(&public);
    of_public.push(("grant_type", "client_credentials".to_owned()));
    let refused = bench.ask(&of_public).await;
    assert_eq!(
        refused.code(),
        (400, "unauthorized_client".to_owned()),
        "c30"
    );
}

#[tokio::test]
async fn the_tenants_path_is_the_same_service() {
    let bench = Bench::new().await;
    for path in [TOKEN, "/t/vbc.prod/oauth2/token"] {
        let code = bench.code(&bench.of, "openid").await;
        let body = form(&exchange_form(&bench.of, &code));
        assert_eq!(bench.send(path, &[], &body).await.status, 200, "{path}");
    }
    for path in ["/oauth2/jwks", "/t/vbc.prod/oauth2/jwks"] {
        let set = bench
            .app
            .http
            .get(bench.app.url(path))
            .send()
            .await
            .unwrap();
        assert_eq!(set.headers()["access-control-allow-origin"], "*");
        let set: Value = set.json().await.unwrap();
        assert!(
            set["keys"].as_array().is_some_and(|keys| !keys.is_empty()),
            "{path}"
        );
        assert!(
            !set.to_string().contains("\"d\""),
            "{path}: public members only"
        );
    }
}

#[tokio::test]
async fn pages_of_any_origin_may_call_and_no_cookie_counts() {
    let bench = Bench::new().await;
    for path in [
        TOKEN,
        REVOKE,
        "/t/vbc.prod/oauth2/token",
        "/t/vbc.prod/oauth2/revoke",
    ] {
        let asked = bench
            .app
            .http
            .request(reqwest::Method::OPTIONS, bench.app.url(path))
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST");
        let allowed = answer(asked.send().await.unwrap()).await;
        assert_eq!(allowed.status, 204, "{path}");
        assert_eq!(allowed.header("access-control-allow-origin"), Some("*"));
        assert_eq!(allowed.header("access-control-allow-credentials"), None);
        let refused = bench
            .send(path, &[("origin", "https://app.example")], "")
            .await;
        assert_eq!(
            refused.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
        for method in [reqwest::Method::GET, reqwest::Method::PUT] {
            let other = bench.app.http.request(method, bench.app.url(path));
            assert_eq!(other.send().await.unwrap().status(), 405, "{path}");
        }
    }
}
