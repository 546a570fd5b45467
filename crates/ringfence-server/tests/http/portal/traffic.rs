//! The gateway's pages: what was called, why some was refused, and one request looked up.

use ringfence_app::credentials::{CredentialEdit, NewSecret, credential_edit};
use ringfence_app::traffic::TrafficLimits;
use ringfence_app::usage;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::scope::ScopeSet;
use ringfence_core::user::{Role, User};
use ringfence_testkit::test_app::{Browser, Setup, TestApp, actor};
use serde_json::Value;

const CONTENT: &str = "interaction-content:read";
const SEARCH: &str =
    "/interaction-content/interactions?start=2026-03-01T00:00:00Z&end=2026-03-02T00:00:00Z";

struct World {
    app: TestApp,
    account: Account,
    admin: User,
    credential: NewSecret,
    browser: Browser,
}

impl World {
    async fn on(app: TestApp) -> Self {
        let account = app.account("acme").await;
        let admin = app.admin(&account, "sam@acme.example", &[]).await;
        let credential = app
            .credential(&account, &admin, "interaction-content:read users:read")
            .await;
        let browser = app.session(&admin).await;
        Self {
            app,
            account,
            admin,
            credential,
            browser,
        }
    }

    async fn new() -> Self {
        Self::on(TestApp::sqlite().await).await
    }

    /// Calls with a token, and gives status and request id.
    async fn call(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = self.app.http.get(self.app.url(path));
        request = request.header("accept", "application/vnd.newvoicemedia.v3+json");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        (answer.status().as_u16(), id.to_owned())
    }

    /// As the server does each second.
    async fn flushed(&self) {
        usage::flush(&self.app.ctx).await.unwrap();
    }
}

#[tokio::test]
async fn a_call_stands_on_the_page_after_the_next_flush() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let (status, empty) = world.browser.page("/admin/gateway").await;
        assert_eq!(status, 200, "{empty}");
        assert!(empty.contains("No requests in this time"));

        let token = world.app.token(&world.credential, CONTENT).await;
        let (status, id) = world.call(SEARCH, Some(&token)).await;
        assert_eq!(status, 200);
        let (refused, _) = world.call("/stats/interactions", Some(&token)).await;
        assert_eq!(refused, 403);
        world.flushed().await;

        let (_, page) = world.browser.page("/admin/gateway").await;
        for text in [
            "Interaction Content",
            "Token service",
            "Insights Stats",
            "scope_missing",
            "The credential does not have it.",
            "<svg",
            "Credentials refused most often",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        for period in ["24h", "7d", "30d"] {
            let (status, page) = world
                .browser
                .page(&format!("/admin/gateway?period={period}"))
                .await;
            assert_eq!(status, 200);
            assert!(page.contains("Interaction Content"), "{period}");
        }
        let (_, list) = world.browser.page("/admin/gateway/requests").await;
        assert!(list.contains(&id) && list.contains("nightly"), "{list}");
        let (_, refusals) = world
            .browser
            .page("/admin/gateway/requests?show=refused")
            .await;
        assert!(!refusals.contains(&id) && refusals.contains("scope_missing"));
    }
}

#[tokio::test]
async fn a_request_is_explained_rule_by_rule_with_what_holds_now() {
    let world = World::new().await;
    let token = world.app.token(&world.credential, CONTENT).await;
    let edit = CredentialEdit {
        scopes: Some(ScopeSet::parse("users:read").unwrap()),
        ..CredentialEdit::default()
    };
    let id = world.credential.credential.id;
    credential_edit(&world.app.ctx, &actor(), id, edit)
        .await
        .unwrap();
    world.app.caught_up().await;
    let (status, request) = world.call(SEARCH, Some(&token)).await;
    assert_eq!(status, 403);
    world.flushed().await;

    let path = format!("/admin/gateway/requests/{request}");
    let (status, page) = world.browser.page(&path).await;
    assert_eq!(status, 200);
    for text in [
        "scope_withdrawn",
        "sam@acme.example, the owner of the credential",
        "Token, credential and licence hold the scope",
        "The credential does not hold interaction-content:read.",
        "Not reached",
        "Would refuse now",
        "127.0.0.1",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let order = ["Pass", "Fail", "Not reached"].map(|word| page.find(&format!(">{word}<")));
    assert!(order.is_sorted(), "{order:?}");

    // The look-up form leads there, in any case of letters.
    let found = world
        .browser
        .get(&format!(
            "/admin/gateway/requests?id={}",
            request.to_uppercase()
        ))
        .await;
    assert_eq!(found.headers()["location"].to_str().unwrap(), path);
    let (status, wrong) = world.browser.page("/admin/gateway/requests?id=abc").await;
    assert_eq!(status, 422);
    assert!(wrong.contains("error-summary") && wrong.contains("value=\"abc\""));
    let (status, missing) = world
        .browser
        .page("/admin/gateway/requests/01a1fe32-388c-7c9d-ade7-d3aec32b7a2b")
        .await;
    assert_eq!(status, 404);
    assert!(missing.contains("Nothing is kept under this id"));
}

#[tokio::test]
async fn each_sees_what_is_theirs() {
    let world = World::new().await;
    let app = &world.app;
    let lee = app
        .user(&world.account, "lee@acme.example", Role::Supervisor, None)
        .await;
    let ann = app
        .user(&world.account, "ann@acme.example", Role::Agent, None)
        .await;
    let rival = app.account("rival").await;
    let other = app.admin(&rival, "root@rival.example", &[]).await;
    let theirs = app.credential(&world.account, &lee, "users:read").await;
    let (lee_b, ann_b, other_b) = (
        app.session(&lee).await,
        app.session(&ann).await,
        app.session(&other).await,
    );
    let sams = app.token(&world.credential, CONTENT).await;
    let lees = app.token(&theirs, "users:read").await;
    let (_, sam_id) = world.call(SEARCH, Some(&sams)).await;
    let (_, lee_id) = world.call(SEARCH, Some(&lees)).await;
    let (_, nobody_id) = world.call(SEARCH, None).await;
    world.flushed().await;

    let path = |id: &str| format!("/admin/gateway/requests/{id}");
    let cases = [
        (&world.browser, &sam_id, 200),
        (&world.browser, &lee_id, 200),
        (&world.browser, &nobody_id, 404),
        (&lee_b, &sam_id, 404),
        (&lee_b, &lee_id, 200),
        (&lee_b, &nobody_id, 404),
        (&ann_b, &lee_id, 404),
        (&other_b, &sam_id, 404),
        (&other_b, &nobody_id, 404),
    ];
    for (n, (browser, id, expected)) in cases.into_iter().enumerate() {
        assert_eq!(browser.page(&path(id)).await.0, expected, "case {n}");
    }
    let (_, list) = lee_b.page("/admin/gateway/requests").await;
    assert!(list.contains(&lee_id) && !list.contains(&sam_id));
    assert_eq!(lee_b.get("/admin/gateway").await.status(), 303);
    assert_eq!(ann_b.page("/admin/gateway").await.0, 404);
    assert_eq!(ann_b.page("/admin/gateway/requests").await.0, 404);
    let wide = "/admin/gateway?whose=all";
    assert_eq!(world.browser.page(wide).await.0, 404, "not an operator");

    let edit = UserEdit {
        operator: Some(true),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), other.id, edit).await.unwrap();
    app.caught_up().await;
    assert_eq!(
        other_b.page(&path(&sam_id)).await.0,
        303,
        "a stay from before runs no installation"
    );
    let other_b = app.session(&other).await;
    for id in [&sam_id, &lee_id, &nobody_id] {
        assert_eq!(other_b.page(&path(id)).await.0, 200);
    }
    let (_, page) = other_b.page("/admin/gateway?whose=nobody").await;
    assert!(page.contains("token_missing"), "{page}");
    let (_, list) = other_b.page("/admin/gateway/requests?whose=nobody").await;
    assert!(list.contains(&nobody_id) && !list.contains(&sam_id));
}

#[tokio::test]
async fn an_expired_token_and_a_wrong_secret_are_known_by_their_credential() {
    let world = World::new().await;
    let token = world.app.token(&world.credential, CONTENT).await;
    world.app.clock.jump_wall_ms(2_000_000);
    let (status, id) = world.call(SEARCH, Some(&token)).await;
    assert_eq!(status, 401);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret=wrong&scope=stats",
        world.credential.credential.id
    );
    let answer = world
        .app
        .http
        .post(world.app.url("/Auth/connect/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let wrong_id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = answer.text().await.unwrap();
    assert!(
        !body.contains("secret_wrong"),
        "the caller is not told: {body}"
    );
    world.flushed().await;
    let browser = world.app.session(&world.admin).await;
    for (id, reason) in [(id, "token_expired"), (wrong_id, "secret_wrong")] {
        let (status, page) = browser.page(&format!("/admin/gateway/requests/{id}")).await;
        assert_eq!(status, 200, "{reason}");
        assert!(page.contains(reason) && page.contains("nightly"), "{page}");
    }
}

#[tokio::test]
async fn past_the_bound_requests_are_counted_and_the_page_says_so() {
    let mut setup = Setup::default();
    setup.settings.traffic = TrafficLimits {
        admitted_per_second: 2,
        ..TrafficLimits::default()
    };
    let world = World::on(TestApp::set_up(setup).await).await;
    let token = world.app.token(&world.credential, CONTENT).await;
    for _ in 0..4 {
        assert_eq!(world.call(SEARCH, Some(&token)).await.0, 200);
    }
    world.flushed().await;
    let (_, page) = world.browser.page("/admin/gateway").await;
    assert!(
        page.contains("3 of these requests are counted and cannot be looked up"),
        "{page}"
    );
    assert!(page.contains("<dt>Requests</dt><dd>5</dd>"), "{page}");
}

#[tokio::test]
async fn the_same_over_the_management_api() {
    let world = World::new().await;
    let token = world.app.token(&world.credential, CONTENT).await;
    for _ in 0..3 {
        world.call(SEARCH, Some(&token)).await;
    }
    let (_, id) = world.call("/stats/interactions", Some(&token)).await;
    world.flushed().await;
    let get = async |path: &str| -> (u16, Value) {
        let answer = world.browser.api("GET", path, None).await;
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    let (status, traffic) = get("/api/v1/accounts/acme/traffic?period=24h").await;
    assert_eq!(status, 200);
    assert_eq!(traffic["total"]["answered"], 4, "{traffic}");
    assert_eq!(traffic["intervals"].as_array().unwrap().len(), 24);
    let (_, refusals) = get("/api/v1/accounts/acme/refusals").await;
    assert_eq!(refusals["reasons"][0]["reason"], "scope_missing");
    assert_eq!(refusals["credentials"][0]["name"], "nightly");

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/accounts/acme/requests?limit=2&cursor={cursor}");
        let (status, page) = get(&path).await;
        assert_eq!(status, 200, "{page}");
        for item in page["items"].as_array().unwrap() {
            seen.push(item["id"].as_str().unwrap().to_owned());
        }
        match page["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b), "the newest first");
    let (_, one) = get(&format!("/api/v1/accounts/acme/requests/{id}")).await;
    assert_eq!(one["reason"], "scope_missing");
    let failed: Vec<_> = one["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["outcome"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["now"]["holds"], false);

    for (path, expected) in [
        ("/api/v1/accounts/acme/traffic?period=2h", 400),
        ("/api/v1/accounts/acme/traffic?colour=red", 400),
        ("/api/v1/accounts/rival/traffic", 404),
        ("/api/v1/traffic", 404),
        ("/api/v1/accounts/acme/requests?status=9", 400),
    ] {
        assert_eq!(get(path).await.0, expected, "{path}");
    }
}

#[tokio::test]
async fn calls_of_the_management_api_by_token_are_on_record_too() {
    let world = World::new().await;
    let credential = world
        .app
        .credential(&world.account, &world.admin, "management:read")
        .await;
    let token = world.app.token(&credential, "management:read").await;
    let (status, id) = world.call("/api/v1/accounts/acme", Some(&token)).await;
    assert_eq!(status, 200);
    let (status, refused) = world.call("/api/v1/accounts/acme", Some("nonsense")).await;
    assert_eq!(status, 401);
    world.flushed().await;
    let (status, page) = world
        .browser
        .page(&format!("/admin/gateway/requests/{id}"))
        .await;
    assert_eq!(status, 200);
    assert!(page.contains("Management API"), "{page}");
    let path = format!("/admin/gateway/requests/{refused}");
    assert_eq!(world.browser.page(&path).await.0, 404);
}
