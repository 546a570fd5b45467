//! What was allowed, listed and taken back.

use super::*;

async fn works(house: &House, tokens: &Value) -> bool {
    house.app.caught_up().await;
    let token = tokens["access_token"].as_str().unwrap();
    let request = house
        .app
        .http
        .get(house.app.url("/userinfo"))
        .bearer_auth(token);
    request.send().await.unwrap().status() == 200
}

#[tokio::test]
async fn c68_taking_back_ends_everything_at_once() {
    for house in House::both().await {
        let mut sam = house.browser();
        let tokens = sam
            .tokens(&[("scope", "openid email offline_access")])
            .await;
        let page = sam.go("/admin/me/applications").await;
        for words in [
            "Dialer",
            "Example Software",
            "Unverified",
            "See your e-mail address",
        ] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        let id = house.of.application.id;
        let path = format!("/admin/me/applications/{id}/withdraw");
        let page = sam.go(&path).await;
        assert!(page.text.contains("Take back what Dialer may do?"));
        assert!(works(&house, &tokens).await);
        let page = sam.post(&path, &[]).await;
        assert_eq!(page.status, 303, "{}", house.app.engine);
        assert!(!works(&house, &tokens).await, "{}", house.app.engine);
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let (status, _) = house
            .token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)])
            .await;
        assert_eq!(status, 400);
        let page = sam.go(&page.location).await;
        assert!(
            page.text.contains("No application is connected") && page.text.contains("taken back"),
            "{}",
            page.text
        );
        // It is asked for anew.
        assert!(sam.go(&house.asking(&[])).await.is_question());
        assert_eq!(sam.post(&path, &[]).await.status, 404);
    }
}

#[tokio::test]
async fn nobody_takes_back_what_another_has_allowed() {
    let house = House::new().await;
    let mut sam = house.browser();
    let tokens = sam.tokens(&[]).await;
    let other = person(&house.app, &house.account, "ann@acme.example").await;
    let mut ann = house.signed_in(&other).await;
    let id = house.of.application.id;
    let page = ann
        .post(&format!("/admin/me/applications/{id}/withdraw"), &[])
        .await;
    assert_eq!(page.status, 404);
    assert!(works(&house, &tokens).await);
}

#[tokio::test]
async fn admins_disconnect_an_application_from_everybody_of_their_account() {
    for house in House::both().await {
        let other = person(&house.app, &house.account, "ann@acme.example").await;
        let mut sam = house.browser();
        let of_sam = sam.tokens(&[]).await;
        let mut ann = house.signed_in(&other).await;
        let of_ann = ann.tokens(&[]).await;
        let rival = house.app.vbc_account("rival").await;
        let ron = person(&house.app, &rival, "ron@rival.example").await;
        let mut ron = house.signed_in(&ron).await;
        let of_ron = ron.tokens(&[]).await;
        let agent = house
            .app
            .user(&house.account, "al", Role::Agent, None)
            .await;
        house.app.caught_up().await;
        let agent = house.app.session(&agent).await;
        assert_eq!(agent.get("/admin/connected").await.status(), 404);
        let page = sam.go("/admin/connected").await;
        assert!(
            page.text.contains("Dialer") && page.text.contains("<td class=\"num\">2</td>"),
            "{}",
            page.text
        );
        let id = house.of.application.id;
        let path = format!("/admin/connected/{id}/withdraw");
        assert!(sam.go(&path).await.text.contains("none of its 2 people"));
        assert_eq!(sam.post(&path, &[]).await.status, 303);
        assert!(
            !works(&house, &of_sam).await && !works(&house, &of_ann).await,
            "{}",
            house.app.engine
        );
        assert!(
            works(&house, &of_ron).await,
            "another account's people are not concerned"
        );
        assert_eq!(sam.post(&path, &[]).await.status, 404);
    }
}
