//! User Admin: people (vcc-api §15.2 to §15.6).

use super::World;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::json;

fn new_user(username: &str) -> serde_json::Value {
    json!({"username": username, "name": "Alex Ray", "email": "alex@acme.example", "ssoExternalId": "sso-2041",
        "userAccountConfiguration": {"role": "Agent", "chargeable": false, "actAsAgent": true,
            "agentConfiguration": {"agentDisplayId": "2041", "webrtc": true, "outboundWrapUp": 100, "location": "GB",
                "telephonyAddress": {"telephoneAddress": "441632960201", "nationalDisplay": true},
                "capacity": {"isAgentLevel": false, "live": 1, "semilive": 2, "nonlive": 5},
                "associatedUsers": [{"username": "alexray", "applicationType": "VBC"}]}}})
}

#[tokio::test]
async fn only_an_operator_changes_an_operator() {
    let world = World::new().await;
    let olga = world.agent("olga", "77").await;
    let operator = |value| UserEdit {
        operator: Some(value),
        ..UserEdit::default()
    };
    let path = format!("/useradmin/users/{}", olga.id);
    user_edit(&world.app.ctx, &actor(), olga.id, operator(true))
        .await
        .unwrap();
    for change in [
        json!({"locked": true}),
        json!({"username": "mallory"}),
        json!({"name": "Olga"}),
    ] {
        let answer = world.put("PATCH", &path, &change).await;
        assert_eq!(answer.status, 403, "{change}");
    }
    user_edit(&world.app.ctx, &actor(), olga.id, operator(false))
        .await
        .unwrap();
    world
        .put("PATCH", &path, &json!({"name": "Olga"}))
        .await
        .good();
}

#[tokio::test]
async fn a_user_is_made_shown_and_changed() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let made = world
            .put(
                "POST",
                "/useradmin/users",
                &new_user("Alex.Ray@acme.example"),
            )
            .await
            .good();
        let id = made["userId"].as_str().unwrap().to_owned();
        let mut expected = new_user("alex.ray@acme.example");
        expected["userId"] = json!(id);
        expected["lastLoginTime"] = json!(null);
        expected["active"] = json!(true);
        expected["locked"] = json!(false);
        assert_eq!(made, expected, "{}", world.app.engine);
        for path in [
            format!("/useradmin/users/{id}"),
            format!("/UserAdmin/Users/{}", id.to_uppercase()),
            "/useradmin/users/by/username/alex.ray%40acme.example".to_owned(),
            "/useradmin/users/By/UserName/ALEX.RAY@acme.example".to_owned(),
            "/useradmin/users/by/agentDisplayId/2041".to_owned(),
        ] {
            assert_eq!(world.get(&path).await.good(), expected, "{path}");
        }

        let change = json!({"name": "Alex Roe", "userAccountConfiguration": {
            "agentConfiguration": {"webrtc": false, "location": null, "capacity": {"live": 3}}}});
        let path = format!("/useradmin/users/{id}?allowOverages=true");
        let changed = world.put("PATCH", &path, &change).await.good();
        expected["name"] = json!("Alex Roe");
        let agent = &mut expected["userAccountConfiguration"]["agentConfiguration"];
        agent["webrtc"] = json!(false);
        agent["capacity"]["live"] = json!(3);
        agent.as_object_mut().unwrap().remove("location");
        assert_eq!(changed, expected);
        assert_eq!(
            world.get(&format!("/useradmin/users/{id}")).await.good(),
            expected
        );
    }
}

#[tokio::test]
async fn lists_have_pages_and_states() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        for n in 0..4 {
            world
                .app
                .user(
                    &world.account,
                    &format!("a{n}@acme.example"),
                    Role::Agent,
                    None,
                )
                .await;
        }
        let other = world.app.account("other").await;
        world
            .app
            .user(&other, "b@other.example", Role::Agent, None)
            .await;
        let archived = world
            .get("/useradmin/users/by/username/a1@acme.example")
            .await
            .good();
        let path = format!("/useradmin/users/{}", archived["userId"].as_str().unwrap());
        world
            .put("PATCH", &path, &json!({"active": false}))
            .await
            .good();
        for (query, names, total) in [
            ("", vec!["a0", "a2", "a3", "sam.lee"], 4),
            ("?include=archived", vec!["a1"], 1),
            ("?Include=All&limit=2&page=2", vec!["a2", "a3"], 5),
            ("?limit=3&page=0", vec!["a0", "a2", "a3"], 4),
            ("?limit=3&page=9", vec![], 4),
        ] {
            let answer = world.get(&format!("/useradmin/users{query}")).await;
            let expected: Vec<String> = names.iter().map(|n| format!("{n}@acme.example")).collect();
            assert_eq!(
                answer.each("users", "username"),
                expected,
                "{} {query}",
                world.app.engine
            );
            assert_eq!(answer.json()["meta"]["totalCount"], total, "{query}");
        }
        let first = world.get("/useradmin/users?limit=3&page=0").await.good();
        assert_eq!(
            first["meta"],
            json!({"page": 1, "count": 3, "pageCount": 2, "totalCount": 4})
        );
        for (query, message) in [
            ("limit=0", "limit must be between 1 and 5000"),
            ("limit=5001", "limit must be between 1 and 5000"),
            (
                "include=Some",
                "include must be one of Active, Archived, All",
            ),
        ] {
            let answer = world.get(&format!("/useradmin/users?{query}")).await;
            assert_eq!(
                (answer.status, answer.json()),
                (400, json!({"message": message}))
            );
        }
    }
}

#[tokio::test]
async fn whoever_is_elsewhere_does_not_exist() {
    let world = World::new().await;
    let other = world.app.account("other").await;
    let theirs = world
        .app
        .user(&other, "kim@other.example", Role::Agent, Some("77"))
        .await;
    let path = format!("/useradmin/users/{}", theirs.id);
    let missing = json!({"message": "User not found"});
    for path in [
        path.clone(),
        "/useradmin/users/by/username/kim@other.example".to_owned(),
        "/useradmin/users/by/agentDisplayId/77".to_owned(),
        "/useradmin/users/by/agentDisplayId/no%20such".to_owned(),
        format!("{path}/groups"),
        format!("{path}/permissions/groups"),
        format!("{path}/permissions/addresses"),
        format!("{path}/permissions/accessPermissions"),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, missing.clone()),
            "{path}"
        );
    }
    for (method, path, body) in [
        ("PATCH", path.clone(), json!({"active": false})),
        ("PUT", format!("{path}/groups"), json!({"agentGroups": []})),
        (
            "PUT",
            format!("{path}/permissions/addresses"),
            json!({"addressPermissions": []}),
        ),
        (
            "PATCH",
            format!("{path}/permissions/accessPermissions"),
            json!({"accessPermissions": []}),
        ),
    ] {
        let answer = world.put(method, &path, &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, missing.clone()),
            "{method} {path}"
        );
    }
    let answer = world.get("/useradmin/users/77").await;
    assert_eq!(
        answer.json(),
        json!({"message": "GUID must be 36 characters in length"})
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_user_is_said_and_nothing_is_made() {
    let world = World::new().await;
    world
        .put("POST", "/useradmin/users", &new_user("alex@acme.example"))
        .await
        .good();
    let without = |field: &str| {
        let mut user = new_user("other@acme.example");
        user.as_object_mut().unwrap().remove(field);
        user
    };
    let with = |pointer: &str, value: serde_json::Value| {
        let mut user = new_user("other@acme.example");
        *user.pointer_mut(pointer).unwrap() = value;
        user
    };
    let taken = "A user of that user name or agent id exists in the account";
    for (body, status, message) in [
        (without("username"), 400, "username is required"),
        (without("email"), 400, "email is required"),
        (
            without("userAccountConfiguration"),
            400,
            "userAccountConfiguration.role is required",
        ),
        (
            with("/userAccountConfiguration/role", json!("NvmAdmin")),
            400,
            "the role is not one of Admin, Supervisor, Agent, Wallboard",
        ),
        (with("/name", json!(7)), 400, "name must be a text"),
        (
            with(
                "/userAccountConfiguration/agentConfiguration/webrtc",
                json!("on"),
            ),
            400,
            "webrtc must be true or false",
        ),
        (
            with("/userAccountConfiguration/agentConfiguration", json!({})),
            400,
            "agentDisplayId must be given when actAsAgent becomes true",
        ),
        (new_user("other@acme.example"), 409, taken),
        (with("/username", json!("alex@acme.example")), 409, taken),
    ] {
        let answer = world.put("POST", "/useradmin/users", &body).await;
        let said = answer.json()["message"].as_str().unwrap().to_lowercase();
        assert_eq!(
            (answer.status, said),
            (status, message.to_lowercase()),
            "{body}"
        );
    }
    let users = world.get("/useradmin/users?include=All").await;
    assert_eq!(
        users.each("users", "username"),
        ["alex@acme.example", "sam.lee@acme.example"]
    );
    // An agent id is given once.
    let path = format!(
        "/useradmin/users/{}",
        users.json()["users"][0]["userId"].as_str().unwrap()
    );
    let change = json!({"name": "Not Kept", "userAccountConfiguration": {"agentConfiguration": {"agentDisplayId": "9"}}});
    assert_eq!(world.put("PATCH", &path, &change).await.status, 409);
    assert_eq!(world.get(&path).await.good()["name"], "Alex Ray");
}

#[tokio::test]
async fn archiving_the_owner_ends_the_token_that_did_it() {
    let world = World::new().await;
    let path = format!("/useradmin/users/{}", world.owner.id);
    world
        .put("PATCH", &path, &json!({"active": false}))
        .await
        .good();
    world.app.caught_up().await;
    assert_eq!(world.get(&path).await.status, 401);
}
