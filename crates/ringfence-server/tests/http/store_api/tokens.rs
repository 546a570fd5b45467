//! `…/generate-token`: a token of the application itself.

use super::{Program, text};
use ringfence_core::encoding::base64url_decode;
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_of_the_application_lives_as_long_as_asked() {
    for app in TestApp::both().await {
        let dana = Program::new(&app, "dana.api").await;
        let path = dana.application("Board").await;
        let keys = dana.keys(&path, &["client_credentials"]).await;
        let one = format!("{path}/keys/PRODUCTION/generate-token");
        let secret = &keys["consumerSecret"];
        let body = json!({"consumerSecret": secret, "validityPeriod": 60, "scopes": [], "revokeToken": ""});
        let made = dana.post(&one, body).await;
        assert_eq!(made.status, 200, "{} {made:?}", app.engine);
        assert_eq!(made.body["validityTime"], 60);
        assert_eq!(made.body["tokenScopes"], json!(["default"]));
        let claims = claims(text(&made.body["accessToken"]));
        assert_eq!(
            claims["sub"],
            text(&dana.get(&path).await.body["applicationId"])
        );
        assert_eq!(claims["client_id"], keys["consumerKey"]);
        assert_eq!(claims["aut"], "APPLICATION");
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            60
        );
        let standard = dana.post(&one, json!({"consumerSecret": secret})).await;
        assert_eq!(standard.body["validityTime"], 86_400);
        let device = json!({"consumerSecret": secret, "scopes": ["device_7"]});
        let device = dana.post(&one, device).await;
        assert_eq!(device.body["tokenScopes"], json!(["default", "device_7"]));
    }
}

#[tokio::test]
async fn a_token_needs_the_secret_the_grant_and_a_life_that_can_be() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let path = dana.application("Board").await;
    let one = format!("{path}/keys/PRODUCTION/generate-token");
    let none = dana.post(&one, json!({"consumerSecret": "x"})).await;
    assert_eq!(none.refusal(), (404, 900_331));
    let keys = dana.keys(&path, &["client_credentials"]).await;
    let secret = &keys["consumerSecret"];
    for (body, expected) in [
        (json!({}), (400, 400)),
        (json!({"consumerSecret": "wrong"}), (401, 900_410)),
        (
            json!({"consumerSecret": secret, "validityPeriod": 0}),
            (400, 400),
        ),
        (
            json!({"consumerSecret": secret, "validityPeriod": -1}),
            (400, 400),
        ),
        (
            json!({"consumerSecret": secret, "validityPeriod": 86_401}),
            (400, 400),
        ),
        (
            json!({"consumerSecret": secret, "scopes": ["openid"]}),
            (400, 400),
        ),
        (
            json!({"consumerSecret": secret, "scopes": ["users:read"]}),
            (400, 400),
        ),
        (
            json!({"consumerSecret": secret, "revokeToken": "x"}),
            (400, 400),
        ),
    ] {
        let refused = dana.post(&one, body.clone()).await;
        assert_eq!(refused.refusal(), expected, "{body}");
    }
    let untick = json!({"supportedGrantTypes": ["authorization_code"]});
    let changed = dana.put(&format!("{path}/keys/PRODUCTION"), untick).await;
    assert_eq!(changed.status, 200);
    let refused = dana.post(&one, json!({"consumerSecret": secret})).await;
    assert_eq!(refused.refusal(), (400, 400));
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url_decode(payload).unwrap()).unwrap()
}
