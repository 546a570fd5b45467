//! How many calls may be made.

use ringfence_app::quota::{Limits, Rate};

use super::Bench;

async fn statuses(bench: &Bench, target: &str, n_calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..n_calls {
        statuses.push(bench.get_good(target, &[]).await.status);
    }
    statuses
}

#[tokio::test]
async fn an_account_that_is_used_up_waits_as_long_as_it_is_told() {
    let bench = Bench::with(|setup| {
        setup.settings.limits = Limits {
            account: Some(Rate::per_minute(5)),
            ..Limits::none()
        };
    })
    .await;
    assert_eq!(statuses(&bench, "/up/1", 5).await, [200; 5]);
    let refused = bench.call().await;
    assert_eq!(
        (refused.status, refused.reason().as_str()),
        (429, "quota_account")
    );
    assert_eq!(refused.header("www-authenticate"), None);
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(
        bench.upstream.n_received(),
        5,
        "a refused call reaches nobody"
    );

    let other = bench.app.account("other").await;
    let neighbour = bench.app.admin(&other, "kim@other.example", &[]).await;
    let neighbour = bench.app.credential(&other, &neighbour, "stats").await;
    let neighbour = bench.app.token(&neighbour, "stats").await;
    assert_eq!(bench.call_with(&neighbour).await.status, 200);

    bench.app.clock.advance_secs(wait);
    assert_eq!(bench.call().await.status, 200);
}

#[tokio::test]
async fn tokens_credentials_and_routes_have_limits_of_their_own() {
    let bench = Bench::with(|setup| {
        setup.settings.limits = Limits {
            credential: Some(Rate::per_minute(6)),
            token: Some(Rate::per_minute(4)),
            ..Limits::none()
        };
    })
    .await;
    assert_eq!(statuses(&bench, "/scarce/1", 4).await, [200, 200, 200, 429]);
    assert_eq!(
        bench.get_good("/scarce/2", &[]).await.reason(),
        "quota_route"
    );
    // What the route refused was not taken from the token.
    assert_eq!(statuses(&bench, "/up/1", 2).await, [200, 429]);
    assert_eq!(bench.call().await.reason(), "quota_token");
    let second = bench.app.token(&bench.credential, "stats").await;
    assert_eq!(bench.call_with(&second).await.status, 200);
    assert_eq!(bench.call_with(&second).await.status, 200);
    let used_up = bench.call_with(&second).await;
    assert_eq!(
        (used_up.status, used_up.reason().as_str()),
        (429, "quota_credential")
    );
}

#[tokio::test]
async fn the_open_profile_lets_ten_thousand_a_minute_through() {
    let bench = Bench::new().await;
    assert_eq!(statuses(&bench, "/up/1", 300).await, [200; 300]);
    assert_eq!(Limits::default().account, Some(Rate::per_minute(10_000)));
}

#[tokio::test]
async fn a_call_refused_for_its_scope_takes_nothing() {
    let bench = Bench::with(|setup| {
        setup.settings.limits = Limits {
            account: Some(Rate::per_minute(2)),
            ..Limits::none()
        };
    })
    .await;
    for _ in 0..5 {
        assert_eq!(bench.get_good("/people/admins/1", &[]).await.status, 403);
    }
    assert_eq!(statuses(&bench, "/up/1", 3).await, [200, 200, 429]);
}

#[tokio::test]
async fn the_vcc_profile_limits_content_apart_from_the_rest() {
    let bench = Bench::with(|setup| setup.settings.limits = Limits::vcc()).await;
    let scopes = "interaction-content:read interaction-content:delete stats";
    let credential = bench
        .app
        .credential(&bench.account, &bench.owner, scopes)
        .await;
    let line = format!(
        "authorization: Bearer {}",
        bench.app.token(&credential, scopes).await
    );
    let list = "/interaction-content/interactions";
    let one = "/interaction-content/interactions/0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";
    for (method, target, per_minute) in [("DELETE", one, 16), ("GET", list, 160)] {
        // What the API then makes of a call does not matter: each counts.
        let began_ms = bench.app.ctx.clock.monotonic_ms();
        let mut n_admitted = 0;
        let refused = loop {
            let answer = bench.send(method, target, &[&line], "").await;
            if answer.status == 429 {
                break answer;
            }
            n_admitted += 1;
        };
        // The time that this took earned some more.
        let took_ms = bench.app.ctx.clock.monotonic_ms() - began_ms;
        let earned = took_ms * per_minute / 60_000 + 1;
        let expected = per_minute..=per_minute + earned;
        assert!(
            expected.contains(&n_admitted),
            "{method}: {n_admitted}, {expected:?}"
        );
        assert_eq!(refused.text, r#"{"message":"Too Many Requests"}"#);
        assert!(refused.header("retry-after").is_some());
    }
    assert_eq!(bench.get("/up/1", &[&line]).await.status, 200);
    let metrics = bench.get("/metrics", &[]).await.text;
    for reason in ["quota_content_read", "quota_content_delete"] {
        let counted = format!(r#"ringfence_refusals_total{{reason="{reason}"}} 1"#);
        assert!(metrics.contains(&counted), "{metrics}");
    }
}
