//! Headers: ours, the caller's, the connection's.

use ringfence_core::credential::Network;
use ringfence_server::web::proxies::Proxies;

use super::Bench;

#[tokio::test]
async fn c97_identity_headers_come_from_the_gateway_alone() {
    let bench = Bench::new().await;
    let forged = [
        "x-ringfence-account: forged",
        "X-RINGFENCE-CLIENT: forged",
        "X_Ringfence_Subject: forged",
        "x-ringfence_scope: forged",
        "X_RINGFENCE_OWNER: forged",
        "x-ringfence-anything: forged",
        "connection: x-ringfence-account, X-Ringfence-Client, x-private",
        "x-private: secret",
    ];
    let answer = bench.get_good("/up/1", &forged).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let received = bench.upstream.last();
    let client = bench.credential.credential.id.to_string();
    let expected = [
        ("x-ringfence-account", bench.account.id.to_string()),
        ("x-ringfence-client", client.clone()),
        ("x-ringfence-subject", client),
        ("x-ringfence-owner", bench.owner.id.to_string()),
        ("x-ringfence-issuer", bench.app.ctx.token.issuer.clone()),
        ("x-ringfence-scope", "users:read stats".to_owned()),
        ("x-ringfence-region", "emea".to_owned()),
    ];
    for (name, value) in &expected {
        assert_eq!(received.header(name), Some(value.as_str()), "{name}");
    }
    assert!(received.header("x-ringfence-token").is_some());
    for (name, value) in &received.headers {
        assert!(!value.contains("forged"), "{name}: {value}");
        let plain = name.replace('_', "-");
        let ours = !plain.starts_with("x-ringfence-") || *name == plain;
        assert!(ours && name != "x-private", "{name}");
    }
}

#[tokio::test]
async fn c98_forwarding_headers_of_strangers_are_neither_read_nor_passed_on() {
    let bench = Bench::new().await;
    let forged = [
        "x-forwarded-for: 203.0.113.7",
        "x_forwarded_for: 203.0.113.7",
        "x-forwarded-proto: https",
        "x-forwarded-host: evil.example",
        "x-forwarded-client-cert: forged",
        "forwarded: for=203.0.113.7",
        "x-real-ip: 203.0.113.7",
    ];
    assert_eq!(bench.get_good("/up/1", &forged).await.status, 200);
    let received = bench.upstream.last();
    assert_eq!(received.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(received.header("x-forwarded-proto"), Some("http"));
    assert_eq!(received.header("x-forwarded-host"), Some("api.example"));
    for gone in [
        "x_forwarded_for",
        "forwarded",
        "x-real-ip",
        "x-forwarded-client-cert",
    ] {
        assert_eq!(received.header(gone), None, "{gone}");
    }
    let host = bench.upstream.address.to_string();
    assert_eq!(received.header("host"), Some(host.as_str()));
}

#[tokio::test]
async fn c98_a_configured_proxy_is_believed_from_the_right() {
    let bench = Bench::with(|setup| {
        let own = Network::parse("127.0.0.0/8").unwrap();
        setup.limits.proxies = Proxies(vec![own]);
    })
    .await;
    let lines = [
        "x-forwarded-for: 198.51.100.1, 203.0.113.7",
        "x-forwarded-proto: https",
        "x-forwarded-host: api.customer.example",
    ];
    assert_eq!(bench.get_good("/up/1", &lines).await.status, 200);
    let received = bench.upstream.last();
    let addresses = received.header("x-forwarded-for");
    assert_eq!(addresses, Some("203.0.113.7, 127.0.0.1"));
    assert_eq!(received.header("x-forwarded-proto"), Some("https"));
    assert_eq!(
        received.header("x-forwarded-host"),
        Some("api.customer.example")
    );
}

#[tokio::test]
async fn c98_a_network_rule_goes_by_the_true_address() {
    let bench = Bench::new().await;
    let only_there = bench
        .app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.networks = vec![Network::parse("127.0.0.2/32").unwrap()];
        })
        .await;
    // The token is got from the address that may, and then used from one that may not.
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=stats",
        only_there.credential.id,
        only_there.secret.expose()
    );
    let there = bench.app.http_from("127.0.0.2".parse().unwrap());
    let answer = there
        .post(bench.app.url("/Auth/connect/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    let token = body["access_token"].as_str().unwrap();
    let line = format!("authorization: Bearer {token}");
    let elsewhere = bench
        .get("/up/1", &[&line, "x-forwarded-for: 127.0.0.2"])
        .await;
    assert_eq!(
        (elsewhere.status, elsewhere.reason().as_str()),
        (403, "network_refused")
    );
    assert!(elsewhere.challenge().contains("network_refused"));
    let call = there.get(bench.app.url("/up/1")).bearer_auth(token).send();
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test]
async fn c100_the_token_is_passed_on_only_where_the_route_says_so() {
    let bench = Bench::new().await;
    assert_eq!(bench.call().await.status, 200);
    let received = bench.upstream.last();
    assert_eq!(received.header("authorization"), None);
    let whole = format!("{received:?}");
    assert!(
        !whole.contains(&bench.token),
        "the token is nowhere else either"
    );
    assert_eq!(bench.get_good("/trusting/1", &[]).await.status, 200);
    let received = bench.upstream.last();
    let passed = received.header("authorization").unwrap();
    assert_eq!(passed, format!("Bearer {}", bench.token));
}

#[tokio::test]
async fn headers_of_one_connection_stay_there() {
    let bench = Bench::new().await;
    let lines = [
        "keep-alive: timeout=5",
        "te: trailers",
        "proxy-authorization: Basic YTpi",
        "proxy-connection: keep-alive",
        "expect: 100-continue",
        "accept: application/json",
    ];
    assert_eq!(bench.get_good("/up/1", &lines).await.status, 200);
    let received = bench.upstream.last();
    for gone in [
        "keep-alive",
        "te",
        "proxy-authorization",
        "proxy-connection",
        "expect",
    ] {
        assert_eq!(received.header(gone), None, "{gone}");
    }
    assert_eq!(received.header("accept"), Some("application/json"));

    let answer = bench.get_good("/up/claims", &[]).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
    for gone in ["x-ringfence-account", "x-private", "keep-alive"] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    assert_ne!(answer.header("x-request-id"), Some("forged"));
}
