//! The API explorer: a call with one's own credential, through the product's own door.

use ringfence_app::usage;
use ringfence_core::account::Account;
use ringfence_core::id::AccountId;
use ringfence_core::user::{Role, User};
use ringfence_testkit::test_app::{Browser, TestApp};

const SEARCH: &str = "GET /interaction-content/interactions";

struct World {
    app: TestApp,
    account: Account,
    admin: User,
    browser: Browser,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::sqlite().await;
        let account = app.account("acme").await;
        let admin = app.admin(&account, "sam@acme.example", &[]).await;
        app.caught_up().await;
        let browser = app.session(&admin).await;
        Self {
            app,
            account,
            admin,
            browser,
        }
    }

    async fn credential(&self, scopes: &str) -> String {
        let made = self
            .app
            .credential(&self.account, &self.admin, scopes)
            .await;
        made.credential.id.to_string()
    }
}

async fn post(browser: &Browser, fields: &[(&str, &str)]) -> (u16, String) {
    let answer = browser.post_form("/admin/explorer", fields).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The request id that a page links to.
fn request_id(page: &str) -> String {
    let link = "/admin/gateway/requests/";
    let at = page.find(link).expect("the page links to the request") + link.len();
    page.get(at..at + 36).expect("an id").to_owned()
}

#[tokio::test]
async fn the_list_names_every_api_and_finds() {
    let world = World::new().await;
    let (status, page) = world.browser.page("/admin/explorer").await;
    assert_eq!(status, 200);
    for text in [
        "Interaction Content",
        "Insights Stats",
        "User Admin",
        "Traffic",
        "op=GET+%2Finteraction-content%2Finteractions\"",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.len() < 100_000, "{}", page.len());
    let (_, found) = world.browser.page("/admin/explorer?q=queue").await;
    assert!(found.contains("queue-times") && !found.contains("delete-batch"));
    let (_, nothing) = world.browser.page("/admin/explorer?q=zebra").await;
    assert!(nothing.contains("Nothing found"));
    let unknown = "/admin/explorer?op=GET+%2Flivez";
    assert_eq!(world.browser.page(unknown).await.0, 404);
}

#[tokio::test]
async fn without_a_credential_it_says_to_make_one() {
    let world = World::new().await;
    let path = "/admin/explorer?op=GET+%2Finteraction-content%2Finteractions";
    let (_, page) = world.browser.page(path).await;
    assert!(page.contains("You have no credential yet"), "{page}");
    world.credential("stats interaction-content:read").await;
    let (_, page) = world.browser.page(path).await;
    assert!(page.contains("Send the call") && page.contains("query.start"));
}

#[tokio::test]
async fn a_call_goes_through_the_gateway_and_shows_everything_but_the_token() {
    let world = World::new().await;
    let id = world.credential("interaction-content:read stats").await;
    let fields = [
        ("op", SEARCH),
        ("credential", id.as_str()),
        ("query.start", "2026-03-01T00:00:00Z"),
        ("query.end", "2026-03-02T00:00:00Z"),
    ];
    let (status, page) = post(&world.browser, &fields).await;
    assert_eq!(status, 200, "{page}");
    for text in [
        "200 OK",
        "nextContinuationToken",
        "application/vnd.newvoicemedia.v3+json",
        "Bearer $TOKEN",
        "start=2026-03-01T00%3A00%3A00Z",
        "x-request-id",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("eyJ"), "no token is shown");

    usage::flush(&world.app.ctx).await.unwrap();
    let request = request_id(&page);
    let (status, explained) = world
        .browser
        .page(&format!("/admin/gateway/requests/{request}"))
        .await;
    assert_eq!(status, 200);
    assert!(explained.contains(SEARCH.split(' ').nth(1).unwrap()));
    assert!(explained.contains("127.0.0.1"));
    // Exactly the scope that was needed, though the credential holds more.
    assert!(explained.contains("<dd class=\"mono\">interaction-content:read</dd>"));
    let (_, trail) = world.browser.page("/admin/audit").await;
    assert!(
        trail.contains("got a token to try out the credential"),
        "{trail}"
    );
}

#[tokio::test]
async fn a_refusal_of_the_gateway_is_shown_with_its_reason() {
    let world = World::new().await;
    let made = world
        .app
        .credential_with(&world.account, Some(&world.admin), "stats", |new| {
            let network = ringfence_core::credential::Network::parse("192.0.2.0/24");
            new.networks = vec![network.unwrap()];
        })
        .await;
    let id = made.credential.id.to_string();
    let fields = [
        ("op", "GET /stats/interactions"),
        ("credential", id.as_str()),
        ("query.start", "2026-03-01T00:00:00Z"),
    ];
    let (status, page) = post(&world.browser, &fields).await;
    assert_eq!(status, 200);
    assert!(page.contains("403 Forbidden"), "{page}");
    assert!(page.contains("network_refused"), "the header tells");
}

#[tokio::test]
async fn what_is_wrong_with_the_form_is_said_at_its_field() {
    let world = World::new().await;
    let id = world.credential("stats").await;
    let (status, page) = post(&world.browser, &[("op", SEARCH), ("credential", &id)]).await;
    assert_eq!(status, 422);
    assert!(page.contains("href=\"#query.start\"") && page.contains("aria-invalid"));
    let fields = [
        ("op", SEARCH),
        ("credential", id.as_str()),
        ("query.start", "2026-03-01T00:00:00Z"),
        ("query.end", "2026-03-02T00:00:00Z"),
    ];
    let (status, page) = post(&world.browser, &fields).await;
    assert_eq!(status, 422);
    assert!(
        page.contains("needs one of interaction-content:read"),
        "{page}"
    );
    assert!(page.contains("value=\"2026-03-01T00:00:00Z\""), "kept");

    let writer = world.credential("users:write users:read").await;
    let fields = [
        ("op", "POST /useradmin/users"),
        ("credential", writer.as_str()),
        ("body", "{"),
    ];
    let (status, page) = post(&world.browser, &fields).await;
    assert_eq!(status, 422);
    assert!(page.contains("The body is not JSON") && page.contains("may change real data"));
}

#[tokio::test]
async fn a_call_that_changes_is_made_once_it_is_meant() {
    let world = World::new().await;
    let id = world.credential("users:write").await;
    let body = r#"{"username":"alex@acme.example","name":"Alex Ray","email":"alex@acme.example","userAccountConfiguration":{"role":"Agent"}}"#;
    let fields = [
        ("op", "POST /useradmin/users"),
        ("credential", id.as_str()),
        ("body", body),
        ("sure", "yes"),
    ];
    let (status, page) = post(&world.browser, &fields).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("Alex Ray") && page.contains("-X POST"),
        "{page}"
    );
}

#[tokio::test]
async fn the_management_api_can_be_tried_too() {
    let world = World::new().await;
    let id = world.credential("management:read").await;
    let fields = [
        ("op", "GET /api/v1/accounts/{account}"),
        ("credential", id.as_str()),
        ("path.account", "acme"),
    ];
    let (status, page) = post(&world.browser, &fields).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("&#34;acme&#34;") || page.contains("&quot;acme&quot;"),
        "{page}"
    );
}

#[tokio::test]
async fn nobody_tries_calls_with_somebody_elses_credential() {
    let world = World::new().await;
    let app = &world.app;
    let lee = app
        .user(&world.account, "lee@acme.example", Role::Supervisor, None)
        .await;
    let ann = app
        .user(&world.account, "ann@acme.example", Role::Agent, None)
        .await;
    let theirs = app.credential(&world.account, &lee, "users:read").await;
    let legacy = app
        .credential_with(&world.account, None, "users:read", |_| {})
        .await;
    let mine = world.credential("users:read").await;
    let (lee_b, ann_b) = (app.session(&lee).await, app.session(&ann).await);
    let theirs = theirs.credential.id.to_string();
    let legacy = legacy.credential.id.to_string();
    let nobodys = AccountId::from_bytes([7; 16]).to_string();
    let cases = [
        (&world.browser, &mine, 200),
        // An admin sees it and may delete it, and yet not act as its owner.
        (&world.browser, &theirs, 403),
        (&world.browser, &legacy, 200),
        (&world.browser, &nobodys, 404),
        (&lee_b, &theirs, 200),
        (&lee_b, &mine, 404),
        (&lee_b, &legacy, 404),
        (&ann_b, &mine, 404),
    ];
    for (n, (browser, credential, expected)) in cases.into_iter().enumerate() {
        let fields = [
            ("op", "GET /useradmin/users"),
            ("credential", credential.as_str()),
        ];
        let (status, page) = post(browser, &fields).await;
        assert_eq!(status, expected, "case {n}: {page}");
    }
    assert_eq!(ann_b.page("/admin/explorer").await.0, 404);
}
