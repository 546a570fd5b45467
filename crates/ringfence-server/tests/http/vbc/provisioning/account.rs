//! The Account API (vbc-api §5.1).

use super::Lab;
use ringfence_core::user::Role;
use serde_json::json;

#[tokio::test]
async fn vbc_5_1_an_account_with_its_link_and_nulls() {
    for lab in Lab::both().await {
        let (status, body) = lab.get("/api/accounts/4711").await;
        assert_eq!(status, 200, "{}", lab.app.engine);
        let expected = json!({
            "_links": {"self": {"href": lab.href("")}},
            "_embedded": {"account": {
                "id": 4711, "name": "Example Widgets", "status": "ACTIVE",
                "address": {"address_1": "1 Sample Way", "address_2": null, "country": "US", "state": "NJ",
                    "city": "Holmdel", "postal_code": "07733"},
            }},
        });
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn vbc_0_1_with_and_without_the_version_and_as_self() {
    let lab = Lab::sqlite().await;
    let (status, plain) = lab.get("/api/accounts/4711").await;
    assert_eq!(status, 200);
    let (status, own) = lab.get("/api/accounts/self").await;
    assert_eq!((status, &own), (200, &plain));
    let (status, versioned) = lab.get("/v1/api/accounts/self").await;
    assert_eq!(status, 200);
    assert_eq!(versioned["_embedded"], plain["_embedded"]);
    let href = versioned["_links"]["self"]["href"].as_str().unwrap();
    let expected = lab.app.url("/t/vbc.prod/provisioning/v1/api/accounts/4711");
    assert_eq!(href, expected);
    let answer = lab.answer(&lab.token, "/api/accounts/4711").await;
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn vbc_5_1_locations_have_no_pages_and_a_blank_in_the_time_zone() {
    for lab in Lab::both().await {
        let (status, body) = lab
            .get("/api/accounts/4711/locations?page_size=1&page=9")
            .await;
        assert_eq!(status, 200, "{}", lab.app.engine);
        let members: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["_embedded", "_links"]);
        assert_eq!(
            body["_links"],
            json!({"self": {"href": lab.href("/locations")}})
        );
        let locations = &body["_embedded"]["locations"];
        assert_eq!(locations[0]["id"], 9001);
        assert_eq!(
            locations[1],
            json!({
                "id": 9002, "name": "West Coast",
                "address": {"address_1": "200 Example Street", "address_2": "Suite 5", "country": "US", "state": "CA",
                    "city": "Oakland", "postal_code": "94607", "time_zone": "America/Los Angeles"},
            })
        );
        let (status, one) = lab.get("/v1/api/accounts/self/locations/9001").await;
        assert_eq!(status, 200);
        assert_eq!(
            one["_embedded"]["location"]["address"]["time_zone"],
            "America/New York"
        );
        assert_eq!(one["_embedded"]["location"], locations[0]);
    }
}

#[tokio::test]
async fn vbc_4_4_what_is_not_there_is_404_without_a_body() {
    let lab = Lab::sqlite().await;
    let rival = lab.app.vbc_account("rival").await;
    lab.app.user(&rival, "ron.rival", Role::Admin, None).await;
    for path in [
        "/api/accounts/4712",
        "/api/accounts/100001",
        "/api/accounts/me",
        "/api/accounts/+4711",
        "/api/accounts/99999999999999999999",
        "/api/accounts/4712/locations",
        "/api/accounts/4711/locations/9003",
        "/api/accounts/4711/locations/here",
        "/api/accounts/4712/locations/9001",
    ] {
        let (status, body) = lab.get(path).await;
        assert_eq!((status, body), (404, json!("")), "{path}");
    }
}
