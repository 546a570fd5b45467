//! `/subscriptions`.

use super::{PORTAL, Program, STORE, text};
use ringfence_app::applications::operate::subscription_block;
use ringfence_core::id::SubscriptionId;
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::{Value, json};

const PROVISIONING: &str = "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a01";
const REPORTS: &str = "0b9a6b54-6a1e-4f0b-8a65-2b8f5d3c1a04";

fn wanted(application: &str, api: &str) -> Value {
    let id = application.trim_start_matches("/applications/");
    json!({"applicationId": id, "apiId": api, "throttlingPolicy": "Standard"})
}

#[tokio::test]
async fn an_application_subscribes_once_to_each_suite() {
    for app in TestApp::both().await {
        for base in [STORE, PORTAL] {
            let name = if base == STORE {
                "dana.api"
            } else {
                "dora.api"
            };
            let mut dana = Program::new(&app, name).await;
            dana.base = base;
            let board = dana.application("Board").await;
            let made = dana
                .post("/subscriptions", wanted(&board, PROVISIONING))
                .await;
            assert_eq!(made.status, 201, "{} {made:?}", app.engine);
            let id = text(&made.body["subscriptionId"]).to_owned();
            let path = format!("/subscriptions/{id}");
            assert_eq!(made.location, Some(format!("{base}{path}")));
            let mut expected = wanted(&board, PROVISIONING);
            expected["subscriptionId"] = json!(id);
            expected["requestedThrottlingPolicy"] = json!("Standard");
            expected["status"] = json!("UNBLOCKED");
            assert_eq!(made.body, expected);
            let shown = dana.get(&path).await;
            assert_eq!((shown.status, shown.body), (200, expected));
            assert_eq!(dana.get(&board).await.body["subscriptionCount"], 1);

            let again = dana
                .post("/subscriptions", wanted(&board, PROVISIONING))
                .await;
            assert_eq!(again.refusal(), (409, 900_336));
            let second = dana.post("/subscriptions", wanted(&board, REPORTS)).await;
            assert_eq!(second.status, 201);

            let gone = dana.delete(&path).await;
            assert_eq!((gone.status, gone.body), (200, json!("")));
            for answer in [dana.get(&path).await, dana.delete(&path).await] {
                assert_eq!(answer.refusal(), (404, 900_310));
            }
            assert_eq!(dana.get(&board).await.body["subscriptionCount"], 1);
        }
    }
}

#[tokio::test]
async fn subscriptions_are_found_by_application_and_by_suite() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let rita = Program::new(&app, "rita.api").await;
    let (one, other) = (dana.application("One").await, dana.application("Two").await);
    for body in [
        wanted(&one, PROVISIONING),
        wanted(&one, REPORTS),
        wanted(&other, REPORTS),
    ] {
        assert_eq!(dana.post("/subscriptions", body).await.status, 201);
    }
    let count = |query: String| {
        let dana = &dana;
        async move { dana.get(&format!("/subscriptions{query}")).await.body["count"].clone() }
    };
    let id = one.trim_start_matches("/applications/");
    assert_eq!(count(String::new()).await, 3);
    assert_eq!(count(format!("?applicationId={id}")).await, 2);
    assert_eq!(count(format!("?apiId={REPORTS}")).await, 2);
    let both = format!("?apiId={REPORTS}&applicationId={id}");
    assert_eq!(count(both).await, 1);
    let page = dana.get("/subscriptions?limit=2").await;
    assert_eq!(
        page.body["pagination"]["next"],
        "/subscriptions?limit=2&offset=2"
    );
    let theirs = rita
        .get(&format!("/subscriptions?applicationId={id}"))
        .await;
    assert_eq!(theirs.refusal(), (404, 900_306));
    let api = dana.get("/subscriptions?apiId=x").await;
    assert_eq!(api.refusal(), (404, 900_301));
}

#[tokio::test]
async fn what_is_not_there_or_not_theirs_is_refused_by_its_code() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let rita = Program::new(&app, "rita.api").await;
    let board = dana.application("Board").await;
    let hers = rita.application("Hers").await;
    let mut gold = wanted(&board, PROVISIONING);
    gold["throttlingPolicy"] = json!("Gold");
    let mut none = wanted(&board, PROVISIONING);
    none["throttlingPolicy"] = Value::Null;
    let mut nameless = wanted(&board, PROVISIONING);
    nameless["applicationId"] = Value::Null;
    for (body, expected) in [
        (wanted(&hers, PROVISIONING), (404, 900_306)),
        (wanted("none", PROVISIONING), (404, 900_306)),
        (wanted(&board, "none"), (404, 900_301)),
        (gold, (400, 900_305)),
        (none, (400, 900_305)),
        (nameless, (400, 400)),
    ] {
        let refused = dana.post("/subscriptions", body.clone()).await;
        assert_eq!(refused.refusal(), expected, "{body}");
    }
    let made = dana.post("/subscriptions", wanted(&board, REPORTS)).await;
    let path = format!("/subscriptions/{}", text(&made.body["subscriptionId"]));
    for answer in [
        rita.get(&path).await,
        rita.delete(&path).await,
        rita.get("/subscriptions/x").await,
    ] {
        assert_eq!(answer.refusal(), (404, 900_310));
    }
}

#[tokio::test]
async fn a_developer_does_not_lift_a_block() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let board = dana.application("Board").await;
    let made = dana.post("/subscriptions", wanted(&board, REPORTS)).await;
    let id = text(&made.body["subscriptionId"]);
    let path = format!("/subscriptions/{id}");
    let id = SubscriptionId::parse(id).unwrap();
    subscription_block(&app.ctx, &actor(), id, true)
        .await
        .unwrap();
    assert_eq!(dana.get(&path).await.body["status"], "BLOCKED");
    assert_eq!(dana.delete(&path).await.refusal(), (403, 900_409));
    let again = dana.post("/subscriptions", wanted(&board, REPORTS)).await;
    assert_eq!(again.refusal(), (409, 900_336));
    subscription_block(&app.ctx, &actor(), id, false)
        .await
        .unwrap();
    assert_eq!(dana.delete(&path).await.status, 200);
}
