//! The User API (vbc-api §5.3).

use super::{Lab, each, user};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_testkit::test_app::actor;
use serde_json::json;

#[tokio::test]
async fn vbc_5_3_people_by_number_with_their_extensions() {
    for lab in Lab::both().await {
        let (status, body) = lab.get("/api/accounts/4711/users?page_size=5").await;
        assert_eq!(status, 200, "{}", lab.app.engine);
        assert_eq!(body["total_items"], 12);
        assert_eq!(body["total_pages"], 3);
        let users = &body["_embedded"]["users"];
        let expected = json!({
            "email": "pat.example@widgets.example", "login_name": "pat.example", "first_name": "Pat",
            "last_name": "Example", "id": 815,
            "contact_numbers": [{"type": "Mobile", "value": "12015550199"}, {"type": "Home", "value": null}],
            "extensions": [{"dids": [{"phone_number": "12015550100", "custom_tag": "Sales"}],
                "extension_number": "2001"}],
        });
        assert_eq!(users[0], expected);
        let next = lab.href("/users?page_size=5&page=2");
        assert_eq!(body["_links"]["next"]["href"], next);
        let (status, one) = lab.get("/v1/api/accounts/self/users/815").await;
        assert_eq!(status, 200);
        assert_eq!(one["_embedded"], json!({"user": expected}));
        let (_, api) = lab.get("/api/accounts/4711/users/826").await;
        let api = &api["_embedded"]["user"];
        assert_eq!(
            (&api["extensions"], &api["contact_numbers"]),
            (&json!([]), &json!([]))
        );
    }
}

#[tokio::test]
async fn vbc_5_3_filters_are_exact_and_joined() {
    for lab in Lab::both().await {
        let cases: [(&str, &[&str]); 7] = [
            ("first_name=Ada", &["ada.sample"]),
            ("first_name=ada", &[]),
            ("last_name=Okafor", &["grace.okafor"]),
            ("login_name=JUN.sato", &["jun.sato"]),
            ("email=dev.rao%40widgets.example", &["dev.rao"]),
            ("first_name=Ada&last_name=Okafor", &[]),
            ("location_id=none&first_name=Hugo", &["hugo.silva"]),
        ];
        for (query, expected) in cases {
            let (status, body) = lab.get(&format!("/api/accounts/4711/users?{query}")).await;
            assert_eq!(status, 200, "{query} on {}", lab.app.engine);
            let names = each(&body["_embedded"]["users"], "login_name");
            assert_eq!(names, expected, "{query} on {}", lab.app.engine);
        }
    }
}

#[tokio::test]
async fn vbc_5_3_refusals() {
    let lab = Lab::sqlite().await;
    for path in [
        "/api/accounts/4711/users/9999",
        "/api/accounts/4711/users/pat.example",
        "/api/accounts/4711/users/self",
    ] {
        let (status, body) = lab.get(path).await;
        let expected = json!({"msg": "User not found", "status": 404});
        assert_eq!((status, body), (404, expected), "{path}");
    }
    let (status, body) = lab.get("/api/accounts/4711/users?page=-1").await;
    assert_eq!(status, 400);
    assert_eq!(body["invalid_parameters"][0]["name"], "page");
}

#[tokio::test]
async fn whoever_is_archived_is_told_of_no_more_and_a_new_name_is() {
    let lab = Lab::sqlite().await;
    let ben = user(&lab.app, &lab.account, "ben.ortiz").await;
    let ada = user(&lab.app, &lab.account, "ada.sample").await;
    let archive = UserEdit {
        active: Some(false),
        ..UserEdit::default()
    };
    let rename = UserEdit {
        name: Some("Ada van Sample".to_owned()),
        ..UserEdit::default()
    };
    for (id, edit) in [(ben.id, archive), (ada.id, rename)] {
        user_edit(&lab.app.ctx, &actor(), id, edit).await.unwrap();
    }
    let (status, _) = lab.get("/api/accounts/4711/users/817").await;
    assert_eq!(status, 404);
    let (_, body) = lab.get("/api/accounts/4711/users").await;
    assert_eq!(body["total_items"], 11);
    let (_, body) = lab.get("/api/accounts/4711/extensions/2003").await;
    assert!(body["_embedded"]["extension"].get("user").is_none());
    let (_, body) = lab
        .get("/api/accounts/4711/users?last_name=van+Sample")
        .await;
    assert_eq!(body["_embedded"]["users"][0]["first_name"], "Ada");
}
