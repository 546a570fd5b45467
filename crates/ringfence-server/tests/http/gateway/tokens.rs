//! Which tokens count.

use std::time::Duration;

use ringfence_core::encoding::base64url;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Bench;

async fn refused(bench: &Bench, token: &str, reason: &str) {
    let answer = bench.call_with(token).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (401, reason),
        "{token}"
    );
}

#[tokio::test]
async fn c86_each_wrong_thing_singly_is_refused() {
    let bench = Bench::new().await;
    let (header, claims) = bench.parts();
    let again = bench.forge(&header.to_string(), &claims.to_string());
    assert_eq!(
        bench.call_with(&again).await.status,
        200,
        "a token signed anew is good"
    );

    let (signed, signature) = bench.token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let rest: String = signature.chars().skip(1).collect();
    refused(
        &bench,
        &format!("{signed}.{flipped}{rest}"),
        "token_signature",
    )
    .await;
    refused(&bench, &format!("{signed}."), "token_signature").await;
    refused(&bench, signed, "token_malformed").await;

    let now = bench.app.ctx.now().secs();
    let wrong: &[(&str, Value, &str)] = &[
        ("iss", json!("https://other.example/Auth"), "token_issuer"),
        (
            "iss",
            json!(format!("{}/", bench.app.ctx.token.issuer)),
            "token_issuer",
        ),
        ("aud", json!("urn:other"), "token_audience"),
        ("aud", json!("urn:ringfence:vcc:nam"), "token_audience"),
        ("exp", json!(now - 31), "token_expired"),
        ("nbf", json!(now + 62), "token_not_yet_valid"),
        ("iat", json!(now + 62), "token_not_yet_valid"),
        ("sub", json!("somebody"), "token_subject"),
        ("region", json!("nam"), "token_audience"),
    ];
    for (name, value, reason) in wrong {
        refused(&bench, &bench.with_claim(name, value.clone()), reason).await;
    }
    let with_header = |name: &str, value: &str| {
        let mut header = header.clone();
        header[name] = json!(value);
        bench.forge(&header.to_string(), &claims.to_string())
    };
    refused(&bench, &with_header("alg", "ES256"), "token_algorithm").await;
    for alg in ["none", "HS256", "RS512", "rs256", ""] {
        refused(&bench, &with_header("alg", alg), "token_malformed").await;
    }
    for typ in ["JWT", "AT+JWT", ""] {
        let answer = bench.call_with(&with_header("typ", typ)).await;
        assert_eq!(answer.status, 401, "{typ}");
    }
    let unsigned = format!(
        "{}.{}.",
        base64url(br#"{"alg":"none","typ":"at+jwt"}"#),
        base64url(claims.to_string().as_bytes())
    );
    assert_eq!(bench.call_with(&unsigned).await.status, 401);
}

#[tokio::test]
async fn c87_a_claim_of_the_wrong_type_is_a_failure_and_so_are_duplicates() {
    let bench = Bench::new().await;
    let (header, claims) = bench.parts();
    let wrong = [
        ("iss", json!(["x"])),
        ("aud", json!(7)),
        ("exp", json!("9999999999")),
        ("exp", json!(99_999_999_999.5)),
        ("exp", json!(true)),
        ("nbf", json!("0")),
        ("iat", json!({})),
        ("jti", json!(1)),
        ("client_id", json!(["x"])),
        ("scope", json!(["stats"])),
        ("epoch", json!("0")),
        ("secret_no", json!(-1)),
        ("exp", Value::Null),
        ("nbf", Value::Null),
        ("jti", Value::Null),
        ("scope", Value::Null),
        ("epoch", Value::Null),
    ];
    for (name, value) in wrong {
        let answer = bench
            .call_with(&bench.with_claim(name, value.clone()))
            .await;
        let outcome = (answer.status, answer.reason());
        let good =
            outcome.0 == 401 && ["token_claims", "token_audience"].contains(&outcome.1.as_str());
        assert!(good, "{name}: {value}: {outcome:?}");
    }
    let claims = claims.to_string();
    let twice = claims.replacen('{', r#"{"scope":"stats","#, 1);
    refused(
        &bench,
        &bench.forge(&header.to_string(), &twice),
        "token_claims",
    )
    .await;
    let escaped = claims.replacen('{', r#"{"sc\u006fpe":"stats","#, 1);
    refused(
        &bench,
        &bench.forge(&header.to_string(), &escaped),
        "token_claims",
    )
    .await;
    let twice = header.to_string().replacen('{', r#"{"alg":"none","#, 1);
    refused(&bench, &bench.forge(&twice, &claims), "token_malformed").await;
    for not_an_object in ["[]", "\"a\"", "", "{", "null"] {
        let token = bench.forge(&header.to_string(), not_an_object);
        assert_eq!(bench.call_with(&token).await.status, 401, "{not_an_object}");
    }
}

#[tokio::test]
async fn c88_other_tokens_of_the_same_key_are_no_access_tokens() {
    let bench = Bench::new().await;
    let (header, claims) = bench.parts();
    for typ in [
        "JWT",
        "logout+jwt",
        "dpop+jwt",
        "client-authentication+jwt",
        "secevent+jwt",
    ] {
        let mut header = header.clone();
        header["typ"] = json!(typ);
        let token = bench.forge(&header.to_string(), &claims.to_string());
        refused(&bench, &token, "token_type").await;
    }
    let mut untyped = header.clone();
    untyped.as_object_mut().unwrap().remove("typ");
    let token = bench.forge(&untyped.to_string(), &claims.to_string());
    assert_eq!(bench.call_with(&token).await.status, 401);
}

#[tokio::test]
async fn c89_clocks_may_differ_by_the_configured_skew_and_never_by_more_than_a_minute() {
    let bench = Bench::with(|setup| setup.settings.clock_skew_secs = 3_600).await;
    let now = bench.app.ctx.now().secs();
    for (name, at, good) in [
        ("exp", now - 55, true),
        ("exp", now - 61, false),
        ("nbf", now + 55, true),
        ("nbf", now + 65, false),
        ("iat", now + 55, true),
        ("iat", now + 65, false),
    ] {
        let answer = bench.call_with(&bench.with_claim(name, json!(at))).await;
        assert_eq!(
            answer.status == 200,
            good,
            "{name} {}: {answer:?}",
            at - now
        );
    }
}

#[tokio::test]
async fn c90_keys_named_by_the_token_are_never_used() {
    let bench = Bench::new().await;
    let (header, claims) = bench.parts();
    for (name, value) in [
        ("jwk", json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})),
        ("jku", json!(format!("{}/keys", bench.upstream.url()))),
        ("x5u", json!(format!("{}/cert", bench.upstream.url()))),
        ("x5c", json!(["MIIB"])),
    ] {
        let mut header = header.clone();
        header[name] = value;
        let token = bench.forge(&header.to_string(), &claims.to_string());
        let answer = bench.call_with(&token).await;
        assert_eq!(
            answer.status, 401,
            "{name}: refused even with a good signature"
        );
        header.as_object_mut().unwrap().remove("kid");
        let token = bench.forge(&header.to_string(), &claims.to_string());
        assert_eq!(bench.call_with(&token).await.status, 401, "{name} for kid");
    }
    assert_eq!(bench.upstream.n_received(), 0, "nothing is fetched");
}

#[tokio::test]
async fn c91_unknown_kids_delay_nobody_and_fetch_nothing() {
    let bench = Bench::new().await;
    let (mut header, claims) = bench.parts();
    header["kid"] = json!("0190a1b2-3333-4d5e-8f60-7a8b9c0d0001");
    let unknown = bench.forge(&header.to_string(), &claims.to_string());
    // Keys come with the directory; a second look at the store is shared by all who ask, and good calls need none.
    bench.app.ctx.db.close().await;
    let storm = async {
        for _ in 0..200 {
            refused(&bench, &unknown, "token_key_unknown").await;
        }
    };
    let good = async {
        for _ in 0..50 {
            let answer = timeout(Duration::from_secs(1), bench.call()).await;
            assert_eq!(answer.expect("a good call is not delayed").status, 200);
        }
    };
    tokio::join!(storm, good);
}

#[tokio::test]
async fn c92_without_the_store_known_keys_work_for_the_stated_time_and_then_nothing_is_guessed() {
    let bench = Bench::with(|setup| setup.settings.max_staleness_ms = 60_000).await;
    assert_eq!(bench.call().await.status, 200);
    bench.app.ctx.db.close().await;
    bench.app.clock.advance_secs(50);
    assert_eq!(bench.call().await.status, 200);
    let (signed, _) = bench.token.rsplit_once('.').unwrap();
    refused(&bench, &format!("{signed}.AAAA"), "token_signature").await;
    bench.app.clock.advance_secs(20);
    let stale = bench.call().await;
    assert_eq!(
        (stale.status, stale.reason().as_str()),
        (503, "directory_stale")
    );
    assert!(stale.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    assert_eq!(bench.get("/readyz", &[]).await.status, 503);
    assert_eq!(bench.get("/livez", &[]).await.status, 200);
    let n_calls = bench.upstream.n_received();
    assert_eq!(n_calls, 2, "a refused call reaches nobody");
}
