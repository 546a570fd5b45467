//! Insights Stats (vcc-api §10), computed from stored calls.

use super::World;
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Interaction, PlanMapping, QueueKind};
use ringfence_core::time::Timestamp;
use ringfence_testkit::calls::call;
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

const DAY: &str = "start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z";

fn ongoing(world: &World, n: u8) -> Interaction {
    let mut made = call(&world.account, n);
    made.ended_at = None;
    for channel in &mut made.channels {
        channel.duration_ms = None;
    }
    made
}

#[tokio::test]
async fn an_interaction_has_every_field_of_the_fact_sheet() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let mut made = call(&world.account, 0);
        made.categorized_at = Some(made.started_at.plus_ms(190_000));
        made.plan = Some(PlanMapping {
            address_name: "Main line".to_owned(),
            mapping_name: "Weekdays".to_owned(),
            interaction_plan_name: "Billing plan".to_owned(),
            reporting_group: "Billing".to_owned(),
        });
        world.app.store_call(&made).await;
        let event = |kind: &str, offset: u64, duration: u64| json!({"type": kind, "offset": offset, "name": null, "duration": duration, "properties": null});
        let channel = |n: usize, offset: u64, party: Value| {
            json!({"guid": made.channels[n].id.to_string(), "offset": offset, "duration": 184_200 - offset,
                "endReason": "Released", "integrationType": null, "party": party,
                "events": [event("Ringing", offset, 0), event("Connected", offset, 184_200 - offset)]})
        };
        let expected = json!({
            "status": "Completed", "medium": "Phone", "mediumManager": "VCC",
            "guid": made.id.to_string(), "conversationGuid": made.conversation_id.to_string(),
            "start": "2026-03-02T09:15:30.250Z", "duration": 184_200,
            "direction": "Inbound", "serviceName": "Billing",
            "connectFrom": "+441632960101", "connectTo": "+441632960900",
            "categorizedAt": "2026-03-02T09:18:40.250Z", "outcome": "Handled by agent",
            "interactionPlanMapping": {"addressName": "Main line", "mappingName": "Weekdays",
                "interactionPlanName": "Billing plan", "reportingGroup": "Billing"},
            "channels": [
                channel(0, 0, json!({"id": null, "role": "External", "touchpoint": "+441632960101"})),
                channel(1, 4_100, json!({"id": "2041", "role": "Agent", "touchpoint": "+441632960201"}))],
        });
        let one = world.get(&format!("/stats/interactions/{}", made.id)).await;
        assert_eq!(one.good(), expected);
        assert_eq!(
            one.header("cache-control"),
            "max-age=5, must-revalidate, private"
        );
        let list = world.get(&format!("/Stats/Interactions?{DAY}")).await;
        let body = list.good();
        assert_eq!(body["items"], json!([expected]), "{}", world.app.engine);
        assert_eq!(
            body["meta"],
            json!({"page": 1, "count": 1, "pageCount": 1, "totalCount": 1})
        );
        let up_to = Timestamp::parse(body["upTo"].as_str().unwrap()).unwrap();
        assert!(world.app.ctx.now().ms_since(up_to).abs() < 60_000);
        assert_eq!(
            list.header("cache-control"),
            "max-age=5, must-revalidate, private"
        );
        let unknown = InteractionId::from_bytes([9; 16]);
        let answer = world.get(&format!("/stats/interactions/{unknown}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"message": "Interaction not found"}))
        );
    }
}

#[tokio::test]
async fn include_decides_what_falls_into_the_window() {
    let world = World::new().await;
    let made = call(&world.account, 0);
    world.app.store_call(&made).await;
    let text = |at: Timestamp| at.to_iso_millis();
    let (start, end) = (made.started_at, made.ended_at.unwrap());
    let changed = made.processed_at;
    for (from, until, include, n) in [
        (start, start, "", 1),
        (start.plus_ms(1), end, "", 0),
        (start.plus_ms(1), end, "&include=Started", 0),
        (start.plus_ms(1), end, "&include=startedOrEnded", 1),
        (end.plus_ms(1), changed, "&include=StartedOrEnded", 0),
        (end.plus_ms(1), changed, "&INCLUDE=Processed", 1),
        // A change that was dated before it was committed is not missed by whoever polls from the last `upTo`.
        (
            changed.plus_ms(14_000),
            changed.plus_ms(20_000),
            "&include=Processed",
            1,
        ),
        (
            changed.plus_ms(16_000),
            changed.plus_ms(20_000),
            "&include=Processed",
            0,
        ),
    ] {
        let path = format!(
            "/stats/interactions?start={}&end={}{include}",
            text(from),
            text(until)
        );
        assert_eq!(
            world.get(&path).await.each("items", "guid").len(),
            n,
            "{path}"
        );
    }
}

#[tokio::test]
async fn windows_and_pages_have_bounds() {
    let world = World::new().await;
    for n in 0..5 {
        world.app.store_call(&call(&world.account, n)).await;
    }
    let answer = world
        .get(&format!("/stats/interactions?{DAY}&LIMIT=2&Page=2"))
        .await;
    let expected: Vec<String> = (2..4)
        .map(|n| call(&world.account, n).id.to_string())
        .collect();
    assert_eq!(answer.each("items", "guid"), expected);
    assert_eq!(
        answer.json()["meta"],
        json!({"page": 2, "count": 2, "pageCount": 3, "totalCount": 5})
    );
    let window = "Request window size limit exceeded 31 days";
    for (query, message) in [
        ("end=2026-03-03T00:00:00Z", "start is required"),
        (
            "start=2026-03-01T00:00:00Z&end=2026-04-01T00:00:00.001Z",
            window,
        ),
        ("start=2020-03-01T00:00:00Z", window),
        (
            "start=2026-03-02T00:00:00Z&end=never",
            "end must be an ISO 8601 date-time",
        ),
        (
            "start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z",
            "end must not be before start",
        ),
        (
            &format!("{DAY}&limit=5001"),
            "limit must be between 1 and 5000",
        ),
        (
            &format!("{DAY}&page=1000000001"),
            "page must be between 1 and 1000000000",
        ),
        (
            &format!("{DAY}&include=All"),
            "include must be one of Started, StartedOrEnded, Processed",
        ),
    ] {
        let answer = world.get(&format!("/stats/interactions?{query}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"message": message})),
            "{query}"
        );
    }
    let month = "start=2026-03-01T00:00:00Z&end=2026-04-01T00:00:00Z&limit=5000";
    let v2 = [("accept", "application/vnd.newvoicemedia.v2+json")];
    let answer = world
        .send("GET", &format!("/stats/interactions?{month}"), &v2)
        .await;
    assert_eq!(answer.each("items", "guid").len(), 5);
    // Windows of queues have no bound.
    assert_eq!(
        world
            .get("/stats/queue-times?start=2020-01-01T00:00:00Z")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_goes_on_is_listed_and_agents_are_seen_at_it() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        world.agent("alex@acme.example", "2041").await;
        world.agent("kim@acme.example", "2042").await;
        world.app.store_call(&call(&world.account, 0)).await;
        let made = ongoing(&world, 1);
        world.app.store_call(&made).await;

        let other_case = world.get("/stats/interactions/Ongoing?limit=1").await;
        assert_eq!(other_case.each("items", "guid"), [made.id.to_string()]);
        let answer = world.get("/stats/interactions/ongoing").await;
        assert_eq!(answer.each("items", "guid"), [made.id.to_string()]);
        assert_eq!(answer.json()["items"][0]["status"], "Ongoing");
        assert_eq!(answer.json()["items"][0]["duration"], Value::Null);

        let joined = "2026-03-02T09:16:34.350Z";
        let busy = json!({"agentId": "2041", "presence": null,
            "workload": {"since": joined, "calls": 1, "semiLive": 0, "nonLive": 0},
            "interaction": [{"guid": made.id.to_string(), "channelGuid": made.channels[1].id.to_string(),
                "since": joined, "medium": "Phone", "mediumManager": "VCC", "direction": "Inbound",
                "state": "Connected", "reason": null}]});
        let idle = json!({"agentId": "2042", "presence": null,
            "workload": {"since": null, "calls": 0, "semiLive": 0, "nonLive": 0}, "interaction": []});
        let body = world.get("/stats/agent-status").await.good();
        assert_eq!(body["items"], json!([busy, idle]), "{}", world.app.engine);
        let second = world.get("/stats/agent-status?limit=1&page=2").await;
        assert_eq!(second.each("items", "agentId"), ["2042"]);
    }
}

#[tokio::test]
async fn visits_to_queues() {
    let world = World::new().await;
    let mut made = call(&world.account, 0);
    let mut callback = made.queue_visits[0].clone();
    callback.queue = "Callback queue".to_owned();
    callback.kind = QueueKind::Virtual;
    callback.left_at = None;
    callback.target_ms = None;
    made.queue_visits.push(callback);
    world.app.store_call(&made).await;
    let body = world.get(&format!("/stats/queue-times?{DAY}")).await.good();
    let acd = json!({"start": "2026-03-02T09:15:31.000Z", "interactionGuid": made.id.to_string(),
        "medium": "Phone", "mediumManager": "VCC", "interactionPlan": "01632960900", "queue": "Billing queue",
        "type": "ACD", "presentedSkills": ["Billing"], "category": "Answered", "reason": "Delivered",
        "duration": 5_200, "targets": {"targetTimeToAnswer": 20_000}, "party": {"role": "External"}});
    assert_eq!(body["items"], json!([acd]));
    for (filter, queues) in [
        ("queueType=all", vec!["Billing queue", "Callback queue"]),
        ("queueType=Virtual", vec!["Callback queue"]),
        (
            "queueType=All&queues=Callback%20queue,%20Other",
            vec!["Callback queue"],
        ),
        ("queues=Other", vec![]),
        ("include=StartedOrEnded", vec!["Billing queue"]),
    ] {
        let answer = world
            .get(&format!("/stats/queue-times?{DAY}&{filter}"))
            .await;
        assert_eq!(answer.each("items", "queue"), queues, "{filter}");
    }
    let all = world
        .get(&format!("/stats/queue-times?{DAY}&queueType=All"))
        .await
        .good();
    assert_eq!(
        (&all["items"][1]["duration"], &all["items"][1]["targets"]),
        (&Value::Null, &Value::Null)
    );
    let bad = world
        .get(&format!("/stats/queue-times?{DAY}&queueType=Some"))
        .await;
    assert_eq!(
        bad.json(),
        json!({"message": "queueType must be one of ACD, Virtual, All"})
    );
}
