//! User Admin: the lists of a user, and groups (vcc-api §15.7, §15.8).

use super::{LINE, World};
use ringfence_core::permission::Permission;
use ringfence_core::user::User;
use ringfence_testkit::calls::call;
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

async fn group(world: &World, name: &str) -> Value {
    let found = world.get("/useradmin/groups").await.good();
    let groups = found["groups"].as_array().unwrap();
    groups
        .iter()
        .find(|g| g["groupName"] == name)
        .unwrap()
        .clone()
}

/// Two groups, made as an import makes them.
async fn with_groups(world: &World) -> (User, Value, Value) {
    let agent = world.agent("alex@acme.example", "2041").await;
    let edit = ringfence_app::users::UserEdit {
        groups: Some(vec!["Sales".to_owned(), "Billing".to_owned()]),
        ..Default::default()
    };
    let actor = ringfence_testkit::test_app::actor();
    ringfence_app::users::user_edit(&world.app.ctx, &actor, agent.id, edit)
        .await
        .unwrap();
    let (billing, sales) = (group(world, "Billing").await, group(world, "Sales").await);
    (agent, billing, sales)
}

#[tokio::test]
async fn groups_and_their_members() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let (agent, billing, sales) = with_groups(&world).await;
        assert_eq!(billing["groupMaxUnexpectedTime"], 10);
        assert!(billing["groupDisplayId"].is_string() && billing["groupMaxWrapUpTime"].is_u64());
        let path = format!(
            "/useradmin/groups/{}/users",
            billing["groupId"].as_str().unwrap()
        );
        let alex = json!({"userId": agent.id.to_string(), "agentDisplayId": "2041", "name": "alex@acme.example"});
        let sam = json!({"userId": world.owner.id.to_string(), "agentDisplayId": null, "name": "sam.lee@acme.example"});
        let meta = |n: u64| json!({"page": 1, "count": n, "pageCount": 1, "totalCount": n});
        let expected = json!({"meta": meta(1), "groupId": billing["groupId"], "users": [alex]});
        assert_eq!(
            world.get(&path).await.good(),
            expected,
            "{}",
            world.app.engine
        );

        let both = json!({"users": [{"userId": agent.id.to_string()}, {"userId": world.owner.id.to_string()}]});
        let answer = world.put("PUT", &path, &both).await.good();
        assert_eq!(answer["users"], json!([alex, sam]));
        let answer = world
            .put(
                "PUT",
                &path,
                &json!({"users": [{"userId": world.owner.id.to_string()}]}),
            )
            .await;
        assert_eq!(answer.good()["users"], json!([sam]));

        let mine = format!("/useradmin/users/{}/groups", agent.id);
        let entry = |group: &Value| json!({"groupId": group["groupId"], "groupDisplayId": group["groupDisplayId"], "groupName": group["groupName"]});
        let expected = json!({"meta": meta(1), "userId": agent.id.to_string(), "agentDisplayId": "2041",
            "agentGroups": [entry(&sales)]});
        assert_eq!(world.get(&mine).await.good(), expected);
        let body = json!({"agentGroups": [{"groupId": billing["groupId"]}]});
        assert_eq!(
            world.put("PUT", &mine, &body).await.good()["agentGroups"],
            json!([entry(&billing)])
        );
        assert_eq!(world.get(&path).await.good()["users"], json!([alex, sam]));
    }
}

#[tokio::test]
async fn a_list_with_a_stranger_changes_nothing() {
    let world = World::new().await;
    let (agent, billing, _) = with_groups(&world).await;
    let other = world.app.account("other").await;
    let stranger = world.app.admin(&other, "kim@other.example", &[]).await;
    let path = format!(
        "/useradmin/groups/{}/users",
        billing["groupId"].as_str().unwrap()
    );
    let before = world.get(&path).await.good();
    let body = json!({"users": [{"userId": world.owner.id.to_string()}, {"userId": stranger.id.to_string()}]});
    assert_eq!(world.put("PUT", &path, &body).await.status, 400);
    assert_eq!(world.get(&path).await.good(), before);
    let unknown = "0f3c9d7e-2222-4a7b-8c11-6f2d5e9a0001";
    let mine = format!("/useradmin/users/{}/groups", agent.id);
    for body in [
        json!({"agentGroups": [{"groupId": unknown}]}),
        json!({"agentGroups": [{"groupId": "7"}]}),
        json!({"agentGroups": [{}]}),
        json!({"agentGroups": ["7"]}),
        json!({}),
    ] {
        assert_eq!(world.put("PUT", &mine, &body).await.status, 400, "{body}");
    }
    assert_eq!(
        world.get(&mine).await.each("agentGroups", "groupName"),
        ["Billing", "Sales"]
    );
    assert_eq!(
        world
            .get(&format!("/useradmin/groups/{unknown}/users"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn rights_changed_here_decide_what_content_is_seen() {
    let world = World::new().await;
    let (_, billing, _) = with_groups(&world).await;
    let made = call(&world.account, 0);
    world.app.store_recorded(&made).await;
    let one = format!("/interaction-content/interactions/{}", made.id);
    let user = format!("/useradmin/users/{}", world.owner.id);
    let sees = async || {
        world.app.caught_up().await;
        world.get(&one).await.status == 200
    };
    assert!(sees().await);

    let lines = format!("{user}/permissions/addresses");
    let row = json!({"addressId": LINE, "addressName": LINE});
    assert_eq!(
        world.get(&lines).await.good()["addressPermissions"],
        json!([row])
    );
    let none = json!({"addressPermissions": []});
    assert_eq!(
        world.put("PUT", &lines, &none).await.good()["addressPermissions"],
        json!([])
    );
    assert!(!sees().await);

    let rights = format!("{user}/permissions/accessPermissions");
    let key = Permission::AccessGroupsContent.info().key;
    let body = json!({"accessPermissions": [{"permissionKey": key.to_uppercase(), "permissionLevel": "yes"}]});
    let answer = world.put("PATCH", &rights, &body).await.good();
    let level = |body: &Value, key: &str| {
        let rows = body["accessPermissions"].as_array().unwrap();
        rows.iter().find(|r| r["permissionKey"] == key).unwrap()["permissionLevel"].clone()
    };
    assert_eq!(level(&answer, key), "Yes");
    // What was not named stays.
    assert_eq!(
        level(&answer, Permission::ViewInboundContent.info().key),
        "Yes"
    );
    assert_eq!(
        level(&answer, Permission::ViewScreenRecordings.info().key),
        "No"
    );
    assert_eq!(
        world.get(&rights).await.good()["accessPermissions"],
        answer["accessPermissions"]
    );
    assert!(!sees().await);

    let groups = format!("{user}/permissions/groups");
    let entry = |level: &str| json!({"groupPermissions": [{"groupId": billing["groupId"], "groupPermission": level}]});
    let answer = world.put("PUT", &groups, &entry("Read")).await.good();
    assert_eq!(answer["groupPermissions"][0]["groupPermission"], "Read");
    assert_eq!(answer["groupPermissions"][0]["groupName"], "Billing");
    assert!(sees().await);
    let answer = world.put("PUT", &groups, &entry("None")).await.good();
    assert_eq!(answer["groupPermissions"], json!([]));
    assert!(!sees().await);
}

#[tokio::test]
async fn what_is_wrong_with_rights_is_said() {
    let world = World::new().await;
    let (_, billing, _) = with_groups(&world).await;
    let user = format!("/useradmin/users/{}", world.owner.id);
    let lines = format!("{user}/permissions/addresses");
    let rights = format!("{user}/permissions/accessPermissions");
    let groups = format!("{user}/permissions/groups");
    let key = Permission::AccessGroupsContent.info().key;
    let entry = |level: &str| json!({"groupPermissions": [{"groupId": billing["groupId"], "groupPermission": level}]});
    for (path, method, body, message) in [
        (
            &rights,
            "PATCH",
            json!({"accessPermissions": [{"permissionKey": "Fly", "permissionLevel": "Yes"}]}),
            "permissionKey 'Fly' is not known",
        ),
        (
            &rights,
            "PATCH",
            json!({"accessPermissions": [{"permissionKey": key, "permissionLevel": "Maybe"}]}),
            "permissionLevel must be one of Yes, No",
        ),
        (
            &groups,
            "PUT",
            entry("All"),
            "groupPermission must be one of None, Read, Write",
        ),
        (
            &lines,
            "PUT",
            json!({"addressPermissions": [{"addressId": "a b"}]}),
            "a line has 1 to 100 printable characters without spaces",
        ),
    ] {
        let answer = world.put(method, path, &body).await;
        let said = answer.json()["message"].as_str().unwrap().to_lowercase();
        assert_eq!((answer.status, said), (400, message.to_lowercase()));
    }
}

#[tokio::test]
async fn lists_have_pages() {
    let world = World::new().await;
    world.lines(&["+441", "+442", "+443"]).await;
    let path = format!("/useradmin/users/{}/permissions/addresses", world.owner.id);
    let answer = world.get(&format!("{path}?limit=2&page=2")).await;
    assert_eq!(answer.each("addressPermissions", "addressName"), ["+443"]);
    assert_eq!(
        answer.json()["meta"],
        json!({"page": 2, "count": 1, "pageCount": 2, "totalCount": 3})
    );
}
