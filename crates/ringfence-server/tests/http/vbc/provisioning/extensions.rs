//! The Extension API (vbc-api §5.2).

use super::{Lab, each};
use serde_json::json;

#[tokio::test]
async fn vbc_5_2_a_page_of_extensions() {
    for lab in Lab::both().await {
        let (status, body) = lab.get("/api/accounts/4711/extensions").await;
        assert_eq!(status, 200, "{}", lab.app.engine);
        let link = lab.href("/extensions?page_size=100&page=1");
        let link = json!({"href": link});
        assert_eq!(
            body["_links"],
            json!({"first": link, "self": link, "last": link}),
            "prev and next are there only when such a page is"
        );
        for (member, expected) in [
            ("page_size", 100),
            ("page", 1),
            ("total_pages", 1),
            ("total_items", 12),
        ] {
            assert_eq!(body[member], expected, "{member}");
        }
        let extensions = &body["_embedded"]["extensions"];
        assert_eq!(extensions.as_array().unwrap().len(), 12);
        let first = json!({
            "extension_number": "2001",
            "user": {"id": 815, "email": "pat.example@widgets.example", "login_name": "pat.example",
                "first_name": "Pat", "last_name": "Example"},
            "location_id": 9001, "vtt_enabled": true, "dnd_enabled": false, "caller_id": "12015550100",
            "external_id": "ext0001", "block_caller_id": false,
            "dids": [{"phone_number": "12015550100", "custom_tag": "Sales"}],
            "extension_handsets": [{"handset_name": "line1-VH000001", "sip_id": "VH000001"}],
        });
        assert_eq!(
            extensions[0], first,
            "a list does not tell the service type"
        );
        let last = &extensions[11];
        assert!(last.get("user").is_none(), "nobody is assigned");
        assert_eq!(last["extension_handsets"], json!([]));
        assert_eq!(last["dids"][1]["custom_tag"], json!(null));
    }
}

#[tokio::test]
async fn vbc_4_5_pages_link_to_their_neighbours_and_keep_the_filters() {
    let lab = Lab::sqlite().await;
    let at = |page: u32| {
        let query = format!("/extensions?page_size=3&page={page}&location_id=9001");
        json!({"href": lab.href(&query)})
    };
    let path = "/api/accounts/self/extensions?location_id=9001&page_size=3&page=2&colour=red";
    let (status, body) = lab.get(path).await;
    assert_eq!(status, 200);
    assert_eq!(
        body["_links"],
        json!({"first": at(1), "self": at(2), "prev": at(1), "next": at(3), "last": at(3)})
    );
    assert_eq!(body["total_items"], 8);
    let numbers = each(&body["_embedded"]["extensions"], "extension_number");
    assert_eq!(numbers, ["2004", "2005", "2006"]);
    // A link leads where it says.
    let next = body["_links"]["next"]["href"].as_str().unwrap();
    let answer = lab.app.http.get(next).bearer_auth(&lab.token);
    let body: serde_json::Value = answer.send().await.unwrap().json().await.unwrap();
    let numbers = each(&body["_embedded"]["extensions"], "extension_number");
    assert_eq!(numbers, ["2007", "2100"]);
    assert!(body["_links"].get("next").is_none());
    // Beyond the end there is nothing, and no page before it either.
    let (status, body) = lab
        .get("/api/accounts/self/extensions?page_size=10&page=9")
        .await;
    assert_eq!(status, 200);
    assert_eq!(body["_embedded"]["extensions"], json!([]));
    assert_eq!(body["total_pages"], 2);
    assert!(body["_links"].get("prev").is_none());
    // Too large a page is capped, and says so (§10 #12).
    let (_, body) = lab
        .get("/api/accounts/self/extensions?page_size=9999")
        .await;
    assert_eq!(body["page_size"], 1000);
}

#[tokio::test]
async fn vbc_5_2_filters_are_exact_and_joined() {
    for lab in Lab::both().await {
        let cases: [(&str, &[&str]); 9] = [
            ("location_id=9002", &["2008", "2009", "2010", "2011"]),
            ("location_id=9003", &[]),
            ("phone_number=12015550151", &["2100"]),
            ("phone_number=1201555015", &[]),
            ("login_name=ada.sample", &["2002"]),
            ("login_name=Ada.Sample", &["2002"]),
            ("email=ben.ortiz%40widgets.example", &["2003"]),
            ("email=ben.ortiz%40widgets.example&location_id=9002", &[]),
            ("login_name=ada.sample&phone_number=12015550101", &["2002"]),
        ];
        for (query, expected) in cases {
            let (status, body) = lab
                .get(&format!("/api/accounts/4711/extensions?{query}"))
                .await;
            assert_eq!(status, 200, "{query} on {}", lab.app.engine);
            let numbers = each(&body["_embedded"]["extensions"], "extension_number");
            assert_eq!(numbers, expected, "{query} on {}", lab.app.engine);
            assert_eq!(body["total_items"], expected.len(), "{query}");
        }
        // An empty list is there all the same (§10 #10), and has a last page.
        let (_, body) = lab.get("/api/accounts/4711/extensions?location_id=1").await;
        assert_eq!(body["total_pages"], 0);
        let last = body["_links"]["last"]["href"].as_str().unwrap();
        assert!(last.ends_with("page=1&location_id=1"), "{last}");
    }
}

#[tokio::test]
async fn vbc_4_4_parameters_that_cannot_be_read() {
    let lab = Lab::sqlite().await;
    let query = "page_size=many&page=0&location_id=x";
    let answer = lab
        .answer(
            &lab.token,
            &format!("/api/accounts/4711/extensions?{query}"),
        )
        .await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body: serde_json::Value = answer.json().await.unwrap();
    let expected = json!({
        "status": 400, "title": "Invalid parameters", "instance": id,
        "invalid_parameters": [
            {"name": "location_id", "reason": "must be a number"},
            {"name": "page_size", "reason": "must be a number"},
            {"name": "page", "reason": "must be at least 1"},
        ],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn vbc_5_2_one_extension_by_external_id_or_number() {
    for lab in Lab::both().await {
        let (status, by_id) = lab.get("/api/accounts/4711/extensions/ext0003").await;
        assert_eq!(status, 200, "{}", lab.app.engine);
        let extension = &by_id["_embedded"]["extension"];
        assert_eq!(extension["extension_number"], "2003");
        assert_eq!(extension["service_type_name"], "UX");
        assert_eq!(
            by_id["_links"],
            json!({"self": {"href": lab.href("/extensions/2003")}})
        );
        let (status, by_number) = lab.get("/v1/api/accounts/self/extensions/2003").await;
        assert_eq!(status, 200);
        assert_eq!(by_number["_embedded"], by_id["_embedded"]);
        for path in [
            "/api/accounts/4711/extensions/9999",
            "/api/accounts/4711/extensions/ext%20x",
        ] {
            let (status, body) = lab.get(path).await;
            let expected = json!({"msg": "Extension not found", "status": 404});
            assert_eq!((status, body), (404, expected), "{path}");
        }
        let (status, body) = lab.get("/api/accounts/4712/extensions/2003").await;
        assert_eq!(
            (status, body),
            (404, json!({"msg": "Account not found", "status": 404}))
        );
    }
}

#[tokio::test]
async fn an_external_id_goes_before_a_number() {
    let lab = Lab::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.jsonl");
    let line =
        r#"{"extension":{"extension_number":"2200","external_id":"2001","location_id":9001}}"#;
    std::fs::write(&file, line).unwrap();
    super::load(&lab.app, &lab.account, &file).await;
    let (_, body) = lab.get("/api/accounts/4711/extensions/2001").await;
    assert_eq!(body["_embedded"]["extension"]["extension_number"], "2200");
}
