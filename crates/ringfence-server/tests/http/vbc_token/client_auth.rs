//! Which application is calling (checklist A).

use super::*;
use ringfence_core::application::ApplicationStatus;

fn own(of: &TestApplication) -> Vec<(&'static str, String)> {
    let mut parameters = proof(of);
    parameters.push(("grant_type", "client_credentials".to_owned()));
    parameters
}

#[tokio::test]
async fn c6_body_and_basic_both_authenticate_for_every_grant() {
    for bench in Bench::both().await {
        let authorization = basic(&bench.of);
        let headers = [("authorization", authorization.as_str())];
        let code = bench.code(&bench.of, "openid").await;
        let body = bench.tokens(&bench.of, "openid").await;
        let requests = [
            own(&bench.of),
            exchange_form(&bench.of, &code),
            refresh_form(&bench.of, &refresh_of(&body)),
            password_form(&bench.of, USERNAME, PASSWORD),
        ];
        for mut parameters in requests {
            parameters.retain(|(name, _)| !name.starts_with("client_"));
            let answer = bench.send(TOKEN, &headers, &form(&parameters)).await;
            assert_eq!(answer.status, 200, "{parameters:?}");
        }
        assert_eq!(bench.ask(&own(&bench.of)).await.status, 200);
        assert_eq!(bench.password(USERNAME, PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn c1_c2_c3_c8_c9_c10_requests_in_other_shapes_are_refused() {
    let bench = Bench::new().await;
    let authorization = basic(&bench.of);
    let good = form(&own(&bench.of));
    let refused = (400, "invalid_request".to_owned());
    let query = bench.send(&format!("{TOKEN}?{good}"), &[], &good).await;
    assert_eq!(query.code(), refused, "c10");
    let json = bench
        .send(TOKEN, &[("content-type", "application/json")], "{}")
        .await;
    assert_eq!(json.code(), refused, "c2");
    let twice = bench
        .send(TOKEN, &[], &format!("{good}&grant_type=password"))
        .await;
    assert_eq!(twice.code(), refused, "c3");
    let both = bench
        .send(TOKEN, &[("authorization", &authorization)], &good)
        .await;
    assert_eq!(both.code(), refused, "c8");
    let rival = bench.application("Rival", |_| {}).await;
    let other = form(&[
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", rival.key.clone()),
    ]);
    let other = bench
        .send(TOKEN, &[("authorization", &authorization)], &other)
        .await;
    assert_eq!(other.code(), refused, "c9");
    let charset = [(
        "content-type",
        "application/x-www-form-urlencoded; charset=UTF-8",
    )];
    assert_eq!(bench.send(TOKEN, &charset, &good).await.status, 200);
    // c4: unknown parameters are ignored, empty ones absent.
    let more = format!("{good}&x=1&scope=");
    assert_eq!(bench.send(TOKEN, &[], &more).await.status, 200);
}

#[tokio::test]
async fn c11_c12_every_failed_authentication_looks_alike() {
    for bench in Bench::both().await {
        let suspended = bench
            .application("Suspended", |a| a.status = ApplicationStatus::Suspended)
            .await;
        let keyless = bench.application("Keyless", |_| {}).await;
        let native = bench.public().await;
        let with = |key: &str, secret: &str| {
            vec![
                ("grant_type", "client_credentials".to_owned()),
                ("client_id", key.to_owned()),
                ("client_secret", secret.to_owned()),
            ]
        };
        let right = bench.of.secret.expose();
        let cases = [
            ("unknown", with("aB3dE5fG7hI9jK1lM3nO5pQ7rS9a", right)),
            ("no key of ours", with("somebody", right)),
            ("wrong secret", with(&bench.of.key, keyless.secret.expose())),
            (
                "cut secret",
                with(&bench.of.key, right.trim_end_matches('a')),
            ),
            ("suspended", own(&suspended)),
            ("a public client with a secret", with(&native.key, right)),
            ("no secret", own(&bench.of)[..1].to_vec()),
        ];
        let wanted =
            r#"{"error_description":"Client authentication failed","error":"invalid_client"}"#;
        for (name, mut parameters) in cases {
            parameters.retain(|(n, _)| *n != "grant_type");
            parameters.push(("grant_type", "client_credentials".to_owned()));
            let answer = bench.ask(&parameters).await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (401, wanted),
                "{name}"
            );
            assert_eq!(answer.header("www-authenticate"), None, "{name}");
        }
        let wrong = format!(
            "Basic {}",
            base64(format!("{}:wrong", bench.of.key).as_bytes())
        );
        for header in [wrong.as_str(), "Basic !", "Bearer x"] {
            let headers = [("authorization", header)];
            let grant = [("grant_type", "client_credentials".to_owned())];
            let answer = bench.send(TOKEN, &headers, &form(&grant)).await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (401, wanted),
                "{header}"
            );
            let host = bench.app.base.trim_start_matches("http://");
            let challenge = format!("Basic realm=\"{host}\"");
            assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
        }
        let seen = bench.audit("application.use_failed").await;
        let reasons: Vec<&str> = seen
            .iter()
            .map(|line| line["reason"].as_str().unwrap())
            .collect();
        assert!(reasons.contains(&"secret_wrong") && reasons.contains(&"application_suspended"));
    }
}

#[tokio::test]
async fn c15_repeated_failures_are_slowed_from_their_address_only() {
    let bench = Bench::new().await;
    let mut wrong = own(&bench.of);
    wrong[1].1 = "wrong".to_owned();
    let mut n_refused = 0;
    let mut last = None;
    for _ in 0..40 {
        let answer = bench.ask(&wrong).await;
        n_refused += u32::from(answer.status == 401);
        last = Some(answer);
    }
    let last = last.unwrap();
    assert_eq!((n_refused, last.status), (20, 429));
    assert!(last.header("retry-after").is_some());
    let elsewhere = bench.app.http_from(std::net::IpAddr::from([127, 0, 0, 2]));
    let request = elsewhere
        .post(bench.app.url(TOKEN))
        .header("content-type", FORM)
        .body(form(&own(&bench.of)));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn c28_grants_that_are_not_ticked_or_not_known() {
    let bench = Bench::new().await;
    let only = bench
        .application("Only refresh", |application| {
            let keys = application.keys.as_mut().unwrap();
            keys.grant_types =
                ringfence_core::application::GrantTypes::parse("refresh_token").unwrap();
        })
        .await;
    let cases = [
        (exchange_form(&only, "x"), "unauthorized_client"),
        (own(&only), "unauthorized_client"),
        // c26: the password grant does not exist where it is not switched on.
        (
            password_form(&only, USERNAME, PASSWORD),
            "unsupported_grant_type",
        ),
    ];
    for (parameters, code) in cases {
        assert_eq!(bench.ask(&parameters).await.code(), (400, code.to_owned()));
    }
    for unknown in [
        "implicit",
        "PASSWORD",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        let mut parameters = proof(&bench.of);
        parameters.push(("grant_type", unknown.to_owned()));
        let answer = bench.ask(&parameters).await;
        assert_eq!(
            answer.code(),
            (400, "unsupported_grant_type".to_owned()),
            "{unknown}"
        );
        assert!(!answer.text.contains(unknown), "c16: nothing is echoed");
    }
}

#[tokio::test]
async fn an_application_made_on_another_node_counts_for_the_very_next_request() {
    for store in ringfence_testkit::stores::both().await {
        let (url, engine) = (store.url.clone(), store.engine);
        let blobs = store.folder.path().join("blobs");
        // The feed is looked at so seldom that only a second look can help.
        let settings = Settings {
            poll_ms: 30_000,
            ..Settings::default()
        };
        let bench = Bench::on(TestApp::start(store, settings.clone()).await).await;
        let other = TestApp::node(&url, engine, &blobs, settings).await;
        let made = other
            .application_with(&bench.developer, "Fresh", |_| {})
            .await;
        assert_eq!(bench.ask(&own(&made)).await.status, 200, "{engine}");
        let late = person(&other, &bench.account, "late").await;
        let username = format!("{}@vbc.prod", late.username.as_str());
        let answer = bench.ask(&password_form(&made, &username, PASSWORD)).await;
        assert_eq!(answer.status, 200, "{engine}: {}", answer.text);
    }
}
