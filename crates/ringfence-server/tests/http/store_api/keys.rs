//! `/applications/{applicationId}/keys` and `oauth-keys`.

use super::{PORTAL, Program, STORE, text};
use ringfence_core::consumer::ConsumerKey;
use ringfence_testkit::test_app::TestApp;
use serde_json::{Value, json};

const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

#[tokio::test]
async fn keys_are_made_once_and_the_secret_is_shown_once() {
    for app in TestApp::both().await {
        let dana = Program::new(&app, "dana.api").await;
        let path = dana.application("Board").await;
        let none = dana.get(&format!("{path}/keys/PRODUCTION")).await;
        assert_eq!(none.refusal(), (404, 900_331));
        assert_eq!(dana.get(&format!("{path}/keys")).await.body["count"], 0);

        let made = dana.keys(&path, &GRANTS).await;
        let (key, secret) = (text(&made["consumerKey"]), text(&made["consumerSecret"]));
        // vbc-api §2.4: 28 characters, the last one a.
        assert!(ConsumerKey::parse(key).is_ok(), "{key}");
        assert!(ConsumerKey::parse(secret).is_ok());
        assert_ne!(key, secret);
        let mut expected = json!({
            "keyMappingId": made["keyMappingId"], "keyManager": "Resident Key Manager",
            "consumerKey": key, "consumerSecret": null, "supportedGrantTypes": GRANTS,
            "callbackUrl": "https://app.example/cb", "keyState": "APPROVED",
            "keyType": "PRODUCTION", "groupId": null, "token": null,
            "additionalProperties": {
                "pkceMandatory": true, "pkceSupportPlain": false,
                "bypassClientCredentials": false, "postLogoutUrls": [],
            },
        });
        let mapping = text(&made["keyMappingId"]);
        for one in [
            "keys/PRODUCTION".to_owned(),
            format!("oauth-keys/{mapping}"),
        ] {
            let shown = dana.get(&format!("{path}/{one}")).await;
            assert_eq!(
                (shown.status, &shown.body),
                (200, &expected),
                "{} {one}",
                app.engine
            );
        }
        assert_eq!(dana.get(&path).await.body["keys"][0], expected);
        let list = dana.get(&format!("{path}/oauth-keys")).await;
        assert_eq!(list.body["list"], json!([expected]));
        expected["consumerSecret"] = json!(secret);
        assert_eq!(made, expected);

        let body = json!({"keyType": "PRODUCTION", "grantTypesToBeSupported": ["password"]});
        let again = dana.post(&format!("{path}/generate-keys"), body).await;
        assert_eq!(again.refusal(), (409, 901_409));
    }
}

#[tokio::test]
async fn grants_and_callbacks_change_and_keys_stay() {
    let app = TestApp::sqlite().await;
    for base in [STORE, PORTAL] {
        let name = if base == STORE {
            "dana.api"
        } else {
            "dora.api"
        };
        let mut dana = Program::new(&app, name).await;
        dana.base = base;
        let path = dana.application("Board").await;
        let made = dana.keys(&path, &GRANTS).await;
        let one = match base {
            STORE => format!("{path}/keys/PRODUCTION"),
            _ => format!("{path}/oauth-keys/{}", text(&made["keyMappingId"])),
        };
        let mut body = dana.get(&one).await.body;
        body["supportedGrantTypes"] = json!(["authorization_code", "client_credentials"]);
        body["callbackUrl"] = json!("regexp=(https://app.example/a|https://app.example/b)");
        body["additionalProperties"] = json!({
            "pkceMandatory": "false", "postLogoutUrls": ["https://app.example/bye"],
        });
        let changed = dana.put(&one, body.clone()).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(changed.body["consumerKey"], made["consumerKey"]);
        assert_eq!(changed.body["consumerSecret"], Value::Null);
        assert_eq!(changed.body["callbackUrl"], body["callbackUrl"]);
        assert_eq!(
            changed.body["supportedGrantTypes"],
            body["supportedGrantTypes"]
        );
        let more = &changed.body["additionalProperties"];
        assert_eq!(more["pkceMandatory"], false);
        assert_eq!(more["postLogoutUrls"], json!(["https://app.example/bye"]));
        let same = dana.put(&one, json!({})).await;
        assert_eq!(same.body, changed.body, "what is not named stays");
    }
}

#[tokio::test]
async fn checklist_151_a_new_secret_ends_the_old_one() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let path = dana.application("Board").await;
    let made = dana.keys(&path, &["client_credentials"]).await;
    let one = format!("{path}/keys/PRODUCTION");
    let new = dana
        .post(&format!("{one}/regenerate-secret"), json!({}))
        .await;
    assert_eq!(new.status, 200, "{new:?}");
    assert_eq!(new.body["consumerKey"], made["consumerKey"]);
    assert_ne!(new.body["consumerSecret"], made["consumerSecret"]);
    for (secret, status) in [
        (&made["consumerSecret"], 401),
        (&new.body["consumerSecret"], 200),
    ] {
        let body = json!({"consumerSecret": secret});
        let token = dana.post(&format!("{one}/generate-token"), body).await;
        assert_eq!(token.status, status);
    }
    assert_eq!(dana.get(&one).await.body["consumerSecret"], Value::Null);
}

#[tokio::test]
async fn keys_that_exist_are_those_of_the_application_itself() {
    for app in TestApp::both().await {
        let dana = Program::new(&app, "dana.api").await;
        let rita = Program::new(&app, "rita.api").await;
        let (one, other) = (dana.application("One").await, dana.application("Two").await);
        let (keys, foreign) = (
            dana.keys(&one, &GRANTS).await,
            rita.keys(&rita.application("Hers").await, &GRANTS).await,
        );
        let body = |keys: &Value, secret: &Value| {
            json!({
                "consumerKey": keys["consumerKey"], "consumerSecret": secret,
                "keyManager": "Resident Key Manager", "keyType": "PRODUCTION",
            })
        };
        let map = |path: &str, body: Value| {
            let path = format!("{path}/map-keys");
            let dana = &dana;
            async move { dana.post(&path, body).await }
        };
        let right = body(&keys, &keys["consumerSecret"]);
        let mapped = map(&one, right.clone()).await;
        assert_eq!(mapped.status, 200, "{} {mapped:?}", app.engine);
        assert_eq!(mapped.body["keyMappingId"], keys["keyMappingId"]);
        assert_eq!(mapped.body["consumerSecret"], Value::Null);
        // Those of another application are registered there.
        assert_eq!(map(&other, right).await.refusal(), (409, 901_408));
        // A wrong secret, another developer's keys and none at all read alike.
        let wrong = body(&keys, &json!("zY8xW6vU4tS2rQ0pO8nM6lK4jI2a"));
        let hers = body(&foreign, &foreign["consumerSecret"]);
        let unknown = json!({"consumerKey": "x", "keyType": "PRODUCTION"});
        let mut texts = Vec::new();
        for body in [wrong, hers, unknown] {
            let refused = map(&other, body).await;
            assert_eq!(refused.refusal(), (404, 900_331));
            texts.push(refused.body);
        }
        assert!(texts.iter().all(|text| *text == texts[0]));
        let second = dana.keys(&other, &GRANTS).await;
        let taken = body(&second, &second["consumerSecret"]);
        assert_eq!(map(&one, taken).await.refusal(), (409, 901_409));
    }
}

#[tokio::test]
async fn clean_up_ends_the_keys_and_makes_room_for_new_ones() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let path = dana.application("Board").await;
    let made = dana.keys(&path, &GRANTS).await;
    let one = format!("{path}/oauth-keys/{}", text(&made["keyMappingId"]));
    let cleaned = dana.post(&format!("{one}/clean-up"), json!({})).await;
    assert_eq!((cleaned.status, cleaned.body), (200, json!("")));
    assert_eq!(dana.get(&one).await.refusal(), (404, 900_331));
    let again = dana.post(&format!("{one}/clean-up"), json!({})).await;
    assert_eq!(again.refusal(), (404, 900_331));
    let new = dana.keys(&path, &GRANTS).await;
    assert_ne!(new["consumerKey"], made["consumerKey"]);
}

#[tokio::test]
async fn public_applications_have_no_secret() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let path = dana.application("Board").await;
    let generate = format!("{path}/generate-keys");
    let body = |grants: &[&str], callback: &str, mandatory: bool| {
        json!({
            "keyType": "PRODUCTION", "grantTypesToBeSupported": grants, "callbackUrl": callback,
            "additionalProperties": {"bypassClientCredentials": true, "pkceMandatory": mandatory},
        })
    };
    let callback = "http://127.0.0.1/cb";
    for odd in [
        body(&["authorization_code", "password"], callback, true),
        body(&["authorization_code"], callback, false),
        body(&["authorization_code"], "", true),
    ] {
        let refused = dana.post(&generate, odd).await;
        assert_eq!(refused.refusal(), (400, 400), "{refused:?}");
    }
    let made = dana.post(&generate, body(&GRANTS, callback, true)).await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(made.body["consumerSecret"], Value::Null);
    let one = format!("{path}/keys/PRODUCTION");
    let secret = dana
        .post(&format!("{one}/regenerate-secret"), json!({}))
        .await;
    assert_eq!(secret.refusal(), (400, 400));
}

#[tokio::test]
async fn keys_that_cannot_be_are_refused() {
    let app = TestApp::sqlite().await;
    let dana = Program::new(&app, "dana.api").await;
    let path = dana.application("Board").await;
    let good = json!({
        "keyType": "PRODUCTION", "keyManager": "Resident Key Manager",
        "grantTypesToBeSupported": GRANTS, "callbackUrl": "https://app.example/cb",
    });
    for (member, value) in [
        ("keyType", json!("SANDBOX")),
        ("keyType", Value::Null),
        ("keyManager", json!("Elsewhere")),
        ("grantTypesToBeSupported", json!([])),
        ("grantTypesToBeSupported", json!(["implicit"])),
        ("callbackUrl", json!("")),
        ("callbackUrl", json!("http://app.example/cb")),
        ("callbackUrl", json!("https://app.example/cb#x")),
        ("callbackUrl", json!("regexp=(https://app.example/.*)")),
        ("additionalProperties", json!({"pkceMandatory": "perhaps"})),
        (
            "additionalProperties",
            json!({"postLogoutUrls": ["javascript:x"]}),
        ),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let refused = dana.post(&format!("{path}/generate-keys"), body).await;
        assert_eq!(refused.refusal(), (400, 400), "{member} {refused:?}");
    }
    dana.keys(&path, &GRANTS).await;
    for missing in ["keys/SANDBOX", "oauth-keys/x"] {
        let refused = dana.get(&format!("{path}/{missing}")).await;
        assert_eq!(refused.refusal(), (404, 900_331));
    }
}
