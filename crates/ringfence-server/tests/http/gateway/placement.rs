//! Where a token may stand, and what is said when there is none.

use super::{Bench, raw};

const FORM: &str = "content-type: application/x-www-form-urlencoded";

#[tokio::test]
async fn c82_the_scheme_is_matched_in_any_case() {
    let bench = Bench::new().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let line = format!("Authorization: {scheme} {}", bench.token);
        let answer = bench.get("/up/1", &[&line]).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, "echo"),
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn c83_a_token_in_query_or_body_is_refused() {
    let bench = Bench::new().await;
    let token = &bench.token;
    let in_query = bench.get(&format!("/up/1?access_token={token}"), &[]).await;
    assert_eq!(
        (in_query.status, in_query.reason().as_str()),
        (401, "token_misplaced")
    );
    let hidden = bench
        .get(&format!("/up/1?x=1&access%5ftoken={token}"), &[])
        .await;
    assert_eq!(hidden.status, 401);
    let body = format!("access_token={token}");
    let in_body = bench.send("POST", "/up/1", &[FORM], &body).await;
    assert_eq!(
        (in_body.status, in_body.reason().as_str()),
        (401, "token_misplaced")
    );
    let in_cookie = format!("cookie: access_token={token}");
    assert_eq!(bench.get("/up/1", &[&in_cookie]).await.status, 401);
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn c84_two_headers_or_two_ways_are_refused_with_400() {
    let bench = Bench::new().await;
    let bearer = bench.bearer();
    let twice = bench.get("/up/1", &[&bearer, &bearer]).await;
    assert_eq!(
        (twice.status, twice.reason().as_str()),
        (400, "authorization_repeated")
    );
    assert!(twice.challenge().contains(r#"error="invalid_request""#));
    let basic = bench
        .get("/up/1", &["authorization: Basic YTpi", &bearer])
        .await;
    assert_eq!(basic.status, 400);
    let query = format!("/up/1?access_token={}", bench.token);
    let both = bench.get(&query, &[&bearer]).await;
    assert_eq!((both.status, both.reason().as_str()), (400, "token_twice"));
    let body = format!("a=1&access_token={}", bench.token);
    let both = bench.send("POST", "/up/1", &[&bearer, FORM], &body).await;
    assert_eq!((both.status, both.reason().as_str()), (400, "token_twice"));
    assert_eq!(bench.upstream.n_received(), 0);
    // A form without one goes through whole.
    let fine = bench
        .send("POST", "/up/1", &[&bearer, FORM], "a=1&b=2")
        .await;
    assert_eq!(fine.status, 200);
    assert_eq!(bench.upstream.last().body, b"a=1&b=2");
}

#[tokio::test]
async fn c85_each_refusal_names_what_is_wrong_and_no_more() {
    let bench = Bench::new().await;
    let none = bench.get("/up/1", &[]).await;
    assert_eq!(none.status, 401);
    assert_eq!(
        none.challenge(),
        r#"Bearer realm="ringfence", scope="stats""#
    );
    let basic = bench.get("/up/1", &["authorization: Basic YTpi"]).await;
    assert_eq!(basic.challenge(), none.challenge());

    for malformed in ["Bearer", "Bearer a.b.c", "Bearer !!", "Bearer a b"] {
        let line = format!("authorization: {malformed}");
        let answer = bench.get("/up/1", &[&line]).await;
        assert_eq!(answer.status, 401, "{malformed}");
        assert!(
            answer.challenge().contains(r#"error="invalid_token""#),
            "{answer:?}"
        );
    }

    // The credential lacks the scope; then this token was not asked for it.
    let lacking = bench.get_good("/people/admins/1", &[]).await;
    assert_eq!(
        (lacking.status, lacking.reason().as_str()),
        (403, "scope_missing")
    );
    let challenge = lacking.challenge();
    assert!(
        challenge.contains(r#"error="insufficient_scope""#),
        "{challenge}"
    );
    assert!(challenge.contains(r#"scope="admin:read""#), "{challenge}");
    let narrow = bench.app.token(&bench.credential, "users:read").await;
    let not_asked = bench.call_with(&narrow).await;
    assert_eq!(
        (not_asked.status, not_asked.reason().as_str()),
        (403, "scope_not_asked")
    );
    assert!(not_asked.challenge().contains(r#"scope="stats""#));

    bench.app.clock.advance_secs(901 + 30);
    bench.app.caught_up().await;
    let expired = bench.call().await;
    assert_eq!(
        (expired.status, expired.reason().as_str()),
        (401, "token_expired")
    );
    assert!(expired.challenge().contains(r#"error="invalid_token""#));
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn every_response_carries_an_id_of_our_making() {
    let bench = Bench::new().await;
    let mut seen = std::collections::BTreeSet::new();
    for target in ["/up/1", "/nothing", "/livez", "/a/../b"] {
        let answer = bench.get_good(target, &["x-request-id: forged"]).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(id.len(), 36, "{target}");
        assert!(seen.insert(id), "{target}");
    }
    assert!(seen.contains(bench.upstream.last().header("x-request-id").unwrap()));
}

#[tokio::test]
async fn c158_bounds_of_a_head_are_kept_in_constant_memory() {
    let bench = Bench::new().await;
    let long = format!("x-long: {}", "a".repeat(1024 * 1024));
    let answer = bench.get("/up/1", &[&long]).await;
    assert_eq!((answer.status, answer.closed), (431, true));
    let many: Vec<String> = (0..200).map(|n| format!("x-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(bench.get("/up/1", &many).await.status, 431);
    let long_path = format!("/up/{}", "a".repeat(8_000));
    assert_eq!(bench.get_good(&long_path, &[]).await.status, 414);
    let long_token = format!("authorization: Bearer {}", "a".repeat(12_000));
    assert_eq!(bench.get("/up/1", &[&long_token]).await.status, 401);
    // A megabyte declared is refused before it is sent.
    let text = format!(
        "PUT /up/1 HTTP/1.1\r\nhost: a\r\n{}\r\ncontent-length: 1048577\r\n\r\n",
        bench.bearer()
    );
    let answer = raw(bench.app.address, text.as_bytes()).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (413, "body_too_long")
    );
    assert_eq!(bench.upstream.n_received(), 0);
}
