//! What the Provisioning APIs tell, put in over the Management API.

use super::{person, read};
use ringfence_core::account::Account;
use ringfence_core::user::{Role, User};
use ringfence_testkit::test_app::{Browser, TestApp};
use serde_json::{Value, json};

const ROOT: &str = "/api/v1/accounts/widgets/provisioning";

async fn put(browser: &Browser, path: &str, body: &Value, tag: Option<&str>) -> reqwest::Response {
    browser
        .send(reqwest::Method::PUT, &format!("{ROOT}{path}"), |request| {
            let request = request.json(body);
            match tag {
                Some(tag) => request.header("if-match", tag),
                None => request,
            }
        })
        .await
}

fn tag(answer: &reqwest::Response) -> String {
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

/// The account `widgets` on each engine, with an admin who is signed in.
async fn filled() -> Vec<(TestApp, Account, User, Browser)> {
    let mut all = Vec::new();
    for app in TestApp::both().await {
        let account = app.vbc_account("widgets").await;
        let (pat, browser) = person(&app, &account, "pat.example", Role::Admin).await;
        let place = json!({"name": "Headquarters", "timeZone": "America/New York"});
        let made = put(&browser, "/locations/9001", &place, None).await;
        assert_eq!(made.status(), 201, "{}", app.engine);
        let extension = json!({"locationId": 9001, "loginName": "pat.example", "callerId": "12015550100",
            "dids": [{"phoneNumber": "12015550100", "customTag": "Sales"}],
            "handsets": [{"name": "line1-VH000001", "sipId": "VH000001"}]});
        let made = put(&browser, "/extensions/2001", &extension, None).await;
        assert_eq!(made.status(), 201, "{}", app.engine);
        all.push((app, account, pat, browser));
    }
    all
}

#[tokio::test]
async fn an_account_has_an_entry_and_is_edited_by_its_version() {
    for (app, _, _, browser) in filled().await {
        let shown = browser.get(ROOT).await;
        let version = tag(&shown);
        let (status, body) = read(shown).await;
        let name = json!("widgets");
        assert_eq!((status, &body["name"]), (200, &name), "{}", app.engine);
        let new = json!({"id": 4711, "name": "Example Widgets", "status": "ACTIVE",
            "address": {"address1": "1 Sample Way", "country": "US"}});
        assert_eq!(put(&browser, "", &new, None).await.status(), 409);
        let done = put(&browser, "", &new, Some(&version)).await;
        assert_eq!(done.status(), 200);
        let stale = put(&browser, "", &new, Some(&version)).await;
        assert_eq!(stale.status(), 412);
        let same = put(&browser, "", &new, None).await;
        assert_eq!(same.status(), 200, "the same again");
    }
}

#[tokio::test]
async fn locations_are_put_under_a_number_or_made_under_a_new_one() {
    for (app, _, _, browser) in filled().await {
        let place = json!({"name": "Headquarters", "timeZone": "America/New York"});
        let same = put(&browser, "/locations/9001", &place, None).await;
        assert_eq!(same.status(), 200, "{}", app.engine);
        let path = format!("{ROOT}/locations");
        let made = browser.api("POST", &path, Some(&place)).await;
        assert_eq!(made.status(), 201);
        let at = made.headers()["location"].to_str().unwrap().to_owned();
        let (status, body) = read(browser.get(&at).await).await;
        let zone = json!("America/New_York");
        assert_eq!((status, &body["timeZone"]), (200, &zone));
        let (_, list) = read(browser.get(&format!("{path}?limit=1")).await).await;
        assert_eq!(list["items"][0]["id"], 9001);
        assert!(list["nextCursor"].is_string());
        let used = browser.api("DELETE", &format!("{path}/9001"), None).await;
        assert_eq!(used.status(), 409, "extensions are there");
        for path in ["/extensions/2001", "/locations/9001"] {
            let path = format!("{ROOT}{path}");
            let gone = browser.api("DELETE", &path, None).await;
            assert_eq!(gone.status(), 204, "{path}");
            let gone = browser.api("DELETE", &path, None).await;
            assert_eq!(gone.status(), 404, "{path}");
        }
    }
}

#[tokio::test]
async fn extensions_need_a_place_and_numbers_of_their_own() {
    for (app, _, _, browser) in filled().await {
        let (_, body) = read(browser.get(&format!("{ROOT}/extensions/2001")).await).await;
        assert_eq!(body["serviceTypeName"], "UX", "{}", app.engine);
        assert_eq!(body["dids"][0]["customTag"], "Sales");
        let nowhere = json!({"locationId": 1});
        let refused = put(&browser, "/extensions/2002", &nowhere, None).await;
        assert_eq!(refused.status(), 422);
        let taken = json!({"locationId": 9001, "dids": [{"phoneNumber": "12015550100"}]});
        let refused = put(&browser, "/extensions/2002", &taken, None).await;
        assert_eq!(refused.status(), 409);
        let filtered = format!("{ROOT}/extensions?phoneNumber=12015550100");
        let (_, list) = read(browser.get(&filtered).await).await;
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_put_of_a_person_is_the_persons() {
    for (app, account, pat, browser) in filled().await {
        let path = format!("/users/{}", pat.id);
        let shown = browser.get(&format!("{ROOT}{path}")).await;
        let version = tag(&shown);
        let (_, body) = read(shown).await;
        assert_eq!(body["extensions"][0]["extensionNumber"], "2001");
        let new = json!({"id": 815, "email": "pat@widgets.example", "firstName": "Pat Q", "lastName": "Example",
            "contactNumbers": [{"type": "Mobile", "value": "12015550199"}, {"type": "Home", "value": null}]});
        let done = put(&browser, &path, &new, Some(&version)).await;
        let (status, body) = read(done).await;
        let first = json!("Pat Q");
        assert_eq!((status, &body["firstName"]), (200, &first), "{body}");
        assert_eq!(body["contactNumbers"][1]["value"], json!(null));
        let user = ringfence_app::users::user_show(&app.ctx, &account.name, &pat.username)
            .await
            .unwrap();
        let told = (user.name.as_str(), user.email.as_str());
        let expected = ("Pat Q Example", "pat@widgets.example");
        assert_eq!(told, expected, "{}", app.engine);
    }
}

#[tokio::test]
async fn accounts_of_the_contact_centre_have_none_of_it() {
    let app = TestApp::sqlite().await;
    let account = app.account("widgets").await;
    let (_, browser) = person(&app, &account, "ann@widgets.example", Role::Admin).await;
    assert_eq!(browser.get(ROOT).await.status(), 404);
    let place = json!({"name": "Here", "timeZone": "Europe/Berlin"});
    assert_eq!(
        put(&browser, "/locations/1", &place, None).await.status(),
        404
    );
}

#[tokio::test]
async fn an_operator_is_changed_by_operators_only() {
    let app = TestApp::sqlite().await;
    let account = app.vbc_account("widgets").await;
    let (olga, _) = person(&app, &account, "olga", Role::Admin).await;
    let (_, browser) = person(&app, &account, "pat", Role::Admin).await;
    let edit = ringfence_app::users::UserEdit {
        operator: Some(true),
        ..ringfence_app::users::UserEdit::default()
    };
    ringfence_app::users::user_edit(
        &app.ctx,
        &ringfence_testkit::test_app::actor(),
        olga.id,
        edit,
    )
    .await
    .unwrap();
    app.caught_up().await;
    let new = json!({"email": "pat@rival.example", "firstName": "Olga"});
    let refused = put(&browser, &format!("/users/{}", olga.id), &new, Some("*")).await;
    assert_eq!(refused.status(), 403);
}
