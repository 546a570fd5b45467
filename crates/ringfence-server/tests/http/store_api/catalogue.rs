//! `/apis` and `/throttling-policies`: what can be subscribed to, and how much of it.

use super::{PORTAL, Program, text};
use ringfence_testkit::test_app::TestApp;
use serde_json::json;

#[tokio::test]
async fn vbc_2_3_six_suites_stand_in_the_catalogue_under_ids_that_stay() {
    let app = TestApp::sqlite().await;
    let mut dana = Program::new(&app, "dana.api").await;
    let list = dana.get("/apis").await;
    assert_eq!(list.status, 200);
    assert_eq!(list.body["count"], 6);
    let names = list.body["list"].as_array().unwrap().iter();
    let names: Vec<_> = names
        .map(|api| (text(&api["name"]), text(&api["version"])))
        .collect();
    assert_eq!(
        names,
        [
            ("Provisioning", "v1"),
            ("CallRecording", "v1"),
            ("CallRecordingIndia", "v1"),
            ("Reports", "v1"),
            ("Telephony", "v3"),
            ("VonageIntegrationSuite", "v1"),
        ]
    );
    let first = &list.body["list"][0];
    assert_eq!(first["id"], "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a01");
    assert_eq!(first["lifeCycleStatus"], "PUBLISHED");
    assert_eq!(first["throttlingPolicies"], json!(["Standard"]));
    assert_eq!(first["isServed"], true);
    assert_eq!(list.body["list"][4]["isServed"], false);

    let path = format!("/apis/{}", text(&first["id"]));
    for base in [dana.base, PORTAL] {
        dana.base = base;
        let one = dana.get(&path).await;
        let urls = &one.body["endpointURLs"][0];
        assert_eq!(
            urls["URLs"]["https"],
            format!("{}/t/vbc.prod/provisioning/v1", app.base)
        );
        assert_eq!(
            urls["defaultVersionURLs"]["https"],
            format!("{}/t/vbc.prod/provisioning", app.base)
        );
    }
    let found = dana.get("/apis?query=name:record").await;
    assert_eq!(found.body["count"], 2);
    let page = dana.get("/apis?limit=4&offset=4").await;
    assert_eq!(
        page.body["pagination"],
        json!({"offset": 4, "limit": 4, "total": 6, "next": "", "previous": "/apis?limit=4&offset=0"})
    );
    for id in ["x", "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a07"] {
        let missing = dana.get(&format!("/apis/{id}")).await;
        assert_eq!(missing.refusal(), (404, 900_301));
    }
}

#[tokio::test]
async fn vbc_2_2_quotas_and_plans_are_listed_with_their_sizes() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let quotas = dana.get("/throttling-policies/application").await;
    let sizes = quotas.body["list"].as_array().unwrap().iter();
    let sizes: Vec<_> = sizes
        .map(|one| (text(&one["name"]), one["requestCount"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        sizes,
        [
            ("10PerMin", 10),
            ("20PerMin", 20),
            ("50PerMin", 50),
            ("Unlimited", 2_147_483_647),
        ]
    );
    assert_eq!(quotas.body["list"][0]["unitTime"], 60_000);
    assert_eq!(quotas.body["list"][0]["policyLevel"], "application");
    let plans = dana.get("/throttling-policies/subscription").await;
    assert_eq!(plans.body["count"], 1);
    assert_eq!(plans.body["list"][0]["name"], "Standard");
    let other = dana.get("/throttling-policies/api").await;
    assert_eq!(other.refusal(), (404, 404));
}
