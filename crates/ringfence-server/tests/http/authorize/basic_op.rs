//! The modules of the OpenID Foundation's Basic OP plan, by their names.

use super::*;
use ringfence_core::id::UserId;
use serde_json::json;

#[tokio::test]
async fn oidcc_server() {
    for house in House::both().await {
        let mut sam = house.browser();
        let page = sam.through(&house.asking(&[])).await;
        let answer = page.answer();
        assert_eq!(answer["state"], "st4te");
        assert_eq!(answer["iss"], house.issuer());
        let (status, tokens) = house.exchange(&answer["code"]).await;
        assert_eq!(status, 200, "{}: {tokens}", house.app.engine);
        assert_eq!(tokens["token_type"], "Bearer");
        let id_token = house
            .verified(tokens["id_token"].as_str().unwrap(), "n0nce")
            .await;
        assert_eq!(id_token["sub"], house.user.id.to_string());
        assert!(UserId::parse(id_token["sub"].as_str().unwrap()).is_ok());
        assert_eq!(id_token["azp"], house.of.key.as_str());
        for secs in ["exp", "iat", "nbf", "auth_time"] {
            assert!(id_token[secs].is_i64(), "{secs}");
        }
        assert!(id_token["at_hash"].is_string() && id_token["c_hash"].is_string());
    }
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let house = House::new().await;
    let page = house
        .browser()
        .go(&house.asking(&[("response_type", "")]))
        .await;
    assert_eq!(page.error(), "invalid_request");
    assert_eq!(page.answer()["state"], "st4te");
}

#[tokio::test]
async fn oidcc_idtoken_signature() {
    let house = House::new().await;
    let tokens = house.browser().tokens(&[]).await;
    let token = tokens["id_token"].as_str().unwrap();
    house.verified(token, "n0nce").await;
    let header = token.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&base64url_decode(header).unwrap()).unwrap();
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("JWT"))
    );
    assert!(header["kid"].is_string());
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    // The plan skips this where `none` is not offered, and it is not.
    let house = House::new().await;
    let tokens = house.browser().tokens(&[]).await;
    let header = tokens["id_token"]
        .as_str()
        .unwrap()
        .split('.')
        .next()
        .unwrap()
        .to_owned();
    let header: Value = serde_json::from_slice(&base64url_decode(&header).unwrap()).unwrap();
    assert_ne!(header["alg"], "none");
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let house = House::new().await;
    let tokens = house.browser().tokens(&[("nonce", "")]).await;
    assert_eq!(
        claims(tokens["id_token"].as_str().unwrap()).get("nonce"),
        None
    );
}

#[tokio::test]
async fn c145_the_nonce_comes_back_exactly() {
    let house = House::new().await;
    let mut sam = house.browser();
    for nonce in ["n", "a b+c%20\"\\", "\u{e9}\u{1f511}", &"x".repeat(512)] {
        let tokens = sam.tokens(&[("nonce", nonce)]).await;
        assert_eq!(
            claims(tokens["id_token"].as_str().unwrap())["nonce"],
            *nonce
        );
    }
}

#[tokio::test]
async fn oidcc_ensure_other_scope_order_succeeds() {
    let house = House::new().await;
    let tokens = house.browser().tokens(&[("scope", "email openid")]).await;
    assert!(tokens["id_token"].is_string());
}

#[tokio::test]
async fn without_openid_there_is_no_id_token() {
    let house = House::new().await;
    let tokens = house.browser().tokens(&[("scope", "")]).await;
    assert_eq!(
        (tokens.get("id_token"), &tokens["scope"]),
        (None, &json!("default"))
    );
}

#[tokio::test]
async fn oidcc_display_page_and_popup_and_ui_locales_and_claims_locales() {
    let house = House::new().await;
    for more in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se fr-CA"),
        ("claims_locales", "se"),
        // oidcc-ensure-request-with-unknown-parameter-succeeds
        ("extra", "foobar"),
    ] {
        house.browser().tokens(&[more]).await;
    }
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let house = House::new().await;
    let mut sam = house.browser();
    let first = sam.tokens(&[]).await;
    house.app.clock.advance_secs(5);
    house.app.caught_up().await;
    let page = sam.go(&house.asking(&[("prompt", "login")])).await;
    assert!(page.path.starts_with("/login"), "{}", page.path);
    let page = sam.sign_in(&page, "sam@acme.example").await;
    let (_, second) = house.exchange(&page.answer()["code"]).await;
    let of = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap());
    let (first, second) = (of(&first), of(&second));
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let house = House::new().await;
    let page = house
        .browser()
        .go(&house.asking(&[("prompt", "none")]))
        .await;
    assert_eq!(page.error(), "login_required");
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let house = House::new().await;
    let mut sam = house.browser();
    let first = sam.tokens(&[]).await;
    house.app.clock.advance_secs(3);
    house.app.caught_up().await;
    let page = sam
        .send(Method::GET, &house.asking(&[("prompt", "none")]), None)
        .await;
    let (_, second) = house.exchange(&page.answer()["code"]).await;
    let of = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        of(&first)["auth_time"],
        of(&second)["auth_time"],
        "the same sign-in"
    );
    assert_eq!(of(&first)["sub"], of(&second)["sub"]);
    let page = sam
        .go(&house.asking(&[("prompt", "none"), ("scope", "openid email")]))
        .await;
    assert_eq!(page.error(), "consent_required");
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let house = House::new().await;
    let mut sam = house.browser();
    let first = sam.tokens(&[]).await;
    house.app.clock.advance_secs(3);
    house.app.caught_up().await;
    let page = sam.go(&house.asking(&[("max_age", "1")])).await;
    assert!(page.path.starts_with("/login"), "{}", page.path);
    let page = sam.sign_in(&page, "sam@acme.example").await;
    let (_, second) = house.exchange(&page.answer()["code"]).await;
    let of = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap());
    assert!(of(&second)["auth_time"].as_i64() > of(&first)["auth_time"].as_i64());
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    let house = House::new().await;
    let mut sam = house.browser();
    let first = sam.tokens(&[("max_age", "10000")]).await;
    house.app.clock.advance_secs(3);
    house.app.caught_up().await;
    let page = sam
        .send(Method::GET, &house.asking(&[("max_age", "10000")]), None)
        .await;
    let (_, second) = house.exchange(&page.answer()["code"]).await;
    let of = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap());
    assert!(of(&first)["auth_time"].is_i64());
    assert_eq!(of(&first)["auth_time"], of(&second)["auth_time"]);
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    let house = House::new().await;
    let mut sam = house.browser();
    let tokens = sam.tokens(&[]).await;
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    // Its time may be over.
    house.app.clock.advance_secs(2 * 3_600);
    house.app.caught_up().await;
    let request = [("prompt", "none"), ("id_token_hint", hint.as_str())];
    let page = sam.go(&house.asking(&request)).await;
    assert!(page.answer().contains_key("code"));
    let other = person(&house.app, &house.account, "ann@acme.example").await;
    let mut ann = house.signed_in(&other).await;
    let page = ann.go(&house.asking(&request)).await;
    assert_eq!(page.error(), "login_required", "of another person");
    let page = ann.go(&house.asking(&[("id_token_hint", &hint)])).await;
    assert!(page.path.starts_with("/login"), "{}", page.path);
    let page = ann.sign_in(&page, "ann@acme.example").await;
    assert_eq!(page.error(), "login_required", "still another person");
    let page = sam
        .go(&house.asking(&[("id_token_hint", &format!("{hint}x"))]))
        .await;
    assert_eq!(page.error(), "invalid_request");
    let access = tokens["access_token"].as_str().unwrap();
    let page = sam.go(&house.asking(&[("id_token_hint", access)])).await;
    assert_eq!(page.error(), "invalid_request");
}

#[tokio::test]
async fn oidcc_login_hint() {
    let house = House::new().await;
    let page = house
        .browser()
        .go(&house.asking(&[("login_hint", "sam@acme.example")]))
        .await;
    assert!(
        page.text.contains("value=\"sam@acme.example\""),
        "{}",
        page.text
    );
    assert!(
        page.text.contains("<strong>Dialer</strong>"),
        "it says who asks"
    );
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    let house = House::new().await;
    let tokens = house
        .browser()
        .tokens(&[("acr_values", "urn:ringfence:acr:1 urn:ringfence:acr:2")])
        .await;
    let claims = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["acr"], "urn:ringfence:acr:1");
    assert_eq!(claims["amr"], json!(["pwd"]));
}

#[tokio::test]
async fn an_authentication_class_that_is_demanded_and_not_met_is_refused() {
    let house = House::new().await;
    let demand = r#"{"id_token":{"acr":{"essential":true,"value":"urn:ringfence:acr:2"}}}"#;
    let mut sam = house.browser();
    let page = sam.go(&house.asking(&[("claims", demand)])).await;
    let page = sam.sign_in(&page, "sam@acme.example").await;
    assert_eq!(page.error(), "unmet_authentication_requirements");
    let wish = r#"{"id_token":{"acr":{"essential":true,"values":["x","urn:ringfence:acr:1"]}}}"#;
    sam.tokens(&[("claims", wish)]).await;
}

#[tokio::test]
async fn oidcc_codereuse_and_codereuse_30seconds() {
    for secs in [0, 30] {
        let house = House::new().await;
        let mut sam = house.browser();
        let page = sam.through(&house.asking(&[])).await;
        let code = page.answer()["code"].clone();
        let (status, tokens) = house.exchange(&code).await;
        assert_eq!(status, 200, "{tokens}");
        house.app.clock.advance_secs(secs);
        house.app.caught_up().await;
        let (status, error) = house.exchange(&code).await;
        assert_eq!(
            (status, &error["error"]),
            (400, &json!("invalid_grant")),
            "{secs}"
        );
        house.app.caught_up().await;
        let token = tokens["access_token"].as_str().unwrap();
        let answer = house
            .app
            .http
            .get(house.app.url("/userinfo"))
            .bearer_auth(token)
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), 401, "what came of it has ended");
    }
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let house = House::new().await;
    let page = house
        .browser()
        .go(&house.asking(&[("redirect_uri", "https://app.example/callback/x")]))
        .await;
    assert_eq!((page.status, page.location.as_str()), (400, ""));
    assert!(page.text.contains("not registered"), "{}", page.text);
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    let form = house.request(&[]);
    let page = sam
        .send_from("cross-site", Method::POST, "/authorize", Some(&form))
        .await;
    assert_eq!(page.status, 303);
    let page = sam.follow(page).await;
    let page = sam.choose(&page, "allow").await;
    let (status, _) = house.exchange(&page.answer()["code"]).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let house = House::new().await;
    let page = house.browser().through(&house.asking(&[])).await;
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs([
        ("grant_type", "authorization_code"),
        ("code", &page.answer()["code"]),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", &house.of.key),
        ("client_secret", house.of.secret.expose()),
    ]);
    let request = house
        .app
        .http
        .post(house.app.url("/token"))
        .header("content-type", FORM);
    let answer = request.body(body.finish()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn oidcc_request_objects_are_refused_in_the_standard_way() {
    // oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported,
    // oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported,
    // oidcc-ensure-request-object-with-redirect-uri
    let house = House::new().await;
    let mut sam = house.browser();
    for (name, value, code) in [
        (
            "request",
            "eyJhbGciOiJub25lIn0.e30.",
            "request_not_supported",
        ),
        (
            "request_uri",
            "https://app.example/r",
            "request_uri_not_supported",
        ),
        ("registration", "{}", "registration_not_supported"),
    ] {
        let page = sam.go(&house.asking(&[(name, value)])).await;
        assert_eq!(page.error(), code);
        assert_eq!(page.answer()["state"], "st4te");
    }
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let house = House::new().await;
    let tokens = house
        .browser()
        .tokens(&[("scope", "openid offline_access")])
        .await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let (status, next) = house
        .token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
        .await;
    assert_eq!(status, 200, "{next}");
    let of = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap());
    let (first, second) = (of(&tokens), of(&next));
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert_eq!(second.get("nonce"), None, "OpenID Connect Core §12.2");
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds_and_a_legacy_application_may_leave_it_out() {
    let house = House::with(|application| {
        if let Some(keys) = &mut application.keys {
            keys.pkce_optional = true;
        }
    })
    .await;
    let mut sam = house.browser();
    sam.tokens(&[]).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let page = sam.through(&house.asking(&without)).await;
    let (status, _) = house
        .token(&[
            ("grant_type", "authorization_code"),
            ("code", &page.answer()["code"]),
            ("redirect_uri", CALLBACK),
        ])
        .await;
    assert_eq!(status, 200);
}
