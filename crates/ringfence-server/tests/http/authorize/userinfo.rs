//! What an application may know of the person it acts for.

use super::*;

async fn userinfo(house: &House, tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap();
    let request = house
        .app
        .http
        .get(house.app.url("/userinfo"))
        .bearer_auth(token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn oidcc_userinfo_get_and_c147_the_subject_is_that_of_the_id_token() {
    for house in House::both().await {
        let tokens = house.browser().tokens(&[]).await;
        let info = userinfo(&house, &tokens).await;
        assert_eq!(
            info,
            serde_json::json!({"sub": house.user.id.to_string()}),
            "{}",
            house.app.engine
        );
        assert_eq!(
            claims(tokens["id_token"].as_str().unwrap())["sub"],
            info["sub"]
        );
    }
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let house = House::new().await;
    let tokens = house.browser().tokens(&[]).await;
    let request = house.app.http.post(house.app.url("/userinfo"));
    let answer = request
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["sub"],
        house.user.id.to_string()
    );
}

#[tokio::test]
async fn oidcc_userinfo_post_body_and_c83_a_token_in_the_body_or_query_is_refused() {
    let house = House::new().await;
    let tokens = house.browser().tokens(&[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let url = house.app.url("/userinfo");
    let form = house
        .app
        .http
        .post(&url)
        .header("content-type", FORM)
        .body(format!("access_token={token}"));
    assert!(form.send().await.unwrap().status().is_client_error());
    let query = house.app.http.get(format!("{url}?access_token={token}"));
    assert!(query.send().await.unwrap().status().is_client_error());
}

#[tokio::test]
async fn oidcc_scope_profile_email_phone_and_all() {
    let house = House::new().await;
    let mut sam = house.browser();
    for (scope, names) in [
        ("openid profile", &["name", "preferred_username"][..]),
        ("openid email", &["email", "email_verified"]),
        ("openid phone", &[]),
        (
            "openid profile email phone",
            &["name", "preferred_username", "email", "email_verified"],
        ),
    ] {
        let tokens = sam.tokens(&[("scope", scope)]).await;
        assert_eq!(tokens["scope"], scope);
        let info = userinfo(&house, &tokens).await;
        for name in names {
            assert!(info.get(*name).is_some(), "{scope}: {name}: {info}");
        }
        if !scope.contains("email") {
            assert_eq!(info.get("email"), None);
        }
        if !scope.contains("profile") {
            assert_eq!(info.get("name"), None);
        }
    }
    let info = userinfo(
        &house,
        &sam.tokens(&[("scope", "openid profile email")]).await,
    )
    .await;
    assert_eq!(info["email"], "sam@acme.example@example.com");
    assert_eq!(info["email_verified"], false, "an admin typed it in");
    assert_eq!(info["preferred_username"], "sam@acme.example");
    let page = sam.go(&house.asking(&[("scope", "openid address")])).await;
    assert_eq!(
        page.error(),
        "invalid_scope",
        "oidcc-scope-address: not offered"
    );
}

#[tokio::test]
async fn names_and_numbers_are_those_of_the_provisioning_suite() {
    let house = House::new().await;
    let admin = house.app.session(&house.user).await;
    let path = format!("/api/v1/accounts/acme/provisioning/users/{}", house.user.id);
    let version = admin.get(&path).await.headers()["etag"].clone();
    let entry = serde_json::json!({
        "email": "sam@example.com",
        "firstName": "Sam",
        "lastName": "Lee",
        "contactNumbers": [{"type": "Fax", "value": "1"}, {"type": "Mobile", "value": "+15551230000"}],
    });
    let put = admin
        .send(Method::PUT, &path, |request| {
            request.header("if-match", version).json(&entry)
        })
        .await;
    assert_eq!(put.status(), 200, "{}", put.text().await.unwrap());
    house.app.caught_up().await;
    let tokens = house
        .browser()
        .tokens(&[("scope", "openid profile phone")])
        .await;
    let info = userinfo(&house, &tokens).await;
    for (name, value) in [
        ("given_name", "Sam"),
        ("family_name", "Lee"),
        ("phone_number", "+15551230000"),
    ] {
        assert_eq!(info[name], value, "{info}");
    }
    assert_eq!(info["phone_number_verified"], false);
}

#[tokio::test]
async fn oidcc_claims_essential() {
    let house = House::new().await;
    let mut sam = house.browser();
    let claims = r#"{"userinfo":{"name":{"essential":true},"http://x/y":null}}"#;
    let tokens = sam.tokens(&[("claims", claims)]).await;
    let info = userinfo(&house, &tokens).await;
    assert_eq!(info["name"], "sam@acme.example");
    assert_eq!(
        info.get("preferred_username"),
        None,
        "single claims are single"
    );
}

#[tokio::test]
async fn c147_and_c85_other_tokens_are_refused() {
    let house = House::new().await;
    let mut sam = house.browser();
    let plain = sam.tokens(&[("scope", "profile")]).await;
    let url = house.app.url("/userinfo");
    let ask = |token: &str| house.app.http.get(&url).bearer_auth(token).send();
    let answer = ask(plain["access_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(answer.status(), 403);
    let challenge = answer.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        challenge.contains("error=\"insufficient_scope\"")
            && challenge.contains("scope=\"openid\""),
        "{challenge}"
    );
    let nothing = house.app.http.get(&url).send().await.unwrap();
    assert_eq!(nothing.status(), 401);
    let challenge = nothing.headers()["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with("Bearer") && !challenge.contains("error="),
        "{challenge}"
    );
    let tokens = sam.tokens(&[]).await;
    // c88: an ID token is no access token.
    for bad in [
        tokens["id_token"].as_str().unwrap(),
        "x",
        tokens["refresh_token"].as_str().unwrap(),
    ] {
        let answer = ask(bad).await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(
            answer.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .contains("invalid_token")
        );
    }
}
