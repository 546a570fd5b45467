//! What the gateway of the VBC APIs refuses, and in which words (vbc-api §4.3; checklist 82 to 88).

use super::provisioning::{Lab, ROOT, user};
use ringfence_app::applications::operate::{Verdict, application_judge};
use ringfence_app::context::{FaultForm, Settings, VbcSettings};
use ringfence_core::application::{ApplicationStatus, SubscriptionStatus};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::{Value, json};

const PATH: &str = "/api/accounts/4711";

async fn fault(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("application/json"), "{kind}");
    let body: Value = answer.json().await.unwrap();
    (status, body["fault"].clone())
}

fn challenges(answer: &reqwest::Response) -> Vec<String> {
    let all = answer.headers().get_all("www-authenticate").iter();
    all.map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn vbc_4_3_no_token_is_900902() {
    let lab = Lab::sqlite().await;
    let url = lab.app.url(&format!("{ROOT}{PATH}"));
    for request in [
        lab.app.http.get(&url),
        lab.app.http.get(&url).basic_auth("a", Some("b")),
    ] {
        let answer = request.send().await.unwrap();
        // Checklist 85: no error code where there is nothing to err about.
        let told = challenges(&answer);
        assert!(
            told[0].starts_with("Bearer realm=\"ringfence\", resource_metadata="),
            "{told:?}"
        );
        assert!(!told[0].contains("error"), "{told:?}");
        assert_eq!(told[1], "OAuth2 realm=\"WSO2 API Manager\"");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let (status, fault) = fault(answer).await;
        assert_eq!(status, 401);
        let expected = json!({
            "code": 900_902, "message": "Missing Credentials",
            "description": "Access failure for API: /t/vbc.prod/provisioning, version: v1 status: (900902) - \
                Missing Credentials. Make sure your API invocation call has a header: 'Authorization: Bearer ACCESS_TOKEN'",
        });
        assert_eq!(fault, expected);
    }
}

#[tokio::test]
async fn vbc_4_3_a_token_that_does_not_count_is_900901() {
    let lab = Lab::sqlite().await;
    let pat = user(&lab.app, &lab.account, "pat.example").await;
    let vcc = lab.app.account("acme").await;
    let admin = lab
        .app
        .user(&vcc, "ann@acme.example", Role::Admin, None)
        .await;
    let credential = lab.app.credential(&vcc, &admin, "stats").await;
    let other_service = lab.app.token(&credential, "stats").await;
    let mut damaged = lab.token.clone();
    damaged.truncate(damaged.len() - 4);
    damaged.push_str("AAAA");
    for token in ["x", &damaged, &other_service] {
        let answer = lab.answer(token, PATH).await;
        let told = challenges(&answer);
        assert!(told[0].contains("error=\"invalid_token\""), "{told:?}");
        assert!(told[1].contains("error=\"invalid_token\""), "{told:?}");
        let (status, fault) = fault(answer).await;
        assert_eq!((status, &fault["code"]), (401, &json!(900_901)), "{token}");
        assert_eq!(fault["message"], "Invalid Credentials");
    }
    // And when its time is over.
    lab.app.clock.advance_secs(86_400 + 120);
    lab.app.caught_up().await;
    let (status, fault) = fault(lab.answer(&lab.token, PATH).await).await;
    assert_eq!((status, &fault["code"]), (401, &json!(900_901)));
    let fresh = lab.app.user_token(&lab.application, &pat, "openid").await;
    assert_eq!(lab.get_with(&fresh, PATH).await.0, 200);
}

#[tokio::test]
async fn c82_to_c84_where_a_token_stands() {
    let lab = Lab::sqlite().await;
    let url = lab.app.url(&format!("{ROOT}{PATH}"));
    for scheme in ["bearer", "BEARER"] {
        let value = format!("{scheme} {}", lab.token);
        let request = lab.app.http.get(&url).header("authorization", value);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let query = format!("{url}?access_token={}", lab.token);
    let answer = lab.app.http.get(&query).send().await.unwrap();
    let (status, told) = fault(answer).await;
    assert_eq!((status, &told["code"]), (401, &json!(900_902)));
    let both = lab.app.http.get(&query).bearer_auth(&lab.token);
    let answer = both.send().await.unwrap();
    assert!(challenges(&answer)[0].contains("error=\"invalid_request\""));
    let (status, told) = fault(answer).await;
    assert_eq!((status, &told["code"]), (400, &json!(102_511)));
}

#[tokio::test]
async fn vbc_2_3_subscriptions_decide() {
    for (status, expected) in [
        (None, (403, 900_908)),
        (Some(SubscriptionStatus::Blocked), (401, 900_907)),
        (Some(SubscriptionStatus::ProdOnlyBlocked), (401, 900_907)),
        (Some(SubscriptionStatus::OnHold), (401, 900_909)),
        (Some(SubscriptionStatus::Rejected), (401, 900_909)),
        (Some(SubscriptionStatus::TierUpdatePending), (200, 0)),
    ] {
        let lab = Lab::on(TestApp::sqlite().await, |application| match status {
            Some(status) => application.subscriptions[0].status = status,
            None => application.subscriptions.clear(),
        })
        .await;
        let answer = lab.answer(&lab.token, PATH).await;
        if expected.0 == 200 {
            assert_eq!(answer.status(), 200, "{status:?}");
            continue;
        }
        assert!(challenges(&answer)[0].contains("reason=\""), "{status:?}");
        let (code, told) = fault(answer).await;
        assert_eq!(
            (code, &told["code"]),
            (expected.0, &json!(expected.1)),
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn vbc_4_3_unknown_paths_and_methods() {
    let lab = Lab::sqlite().await;
    for path in [
        "/t/vbc.prod/nowhere",
        "/t/vbc.prod/provisioning",
        "/t/vbc.prod/provisioning/v2/api/accounts/4711",
        "/t/vbc.prod/provisioning/api/accounts/4711/devices",
        "/t/vbc.prod/reports/v1/accounts/4711/call-logs",
        "/t/other.tenant/provisioning/api/accounts/4711",
    ] {
        let answer = lab.app.http.get(lab.app.url(path)).send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let (status, told) = fault(answer).await;
        assert_eq!((status, &told["code"]), (404, &json!(404)), "{path}");
        let message = "No matching resource found for given API Request";
        assert_eq!(told["message"], message);
    }
    let url = lab.app.url(&format!("{ROOT}{PATH}"));
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let request = lab.app.http.request(method.parse().unwrap(), &url);
        let answer = request.bearer_auth(&lab.token).send().await.unwrap();
        assert_eq!(answer.headers()["allow"], "GET, HEAD, OPTIONS");
        let (status, told) = fault(answer).await;
        assert_eq!((status, &told["code"]), (405, &json!(405)), "{method}");
    }
    // Elsewhere the gateway keeps its own words.
    let answer = lab.app.http.get(lab.app.url("/nowhere")).send().await;
    let body: Value = answer.unwrap().json().await.unwrap();
    assert!(body.get("fault").is_none());
}

#[tokio::test]
async fn vbc_4_3_a_browser_may_ask_first_and_no_cookie_goes_along() {
    let lab = Lab::sqlite().await;
    let url = lab.app.url(&format!("{ROOT}{PATH}"));
    let request = lab
        .app
        .http
        .request(reqwest::Method::OPTIONS, &url)
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(
        headers["access-control-allow-methods"],
        "GET, HEAD, OPTIONS"
    );
    let allowed = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(allowed.contains("authorization"), "{allowed}");
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let answer = lab.answer(&lab.token, PATH).await;
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn vbc_4_3_the_forms_of_a_fault() {
    let settings = |fault_form| Settings {
        vbc: VbcSettings {
            fault_form,
            ..VbcSettings::default()
        },
        ..Settings::default()
    };
    let ask = async |app: &TestApp, accept: &str| {
        let request = app.http.get(app.url(&format!("{ROOT}{PATH}")));
        let answer = request.header("accept", accept).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let kind = answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (kind, answer.text().await.unwrap())
    };
    let flat = TestApp::start(
        ringfence_testkit::stores::sqlite(),
        settings(FaultForm::Flat),
    )
    .await;
    let (_, body) = ask(&flat, "application/json").await;
    assert!(
        body.starts_with(r#"{"code":"900902","message":"Missing Credentials""#),
        "{body}"
    );
    let app = TestApp::sqlite().await;
    for accept in ["application/xml", "text/xml;q=0.9"] {
        let (kind, body) = ask(&app, accept).await;
        assert!(kind.starts_with("application/xml"), "{kind}");
        assert!(
            body.starts_with(
                r#"<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>900902<"#
            ),
            "{body}"
        );
    }
    for accept in [
        "*/*",
        "application/xml, application/json;q=0.1",
        "text/html",
    ] {
        let (kind, body) = ask(&app, accept).await;
        assert!(kind.starts_with("application/json"), "{accept}: {kind}");
        assert!(body.starts_with(r#"{"fault":{"code":900902,"#), "{body}");
    }
}

#[tokio::test]
async fn a_suspended_application_is_refused_at_once() {
    let lab = Lab::on(TestApp::sqlite().await, |_| {}).await;
    let answer = lab.answer(&lab.token, PATH).await;
    assert_eq!(answer.status(), 200);
    let id = lab.application.application.id;
    let verdict = Verdict {
        status: Some(ApplicationStatus::Suspended),
        ..Verdict::default()
    };
    application_judge(&lab.app.ctx, &actor(), id, None, verdict)
        .await
        .unwrap();
    lab.app.caught_up().await;
    let answer = lab.answer(&lab.token, PATH).await;
    assert!(challenges(&answer)[0].contains("reason=\"application_suspended\""));
    let (status, told) = fault(answer).await;
    assert_eq!((status, &told["code"]), (401, &json!(900_901)));
}
