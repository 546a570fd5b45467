//! Quotas of applications: windows of a minute that begin with a key's first call (vbc-api §2.6, §4.3).

use super::provisioning::{Lab, user};
use ringfence_app::context::{Settings, VbcSettings};
use ringfence_core::application::AppQuota;
use ringfence_testkit::stores;
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

const PATH: &str = "/api/accounts/self";

async fn lab(quota: AppQuota, plan: Option<u32>) -> Lab {
    let settings = Settings {
        vbc: VbcSettings {
            standard_plan_per_minute: plan,
            ..VbcSettings::default()
        },
        ..Settings::default()
    };
    let app = TestApp::start(stores::sqlite(), settings).await;
    Lab::on(app, |application| application.quota = quota).await
}

#[tokio::test]
async fn vbc_2_2_the_eleventh_call_within_a_minute_is_refused() {
    let lab = lab(AppQuota::TenPerMin, None).await;
    for n in 1..=10 {
        // What a handler refuses is a call as well.
        let path = if n % 2 == 0 { PATH } else { "/api/accounts/1" };
        let status = lab.get(path).await.0;
        assert!(matches!(status, 200 | 404), "{n}: {status}");
        lab.app.clock.advance_secs(1);
    }
    let answer = lab.answer(&lab.token, PATH).await;
    assert_eq!(answer.status(), 429);
    // The test's clock runs on with the machine's.
    let wait = answer.headers()["retry-after"].to_str().unwrap();
    let wait: u32 = wait.parse().unwrap();
    assert!((20..=50).contains(&wait), "{wait}");
    let body: Value = answer.json().await.unwrap();
    let fault = &body["fault"];
    assert_eq!(fault["code"], 900_803);
    assert_eq!(fault["message"], "Message throttled out");
    let next = fault["nextAccessTime"].as_str().unwrap();
    let after = lab.app.ctx.now().plus_secs(i64::from(wait));
    let near = [-1_000, 0, 1_000, 2_000].map(|ms| after.plus_ms(ms).to_throttle_text());
    assert!(near.iter().any(|text| text == next), "{next}: {near:?}");
    assert_eq!(
        fault["description"],
        format!("You have exceeded your quota .You can access API after {next}")
    );
    // Refused calls count nowhere; other tokens have minutes of their own.
    for _ in 0..20 {
        assert_eq!(lab.get(PATH).await.0, 429);
    }
    let pat = user(&lab.app, &lab.account, "pat.example").await;
    let other = lab.app.user_token(&lab.application, &pat, "openid").await;
    assert_eq!(lab.get_with(&other, PATH).await.0, 200);
    lab.app.clock.advance_secs(wait - 15);
    lab.app.caught_up().await;
    assert_eq!(lab.get(PATH).await.0, 429);
    lab.app.clock.advance_secs(15);
    lab.app.caught_up().await;
    for n in 1..=10 {
        assert_eq!(lab.get(PATH).await.0, 200, "{n}");
    }
    assert_eq!(lab.get(PATH).await.0, 429);
}

#[tokio::test]
async fn vbc_2_2_the_other_quotas() {
    for (quota, n_calls) in [(AppQuota::TwentyPerMin, 20), (AppQuota::FiftyPerMin, 50)] {
        let lab = lab(quota, None).await;
        for _ in 0..n_calls {
            assert_eq!(lab.get(PATH).await.0, 200);
        }
        assert_eq!(lab.get(PATH).await.0, 429, "{quota:?}");
    }
    let lab = lab(AppQuota::Unlimited, None).await;
    for _ in 0..60 {
        assert_eq!(lab.get(PATH).await.0, 200);
    }
}

#[tokio::test]
async fn vbc_2_6_the_plan_comes_first_and_is_the_applications() {
    let lab = lab(AppQuota::TenPerMin, Some(3)).await;
    let pat = user(&lab.app, &lab.account, "pat.example").await;
    let other = lab.app.user_token(&lab.application, &pat, "openid").await;
    for token in [&lab.token, &other, &lab.token] {
        assert_eq!(lab.get_with(token, PATH).await.0, 200);
    }
    let (status, body) = lab.get_with(&other, PATH).await;
    assert_eq!((status, &body["fault"]["code"]), (429, &json!(900_804)));
    lab.app.clock.advance_secs(60);
    lab.app.caught_up().await;
    assert_eq!(lab.get_with(&other, PATH).await.0, 200);
}
