//! Metadata and key set.

use std::collections::HashSet;

use super::*;

const OPENID: &str = "/Auth/.well-known/openid-configuration";
const PLACES: [&str; 3] = [
    OPENID,
    "/.well-known/openid-configuration/Auth",
    "/.well-known/oauth-authorization-server/Auth",
];

#[tokio::test]
async fn c114_all_places_tell_the_same() {
    let bench = Bench::new().await;
    let first = bench.get(OPENID).await;
    assert_eq!(first.status, 200);
    for place in PLACES {
        assert_eq!(bench.get(place).await.text, first.text, "{place}");
    }
    // Without the issuer's path they would belong to another issuer.
    for place in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        assert_eq!(bench.get(place).await.status, 404, "{place}");
    }
}

#[tokio::test]
async fn c115_the_issuer_is_where_the_document_is() {
    let bench = Bench::new().await;
    let issuer = bench.get(OPENID).await.json()["issuer"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        format!("{issuer}/.well-known/openid-configuration"),
        bench.app.url(OPENID)
    );
    assert!(!issuer.contains(['?', '#']) && !issuer.ends_with('/'));
    let token = bench.token().await;
    assert_eq!(part(&token, 1)["iss"], issuer);
    assert_eq!(
        bench.introspect(&bench.credential, &token).await.json()["iss"],
        issuer
    );
}

#[tokio::test]
async fn c116_what_is_advertised_works_and_nothing_else() {
    let bench = Bench::new().await;
    let metadata = bench.get(OPENID).await.json();
    let path = |name: &str| {
        metadata[name]
            .as_str()
            .unwrap()
            .strip_prefix(&bench.app.base)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        metadata["grant_types_supported"],
        serde_json::json!(["client_credentials"])
    );
    assert_eq!(metadata["response_types_supported"], serde_json::json!([]));
    let all: Vec<String> = metadata["scopes_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s.as_str().unwrap().to_owned())
        .collect();
    let able = bench
        .app
        .credential(&bench.account, &bench.owner, &all.join(" "))
        .await;
    let token = bench.app.token(&able, &all.join(" ")).await;
    assert_eq!(part(&token, 1)["scope"], all.join(" "));
    let (id, secret) = (
        able.credential.id.to_string(),
        able.secret.expose().to_owned(),
    );
    for (endpoint, methods) in [
        ("token_endpoint", "token_endpoint_auth_methods_supported"),
        (
            "introspection_endpoint",
            "introspection_endpoint_auth_methods_supported",
        ),
        (
            "revocation_endpoint",
            "revocation_endpoint_auth_methods_supported",
        ),
    ] {
        assert_eq!(
            metadata[methods],
            serde_json::json!(["client_secret_basic", "client_secret_post"])
        );
        let mut parameters = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", "stats".to_owned()),
            ("token", "x".to_owned()),
        ];
        let by_basic = bench
            .send(
                &path(endpoint),
                &[("authorization", &basic_of(&able))],
                &form(&parameters),
            )
            .await;
        assert_eq!(by_basic.status, 200, "{endpoint}");
        parameters.extend([("client_id", id.clone()), ("client_secret", secret.clone())]);
        assert_eq!(
            bench
                .send(&path(endpoint), &[], &form(&parameters))
                .await
                .status,
            200,
            "{endpoint}"
        );
    }
    assert_eq!(bench.get(&path("jwks_uri")).await.status, 200);
    for absent in [
        "authorization_endpoint",
        "userinfo_endpoint",
        "registration_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        assert!(metadata.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn c117_headers_change_no_url() {
    let bench = Bench::new().await;
    let plain = bench.get(OPENID).await.text;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
    ] {
        for place in PLACES {
            let request = bench.app.http.get(bench.app.url(place)).header(name, value);
            assert_eq!(
                answer(request.send().await.unwrap()).await.text,
                plain,
                "{name} {place}"
            );
        }
        let answer = bench
            .send(TOKEN, &[(name, value)], &form(&bench.good()))
            .await;
        let issuer = format!("{}/Auth", bench.app.base);
        assert_eq!(
            part(answer.json()["access_token"].as_str().unwrap(), 1)["iss"],
            issuer,
            "{name}"
        );
    }
}

#[tokio::test]
async fn c118_the_key_set_is_public_and_cached_for_less_than_the_notice() {
    let bench = Bench::new().await;
    let answer = bench
        .get("/Auth/.well-known/openid-configuration/jwks")
        .await;
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    let mut kids = HashSet::new();
    for key in &keys {
        for name in private {
            assert!(key.get(name).is_none(), "{name}");
        }
        assert_eq!(key["use"], "sig");
        assert!(key["alg"].is_string());
        assert!(kids.insert(key["kid"].as_str().unwrap().to_owned()));
    }
    let max_age: u32 = answer
        .header("cache-control")
        .unwrap()
        .rsplit_once("max-age=")
        .unwrap()
        .1
        .parse()
        .unwrap();
    assert!(max_age > 0 && max_age <= bench.app.ctx.settings.keys.announce_secs / 2);
}
