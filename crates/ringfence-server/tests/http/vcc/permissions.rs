//! Each switch of vcc-api §5.2 changes what is seen, at once and silently.

use super::World;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::content::ContentKind;
use ringfence_core::id::UserId;
use ringfence_core::interaction::{Direction, Interaction};
use ringfence_core::permission::Permission;
use ringfence_testkit::calls::{bytes, call};
use ringfence_testkit::test_app::{TestApp, actor};

const DAY: &str = "start=2026-03-02T00:00:00Z&end=2026-03-03T00:00:00Z";

/// The types listed of each interaction, in order: `callRecording+screenRecording|callRecording`.
async fn seen(world: &World) -> String {
    let answer = world
        .get(&format!("/interaction-content/interactions?{DAY}"))
        .await;
    let body = answer.good();
    let types = |item: &serde_json::Value| {
        let content = item["content"].as_array().unwrap().clone();
        let mut types: Vec<String> = content
            .iter()
            .map(|c| c["type"].as_str().unwrap().to_owned())
            .collect();
        types.sort();
        types.join("+")
    };
    body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(types)
        .collect::<Vec<_>>()
        .join("|")
}

async fn with_calls(world: &World) -> (Interaction, Interaction) {
    let inbound = call(&world.account, 0);
    let mut outbound = call(&world.account, 1);
    outbound.direction = Direction::Outbound;
    let mut internal = call(&world.account, 2);
    internal.direction = Direction::Internal;
    for made in [&inbound, &outbound, &internal] {
        world.app.store_recorded(made).await;
        world
            .app
            .store_item(made, ContentKind::ScreenRecording, &bytes(10))
            .await;
    }
    world
        .app
        .store_item(&inbound, ContentKind::IvrAudioRecording, &bytes(20))
        .await;
    (inbound, outbound)
}

#[tokio::test]
async fn direction_and_kind_gates() {
    use Permission::{ViewInboundContent, ViewIvrData, ViewOutboundContent, ViewScreenRecordings};
    for app in TestApp::both().await {
        let world = World::on(app).await;
        with_calls(&world).await;
        for (permission, value, expected) in [
            (ViewScreenRecordings, false, "callRecording|callRecording"),
            (
                ViewScreenRecordings,
                true,
                "callRecording+screenRecording|callRecording+screenRecording",
            ),
            (ViewInboundContent, false, "callRecording+screenRecording"),
            (
                ViewIvrData,
                true,
                "ivrAudioRecording|callRecording+screenRecording",
            ),
            (ViewOutboundContent, false, "ivrAudioRecording"),
            (ViewIvrData, false, ""),
            (ViewInboundContent, true, "callRecording+screenRecording"),
        ] {
            world.permit(&[(permission, value)]).await;
            assert_eq!(
                seen(&world).await,
                expected,
                "{} {permission:?} {value}",
                world.app.engine
            );
        }
    }
}

#[tokio::test]
async fn a_line_gates_until_groups_do() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let inbound = call(&world.account, 0);
        world.app.store_recorded(&inbound).await;
        let agent = world.agent("alex@acme.example", "2041").await;
        assert_eq!(seen(&world).await, "callRecording");
        world.lines(&["+441632960999"]).await;
        assert_eq!(seen(&world).await, "");
        world.lines(&[super::LINE]).await;
        assert_eq!(seen(&world).await, "callRecording");

        // With groups the line says nothing any more, in either direction.
        world
            .permit(&[(Permission::AccessGroupsContent, true)])
            .await;
        assert_eq!(seen(&world).await, "");
        world.lines(&[]).await;
        groups(&world, world.owner.id, &["Sales"]).await;
        assert_eq!(seen(&world).await, "");
        groups(&world, agent.id, &["Billing", "Sales"]).await;
        assert_eq!(seen(&world).await, "callRecording");
        groups(&world, agent.id, &["Billing"]).await;
        assert_eq!(seen(&world).await, "");
        groups(&world, world.owner.id, &["Billing"]).await;
        assert_eq!(seen(&world).await, "callRecording");

        // An archived agent is in no group (vcc-api §5.2, 4).
        let archive = UserEdit {
            active: Some(false),
            ..UserEdit::default()
        };
        user_edit(&world.app.ctx, &actor(), agent.id, archive)
            .await
            .unwrap();
        world.app.caught_up().await;
        assert_eq!(seen(&world).await, "");
        world
            .permit(&[(Permission::AccessGroupsContent, false)])
            .await;
        world.lines(&[super::LINE]).await;
        assert_eq!(seen(&world).await, "callRecording");
    }
}

async fn groups(world: &World, id: UserId, names: &[&str]) {
    let edit = UserEdit {
        groups: Some(names.iter().map(ToString::to_string).collect()),
        ..UserEdit::default()
    };
    user_edit(&world.app.ctx, &actor(), id, edit).await.unwrap();
    world.app.caught_up().await;
}

#[tokio::test]
async fn what_is_not_listed_is_not_found_either() {
    let world = World::new().await;
    let (inbound, outbound) = with_calls(&world).await;
    let one = |call: &Interaction| format!("/interaction-content/interactions/{}", call.id);
    let file = |call: &Interaction| format!("{}/content/callRecording", one(call));
    world
        .permit(&[(Permission::ViewInboundContent, false)])
        .await;
    for (path, status) in [
        (one(&inbound), 404),
        (file(&inbound), 404),
        (one(&outbound), 200),
        (file(&outbound), 200),
    ] {
        assert_eq!(world.get(&path).await.status, status, "{path}");
    }
    world.lines(&[]).await;
    assert_eq!(world.get(&one(&outbound)).await.status, 404);
    assert_eq!(world.get(&file(&outbound)).await.status, 404);
}

#[tokio::test]
async fn another_account_sees_nothing() {
    let world = World::new().await;
    let made = call(&world.account, 0);
    world.app.store_recorded(&made).await;
    let other = world.app.account("other").await;
    let admin = world
        .app
        .admin(&other, "kim@other.example", &[super::LINE])
        .await;
    let scopes = "interaction-content:read interaction-content:delete stats";
    let credential = world.app.credential(&other, &admin, scopes).await;
    let token = world.app.token(&credential, scopes).await;
    let bearer = format!("Bearer {token}");
    let auth = [("authorization", bearer.as_str())];
    let one = format!("/interaction-content/interactions/{}", made.id);
    for (method, path) in [
        ("GET", one.clone()),
        ("GET", format!("{one}/content/callRecording")),
        ("DELETE", format!("{one}/content/callRecording")),
        ("DELETE", one.clone()),
        ("GET", format!("/stats/interactions/{}", made.id)),
    ] {
        assert_eq!(
            world.send(method, &path, &auth).await.status,
            404,
            "{method} {path}"
        );
    }
    assert_eq!(world.get(&one).await.status, 200);
}

#[tokio::test]
async fn a_legacy_credential_acts_for_the_whole_account() {
    let world = World::new().await;
    with_calls(&world).await;
    let scope = "interaction-content:read";
    let legacy = world
        .app
        .credential_with(&world.account, None, scope, |_| {})
        .await;
    let bearer = format!("Bearer {}", world.app.token(&legacy, scope).await);
    let path = format!("/interaction-content/interactions?{DAY}");
    let answer = world
        .send("GET", &path, &[("authorization", &bearer)])
        .await;
    assert_eq!(answer.each("items", "guid").len(), 2);
}
