//! `/api/v1/accounts/{account}/users` and `/groups`.

use super::{operator, person, read};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{Browser, TestApp};
use serde_json::{Value, json};

const USERS: &str = "/api/v1/accounts/acme/users";
const GROUPS: &str = "/api/v1/accounts/acme/groups";

async fn patch(browser: &Browser, path: &str, tag: &str, body: Value) -> (u16, Value) {
    let send = |r: reqwest::RequestBuilder| r.header("if-match", tag).json(&body);
    read(browser.send(reqwest::Method::PATCH, path, send).await).await
}

#[tokio::test]
async fn an_admin_makes_finds_and_changes_people() {
    for app in TestApp::both().await {
        let acme = app.account("acme").await;
        let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
        let new = json!({"username": "Kim@Acme.example", "name": "Kim 50%", "role": "Supervisor", "agentId": "77"});
        let made = sam.api("POST", USERS, Some(&new)).await;
        let path = made.headers()["location"].to_str().unwrap().to_owned();
        let tag = made.headers()["etag"].to_str().unwrap().to_owned();
        let (status, kim) = read(made).await;
        assert_eq!(
            (status, &kim["username"]),
            (201, &json!("kim@acme.example"))
        );
        assert_eq!(read(sam.api("POST", USERS, Some(&new)).await).await.0, 409);

        for (query, n) in [
            ("?q=50%25", 1),
            ("?q=kim", 1),
            ("?q=77", 1),
            ("?q=k_m", 0),
            ("?role=Supervisor", 1),
            ("?state=active", 2),
            ("?state=locked", 0),
            ("?limit=1", 1),
        ] {
            let (_, found) = read(sam.get(&format!("{USERS}{query}")).await).await;
            let items = found["items"].as_array().unwrap();
            assert_eq!(items.len(), n, "{query} on {}", app.engine);
        }
        let change = json!({
            "role": "Agent", "lines": ["+441", "+442"], "groups": ["Sales"],
            "permissions": {"view-inbound-content": "yes", "bulk-download": "no"},
        });
        let (status, after) = patch(&sam, &path, &tag, change).await;
        assert_eq!(status, 200, "{after}");
        assert_eq!(after["groups"], json!(["Sales"]));
        assert_eq!(
            after["permissions"]["view-inbound-content"],
            json!({"set": "yes", "inForce": true})
        );
        let (status, _) = patch(&sam, &path, &tag, json!({"name": "K"})).await;
        assert_eq!(status, 412, "the version has changed");
        let clear = json!({"permissions": {"view-inbound-content": null}, "locked": true});
        let (_, after) = patch(&sam, &path, "*", clear).await;
        assert_eq!(
            after["permissions"]["view-inbound-content"]["set"],
            "default"
        );
        assert_eq!(after["state"], "locked");
        for (wrong, pointer) in [
            (json!({"permissions": {"fly": "yes"}}), "/permissions/fly"),
            (
                json!({"permissions": {"bulk-download": "maybe"}}),
                "/permissions/bulk-download",
            ),
            (json!({"lines": ["+1", "a b"]}), "/lines/1"),
            (json!({"role": "King"}), "/role"),
        ] {
            let (status, problem) = patch(&sam, &path, "*", wrong).await;
            assert_eq!(
                (status, &problem["errors"][0]["pointer"]),
                (422, &json!(pointer))
            );
        }
    }
}

#[tokio::test]
async fn groups_are_made_and_list_their_members() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (user, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let made = sam
        .api("POST", GROUPS, Some(&json!({"name": "Sales"})))
        .await;
    let path = made.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(made.status(), 201);
    let again = sam
        .api("POST", GROUPS, Some(&json!({"name": " Sales "})))
        .await;
    assert_eq!(again.status(), 409);
    let own = format!("{USERS}/{}", user.id);
    patch(&sam, &own, "*", json!({"groups": ["Sales"]})).await;
    let (_, members) = read(sam.get(&format!("{path}/members")).await).await;
    assert_eq!(members["items"][0]["id"], json!(user.id.to_string()));
    let (_, list) = read(sam.get(&format!("{GROUPS}?q=sal")).await).await;
    assert_eq!(list["items"][0]["memberCount"], 1);
}

#[tokio::test]
async fn supervisors_agents_and_other_tenants_know_of_nothing() {
    let app = TestApp::sqlite().await;
    let (acme, rival) = (app.account("acme").await, app.account("rival").await);
    let (user, _) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let one = format!("{USERS}/{}", user.id);
    let strangers = [
        person(&app, &acme, "sue@acme.example", Role::Supervisor)
            .await
            .1,
        person(&app, &acme, "al@acme.example", Role::Agent).await.1,
        person(&app, &rival, "ron@rival.example", Role::Admin)
            .await
            .1,
    ];
    for stranger in strangers {
        for path in [USERS, &one, GROUPS] {
            assert_eq!(read(stranger.get(path).await).await.0, 404, "{path}");
        }
        let new = json!({"username": "x", "role": "Admin"});
        assert_eq!(
            read(stranger.api("POST", USERS, Some(&new)).await).await.0,
            404
        );
        assert_eq!(
            patch(&stranger, &one, "*", json!({"role": "Agent"}))
                .await
                .0,
            404
        );
    }
    // An id of one's own account does not open another's under its name.
    let (_, ron) = person(&app, &rival, "rob@rival.example", Role::Admin).await;
    let crossed = format!("/api/v1/accounts/rival/users/{}", user.id);
    assert_eq!(read(ron.get(&crossed).await).await.0, 404);
}

#[tokio::test]
async fn nobody_rises_by_changing_an_operator_or_locks_themselves_out() {
    let app = TestApp::sqlite().await;
    let (house, olga_user, olga) = operator(&app).await;
    let (ann_user, ann) = person(&app, &house, "ann@house.example", Role::Admin).await;
    let path = |id| format!("/api/v1/accounts/house/users/{id}");
    let (olga_path, ann_path) = (path(olga_user.id), path(ann_user.id));
    assert_eq!(
        patch(&ann, &olga_path, "*", json!({"email": "ann@evil"}))
            .await
            .0,
        403
    );
    assert_eq!(
        patch(&ann, &ann_path, "*", json!({"operator": true}))
            .await
            .0,
        403
    );
    let new = json!({"username": "x", "role": "Agent", "operator": true});
    let users = "/api/v1/accounts/house/users";
    assert_eq!(read(ann.api("POST", users, Some(&new)).await).await.0, 403);
    for edit in [
        json!({"active": false}),
        json!({"locked": true}),
        json!({"role": "Agent"}),
    ] {
        assert_eq!(patch(&ann, &ann_path, "*", edit).await.0, 409);
    }
    assert_eq!(
        patch(&olga, &ann_path, "*", json!({"operator": true}))
            .await
            .0,
        200
    );
    // An operator acts as an admin in any account.
    app.account("acme").await;
    let new = json!({"username": "first", "role": "Admin"});
    assert_eq!(read(olga.api("POST", USERS, Some(&new)).await).await.0, 201);
}
