//! `POST /Auth/connect/token`: the form of requests and answers.

use super::malformed::{MARK, malformed};
use super::*;

#[tokio::test]
async fn c1_get_and_query_parameters_issue_nothing() {
    let bench = Bench::new().await;
    let query = form(&bench.good());
    let got = bench.get(&format!("{TOKEN}?{query}")).await;
    assert_eq!(
        (got.refusal(), got.header("allow")),
        ((405, "invalid_request".to_owned()), Some("POST"))
    );
    for path in [
        format!("{TOKEN}?{query}"),
        format!("{TOKEN}?grant_type=client_credentials"),
    ] {
        let posted = bench.send(&path, &[], &query).await;
        assert_eq!(posted.refusal(), (400, "invalid_request".to_owned()));
        assert!(!posted.text.contains("access_token"));
    }
}

#[tokio::test]
async fn c2_only_forms_are_read() {
    let bench = Bench::new().await;
    let good = form(&bench.good());
    for content_type in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let answer = bench
            .send(TOKEN, &[("content-type", content_type)], &good)
            .await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request".to_owned()),
            "{content_type}"
        );
    }
    for content_type in [
        FORM,
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-Urlencoded;charset=UTF-8",
    ] {
        let answer = bench
            .send(TOKEN, &[("content-type", content_type)], &good)
            .await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
}

#[tokio::test]
async fn c3_a_repeated_parameter_is_refused() {
    let bench = Bench::new().await;
    let good = form(&bench.good());
    for name in [
        "grant_type",
        "client_id",
        "client_secret",
        "scope",
        "token",
        "zzz",
    ] {
        let answer = bench
            .send(TOKEN, &[], &format!("{good}&{name}=a&{name}=a"))
            .await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request".to_owned()),
            "{name}"
        );
    }
    let several = format!("{good}&resource=a&resource=b&audience=c&audience=d");
    assert_eq!(bench.send(TOKEN, &[], &several).await.status, 200);
}

#[tokio::test]
async fn c4_unknown_parameters_are_ignored_and_empty_ones_absent() {
    let bench = Bench::new().await;
    let good = form(&bench.good());
    assert_eq!(
        bench
            .send(TOKEN, &[], &format!("{good}&colour=blue&empty=&bare"))
            .await
            .status,
        200
    );
    let answer = bench
        .send(TOKEN, &[], &good.replace("scope=stats", "scope="))
        .await;
    assert_eq!(
        answer.text,
        r#"{"error":"invalid_scope","error_description":"You must specify a scope"}"#
    );
    let answer = bench
        .send(TOKEN, &[], &good.replace("grant_type=", "grant_type=&x="))
        .await;
    assert_eq!(
        answer.text,
        r#"{"error":"unsupported_grant_type","error_description":"Invalid grant_type"}"#
    );
    // An empty secret in the body is no second method beside Basic.
    let answer = bench
        .ask_basic(
            &bench.basic(),
            &[
                ("grant_type", "client_credentials".to_owned()),
                ("scope", "stats".to_owned()),
                ("client_secret", String::new()),
            ],
        )
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn c5_both_paths_answer_alike() {
    let bench = Bench::new().await;
    for request in malformed(&bench) {
        let first = bench.send_malformed(TOKEN, &request).await.stable();
        let second = bench.send_malformed("/connect/token", &request).await;
        assert_eq!(first, second.stable(), "{}", request.name);
    }
    let good = form(&bench.good());
    let first = bench.send(TOKEN, &[], &good).await.stable();
    let second = bench.send("/connect/token", &[], &good).await.stable();
    assert_eq!((first.status, &first), (200, &second));
    let first = bench.get(TOKEN).await.stable();
    assert_eq!(first, bench.get("/connect/token").await.stable());
}

#[tokio::test]
async fn c16_errors_use_registered_codes_and_echo_nothing() {
    let bench = Bench::new().await;
    for request in malformed(&bench) {
        let answer = bench.send_malformed(TOKEN, &request).await;
        let expected = (request.status, request.code.to_owned());
        assert_eq!(
            answer.refusal(),
            expected,
            "{}: {}",
            request.name,
            answer.text
        );
        let printable = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        assert!(
            answer.description().chars().all(printable),
            "{}",
            answer.text
        );
        for leak in [
            MARK, "Zm9v", "<script", "OR 1=1", "src/", "SELECT", "panicked",
        ] {
            assert!(
                !answer.text.contains(leak),
                "{}: {}",
                request.name,
                answer.text
            );
        }
    }
    // The platform names an unknown scope, in quotation marks; only what looks like a scope is.
    let answer = bench.ask_as(&bench.id(), bench.secret(), "users:fly").await;
    let named =
        r#"{"error":"invalid_scope","error_description":"\"users:fly\" is an invalid scope"}"#;
    assert_eq!(answer.text, named);
}

#[tokio::test]
async fn c17_no_answer_is_stored() {
    let bench = Bench::new().await;
    let mut answers = vec![bench.ask(&bench.good()).await, bench.get(TOKEN).await];
    for request in malformed(&bench) {
        answers.push(bench.send_malformed(TOKEN, &request).await);
    }
    let token = bench.token().await;
    answers.push(bench.introspect(&bench.credential, &token).await);
    answers.push(bench.revoke(&bench.credential, &token).await);
    answers.push(bench.send(INTROSPECT, &[], "").await);
    // What the hall refuses before any room is asked counts too.
    let twice = [("authorization", "Basic a"), ("authorization", "Basic b")];
    let twice = bench.send(TOKEN, &twice, &form(&bench.good())).await;
    assert_eq!(twice.refusal(), (400, "invalid_request".to_owned()));
    answers.push(twice);
    for answer in answers {
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn c18_success_is_json_of_the_documented_members() {
    for bench in Bench::both().await {
        let answer = bench.ask(&bench.good()).await;
        assert_eq!(answer.status, 200, "{}", bench.app.engine);
        let content_type = answer.header("content-type");
        assert_eq!(content_type, Some("application/json; charset=utf-8"));
        let json = answer.json();
        assert_eq!(json["token_type"], "Bearer");
        assert_eq!(json["expires_in"], 900);
        assert_eq!(json["scope"], "stats");
        assert_eq!(json["access_token"].as_str().unwrap().split('.').count(), 3);
        assert_eq!(json.as_object().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn c19_expires_in_is_the_tokens_remaining_life() {
    let bench = Bench::new().await;
    let json = bench.ask(&bench.good()).await.json();
    let claims = part(json["access_token"].as_str().unwrap(), 1);
    let left = claims["exp"].as_i64().unwrap() - bench.app.ctx.now().secs();
    assert!(
        (left - json["expires_in"].as_i64().unwrap()).abs() <= 1,
        "{left}"
    );
    // Also when the credential ends before the token would.
    let ends_at = bench.app.ctx.now().plus_secs(100);
    let short = bench
        .app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.expires_at = Some(ends_at);
        })
        .await;
    let json = bench
        .ask_as(
            &short.credential.id.to_string(),
            short.secret.expose(),
            "stats",
        )
        .await
        .json();
    assert!(
        (99..=100).contains(&json["expires_in"].as_i64().unwrap()),
        "{json}"
    );
}

#[tokio::test]
async fn c26_c27_the_password_grant_does_not_exist() {
    let bench = Bench::new().await;
    let mut parameters = bench.good().to_vec();
    parameters[0].1 = "password".to_owned();
    parameters.push(("username", "sam.lee@acme.example".to_owned()));
    parameters.push(("password", "correct horse".to_owned()));
    let answer = bench.ask(&parameters).await;
    assert_eq!(
        answer.text,
        r#"{"error":"unsupported_grant_type","error_description":"Invalid grant_type"}"#
    );
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn c28_other_grants_are_unsupported() {
    let bench = Bench::new().await;
    for grant in [
        "authorization_code",
        "refresh_token",
        "implicit",
        "CLIENT_CREDENTIALS",
        "client_credentials ",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let mut parameters = bench.good();
        parameters[0].1 = grant.to_owned();
        let answer = bench.ask(&parameters).await;
        assert_eq!(
            answer.refusal(),
            (400, "unsupported_grant_type".to_owned()),
            "{grant}"
        );
    }
}

#[tokio::test]
async fn c29_no_authorization_endpoint_gives_tokens() {
    let bench = Bench::new().await;
    // The one of applications answers with codes alone, and does not know credentials.
    let answer = bench
        .get(&format!(
            "/authorize?response_type=token&redirect_uri=https%3A%2F%2Fapp.example%2F&client_id={}",
            bench.id()
        ))
        .await;
    let leads_away = answer.headers.iter().any(|(name, _)| name == "location");
    assert_eq!((answer.status, leads_away), (400, false));
    for path in [
        "/Auth/authorize",
        "/Auth/connect/authorize",
        "/connect/authorize",
    ] {
        let answer = bench
            .get(&format!(
                "{path}?response_type=token&client_id={}",
                bench.id()
            ))
            .await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
