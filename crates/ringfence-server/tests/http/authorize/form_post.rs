//! The Form Post OP plan: the Basic OP walk with `response_mode=form_post`.

use super::*;

fn fields(page: &Page) -> BTreeMap<String, String> {
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.text.contains(&format!(
            "<form method=\"post\" action=\"{CALLBACK}\" id=\"form-post\""
        )),
        "{}",
        page.text
    );
    let (_, form) = page.text.split_once("id=\"form-post\"").unwrap();
    let hidden = form.split("<input type=\"hidden\" name=\"").skip(1);
    hidden
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (name.to_owned(), unescaped(rest.split('"').next().unwrap()))
        })
        .collect()
}

#[tokio::test]
async fn oidcc_server_by_form_post() {
    let house = House::new().await;
    let mut sam = house.browser();
    let state = "a b+\"<&>'\u{e9}";
    let page = sam
        .through(&house.asking(&[("response_mode", "form_post"), ("state", state)]))
        .await;
    let answer = fields(&page);
    assert_eq!(answer["state"], state);
    assert_eq!(answer["iss"], house.issuer());
    let (status, tokens) = house.exchange(&answer["code"]).await;
    assert_eq!(status, 200, "{tokens}");
    // Exactly the one address, and only our own script.
    assert!(
        page.policy.ends_with("form-action https://app.example"),
        "{}",
        page.policy
    );
    assert!(page.policy.contains("script-src 'self'"));
    assert!(page.text.contains("/assets/form_post.js"));
    assert_eq!(page.header("cache-control"), "no-store");
    // Remembered by now: answered without a question.
    let page = sam
        .go(&house.asking(&[("response_mode", "form_post")]))
        .await;
    assert!(fields(&page).contains_key("code"));
}

#[tokio::test]
async fn errors_come_by_form_post_as_well() {
    let house = House::new().await;
    let mut sam = house.signed_in(&house.user).await;
    let mode = ("response_mode", "form_post");
    let page = sam.go(&house.asking(&[mode, ("response_type", "")])).await;
    assert_eq!(fields(&page)["error"], "invalid_request");
    let page = sam.go(&house.asking(&[mode])).await;
    let page = sam.choose(&page, "deny").await;
    let answer = fields(&page);
    assert_eq!(
        (answer["error"].as_str(), answer["state"].as_str()),
        ("access_denied", "st4te")
    );
    let page = house
        .browser()
        .go(&house.asking(&[mode, ("prompt", "none")]))
        .await;
    assert_eq!(fields(&page)["error"], "login_required");
    let page = sam
        .go(&house.asking(&[("response_mode", "fragment")]))
        .await;
    assert_eq!(page.error(), "invalid_request");
    assert!(!page.location.contains('#'));
}
