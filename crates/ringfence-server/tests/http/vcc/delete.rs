//! Deleting content (vcc-api §11.6 to §11.8): who may, what goes with it, and what a legal hold keeps.

use super::World;
use ringfence_core::content::ContentKind;
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::Interaction;
use ringfence_core::permission::Permission;
use ringfence_testkit::calls::{bytes, call};
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

const BATCH: &str = "/interaction-content/interactions/delete-batch";

fn one(call: &Interaction) -> String {
    format!("/interaction-content/interactions/{}", call.id)
}

async fn with_screen(world: &World, n: u8) -> Interaction {
    let made = call(&world.account, n);
    world.app.store_recorded(&made).await;
    world
        .app
        .store_item(&made, ContentKind::ScreenRecording, &bytes(10))
        .await;
    made
}

async fn kept(world: &World, call: &Interaction) -> Vec<&'static str> {
    world.app.kinds(call).await
}

#[tokio::test]
async fn a_call_recording_takes_its_screen_recording_with_it() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        // The owner may not view screen recordings.
        let made = with_screen(&world, 0).await;
        world
            .app
            .store_item(&made, ContentKind::Transcript, b"{}")
            .await;
        let screen = format!("{}/content/callRecording", one(&made));
        let answer = world.send("DELETE", &screen, &[]).await;
        assert_eq!((answer.status, answer.bytes.len()), (204, 0));
        assert_eq!(kept(&world, &made).await, ["transcript"]);
        assert_eq!(world.send("DELETE", &screen, &[]).await.status, 404);
        let answer = world
            .send("DELETE", &format!("{}/content/transcript", one(&made)), &[])
            .await;
        assert_eq!(answer.status, 204);
        assert_eq!(world.get(&one(&made)).await.status, 404);
        // Statistics still know the call.
        assert_eq!(
            world
                .get(&format!("/stats/interactions/{}", made.id))
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn deleting_needs_the_permission_and_sight() {
    let world = World::new().await;
    let made = with_screen(&world, 0).await;
    let file = format!("{}/content/callRecording", one(&made));
    world.permit(&[(Permission::DeleteContent, false)]).await;
    let answer = world.send("DELETE", &file, &[]).await;
    let message = json!({"message": "Not authorized to remove callRecording"});
    assert_eq!((answer.status, answer.json()), (403, message));
    let challenge = answer.header("www-authenticate");
    assert!(
        challenge.contains("reason=\"content_forbidden\""),
        "{challenge}"
    );
    world.permit(&[(Permission::DeleteContent, true)]).await;

    // Deleting an interaction needs sight of all of it.
    let answer = world.send("DELETE", &one(&made), &[]).await;
    let message = json!({"message": format!("Not authorized to remove {}", made.id)});
    assert_eq!((answer.status, answer.json()), (403, message));
    world
        .permit(&[(Permission::ViewInboundContent, false)])
        .await;
    assert_eq!(world.send("DELETE", &one(&made), &[]).await.status, 404);
    assert_eq!(world.send("DELETE", &file, &[]).await.status, 404);
    assert_eq!(
        kept(&world, &made).await,
        ["callRecording", "screenRecording"]
    );

    world
        .permit(&[
            (Permission::ViewInboundContent, true),
            (Permission::ViewScreenRecordings, true),
        ])
        .await;
    let answer = world.send("DELETE", &one(&made), &[]).await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert!(kept(&world, &made).await.is_empty());
    assert_eq!(world.send("DELETE", &one(&made), &[]).await.status, 404);
}

#[tokio::test]
async fn a_legal_hold_wins() {
    let world = World::new().await;
    world
        .permit(&[(Permission::ViewScreenRecordings, true)])
        .await;
    let made = call(&world.account, 0);
    world.app.store_recorded(&made).await;
    let screen = world
        .app
        .store_item(&made, ContentKind::ScreenRecording, &bytes(10))
        .await;
    world.app.hold(&made, &screen).await;
    let message = json!({"message": format!("{} is under legal hold", made.id)});
    for path in [format!("{}/content/callRecording", one(&made)), one(&made)] {
        let answer = world.send("DELETE", &path, &[]).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, message.clone()),
            "{path}"
        );
    }
    let answer = world
        .put("POST", BATCH, &json!({"guids": [made.id.to_string()]}))
        .await
        .good();
    assert_eq!(answer["failures"][0]["statusCode"], 403);
    assert_eq!(
        kept(&world, &made).await,
        ["callRecording", "screenRecording"]
    );
}

#[tokio::test]
async fn a_batch_reports_only_what_it_could_not_delete() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let mut guids = Vec::new();
        for n in 0..40 {
            let made = call(&world.account, n);
            world.app.store_recorded(&made).await;
            guids.push(made.id.to_string());
        }
        let refused = with_screen(&world, 50).await;
        guids.insert(30, refused.id.to_string());
        guids.push(InteractionId::from_bytes([9; 16]).to_string());
        guids.push(guids[0].clone());
        let answer = world
            .put("POST", BATCH, &json!({"guids": guids}))
            .await
            .good();
        let message = format!("Not authorized to remove {}", refused.id);
        let expected = json!({"failures": [{"guid": refused.id.to_string(), "statusCode": 403, "message": message}]});
        assert_eq!(answer, expected, "{}", world.app.engine);
        let day = "start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z";
        let left = world
            .get(&format!("/interaction-content/interactions?{day}"))
            .await;
        assert_eq!(left.each("items", "guid"), [refused.id.to_string()]);
    }
}

#[tokio::test]
async fn batches_of_an_account_run_one_at_a_time() {
    let world = World::new().await;
    let body = json!({"guids": [InteractionId::from_bytes([9; 16]).to_string()]});
    let lease = format!("interaction-delete-batch/{}", world.account.id);
    let holder = world.app.take_lease(&lease).await;

    let second = world.put("POST", BATCH, &body).await;
    assert_eq!(
        (second.status, second.json()),
        (429, json!({"message": "Too Many Requests"}))
    );
    let wait: u32 = second.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");

    world.app.release_lease(&lease, holder).await;
    for _ in 0..2 {
        let answer = world.put("POST", BATCH, &body).await.good();
        assert_eq!(answer, json!({"failures": []}));
    }
}

#[tokio::test]
async fn a_batch_that_is_wrong_deletes_nothing() {
    let world = World::new().await;
    let made = call(&world.account, 0);
    world.app.store_recorded(&made).await;
    let id = made.id.to_string();
    let many: Vec<&str> = vec![&id; 1001];
    let size = "guids must hold 1 to 1000 GUIDs";
    for (body, message) in [
        (json!({"guids": []}), size),
        (json!({ "guids": many }), size),
        (json!({"guids": id}), "guids must be a list of GUIDs"),
        (json!({}), "guids must be a list of GUIDs"),
        (json!({"guids": [id, 7]}), "guids must be a list of GUIDs"),
        (
            json!({"guids": [id, "7"]}),
            "GUID must be 36 characters in length",
        ),
        (json!([id]), "The body must be a JSON object"),
        (
            Value::String("[".repeat(100_000)),
            "The body must be a JSON object",
        ),
    ] {
        let answer = world.put("POST", BATCH, &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"message": message}))
        );
    }
    let form = [("content-type", "text/plain")];
    let answer = world
        .send_body("POST", BATCH, &form, Some(&json!({"guids": [id]})))
        .await;
    assert_eq!(answer.status, 415);
    let huge = json!({"guids": ["x".repeat(300_000)]});
    assert_eq!(world.put("POST", BATCH, &huge).await.status, 413);
    assert_eq!(kept(&world, &made).await, ["callRecording"]);
}
