//! What the service says of itself: the Config OP plan, and the checklist's part I.

use super::*;
use ringfence_app::context::{Settings, VbcSettings};

const PLACES: [&str; 3] = [
    "/oauth2/token/.well-known/openid-configuration",
    "/.well-known/openid-configuration/oauth2/token",
    "/.well-known/oauth-authorization-server/oauth2/token",
];

async fn metadata(house: &House) -> Value {
    let answer = house
        .app
        .http
        .get(house.app.url(PLACES[0]))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let house = House::new().await;
    let found = metadata(&house).await;
    // c115: it is where its issuer says, and says so everywhere.
    assert_eq!(
        format!(
            "{}/.well-known/openid-configuration",
            found["issuer"].as_str().unwrap()
        ),
        house.app.url(PLACES[0])
    );
    assert_eq!(found["issuer"], house.issuer());
    assert_eq!(
        found["response_types_supported"],
        serde_json::json!(["code"])
    );
    assert_eq!(
        found["subject_types_supported"],
        serde_json::json!(["public"])
    );
    // c120
    assert_eq!(
        found["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(
        found["authorization_response_iss_parameter_supported"],
        true
    );
    for no in [
        "request_parameter_supported",
        "request_uri_parameter_supported",
    ] {
        assert_eq!(
            found[no], false,
            "what is absent counts as yes or as unknown: {no}"
        );
    }
    assert_eq!(found["claims_parameter_supported"], true);
    let signs = found["id_token_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert!(signs.contains(&"RS256".into()) && !signs.contains(&"none".into()));
    assert!(
        found["scopes_supported"]
            .as_array()
            .unwrap()
            .contains(&"openid".into())
    );
    for hidden in [
        "introspection_endpoint",
        "registration_endpoint",
        "check_session_iframe",
    ] {
        assert_eq!(found.get(hidden), None, "{hidden}");
    }
    let keys = house
        .app
        .http
        .get(found["jwks_uri"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    let keys: Value = keys.json().await.unwrap();
    assert!(!keys["keys"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let house = House::new().await;
    assert_eq!(
        metadata(&house).await["end_session_endpoint"],
        house.app.url("/oidc/logout")
    );
}

#[tokio::test]
async fn c114_all_places_tell_the_same() {
    let house = House::new().await;
    let first = metadata(&house).await;
    for place in PLACES {
        let answer = house
            .app
            .http
            .get(house.app.url(place))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), first, "{place}");
    }
}

#[tokio::test]
async fn c116_every_endpoint_answers_and_what_is_switched_off_is_not_offered() {
    let house = House::new().await;
    let found = metadata(&house).await;
    for (name, status) in [
        ("authorization_endpoint", 400),
        ("userinfo_endpoint", 401),
        ("end_session_endpoint", 200),
        ("jwks_uri", 200),
    ] {
        let answer = house
            .app
            .http
            .get(found[name].as_str().unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{name}");
    }
    for name in ["token_endpoint", "revocation_endpoint"] {
        let request = house
            .app
            .http
            .post(found[name].as_str().unwrap())
            .header("content-type", FORM);
        let status = request.body("").send().await.unwrap().status().as_u16();
        assert!(matches!(status, 400 | 401), "{name}: {status}");
    }
    let mut sam = house.signed_in(&house.user).await;
    for mode in found["response_modes_supported"].as_array().unwrap() {
        let page = sam
            .go(&house.asking(&[("response_mode", mode.as_str().unwrap())]))
            .await;
        assert!(page.is_question(), "{mode}");
    }
    for scope in found["scopes_supported"].as_array().unwrap() {
        let page = sam
            .go(&house.asking(&[("scope", scope.as_str().unwrap())]))
            .await;
        assert!(page.is_question(), "{scope}");
    }
    for prompt in found["prompt_values_supported"].as_array().unwrap() {
        let page = sam
            .send(
                Method::GET,
                &house.asking(&[("prompt", prompt.as_str().unwrap())]),
                None,
            )
            .await;
        assert!(!page.location.contains("invalid_request"), "{prompt}");
    }
    assert_eq!(found["grant_types_supported"].as_array().unwrap().len(), 4);
    let settings = Settings {
        vbc: VbcSettings {
            password_grant: false,
            ..VbcSettings::default()
        },
        ..Settings::default()
    };
    let strict = TestApp::start(ringfence_testkit::stores::sqlite(), settings).await;
    let strict = House::on(strict, |_| {}).await;
    let grants = metadata(&strict).await["grant_types_supported"].clone();
    assert!(
        !grants.as_array().unwrap().contains(&"password".into()),
        "{grants}"
    );
}

#[tokio::test]
async fn c117_headers_of_a_request_change_no_address() {
    let house = House::new().await;
    let first = metadata(&house).await;
    let request = house.app.http.get(house.app.url(PLACES[0]));
    let answer = request
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), first);
}
