//! The RP-Initiated Logout OP plan, by the names of its modules.

use super::*;

fn leaving(fields: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    format!("/oidc/logout?{}", query.finish())
}

async fn hint(sam: &mut Person<'_>) -> String {
    sam.tokens(&[]).await["id_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn is_in(sam: &mut Person<'_>) -> bool {
    sam.send(Method::GET, "/admin/me", None).await.status == 200
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    for house in House::both().await {
        let mut sam = house.browser();
        let hint = hint(&mut sam).await;
        // Its time may be over.
        house.app.clock.advance_secs(3_700);
        house.app.caught_up().await;
        let fields = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", AFTERWARDS),
            ("state", "a b+c"),
        ];
        let page = sam.send(Method::GET, &leaving(&fields), None).await;
        assert_eq!(
            (page.status, page.location.as_str()),
            (303, "https://app.example/bye?state=a+b%2Bc")
        );
        assert!(!is_in(&mut sam).await, "{}", house.app.engine);
        let page = sam.go(&house.asking(&[("prompt", "none")])).await;
        assert_eq!(page.error(), "login_required");
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_by_post_from_the_applications_page() {
    let house = House::new().await;
    let mut sam = house.browser();
    let hint = hint(&mut sam).await;
    let form = leaving(&[
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", AFTERWARDS),
    ]);
    let form = form.split_once('?').unwrap().1;
    let page = sam
        .send_from("cross-site", Method::POST, "/oidc/logout", Some(form))
        .await;
    let page = sam.follow(page).await;
    assert_eq!(page.location, AFTERWARDS);
    assert!(!is_in(&mut sam).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri_and_query_added() {
    let house = House::new().await;
    let mut sam = house.browser();
    let hint = hint(&mut sam).await;
    for uri in [
        "https://app.example/bye?foo=bar",
        "https://evil.example",
        "https://app.example/callback",
        "https://APP.example/bye",
    ] {
        let fields = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", uri),
        ];
        let page = sam.send(Method::GET, &leaving(&fields), None).await;
        assert_eq!((page.status, page.location.as_str()), (400, ""), "{uri}");
        assert!(page.text.contains("has not registered"), "{}", page.text);
        assert!(is_in(&mut sam).await, "the person decides: {uri}");
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_and_bad_id_token_hint() {
    let house = House::new().await;
    let mut sam = house.browser();
    let hint = hint(&mut sam).await;
    let (head, tail) = hint.split_at(hint.len() - 8);
    let modified = format!(
        "{head}{}",
        if tail == "AAAAAAAA" {
            "BBBBBBBB"
        } else {
            "AAAAAAAA"
        }
    );
    for bad in [modified.as_str(), "x", "eyJhbGciOiJub25lIn0.e30."] {
        let fields = [
            ("id_token_hint", bad),
            ("post_logout_redirect_uri", AFTERWARDS),
        ];
        let page = sam.send(Method::GET, &leaving(&fields), None).await;
        assert_eq!((page.status, page.location.as_str()), (400, ""));
        assert!(is_in(&mut sam).await);
    }
    let fields = [
        ("id_token_hint", hint.as_str()),
        ("client_id", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9a"),
    ];
    let page = sam.send(Method::GET, &leaving(&fields), None).await;
    assert_eq!(page.status, 400, "the hint is another application's");
}

#[tokio::test]
async fn c148_oidcc_rp_initiated_logout_no_id_token_hint_asks_first() {
    let house = House::new().await;
    let mut sam = house.browser();
    sam.tokens(&[]).await;
    // Whose address it is cannot be known without a hint or a client_id.
    let page = sam
        .go(&leaving(&[
            ("post_logout_redirect_uri", AFTERWARDS),
            ("state", "s"),
        ]))
        .await;
    assert!(page.text.contains("<h1>Sign out?</h1>"), "{}", page.text);
    assert!(is_in(&mut sam).await);
    let page = sam
        .post("/oidc/logout/confirm", &[("step", &page.field("step"))])
        .await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (200, ""),
        "{}",
        page.text
    );
    assert!(page.text.contains("You are signed out") && !is_in(&mut sam).await);
    // With a client_id it is.
    sam.tokens(&[]).await;
    let page = sam
        .go(&leaving(&[
            ("client_id", &house.of.key),
            ("post_logout_redirect_uri", AFTERWARDS),
            ("state", "s"),
        ]))
        .await;
    assert!(page.text.contains("Dialer asks"), "{}", page.text);
    assert!(
        page.policy
            .ends_with("form-action 'self' https://app.example"),
        "{}",
        page.policy
    );
    let step = page.field("step");
    let foreign = sam
        .send_from(
            "cross-site",
            Method::POST,
            "/oidc/logout/confirm",
            Some(&format!("step={step}")),
        )
        .await;
    assert_eq!(foreign.status, 403);
    let page = sam.post("/oidc/logout/confirm", &[("step", &step)]).await;
    assert_eq!(page.location, "https://app.example/bye?state=s");
    assert!(!is_in(&mut sam).await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params_no_state_only_state_and_no_post_logout_redirect_uri() {
    let house = House::new().await;
    for fields in [
        &[][..],
        &[("state", "s")],
        &[("logout_hint", "sam"), ("ui_locales", "de")],
    ] {
        let mut sam = house.browser();
        sam.tokens(&[]).await;
        let page = sam.go(&leaving(fields)).await;
        assert!(page.text.contains("<h1>Sign out?</h1>"), "{fields:?}");
        let page = sam
            .post("/oidc/logout/confirm", &[("step", &page.field("step"))])
            .await;
        assert!(page.text.contains("You are signed out") && !is_in(&mut sam).await);
    }
    let mut sam = house.browser();
    let hint = hint(&mut sam).await;
    let page = sam
        .go(&leaving(&[("id_token_hint", &hint), ("state", "s")]))
        .await;
    assert!(page.text.contains("You are signed out"), "{}", page.text);
    let hint = self::hint(&mut sam).await;
    let page = sam
        .send(
            Method::GET,
            &leaving(&[
                ("id_token_hint", &hint),
                ("post_logout_redirect_uri", AFTERWARDS),
            ]),
            None,
        )
        .await;
    assert_eq!(page.location, AFTERWARDS, "no state");
    let page = house.browser().go("/oidc/logout").await;
    assert!(page.text.contains("You are signed out"), "nobody was in");
}

#[tokio::test]
async fn a_hint_of_somebody_else_asks_first() {
    let house = House::new().await;
    let mut sam = house.browser();
    let hint = hint(&mut sam).await;
    let other = person(&house.app, &house.account, "ann@acme.example").await;
    let mut ann = house.signed_in(&other).await;
    let page = ann
        .go(&leaving(&[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", AFTERWARDS),
        ]))
        .await;
    assert!(page.text.contains("<h1>Sign out?</h1>") && is_in(&mut ann).await);
    assert!(is_in(&mut sam).await);
    // A hint alone, without the stay it came of, signs nobody out.
    let page = house
        .browser()
        .go(&leaving(&[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", AFTERWARDS),
        ]))
        .await;
    assert_eq!(page.location, AFTERWARDS);
    assert!(is_in(&mut sam).await);
}

#[tokio::test]
async fn a_hint_of_an_earlier_stay_asks_first() {
    let house = House::new().await;
    let mut sam = house.browser();
    let hint = hint(&mut sam).await;
    let mut elsewhere = house.signed_in(&house.user).await;
    let page = elsewhere
        .go(&leaving(&[
            ("id_token_hint", &hint),
            ("post_logout_redirect_uri", AFTERWARDS),
        ]))
        .await;
    assert!(page.text.contains("<h1>Sign out?</h1>") && is_in(&mut elsewhere).await);
    assert!(is_in(&mut sam).await);
}
