//! The authorization endpoint, line by line of the checklist's part C.

use super::*;
use ringfence_core::application::{ApplicationStatus, GrantType, GrantTypes};
use ringfence_core::callback::CallbackUrl;

#[tokio::test]
async fn c44_and_c51_an_unknown_application_or_address_leads_nowhere() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    for changes in [
        &[("client_id", "")][..],
        &[("client_id", "aB3dE5fG7hI9jK1lM3nO5pQ7rS9a")],
        &[("client_id", "<script>alert(1)</script>")],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://evil.example/callback")],
        &[("redirect_uri", "https://app.example/callback/")],
        &[("redirect_uri", "https://APP.example/callback")],
        &[("redirect_uri", "https://app.example/callback?x=1")],
        &[("redirect_uri", "https://app.example:443/callback")],
        &[("redirect_uri", "https://app.example/callback#x")],
        // Everything else may be wrong as well.
        &[
            ("redirect_uri", "https://evil.example"),
            ("response_type", "token"),
            ("prompt", "none"),
        ],
    ] {
        let page = sam.send(Method::GET, &house.asking(changes), None).await;
        assert_eq!(
            (page.status, page.location.as_str()),
            (400, ""),
            "{changes:?}"
        );
        assert!(
            !page.text.contains("evil.example") && !page.text.contains("<script>alert"),
            "nothing is echoed"
        );
        assert!(page.text.contains("Nothing was allowed"));
    }
    for odd in [
        "client_id=%ff",
        "client_id=a%0d%0ab",
        &format!("x={}", "y".repeat(20_000)),
    ] {
        let page = sam
            .send(Method::GET, &format!("/authorize?{odd}"), None)
            .await;
        assert!(
            matches!(page.status, 400 | 431) && page.location.is_empty(),
            "{}",
            page.status
        );
    }
    let page = sam
        .send(
            Method::GET,
            &format!(
                "{}&redirect_uri=https%3A%2F%2Fevil.example",
                house.asking(&[])
            ),
            None,
        )
        .await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (400, ""),
        "a second redirect"
    );
}

#[tokio::test]
async fn a_suspended_application_asks_nobody() {
    let house = House::with(|application| application.status = ApplicationStatus::Suspended).await;
    let page = house.browser().go(&house.asking(&[])).await;
    assert_eq!((page.status, page.location.as_str()), (400, ""));
}

#[tokio::test]
async fn c28_an_application_without_the_grant_is_told_so() {
    let house = House::with(|application| {
        if let Some(keys) = &mut application.keys {
            keys.grant_types = GrantTypes::EMPTY.with(GrantType::RefreshToken);
        }
    })
    .await;
    let page = house.browser().go(&house.asking(&[])).await;
    assert_eq!(page.error(), "unauthorized_client");
}

#[tokio::test]
async fn c37_c38_and_c39_pkce_is_required_and_s256() {
    let house = House::new().await;
    let mut sam = house.browser();
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge_method", "")],
        &[("code_challenge_method", "plain")],
        &[("code_challenge", "short")],
        &[("code_challenge", "")],
    ] {
        assert_eq!(
            sam.go(&house.asking(changes)).await.error(),
            "invalid_request",
            "{changes:?}"
        );
    }
}

#[tokio::test]
async fn c37_a_public_client_is_never_let_off_pkce() {
    let house = House::with(|application| {
        if let Some(keys) = &mut application.keys {
            keys.pkce_optional = true;
            keys.secret = None;
            keys.grant_types = GrantTypes::EMPTY.with(GrantType::AuthorizationCode);
        }
    })
    .await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(
        house.browser().go(&house.asking(&without)).await.error(),
        "invalid_request"
    );
}

#[tokio::test]
async fn c42_a_native_application_may_use_another_port_of_the_loopback_address() {
    let house = House::with(|application| {
        if let Some(keys) = &mut application.keys {
            keys.secret = None;
            keys.grant_types = GrantTypes::EMPTY.with(GrantType::AuthorizationCode);
            keys.callbacks = vec![CallbackUrl::parse("http://127.0.0.1/cb").unwrap()];
        }
    })
    .await;
    let mut sam = house.signed_in(&house.user).await;
    let page = sam
        .go(&house.asking(&[("redirect_uri", "http://127.0.0.1:51004/cb")]))
        .await;
    assert!(page.text.contains("127.0.0.1:51004"));
    let page = sam.choose(&page, "allow").await;
    assert!(page.location.starts_with("http://127.0.0.1:51004/cb?code="));
    let page = sam
        .go(&house.asking(&[("redirect_uri", "http://127.0.0.1:51004/other")]))
        .await;
    assert_eq!(page.status, 400);
}

#[tokio::test]
async fn c45_what_is_sent_twice_is_refused_and_nothing_is_copied_but_state() {
    let house = House::new().await;
    let mut sam = house.browser();
    for more in [
        "scope=openid",
        "nonce=b",
        "unknown=1&unknown=2",
        "response_type=code",
    ] {
        let page = sam.go(&format!("{}&{more}", house.asking(&[]))).await;
        assert_eq!(page.error(), "invalid_request", "{more}");
    }
    let page = sam.go(&format!("{}&state=other", house.asking(&[]))).await;
    assert_eq!(
        (page.error().as_str(), page.answer().get("state")),
        ("invalid_request", None)
    );
    let page = sam
        .go(&house.asking(&[
            ("prompt", "none"),
            ("foo", "bar"),
            ("iss", "https://evil.example"),
        ]))
        .await;
    let answer = page.answer();
    let names: Vec<&str> = answer.keys().map(String::as_str).collect();
    assert_eq!(names, ["error", "error_description", "iss", "state"]);
    assert_eq!(answer["iss"], house.issuer());
}

#[tokio::test]
async fn c46_and_c47_state_comes_back_unchanged_and_every_answer_names_the_issuer() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    let longest = "s".repeat(1_024);
    for state in [
        "x",
        "a b+c%2B&d=\"'<>\\~",
        "\u{e9}\u{1f511}",
        longest.as_str(),
    ] {
        let refused = sam
            .go(&house.asking(&[("state", state), ("response_type", "token")]))
            .await;
        assert_eq!(refused.answer()["state"], state);
        assert_eq!(refused.answer()["iss"], house.issuer());
        let page = sam
            .through(&house.asking(&[("state", state), ("prompt", "consent")]))
            .await;
        assert_eq!(page.answer()["state"], state);
        assert_eq!(page.answer()["iss"], house.issuer());
    }
    let page = sam.go(&house.asking(&[("state", "")])).await;
    assert!(!page.answer().contains_key("state"));
    let page = sam
        .go(&house.asking(&[("state", &format!("{longest}s"))]))
        .await;
    assert_eq!(page.error(), "invalid_request");
}

#[tokio::test]
async fn c48_and_c49_after_a_form_it_is_303_and_no_page_is_framed_or_says_where_one_came_from() {
    let house = House::new().await;
    let mut sam = house.browser();
    let login = sam.go(&house.asking(&[])).await;
    let question = sam.sign_in(&login, "sam@acme.example").await;
    let answer = sam.choose(&question, "allow").await;
    assert_eq!(answer.status, 303);
    let refused = sam.go(&house.asking(&[("client_id", "x")])).await;
    for page in [&login, &question, &answer, &refused] {
        assert_eq!(
            page.header("referrer-policy"),
            "no-referrer",
            "{}",
            page.path
        );
        assert!(
            page.policy.contains("frame-ancestors 'none'"),
            "{}",
            page.policy
        );
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("access-control-allow-origin"), "", "c53");
    }
    // A redirect after a form is only followed where the policy lets the form lead.
    for page in [&login, &question] {
        assert!(
            page.policy
                .ends_with("form-action 'self' https://app.example"),
            "{}",
            page.policy
        );
    }
    assert!(
        refused.policy.ends_with("form-action 'self'"),
        "{}",
        refused.policy
    );
}

#[tokio::test]
async fn c50_no_token_stands_in_an_address() {
    let house = House::new().await;
    let mut sam = house.browser();
    for response_type in ["token", "id_token", "id_token token", "code token"] {
        let page = sam
            .go(&house.asking(&[("response_type", response_type)]))
            .await;
        assert_eq!(page.error(), "unsupported_response_type");
    }
    let page = sam.through(&house.asking(&[])).await;
    let answer = page.answer();
    let names: Vec<&str> = answer.keys().map(String::as_str).collect();
    assert_eq!(names, ["code", "iss", "state"]);
    assert_eq!(answer["code"].len(), 43, "c60: 256 bits");
}

#[tokio::test]
async fn c52_the_question_names_who_asks_for_what_and_where_the_answer_goes() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    let asking = house.asking(&[("scope", "openid profile email phone offline_access")]);
    let page = sam.go(&asking).await;
    for words in [
        "Allow Dialer to act for you?",
        "Made by Example Software.",
        "Unverified",
        "<strong>app.example</strong>",
        "<strong>Provisioning</strong>",
        "See your name",
        "See your e-mail address",
        "See your phone number",
        "Stay connected",
        "sam@acme.example",
        "acme",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let denied = sam.choose(&page, "deny").await;
    assert_eq!(denied.error(), "access_denied");
    assert_eq!(denied.answer()["state"], "st4te");
    // A denial is not remembered, an allowance is, and more is asked for anew.
    let page = sam.go(&asking).await;
    sam.choose(&page, "allow").await;
    assert!(sam.go(&asking).await.answer().contains_key("code"));
    assert!(
        sam.go(&house.asking(&[("scope", "openid email")]))
            .await
            .answer()
            .contains_key("code")
    );
    let page = sam.go(&house.asking(&[("prompt", "consent")])).await;
    assert!(page.text.contains("You have allowed all of this before"));
    let page = sam.go(&house.asking(&[("prompt", "select_account")])).await;
    assert!(page.is_question());
}

#[tokio::test]
async fn single_claims_are_asked_for_like_their_scopes() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    sam.tokens(&[]).await;
    let claims = r#"{"userinfo":{"email":{"essential":true}}}"#;
    let page = sam.go(&house.asking(&[("claims", claims)])).await;
    assert!(page.is_question() && page.text.contains("See your e-mail address"));
}

#[tokio::test]
async fn c54_a_scheme_of_the_applications_own_is_never_answered_unasked() {
    let house = House::with(|application| {
        if let Some(keys) = &mut application.keys {
            keys.callbacks = vec![CallbackUrl::parse("com.example.dialer:/cb").unwrap()];
        }
    })
    .await;
    let mut sam = house.signed_in(&house.user).await;
    let own = ("redirect_uri", "com.example.dialer:/cb");
    for _ in 0..2 {
        let page = sam.go(&house.asking(&[own])).await;
        assert!(
            page.policy
                .ends_with("form-action 'self' com.example.dialer:"),
            "{}",
            page.policy
        );
        let page = sam.choose(&page, "allow").await;
        assert!(
            page.location.starts_with("com.example.dialer:/cb?code="),
            "{}",
            page.location
        );
    }
    let page = sam.go(&house.asking(&[own, ("prompt", "none")])).await;
    assert!(
        page.location.contains("error=interaction_required"),
        "{}",
        page.location
    );
}

#[tokio::test]
async fn the_question_counts_once_and_from_our_own_page_alone() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    let page = sam.go(&house.asking(&[])).await;
    let form = format!("step={}&choice=allow", page.field("step"));
    for site in ["cross-site", "same-site", "none"] {
        let foreign = sam
            .send_from(site, Method::POST, "/authorize/answer", Some(&form))
            .await;
        assert_eq!(foreign.status, 403, "{site}");
    }
    assert!(
        sam.choose(&page, "allow")
            .await
            .answer()
            .contains_key("code")
    );
    let again = sam.choose(&page, "allow").await;
    assert_eq!((again.status, again.location.as_str()), (400, ""));
    // The step of somebody else's question is no question of mine.
    let other = person(&house.app, &house.account, "ann@acme.example").await;
    let mut ann = house.signed_in(&other).await;
    let theirs = ann.go(&house.asking(&[("scope", "openid email")])).await;
    let mine = sam.choose(&theirs, "allow").await;
    assert!(
        mine.is_question() && mine.text.contains("sam@acme.example"),
        "{}",
        mine.text
    );
    let nobody = house
        .browser()
        .post(
            "/authorize/answer",
            &[("step", &theirs.field("step")), ("choice", "allow")],
        )
        .await;
    assert!(
        nobody.location.starts_with("/login?next="),
        "{}",
        nobody.location
    );
    for odd in ["", "x", &"a".repeat(10_000)] {
        let page = sam
            .post("/authorize/answer", &[("step", odd), ("choice", "allow")])
            .await;
        assert_eq!(page.status, 400);
    }
}
