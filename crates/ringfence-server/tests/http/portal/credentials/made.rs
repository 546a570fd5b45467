//! Making a credential: what is offered, what is shown once, and where the secret is not.

use super::{World, hidden, text_of};
use ringfence_core::secret::ClientSecret;
use ringfence_testkit::logs;
use ringfence_testkit::test_app::{Browser, TestApp};

async fn form_nonce(browser: &Browser) -> String {
    let (status, page) = browser.page("/admin/credentials/new").await;
    assert_eq!(status, 200);
    hidden(&page, "nonce")
}

async fn create(browser: &Browser, nonce: &str, more: &[(&str, &str)]) -> (u16, String) {
    let mut fields = vec![
        ("nonce", nonce),
        ("name", "nightly"),
        ("deliver", "show"),
        ("hours", "24"),
    ];
    fields.extend(more);
    let answer = browser.post_form("/admin/credentials", &fields).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Everything the store holds, as bytes.
pub(super) async fn store_bytes(app: &TestApp) -> Vec<u8> {
    ringfence_app::usage::flush(&app.ctx).await.unwrap();
    let folder = app.folder.as_ref().unwrap().path();
    let mut bytes = std::fs::read(folder.join("ringfence.db")).unwrap();
    bytes.extend(std::fs::read(folder.join("ringfence.db-wal")).unwrap_or_default());
    bytes
}

pub(super) fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|part| part == needle.as_bytes())
}

#[tokio::test]
async fn a_supervisor_is_offered_exactly_two_scopes() {
    let world = World::new().await;
    let (_, page) = world.sue.page("/admin/credentials/new").await;
    assert_eq!(page.matches("name=\"scope\"").count(), 2);
    assert!(page.contains("value=\"users:read\""));
    assert!(page.contains("value=\"interaction-content:read\""));
    let (_, page) = world.sam.page("/admin/credentials/new").await;
    assert_eq!(page.matches("name=\"scope\"").count(), 12);
    assert!(page.contains("Give them only to programs of your own"));

    let nonce = form_nonce(&world.sue).await;
    let (status, page) = create(&world.sue, &nonce, &[("scope", "stats")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("licence does not allow stats"));
    let (_, page) = world.sue.page("/admin/credentials").await;
    assert!(page.contains("No credentials yet"));
}

#[tokio::test]
async fn the_secret_is_in_one_response_and_nowhere_else() {
    logs::keep();
    let world = World::new().await;
    let nonce = form_nonce(&world.sam).await;
    let fields = [("scope", "stats"), ("scope", "users:read")];
    let (status, page) = create(&world.sam, &nonce, &fields).await;
    assert_eq!(status, 200);
    assert!(page.contains("<h1>Success</h1>") && page.contains(">emea<"));
    let (id, secret) = (text_of(&page, "id"), text_of(&page, "secret"));
    assert!(ClientSecret::parse(&secret).is_ok());
    let line = text_of(&page, "token-line");
    assert!(line.contains(&format!("{}/Auth/connect/token", world.app.base)));
    assert!(line.contains("scope=stats") && line.contains(&secret));
    assert!(text_of(&page, "call-line").contains("/stats/agent-status"));

    // The same form sent again makes nothing and shows nothing.
    let (status, again) = create(&world.sam, &nonce, &fields).await;
    assert_eq!(status, 200);
    assert!(again.contains("cannot be shown again") && !again.contains(&secret));
    let (_, list) = world.sam.page("/admin/credentials").await;
    assert!(list.contains("1–1 of 1"));

    let path = format!("/admin/credentials/{id}");
    for part in ["", "/edit", "/delete", "/rotate", "/checklist", "/usage"] {
        let (status, page) = world.sam.page(&format!("{path}{part}")).await;
        assert_eq!(status, 200, "{part}");
        assert!(!page.contains(&secret), "{part}");
    }
    assert!(!list.contains(&secret));
    let stored = store_bytes(&world.app).await;
    assert!(holds(&stored, &id), "the store is what was searched");
    assert!(!holds(&stored, &secret));
    let body = secret.rsplit('_').nth(1).unwrap();
    assert!(!holds(&stored, body));

    // And it works.
    world.app.caught_up().await;
    let form =
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=stats");
    let answer = world
        .app
        .http
        .post(world.app.url("/Auth/connect/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let logged = logs::logged();
    assert!(
        holds(&logged, "/admin/credentials"),
        "the log is what was searched"
    );
    assert!(!holds(&logged, &secret) && !holds(&logged, body));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_written_stays() {
    let world = World::new().await;
    let nonce = form_nonce(&world.sam).await;
    let fields = [
        ("networks", "203.0.113.0/24 acme"),
        ("expires", "2020-01-01"),
        ("scope", "stats"),
    ];
    let (status, page) = create(&world.sam, &nonce, &fields).await;
    assert_eq!(status, 422);
    assert!(page.contains("error-summary") && page.contains("href=\"#networks\""));
    assert!(page.contains("aria-invalid=\"true\"") && page.contains("203.0.113.0/24 acme"));
    assert!(page.contains("value=\"nightly\"") && page.contains("value=\"stats\" checked"));
    let (status, page) = create(
        &world.sam,
        &nonce,
        &[("expires", "2020-01-01"), ("scope", "stats")],
    )
    .await;
    assert_eq!(status, 422);
    assert!(page.contains("would have expired already"));
    let (status, page) = create(&world.sam, &nonce, &[]).await;
    assert_eq!(status, 422);
    assert!(page.contains("Choose at least one scope") && page.contains("href=\"#scope\""));
    // Nothing was made meanwhile, so the same form can still be saved.
    let (status, page) = create(&world.sam, &nonce, &[("scope", "stats")]).await;
    assert_eq!(status, 200);
    assert!(page.contains("<h1>Success</h1>"));
}

#[tokio::test]
async fn names_are_text_and_never_markup() {
    let world = World::new().await;
    let nonce = form_nonce(&world.sam).await;
    let fields = [("name", "<script>alert(1)</script>"), ("scope", "stats")];
    // The first of two fields counts.
    let answer = world
        .sam
        .post_form(
            "/admin/credentials",
            &[("nonce", nonce.as_str()), fields[0], fields[1]],
        )
        .await;
    let page = answer.text().await.unwrap();
    assert!(page.contains("<h1>Success</h1>") && !page.contains("<script>alert"));
    let (_, list) = world.sam.page("/admin/credentials").await;
    assert!(list.contains("alert(1)") && !list.contains("<script>alert"));
}
