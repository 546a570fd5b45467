//! The tokens themselves.

use std::collections::HashSet;

use ringfence_core::account::{Region, TokenAlg};
use ringfence_core::issuer::audience;
use ringfence_core::jwt::verify::{TokenFault, TokenRule, verify_access};
use ringfence_testkit::stores;

use super::*;

#[tokio::test]
async fn c69_the_header_names_type_algorithm_and_a_published_key() {
    for bench in Bench::both().await {
        let header = part(&bench.token().await, 0);
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(header["alg"], "RS256");
        let keys = bench.jwks().await;
        let key = keys
            .iter()
            .find(|key| key["kid"] == header["kid"])
            .expect("the key is published");
        assert_eq!((&key["alg"], &key["kty"]), (&"RS256".into(), &"RSA".into()));
        assert_eq!(header.as_object().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn c70_the_claims_of_rfc9068_are_there() {
    let bench = Bench::new().await;
    let claims = part(&bench.token().await, 1);
    for name in [
        "iss",
        "aud",
        "sub",
        "client_id",
        "jti",
        "scope",
        "account",
        "region",
    ] {
        assert!(
            claims[name].as_str().is_some_and(|text| !text.is_empty()),
            "{name}"
        );
    }
    for name in ["exp", "iat", "nbf"] {
        assert!(claims[name].is_i64(), "{name}");
    }
    assert_eq!(claims["iss"], format!("{}/Auth", bench.app.base));
    assert_eq!(claims["account"], bench.account.id.to_string());
    assert_eq!(claims["region"], "emea");
    assert_eq!(claims["scope"], "stats");
    assert!(
        claims["nbf"] == claims["iat"]
            && claims["iat"].as_i64().unwrap() <= bench.app.ctx.now().secs()
    );
}

#[tokio::test]
async fn c71_rs256_by_default_and_es256_where_it_is_chosen() {
    let bench = Bench::new().await;
    let other = bench
        .app
        .account_in("curve", Region::Nam, TokenAlg::Es256)
        .await;
    let owner = bench.app.admin(&other, "alex@curve.example", &[]).await;
    let of_account = bench.app.credential(&other, &owner, "stats").await;
    let of_credential = bench
        .app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.token_alg = Some(TokenAlg::Es256);
        })
        .await;
    for (made, alg) in [
        (&bench.credential, "RS256"),
        (&of_account, "ES256"),
        (&of_credential, "ES256"),
    ] {
        let token = bench.app.token(made, "stats").await;
        assert_eq!(part(&token, 0)["alg"], alg);
        assert_eq!(bench.introspect(made, &token).await.json()["active"], true);
    }
    let algs: HashSet<String> = bench
        .jwks()
        .await
        .iter()
        .map(|key| key["alg"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        algs,
        HashSet::from(["RS256".to_owned(), "ES256".to_owned()])
    );
}

#[tokio::test]
async fn c72_the_audience_is_one_regions_apis() {
    let bench = Bench::new().await;
    let token = bench.token().await;
    assert_eq!(part(&token, 1)["aud"], audience(Region::Emea));
    // A resource server of another region, with the same keys, refuses it.
    let snapshot = bench.app.ctx.directory.snapshot();
    let now = bench.app.ctx.now();
    let rule = |region| TokenRule {
        issuers: vec![format!("{}/Auth", bench.app.base)],
        audiences: vec![audience(region)],
        skew_secs: 30,
    };
    let verify = |region| {
        verify_access(
            &token,
            |id| snapshot.verifying_key(id, now),
            &rule(region),
            now,
        )
        .map(|_| ())
    };
    assert_eq!(verify(Region::Emea), Ok(()));
    assert_eq!(verify(Region::Nam), Err(TokenFault::Audience));
    assert_eq!(verify(Region::Apac), Err(TokenFault::Audience));
}

#[tokio::test]
async fn c72_a_regions_host_issues_only_for_its_own_accounts() {
    let hosts = vec![
        ("emea.cc.test".to_owned(), Region::Emea),
        ("nam.cc.test".to_owned(), Region::Nam),
    ];
    let settings = Settings {
        hosts,
        ..Settings::default()
    };
    let bench = Bench::on(TestApp::start(stores::sqlite(), settings).await).await;
    let body = form(&bench.good());
    assert_eq!(
        bench
            .send(TOKEN, &[("host", "emea.cc.test")], &body)
            .await
            .status,
        200
    );
    assert_eq!(
        bench
            .send(TOKEN, &[("host", "NAM.cc.test:443")], &body)
            .await
            .refusal(),
        (400, "invalid_client".to_owned())
    );
}

#[tokio::test]
async fn c73_no_two_tokens_have_the_same_id() {
    let bench = Bench::new().await;
    let folder = bench.app.folder.as_ref().unwrap().path();
    let url = format!("sqlite:{}", folder.join("ringfence.db").display());
    let mut ids = HashSet::new();
    for _ in 0..3 {
        // A second node on the same store, started anew each time.
        let node = TestApp::node(&url, "sqlite", &folder.join("blobs"), Settings::default()).await;
        for _ in 0..100 {
            for app in [&bench.app, &node] {
                let token = app.token(&bench.credential, "stats").await;
                assert!(ids.insert(part(&token, 1)["jti"].as_str().unwrap().to_owned()));
            }
        }
    }
    assert_eq!(ids.len(), 600);
}

#[tokio::test]
async fn c74_a_token_lives_fifteen_minutes_and_never_more_than_a_day() {
    let bench = Bench::new().await;
    let claims = part(&bench.token().await, 1);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
    let settings = Settings {
        token_ttl_secs: 10_000_000,
        ..Settings::default()
    };
    let greedy = Bench::on(TestApp::start(stores::sqlite(), settings).await).await;
    assert_eq!(
        greedy.ask(&greedy.good()).await.json()["expires_in"],
        86_400
    );
    let short = bench
        .app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.token_ttl_secs = Some(60);
        })
        .await;
    let claims = part(&bench.app.token(&short, "stats").await, 1);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        60
    );
}

#[tokio::test]
async fn c75_nothing_personal_is_in_a_token() {
    let bench = Bench::new().await;
    let token = bench.app.token(&bench.credential, SCOPES).await;
    let (header, claims) = (part(&token, 0).to_string(), part(&token, 1).to_string());
    let random = bench.secret().split('_').nth(2).unwrap().to_owned();
    for private in [
        "sam.lee",
        "acme",
        "nightly",
        "@",
        "+44",
        "rfs_",
        &random,
        &bench.owner.id.to_string(),
    ] {
        assert!(
            !header.contains(private) && !claims.contains(private),
            "{private}: {claims}"
        );
    }
}
