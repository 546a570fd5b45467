//! What a program may find out before it has a token (checklist 119; RFC 9728).

use super::Lab;
use serde_json::json;

#[tokio::test]
async fn c119_a_challenge_points_to_the_metadata_of_its_api() {
    let lab = Lab::sqlite().await;
    let url = lab.app.url("/t/vbc.prod/provisioning/api/accounts/4711");
    let answer = lab.app.http.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    let (_, rest) = challenge.split_once("resource_metadata=\"").unwrap();
    let metadata = rest.split('"').next().unwrap();
    let answer = lab.app.http.get(metadata).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: serde_json::Value = answer.json().await.unwrap();
    let resource = lab.app.url("/t/vbc.prod/provisioning");
    assert_eq!(body["resource"], json!(resource));
    // RFC 9728 §3.3: the resource is the address of the metadata without the part that is well known.
    assert_eq!(
        metadata.replace("/.well-known/oauth-protected-resource", ""),
        resource
    );
    assert_eq!(
        body["authorization_servers"],
        json!([lab.app.url("/oauth2/token")])
    );
    assert_eq!(body["bearer_methods_supported"], json!(["header"]));
}
