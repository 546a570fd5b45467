//! Signing in on the way: it can be neither skipped nor gone round in circles, and only people of VBC accounts come through.

use super::*;
use ringfence_core::id::UserId;

#[tokio::test]
async fn c146_a_sign_in_that_is_demanded_cannot_be_skipped() {
    let house = House::new().await;
    let mut sam = house.browser();
    sam.tokens(&[]).await;
    for demand in [("prompt", "login"), ("max_age", "0")] {
        let page = sam.go(&house.asking(&[demand])).await;
        assert!(page.path.starts_with("/login"), "{}", page.path);
        // The address to go on with, taken from the form, leads back to the form.
        let next = page.field("next");
        let page = sam.go(&next).await;
        assert!(page.path.starts_with("/login"), "{demand:?}: {}", page.path);
        let page = sam.sign_in(&page, "sam@acme.example").await;
        assert!(
            page.answer().contains_key("code"),
            "{demand:?}: once is enough"
        );
    }
}

#[tokio::test]
async fn c146_prompt_none_never_shows_a_page() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    for more in [
        &[][..],
        &[("max_age", "0")],
        &[("scope", "openid email")],
        &[("prompt", "none login")],
    ] {
        let mut changes = vec![("prompt", "none")];
        changes.extend(more);
        let page = sam.send(Method::GET, &house.asking(&changes), None).await;
        assert!(page.answer().contains_key("error"), "{more:?}");
    }
    let nobody = UserId::from_bytes([9; 16]).to_string();
    let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{nobody}"}}}}}}"#);
    let page = sam
        .send(
            Method::GET,
            &house.asking(&[("prompt", "none"), ("claims", &claims)]),
            None,
        )
        .await;
    assert_eq!(page.error(), "login_required");
}

#[tokio::test]
async fn a_step_that_took_too_long_begins_again_at_the_application() {
    let house = House::new().await;
    let mut sam = house.browser();
    let page = sam.go(&house.asking(&[])).await;
    house.app.clock.advance_secs(1_801);
    house.app.caught_up().await;
    let page = sam.sign_in(&page, "sam@acme.example").await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("took too long"), "{}", page.text);
}

#[tokio::test]
async fn people_of_other_platforms_sign_in_as_somebody_else() {
    let house = House::new().await;
    let vcc = house.app.account("centre").await;
    person(&house.app, &vcc, "pat@centre.example").await;
    let mut pat = house.browser();
    let page = pat.go(&house.asking(&[])).await;
    let page = pat.sign_in(&page, "pat@centre.example").await;
    assert_eq!(page.status, 403);
    assert!(
        page.text.contains("Dialer cannot act for you"),
        "{}",
        page.text
    );
    let (_, rest) = page.text.split_once("href=\"/login?next=").unwrap();
    let other = unescaped(rest.split('"').next().unwrap());
    let page = pat.go(&format!("/login?next={other}")).await;
    let page = pat.sign_in(&page, "sam@acme.example").await;
    assert!(page.is_question(), "{}", page.text);
    assert!(page.text.contains("sam@acme.example"));
}

#[tokio::test]
async fn somebody_else_may_take_over_at_the_question() {
    let house = House::new().await;
    let other = person(&house.app, &house.account, "ann@acme.example").await;
    let mut browser = house.signed_in(&house.user).await;
    let page = browser.go(&house.asking(&[])).await;
    let page = browser.choose(&page, "switch").await;
    let page = browser.follow(page).await;
    let page = browser.sign_in(&page, "ann@acme.example").await;
    let page = browser.choose(&page, "allow").await;
    let (_, tokens) = house.exchange(&page.answer()["code"]).await;
    assert_eq!(
        claims(tokens["id_token"].as_str().unwrap())["sub"],
        other.id.to_string()
    );
}

#[tokio::test]
async fn signing_in_again_keeps_what_applications_may_do_and_signing_out_ends_it() {
    for house in House::both().await {
        let mut sam = house.browser();
        let bound = sam.tokens(&[]).await;
        let offline = sam.tokens(&[("scope", "openid offline_access")]).await;
        let alive = |tokens: &Value| {
            let token = tokens["access_token"].as_str().unwrap().to_owned();
            let app = &house.app;
            async move {
                app.caught_up().await;
                let answer = app
                    .http
                    .get(app.url("/userinfo"))
                    .bearer_auth(token)
                    .send()
                    .await;
                answer.unwrap().status() == 200
            }
        };
        let page = sam.go(&house.asking(&[("prompt", "login")])).await;
        sam.sign_in(&page, "sam@acme.example").await;
        assert!(alive(&bound).await, "{}", house.app.engine);
        let page = sam.post("/logout", &[]).await;
        assert_eq!(page.status, 303);
        assert!(!alive(&bound).await, "c68: it was bound to the stay");
        assert!(alive(&offline).await, "offline access outlives the stay");
        let refresh = bound["refresh_token"].as_str().unwrap();
        let (status, _) = house
            .token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
            .await;
        assert_eq!(status, 400);
    }
}
